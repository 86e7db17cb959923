"""Recordings with gaps wherever they can be; single recordings are in the table of damages."""

from __future__ import annotations

import json
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous._check.check import Checked
from pytest_aurous._core.resources.content.pictures import picture
from tests.check.story import Entries, Teller, body, checked, refuted
from tests.check.test_seeded import instead
from tests.check.walks import Walk
from tests.conftest import slow_but

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
    """Pages, one of them behind an unknown cursor."""
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
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)
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


@pytest.mark.parametrize("damage", slow_but([lost, broken], [lost, bare, bodiless, broken]))
@pytest.mark.parametrize("client", slow_but(["uploads", "saves"], CLIENTS))
def test_a_recording_with_one_damage_agrees(tmp_path: Path, client: str, damage: Any) -> None:
    """Whichever exchange it is."""
    teller = Teller()
    CLIENTS[client](teller)
    for number in range(len(teller.entries())):
        entries = teller.entries()
        damage(entries, number)
        result = checked(tmp_path, entries, shared=damage is lost)

        assert (number, refuted(result), result.verdicts.uncovered) == (number, [], {})
        if damage is lost:
            assert (number, certain(checked(tmp_path, entries))) == (number, [])


def certain(result: Checked) -> list[str]:
    """Return the rules that are refuted even if another client has used the team."""
    return [one.rule for one in result.verdicts.refuted if not all(each.alone for each in one.differences)]


def some_lost(entries: Entries, chance: Random) -> Entries:
    """Leave out some exchanges."""
    return [entry for entry in entries if chance.random() < 0.7]


def some_bare(entries: Entries, chance: Random) -> Entries:
    """Leave out some bodies of responses."""
    for number in range(len(entries)):
        if chance.random() < 0.2:
            bare(entries, number)
    return entries


def others_orders(entries: Entries, chance: Random) -> Entries:
    """Leave out most of what changes something: another client has sent it."""
    return [entry for entry in entries if entry["request"]["method"] == "GET" or chance.random() < 0.4]


@pytest.mark.slow
@pytest.mark.parametrize("damage", [some_lost, some_bare, others_orders])
def test_a_random_walk_with_gaps_agrees(tmp_path: Path, damage: Callable[[Entries, Random], Entries]) -> None:
    """Whatever is missing."""
    for seed in range(4):
        walk = Walk(seed)
        entries = damage(walk.go(60, shared=True), Random(seed))

        assert (seed, refuted(checked(tmp_path, entries, walk.readings, shared=True))) == (seed, [])


def studio(teller: Teller) -> None:
    """A character that is saved, drawn again, renamed and deleted, with a balance between."""
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    teller.call("GET", path)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/resynthesize")
    teller.call("GET", path)
    teller.call("GET", "/v1/balance")
    teller.poll(path)
    teller.call("PATCH", path, json={"name": "Borea"})
    teller.call("GET", path)
    order = {"prompt": "x", "character_id": path.rpartition("/")[2]}
    teller.call("POST", "/v1/images", json=order)
    teller.call("DELETE", path)
    teller.call("POST", "/v1/images", json=order)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/save")


LACKING: dict[str, tuple[int, str, set[str], dict[int, dict[str, Any]], list[str]]] = {
    # The exchange that is left out, how the report names the gap, what it sets aside, what else differs, and what
    # that refutes.
    "a save": (5, "between exchange 5 and 6, {} was saved", {"create-4"}, {}, []),
    "a save, which is free": (5, "6, {} was saved", {"create-4"}, {7: {"credits": 992}}, ["cred-4"]),
    "a drawing": (8, "between exchange 7 and 9, {} was drawn again", {"cred-1", "get-1"}, {}, []),
    "a drawing, after a balance": (8, "9, {} was drawn again", {"get-1", "cred-4"}, {7: {"credits": 992}}, ["cred-1"]),
    "a drawing, at its price": (8, "9, {} was drawn again", {"get-1"}, {10: {"held_credits": 3}}, ["cred-1", "cred-2"]),
    "a change": (14, "between exchange 14 and 15, {} was changed", {"get-1"}, {}, []),
    "a change, after a name": (14, "15, {} was changed", set(), {13: {"name": "Cirra"}}, ["get-1"]),
    "a deletion": (17, "between exchange 17 and 20, {} was deleted", {"img-4", "save-2"}, {}, []),
}


