"""Recordings with gaps, and of teams that other clients work for: they refute nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous._content.pictures import picture
from tests.reality.story import Entries, Teller, checked, refuted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def uploads(teller: Teller) -> None:
    """A character from an upload that was classified."""
    ticket = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
    upload = teller.call("POST", "/v1/characters/uploads/init", json=ticket)
    teller.client.put(upload["upload_url"], content=picture(["me"], 64, 64, ""), headers=upload["upload_headers"])
    teller.call("POST", "/v1/characters/uploads/classify", json={"upload_id": upload["upload_id"]})
    teller.call("POST", "/v1/characters", json={"name": "A", "upload_ids": [upload["upload_id"]]})
    teller.call("GET", "/v1/characters")


def saves(teller: Teller) -> None:
    """Saves that come too early, one that does not, and a drawing that follows."""
    path = teller.synthesize("Aurora")
    teller.call("POST", f"{path}/save")
    teller.call("POST", f"{path}/save")
    teller.poll(path, 2)
    teller.call("POST", f"{path}/save")
    teller.call("GET", path)
    teller.call("POST", f"{path}/resynthesize")
    teller.call("POST", f"{path}/save")
    teller.call("POST", f"{path}/refs/regenerate", json={"pose": "front"})
    teller.poll(path, 2)
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.call("GET", path)


def pages(teller: Teller) -> None:
    """Pages, one of them behind a cursor that is none."""
    for name in "ABC":
        teller.aurous.characters.add(name)
        teller.aurous.clock.advance(seconds=5)
    first = teller.call("GET", "/v1/characters", params={"limit": 2})
    teller.call("GET", "/v1/characters", params={"limit": 2, "starting_after": first["next_cursor"]})
    teller.call("GET", "/v1/characters", params={"limit": 1, "starting_after": "char_01KRMEXM017R6QKY9FRGVYXRJ9"})
    teller.call("GET", "/v1/characters", params={"limit": 3})
    teller.synthesize("D")
    teller.call("GET", "/v1/characters", params={"limit": 2})


def money(teller: Teller) -> None:
    """Balances between orders that end well and badly."""
    teller.call("GET", "/v1/balance")
    image = teller.image(count=2)
    teller.call("GET", "/v1/balance")
    teller.poll(image)
    other = teller.image()
    teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.call("POST", f"{other}/cancel")
    teller.call("GET", "/v1/balance")
    teller.image(count=3)
    teller.call("GET", "/v1/balance")


def retries(teller: Teller) -> None:
    """Orders that are sent again with their key, refused, and sent again with another body."""
    first = teller.synthesize("Aurora", "order-1")
    teller.call("POST", "/v1/images", json={"prompt": ""}, headers={"Idempotency-Key": "order-2"})
    order = {"prompt": "x"}
    for _ in range(2):
        teller.call("POST", "/v1/images", json=order, headers={"Idempotency-Key": "order-2"})
    teller.call("POST", "/v1/images", json={"prompt": "y"}, headers={"Idempotency-Key": "order-2"})
    teller.synthesize("Aurora", "order-1")
    teller.call("GET", first)
    teller.synthesize("Aurora", "order-1")


CLIENTS: dict[str, Callable[[Teller], None]] = {
    "uploads": uploads,
    "saves": saves,
    "pages": pages,
    "money": money,
    "retries": retries,
}


def lost(entries: Entries, number: int) -> None:
    """Leave an exchange out."""
    del entries[number]


def bare(entries: Entries, number: int) -> None:
    """Leave the body of a response out."""
    entries[number]["response"]["content"] = {"size": 100}


def bodiless(entries: Entries, number: int) -> None:
    """Leave the body of a request out."""
    entries[number]["request"].pop("postData", None)


def broken(entries: Entries, number: int) -> None:
    """Let a response be missing."""
    entries[number]["response"] = {"status": 0, "headers": [], "content": {"size": 0}}


@pytest.mark.parametrize("damage", [lost, bare, bodiless, broken])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_recording_with_one_damage_agrees(tmp_path: Path, client: str, damage: Any) -> None:
    """Whichever exchange it is."""
    teller = Teller()
    CLIENTS[client](teller)
    for number in range(len(teller.entries())):
        entries = teller.entries()
        damage(entries, number)
        result = checked(tmp_path, entries)

        assert (number, refuted(result), result.verdicts.uncovered) == (number, [], {})
