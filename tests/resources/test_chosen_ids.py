"""`add(id=...)`: a record with an id that the test chooses, in every collection."""

from typing import Any, Final

import pytest

from pytest_aurous import AurousError
from tests.conftest import Api

ULID: Final = "01HXMQ7Z3K8Y2NABCDEFGHJKMR"
PREFIXES: Final = {
    "characters": "char",
    "uploads": "upl",
    "images": "img",
    "videos": "vid",
    "files": "file",
    "loras": "lora",
    "video_loras": "lora",
    "webhook_endpoints": "we",
    "teams": "team",
}

collections = pytest.mark.parametrize("collection", PREFIXES)


@collections
def test_a_record_has_the_id_that_the_test_chooses(api: Api, collection: str) -> None:
    """It is the newest record, although its ULID is from another time, and later records follow it."""
    records: Any = getattr(api.aurous, collection)
    earlier, chosen = records.add(), records.add(id=f"{PREFIXES[collection]}_{ULID}")

    assert chosen.id == f"{PREFIXES[collection]}_{ULID}"
    assert records[chosen.id] == records.last == chosen
    later = records.add()
    assert [one for one in records if one in {earlier, chosen, later}] == [earlier, chosen, later]


@collections
@pytest.mark.parametrize(
    "wrong",
    ["{}_1", f"other_{ULID}", f"{{}}_{ULID.lower()}", f"{{}}_8{ULID[1:]}", f"{{}}_{ULID}\n", f"{{}}_{ULID}A", "", 7],
)
def test_an_id_of_another_form_is_refused(api: Api, collection: str, wrong: str | int) -> None:
    """The error has an example that is accepted; nothing is added."""
    records: Any = getattr(api.aurous, collection)
    prefix, before = PREFIXES[collection], len(records)

    with pytest.raises(AurousError, match=f"such as '{prefix}_{ULID}'"):
        records.add(id=wrong.format(prefix) if isinstance(wrong, str) else wrong)

    assert len(records) == before


@collections
def test_an_id_that_is_taken_is_refused(api: Api, collection: str) -> None:
    records: Any = getattr(api.aurous, collection)
    chosen = records.add(id=f"{PREFIXES[collection]}_{ULID}")

    with pytest.raises(AurousError, match="taken"):
        records.add(id=chosen.id)

    assert records.last == chosen


def test_a_deleted_record_and_one_of_another_kind_or_team_keep_their_ids(api: Api) -> None:
    """What was ever an id stays taken: also by a style of the other medium, and for another team."""
    deleted = api.characters.add(status="deleted")
    rival = api.aurous.teams.add("Rivals")
    theirs, style = rival.characters.add(), api.aurous.loras.add()

    for add, taken in (
        (api.characters.add, deleted.id),
        (api.characters.add, theirs.id),
        (api.aurous.video_loras.add, style.id),
    ):
        with pytest.raises(AurousError, match="taken"):
            add(id=taken)


def test_an_id_that_would_have_come_next_is_not_drawn_again(api: Api) -> None:
    """A test may choose an id that it has copied from the report of an earlier run."""
    before = api.aurous.snapshot()
    first, second = api.characters.add().id, api.characters.add().id
    api.aurous.restore(before)

    ids = [api.characters.add(id=second).id, api.characters.add(id=first).id]
    ids += [api.characters.add().id for _ in range(3)]

    assert ids[:2] == [second, first]
    assert len({*ids}) == len(api.characters) == 5
    assert [one.id for one in api.characters] == ids
