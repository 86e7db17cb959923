import pytest

from publisher import PublishError, illustrate, publish
from pytest_aurous import Aurous


@pytest.mark.aurous(grease="fields")
def test_unknown_fields_are_ignored(aurous: Aurous) -> None:
    """Every object of every response has an undocumented field."""
    character = publish("Aurora", {"age": 28})
    pictures = illustrate("On a bench", character=character["id"])

    assert aurous.characters.last.status == "ready"
    assert pictures == [aurous.images.last.picture()]


def test_an_unknown_status_is_an_error(aurous: Aurous) -> None:
    """A poll shows an undocumented status: it is not a success, and polling ends."""
    aurous.faults.greased("images.retrieve", "all")

    with pytest.raises(PublishError, match=r"^grease_"):
        illustrate("On a bench")

    aurous.assert_polled(aurous.images.last, at_most=1)
