"""What a success proves, and what nothing proves: recordings that lack exchanges, beside those that really differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pytest_aurous._core.resources.content.pictures import picture
from tests.check.story import Entries, Teller, body, checked, refuted, told
from tests.check.test_vendors import coded
from tests.check.test_seeded import fields, instead, named, put

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


def without(operation: str, nth: int = 0, status: int = 200) -> Callable[[Entries], None]:
    """Leave an exchange out."""
    return lambda all_: all_.remove(named(all_, operation, status)[nth])


def opaque(entries: Entries) -> None:
    """Let cursors be no ids."""
    for entry in named(entries, "characters.list"):
        body(entry, lambda one: one["next_cursor"] and one.update(next_cursor="cur_" + one["next_cursor"][-8:]))
        entry["request"]["url"] = entry["request"]["url"].replace("starting_after=char_01", "starting_after=01")
        url, mark, cursor = entry["request"]["url"].partition("starting_after=")
        entry["request"]["url"] = url + mark + ("cur_" + cursor[-8:] if mark else "")


def reviewing(entries: Entries) -> None:
    """Let a character from uploads be in review, from its creation on."""
    fields("characters.create", put("status", "reviewing"), 201)(entries)
    fields("characters.retrieve", put("status", "reviewing"))(entries)


def created_reviewing(entries: Entries) -> None:
    """Let a character from uploads be in review in the response that creates it."""
    fields("characters.create", put("status", "reviewing"), 201)(entries)


def forbidden(entries: Entries) -> None:
    """Let a signed URL be refused as a request of the API is."""
    operation, status = entries[-1]["comment"], entries[-1]["response"]["status"]
    instead(operation, status, 403, "forbidden", nth=-1)(entries)


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


CASES: Final = {
    "a save is refused in the second of the last poll": Case(
        saved_and_read, instead("characters.save", 200, 400, "invalid_request_error"), ("save-1",)
    ),
    "a save is refused, and a picture shows that it was saved": Case(
        saved, instead("characters.save", 200, 400, "invalid_request_error"), ("save-1",)
    ),
    "a PATCH of attributes is missing": Case(patched, without("characters.update")),
    "a PATCH of the name is missing": Case(patched, without("characters.update", 1)),
    "both PATCHes are missing": Case(patched, lambda all_: [without("characters.update")(all_) for _ in range(2)]),
    "cursors are opaque": Case(paged, opaque, ("list-1",)),
    "a character from uploads is in review": Case(uploaded, reviewing, ("create-2",)),
    "a character from uploads is created in review": Case(uploaded, created_reviewing, ("create-2",)),
    "a signed URL dies early": Case(pictured, dead, ("time-2",)),
    "a signed URL is forbidden": Case(pictured, forbidden, ("time-2",)),
    "the URL of a file is forbidden": Case(filed, forbidden, ("time-3",)),
    "the URL of an upload is forbidden": Case(ticketed, forbidden, ("up-3",)),
    "the URL of a file dies early": Case(filed, dead, ("time-3",)),
    "the URL of an upload dies early": Case(ticketed, dead, ("up-3",)),
    "an unknown signed URL is dead": Case(pictured, lambda all_: (dead(all_), all_.__delitem__(slice(0, -1)))),
    "an unknown URL of a file is dead": Case(filed, lambda all_: (dead(all_), all_.__delitem__(slice(0, -1)))),
    "an unknown URL of an upload is dead": Case(ticketed, lambda all_: (dead(all_), all_.__delitem__(slice(0, -1)))),
    "a shared save comes too early": Case(early, coded("characters.save", 400, "invalid_state"), ("save-3",), True),
    "a save comes too early": Case(early, coded("characters.save", 400, "invalid_state"), ("save-3",)),
    "the Date stands still": Case(patched, standing),
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