def works(teller: Teller) -> None:
    """Work that is cancelled, and a chat."""
    teller.call("GET", "/v1/balance")
    image = teller.image()
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{image}/cancel")
    teller.call("GET", image)
    teller.call("GET", "/v1/balance")
    style = teller.call("GET", "/v1/video_loras")[0]["id"]
    video = teller.call("POST", "/v1/videos", json={"video_lora_id": style, "duration": 4, "resolution": "480p"})
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"/v1/images/{video['id']}/cancel")
    chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}]}
    said = teller.call("POST", "/v1/chat/completions", json=chat)
    teller.call("GET", "/v1/balance")
    teller.call("GET", f"/v1/chat/completions/{said['id']}")
    teller.call("GET", f"/v1/chat/completions/{said['id']}")


@pytest.mark.parametrize(("lacking", "rules"), [(1, set()), (3, set()), (7, set()), (10, {"cred-2"})])
def test_work_without_its_order_is_charged_at_its_price(tmp_path: Path, lacking: int, rules: set[str]) -> None:
    """Also where its price is shown no more, because it was cancelled."""
    teller = Teller()
    works(teller)
    entries = teller.entries()
    del entries[lacking]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert {one.rule for one in result.verdicts if any(" was " in why for why in one.aside)} == rules


def test_what_gaps_have_cost_is_their_price(tmp_path: Path) -> None:
    """A chat that is only read cost what it shows: another amount is judged."""
    teller = Teller()
    works(teller)
    entries = teller.entries()
    for one in (*entries[9:10], entries[11]):
        body(one, lambda shown: shown.get("credits") and shown.update(credits=990, available_credits=990))
    del entries[10]

    assert refuted(checked(tmp_path, entries)) == ["cred-2"]


def test_work_that_is_under_way_is_held_whatever_the_balance_was(tmp_path: Path) -> None:
    """The order is not in the recording, and neither is what paid for it."""
    teller = Teller(credits=1)
    teller.call("GET", "/v1/balance")
    teller.aurous.team.credits = 5
    image = teller.image(count=4)
    teller.call("GET", image)
    entries = teller.entries()
    del entries[1]

    assert refuted(checked(tmp_path, entries)) == []


def test_a_404_that_is_disproved_later_is_judged(tmp_path: Path) -> None:
    """Nothing brings a deleted character back, and nothing deletes a video."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    for _ in range(2):
        teller.call("GET", path)
    teller.call("POST", f"{path}/save", json={})
    entries = teller.entries()
    instead("characters.retrieve", 200, 404, "resource_not_found", nth=0)(entries)

    assert refuted(checked(tmp_path, entries)) == ["get-1"]


@pytest.mark.parametrize("name", LACKING)
def test_a_gap_explains_what_it_can_and_no_more(tmp_path: Path, name: str) -> None:
    """What is before it is judged, and so is what a request of its kind does not do."""
    lacking, text, rules, changes, contradicted = LACKING[name]
    teller = Teller()
    studio(teller)
    entries = teller.entries()
    for number, values in changes.items():
        body(entries[number], partial(dict.update, **values))
    record = json.loads(entries[1]["response"]["content"]["text"])["id"]
    del entries[lacking]
    result = checked(tmp_path, entries)

    assert refuted(result) == contradicted
    aside = {one.rule for one in result.verdicts if any(text.format(record) in why for why in one.aside)}
    assert aside == rules, {one.rule: dict(one.aside) for one in result.verdicts if one.aside}


def test_a_character_is_saved_or_drawn_again_unseen(tmp_path: Path) -> None:
    """It is ready where others wait to be reviewed; and it has other pictures than before."""
    teller = Teller()
    first, other = teller.synthesize("Aurora"), teller.synthesize("Borea")
    teller.call("GET", other)
    teller.poll(first, 3)
    for action in ("save", "resynthesize"):
        teller.call("POST", f"{other}/{action}")
        teller.poll(other, 4)
    teller.call("GET", other)
    entries = [
        one
        for one in teller.entries()
        if one["request"]["method"] != "POST" or "/v1/characters/" not in one["request"]["url"]
    ]
    drawing = [
        number for number, one in enumerate(entries) if '"status":"synthesizing"' in one["response"]["content"]["text"]
    ]
    entries = [one for number, one in enumerate(entries) if number not in drawing[3:]]

    assert refuted(checked(tmp_path, entries)) == []
