"""What a success proves, and what nothing proves: recordings that lack exchanges, beside those that really differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from pytest_aurous._core.resources.content.pictures import picture
from tests.check.changes import both, error, left_out, named, refused, shows, without
from tests.check.story import Entries, Teller, body, checked, refuted, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Case(NamedTuple):
    """A story, a change of its recording, the rules that it refutes, and whether the team is shared."""

    story: Callable[[Teller], None]
    change: Callable[[Entries], object]
    rules: tuple[str, ...] = ()
    shared: bool = False


def saved(teller: Teller) -> None:
    """Save a character in the second of the poll that shows it in review, and use it."""
    path = teller.synthesize("Aurora")
    teller.poll(path, 1)
    teller.client.get(path)
    teller.client.post(f"{path}/save")
    teller.call("POST", "/v1/images", json={"prompt": "x", "character_id": path.rpartition("/")[2]})


def saved_and_read(teller: Teller) -> None:
    """The same, and read it then."""
    saved(teller)
    teller.call("GET", f"/v1/characters/{teller.aurous.characters.last.id}")


def patched(teller: Teller) -> None:
    """Change a character twice, and read it."""
    path = teller.synthesize("Aurora")
    teller.poll(path, 3)
    teller.call("POST", f"{path}/save")
    teller.call("PATCH", path, json={"attributes": {"gender": "male", "age": 40}})
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.call("GET", path)


def paged(teller: Teller) -> None:
    """List characters page by page."""
    for name in "ABCDE":
        teller.aurous.characters.add(name)
        teller.aurous.clock.advance(seconds=5)
    page = teller.call("GET", "/v1/characters", params={"limit": 2})
    while page["has_more"]:
        page = teller.call("GET", "/v1/characters", params={"limit": 2, "starting_after": page["next_cursor"]})


def uploaded(teller: Teller) -> None:
    """Make a character of an upload, and read it."""
    ticket = {"filename": "me.png", "extension": "png", "content_type": "image/png"}
    upload = teller.call("POST", "/v1/characters/uploads/init", json=ticket)
    teller.call("PUT", upload["upload_url"], content=b"\x89PNG")
    made = teller.call("POST", "/v1/characters", json={"name": "D", "upload_ids": [upload["upload_id"]]})
    teller.poll(f"/v1/characters/{made['id']}", 2)


def pictured(teller: Teller) -> None:
    """Read the picture of a character, and a file."""
    path = teller.synthesize("Aurora")
    shown = teller.poll(path, 3)
    teller.call("GET", shown["refs"][0]["url"], headers={"X-Api-Key": ""})


def filed(teller: Teller) -> None:
    """Read a file by its URL."""
    form = {"files": {"file": ("me.png", picture(["me"], 64, 64, ""), "image/png")}, "data": {"purpose": "reference"}}
    file = teller.call("POST", "/v1/files", **form)
    teller.client.headers.pop("X-Api-Key", None)
    teller.client.headers.pop("Authorization", None)
    teller.client.get(file["url"])


def ticketed(teller: Teller) -> None:
    """Upload a picture."""
    ticket = {"filename": "me.png", "extension": "png", "content_type": "image/png"}
    upload = teller.call("POST", "/v1/characters/uploads/init", json=ticket)
    teller.client.put(upload["upload_url"], content=b"PNG", headers=upload["upload_headers"])


def styled(teller: Teller) -> None:
    """Order an image with a style of videos."""
    style = teller.call("GET", "/v1/video_loras")[0]["id"]
    teller.call("POST", "/v1/images", json={"prompt": "x", "lora_id": style})


def early(teller: Teller) -> None:
    """Save a character during its synthesis."""
    path = teller.synthesize("Aurora")
    teller.call("GET", path)
    teller.call("POST", f"{path}/save")


def deleted(teller: Teller) -> None:
    """Delete a character during its synthesis, between balances."""
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("DELETE", path)
    teller.call("GET", "/v1/balance")


def opaque(entries: Entries) -> None:
    """Let cursors be no ids."""
    for entry in named(entries, "characters.list"):
        body(entry, lambda one: one["next_cursor"] and one.update(next_cursor="cur_" + one["next_cursor"][-8:]))
        entry["request"]["url"] = entry["request"]["url"].replace("starting_after=char_01", "starting_after=01")
        url, mark, cursor = entry["request"]["url"].partition("starting_after=")
        entry["request"]["url"] = url + mark + ("cur_" + cursor[-8:] if mark else "")


def forbidden(entries: Entries) -> None:
    """Let a signed URL be refused as a request of the API is."""
    entry = entries[-1]
    refused(f"{entry['comment']} {entry['response']['status']}#-1", 403, "forbidden")(entries)


def dead(entries: Entries) -> None:
    """Let a signed URL be refused."""
    entry = entries[-1]
    entry["response"]["status"] = 403
    entry["response"]["content"] = {"mimeType": "application/xml", "text": "<Error>Expired</Error>", "size": 0}


def standing(entries: Entries) -> None:
    """Let the Date of each response be that of the first."""
    date = None
    for entry in entries:
        for pair in entry["response"]["headers"]:
            if pair["name"] == "date":
                date = pair["value"] = date or pair["value"]


dead_alone: Final = both(dead, lambda entries: entries.__delitem__(slice(0, -1)))
_EARLY: Final = error("characters.save 400", code="invalid_state")
_REFUSED: Final = refused("characters.save", 400, "invalid_request_error")
_IN_REVIEW: Final = shows("characters.create 201", "status", "reviewing")

CASES: Final = {
    "a save is refused in the second of the last poll": Case(saved_and_read, _REFUSED, ("save-1",)),
    "a save is refused, and a picture shows that it was saved": Case(saved, _REFUSED, ("save-1",)),
    "a PATCH of attributes is missing": Case(patched, without("characters.update#0")),
    "a PATCH of the name is missing": Case(patched, without("characters.update#1")),
    "both PATCHes are missing": Case(patched, without("characters.update")),
    "cursors are opaque": Case(paged, opaque, ("list-1",)),
    "a character from uploads is in review": Case(
        uploaded, both(_IN_REVIEW, shows("characters.retrieve", "status", "reviewing")), ("create-2",)
    ),
    "a character from uploads is created in review": Case(uploaded, _IN_REVIEW, ("create-2",)),
    "the URL of a picture dies early": Case(pictured, dead, ("time-2",)),
    "the URL of a picture is forbidden": Case(pictured, forbidden, ("time-2",)),
    "the URL of a file dies early": Case(filed, dead, ("time-3",)),
    "the URL of a file is forbidden": Case(filed, forbidden, ("time-3",)),
    "the URL of an upload dies early": Case(ticketed, dead, ("up-3",)),
    "the URL of an upload is forbidden": Case(ticketed, forbidden, ("up-3",)),
    "an unknown URL of a picture is dead": Case(pictured, dead_alone),
    "an unknown URL of a file is dead": Case(filed, dead_alone),
    "an unknown URL of an upload is dead": Case(ticketed, dead_alone),
    "a save comes too early": Case(early, _EARLY, ("save-3",)),
    "a save comes too early, of a shared team": Case(early, _EARLY, ("save-3",), shared=True),
    "the Date stands still": Case(patched, standing),
    "the order of a style of the other medium is refused alone": Case(styled, left_out(0)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_success_proves_is_there(tmp_path: Path, name: str) -> None:
    """And no rule is refuted beside the one that differs."""
    case = CASES[name]
    teller = Teller()
    case.story(teller)
    entries = teller.entries()
    case.change(entries)
    result = checked(tmp_path, entries, shared=case.shared)

    assert tuple(refuted(result)) == case.rules


@pytest.mark.parametrize("story", ["characters", "images", "account"])
@pytest.mark.parametrize("first", range(3))
def test_every_third_exchange_is_missing(tmp_path: Path, story: str, first: int) -> None:
    """From the recording, or in it without its response."""
    entries = [one for number, one in enumerate(told(story)) if number % 3 != first]
    assert refuted(checked(tmp_path, entries)) == []
    entries = told(story)
    for entry in entries[first::3]:
        entry["response"] = {"status": 0, "headers": [], "content": {"size": 0}}
    assert refuted(checked(tmp_path, entries)) == []
