import pytest

from illustrator import IllustrateError, illustrate
from publisher import publish
from pytest_aurous import Aurous


@pytest.mark.aurous(grease="fields")
def test_unknown_fields_are_ignored(aurous: Aurous) -> None:
    """Every object of every response has an undocumented field."""
    character = publish("Aurora", {"age": 28})
    pictures = illustrate("On a bench", character=character["id"])

    assert aurous.characters.last.status == "ready"
    assert pictures == [aurous.images.last.picture()]


@pytest.mark.aurous(sparse="optional")
def test_an_optional_field_may_be_missing(aurous: Aurous) -> None:
    """A cancelled image has no `error_message`, not even null."""
    aurous.images.script("pending -> cancelled")

    with pytest.raises(IllustrateError, match=r"^cancelled$"):
        illustrate("On a bench")


def test_an_unknown_status_is_an_error(aurous: Aurous) -> None:
    """A poll shows an undocumented status: it is not a success, and polling ends."""
    aurous.faults.greased("images.retrieve", "all")

    with pytest.raises(IllustrateError, match=r"^grease_"):
        illustrate("On a bench")

    aurous.assert_polled(aurous.images.last, at_most=1)
