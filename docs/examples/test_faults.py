from publisher import publish
from pytest_aurous import Aurous


def test_one_create_of_many_is_lost(aurous: Aurous) -> None:
    """`when` chooses the request that the fault affects."""
    aurous.faults.timeout(
        "characters.create",
        commit=True,
        when=lambda call: call.request.json["name"] == "Borealis",
    )

    publish("Aurora", {"age": 28})
    publish("Borealis", {"age": 31})

    aurous.assert_called("characters.create", times=3)
    assert [one.name for one in aurous.characters] == ["Aurora", "Borealis"]
