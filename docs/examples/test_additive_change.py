import pytest

from illustrator import IllustrateError, illustrate
from publisher import Sleep, publish
from pytest_aurous import Aurous


@pytest.mark.aurous(grease="fields")
def test_unknown_fields_are_ignored(aurous: Aurous, sleep: Sleep) -> None:
    """Every object of every response has an undocumented field."""
    character = publish("Aurora", {"age": 28}, sleep=sleep)
    pictures = illustrate("On a bench", character=character["id"], sleep=sleep)

    assert aurous.characters.last.status == "ready"
    assert pictures == [aurous.images.last.picture()]


@pytest.mark.aurous(sparse="optional")
def test_an_optional_field_may_be_missing(aurous: Aurous, sleep: Sleep) -> None:
    """A cancelled image has no `error_message`, not even null."""
    aurous.images.script("pending -> cancelled")

    with pytest.raises(IllustrateError, match=r"^cancelled$"):
        illustrate("On a bench", sleep=sleep)


def test_an_unknown_status_is_an_error(aurous: Aurous, sleep: Sleep) -> None:
    """A poll shows an undocumented status: it is not a success, and polling ends."""
    aurous.faults.greased("images.retrieve", "all")

    with pytest.raises(IllustrateError, match=r"^grease_"):
        illustrate("On a bench", sleep=sleep)

    aurous.assert_polled(aurous.images.last, at_most=1)
