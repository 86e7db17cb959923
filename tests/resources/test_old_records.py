"""`add(created_at=...)`: a record that is as old as the test wants, in every collection."""

import re
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from pytest_aurous import AurousError
from tests.conftest import Api

KINDS: Final = (
    "characters", "uploads", "images", "videos", "files", "loras", "video_loras", "webhook_endpoints", "teams",
    "chat.completions",
)  # fmt: skip
NOW: Final = "2026-05-08T10:00:00Z"
MONTH: Final = timedelta(days=31)
THEN: Final = "2026-04-07T10:00:00Z"

kinds = pytest.mark.parametrize("kind", KINDS)


def records_of(api: Api, kind: str) -> Any:
    """Return a collection, of a fake whose clock stands still."""
    api.aurous.clock.freeze(NOW)
    first, _, rest = kind.partition(".")
    records: Any = getattr(api.aurous, first)
    return getattr(records, rest) if rest else records


@kinds
def test_a_record_is_as_old_as_the_test_wants(api: Api, kind: str) -> None:
    """It stands where it belongs among the others, whenever it was added, and the clock is where it was."""
    records = records_of(api, kind)
    new = records.add()
    middle = records.add(created_at=api.aurous.clock.now() - MONTH)
    oldest = records.add(created_at="2020-02-29T23:30:00-05:00")
    old = records.add(created_at=api.aurous.clock.now() - timedelta(days=2))
    same = records.add(created_at=THEN)
    newest = records.add(created_at=api.aurous.clock.now())

    assert [one for one in records if one in {new, middle, oldest, old, same, newest}] == [
        oldest, middle, same, old, new, newest]  # fmt: skip
    assert records.last == newest
    created = middle.created if kind == "chat.completions" else middle.created_at
    assert created in {THEN, datetime(2026, 4, 7, 10, tzinfo=timezone.utc).timestamp()}
    assert api.aurous.clock.now().isoformat() == "2026-05-08T10:00:00+00:00"


@kinds
@pytest.mark.parametrize(
    "wrong",
    [
        datetime(2026, 4, 7, 10),  # noqa: DTZ001
        "2026-04-07T10:00:00",
        "2026-05-08T10:00:01Z",
        "0001-01-01T00:00:00+01:00",
        "in May",
        "",
        7,
    ],
)
def test_what_is_no_past_instant_is_refused(api: Api, kind: str, wrong: Any) -> None:
    """Also without a time zone, and in the future; the error shows both forms, and nothing is added."""
    records = records_of(api, kind)
    before = len(records)

    with pytest.raises(AurousError, match=re.escape("aurous.clock.now() - timedelta(days=31)")) as caught:
        records.add(created_at=wrong)

    assert "add(created_at=" in str(caught.value)
    assert f"a time zone that is not after {NOW}" in str(caught.value)
    assert len(records) == before


def test_list_2_a_page_has_old_records_in_order(api: Api) -> None:
    """Also behind a cursor that was deleted, and before one."""
    records = records_of(api, "images")
    new = records.add().id
    old, older = (records.add(created_at=THEN[:8] + day).id for day in ("07T10:00:00Z", "06T10:00:00Z"))
    film = api.aurous.videos.add(created_at=THEN[:8] + "06T11:00:00Z").id

    def page(**query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/v1/images?{urlencode(query)}").json["data"]]

    assert page() == [new, old, film, older]
    assert page(starting_after=old) == [film, older]
    assert page(ending_before=film) == [new, old]
    gone = api.characters.add(created_at=THEN)
    kept = api.characters.add(created_at=THEN[:8] + "06T10:00:00Z")
    gone.delete()
    found = api.get(f"/v1/characters?starting_after={gone.id}").json["data"]
    assert [row["id"] for row in found] == [kept.id]


def test_what_follows_from_its_age(api: Api) -> None:
    """A file and an output have expired (time-3, time-4), a script by time has ended then; a fresh URL is fresh."""
    records_of(api, "images")
    then = api.aurous.clock.now() - MONTH
    file, image = api.aurous.files.add(created_at=then), api.aurous.images.add(created_at=then)
    upload = api.aurous.uploads.add(created_at=then)
    drawn = api.characters.add(status="synthesizing", script="synthesizing:45s -> ready", created_at=then)
    stuck = api.characters.add(status="synthesizing", created_at=then)

    assert (file.status, upload.status) == ("expired", "expired")
    assert file.expires_at == "2026-04-08T10:00:00Z"
    assert api.get(f"/v1/files/{file.id}").status == 404
    assert api.get(image.output_urls[0]).status == 410
    assert (image.completed_at, image.duration_ms) == (THEN, 0)
    assert (drawn.status, drawn.updated_at, stuck.status) == ("ready", "2026-04-07T10:00:45Z", "synthesizing")
    assert api.get(drawn.refs[0].url).status == 200
    assert api.aurous.files.add(created_at=api.aurous.clock.now() - timedelta(hours=23)).status == "stored"
