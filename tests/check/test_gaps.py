"""Recordings with gaps, and of teams that other clients use: what they refute, and what they do not."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous._check.check import Checked
from pytest_aurous._resources.content.pictures import picture
from tests.check.story import Entries, Teller, body, checked, refuted, told
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


def test_an_exchange_that_was_recorded_twice_is_left_out(tmp_path: Path) -> None:
    """By its request id; a retry has an id of its own."""
    entries = [deepcopy(entry) for entry in told("characters") for _ in range(2)]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.exchanges == len(entries) / 2
    assert "recorded.har: exchange 2: recorded twice, and left out" in result.notes


def test_requests_at_the_same_time_take_tokens_in_any_order(tmp_path: Path) -> None:
    """The first of them may get the last of the tokens."""
    teller = Teller()
    for _ in range(4):
        teller.call("GET", "/v1/balance")
        for _ in range(5):
            teller.client.get("/v1/balance")
    entries = teller.entries()
    for start in range(1, len(entries), 6):
        group = [entry["response"] for entry in entries[start : start + 5]]
        for entry, response in zip(entries[start : start + 5], reversed(group), strict=True):
            entry["response"] = response

    assert refuted(checked(tmp_path, entries)) == []


def test_other_clients_take_tokens(tmp_path: Path) -> None:
    """The bucket follows, and is compared again: a request that takes one token shows that others took the rest."""
    teller = Teller()
    for _ in range(3):
        teller.call("GET", "/v1/characters")
        for _ in range(40):
            teller.client.get("/v1/characters")
        teller.call("GET", "/v1/characters")
    entries = [entry for number, entry in enumerate(teller.entries()) if number % 42 in {0, 20, 40, 41}]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.rules["rate-1"].word == "as written, but"


@pytest.mark.parametrize(("cost", "rules"), [(0, ["rate-1"]), (1, []), (2, ["rate-1"])])
def test_rate_1_requests_that_follow_each_other_take_one_token_each(
    tmp_path: Path, cost: int, rules: list[str]
) -> None:
    """No other client takes the same number between each two of them."""
    teller = Teller()
    for _ in range(12):
        teller.client.get("/v1/characters")
    entries = teller.entries()
    for number, entry in enumerate(entries):
        for header in entry["response"]["headers"]:
            if header["name"].lower() == "x-ratelimit-remaining":
                header["value"] = str(239 - cost * number)

    assert refuted(checked(tmp_path, entries)) == rules


@pytest.mark.parametrize(("skew", "rules"), [(0, ["rate-1"]), (40, [])])
def test_the_time_at_which_a_bucket_is_full_is_by_the_vendors_clock(
    tmp_path: Path, skew: int, rules: list[str]
) -> None:
    """Its Date shows by how much the clock of the recording differs."""
    entries = told("images")
    for entry in entries:
        pairs = entry["response"]["headers"]
        for pair in pairs:
            if pair["name"] == "x-ratelimit-reset":
                pair["value"] = str(int(pair["value"]) + 40)
        sent = datetime.fromisoformat(entry["startedDateTime"]) + timedelta(seconds=skew)
        pairs.append({"name": "date", "value": format_datetime(sent.astimezone(timezone.utc), usegmt=True)})

    assert refuted(checked(tmp_path, entries)) == rules


def test_a_lost_order_that_the_fake_refuses_is_made_up_for(tmp_path: Path) -> None:
    """The character was saved elsewhere; the image is there when it is polled."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.poll(path)
    teller.call("POST", f"{path}/save")
    teller.call("GET", teller.image(character_id=path.rpartition("/")[2]))
    entries = teller.entries()
    broken(entries, -2)
    del entries[-3]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.rules["img-6"].agreed == 1


@pytest.mark.parametrize(("drawn_elsewhere", "rules"), [(False, ["resyn-1"]), (True, [])])
def test_a_refusal_in_a_state_counts_where_the_state_is_known(
    tmp_path: Path, *, drawn_elsewhere: bool, rules: list[str]
) -> None:
    """Seen before and after in the same state, and not changed in between."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)
    teller.call("POST", f"{path}/save")
    if drawn_elsewhere:
        teller.call("POST", f"{path}/resynthesize")
        teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)
    entries = [entry for entry in teller.entries() if "resynthesize" not in entry["comment"]]
    entries[2]["request"]["url"] = entries[2]["request"]["url"].replace("/save", "/resynthesize")
    entries[2]["comment"] = "characters.resynthesize; invalid_request_error"

    assert refuted(checked(tmp_path, entries)) == rules


def test_a_refusal_at_the_end_shows_no_state_of_a_shared_team(tmp_path: Path) -> None:
    """Another client may have ordered a drawing just before; alone, nobody has."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(path, 1)
    teller.call("POST", f"{path}/save")
    entries = teller.entries()
    entries[2]["request"]["url"] = entries[2]["request"]["url"].replace("/save", "/resynthesize")
    entries[2]["comment"] = "characters.resynthesize; invalid_request_error"

    assert refuted(checked(tmp_path, entries, shared=True)) == []
    assert refuted(checked(tmp_path, entries)) == ["resyn-1"]


@pytest.mark.parametrize("shared", [True, False])
def test_a_balance_counts_unless_the_team_is_shared(tmp_path: Path, *, shared: bool) -> None:
    """Records from before are no trace of anybody."""
    teller = Teller()
    teller.call("GET", f"/v1/characters/{teller.aurous.characters.add().id}")
    teller.call("GET", "/v1/balance")
    teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    entries = teller.entries()
    body(entries[-1], lambda one: one.update(held_credits=5, available_credits=995))
    verdict = checked(tmp_path, entries, shared=shared).verdicts.rules["cred-4"]

    assert verdict.word == ("not judged" if shared else "refuted")
    assert [one.alone for one in verdict.differences] == ([] if shared else [True])


@pytest.mark.parametrize("again", [True, False])
def test_a_list_without_a_row_counts_if_the_row_is_seen_again(tmp_path: Path, *, again: bool) -> None:
    """Else it may have been deleted, although no exchange has done that."""
    teller = Teller()
    old, new = teller.synthesize("Aurora"), teller.synthesize("Borea")
    teller.poll(old)
    teller.poll(new)
    for limit in (20, 1):
        teller.call("GET", "/v1/characters", params={"limit": limit})
    if again:
        teller.call("GET", old)
    entries = teller.entries()
    every, page = [entry for entry in entries if entry["comment"] == "characters.list"]
    body(every, lambda content: content["data"].pop())
    body(page, lambda content: content.update(has_more=False, next_cursor=None))

    assert refuted(checked(tmp_path, entries)) == (["list-1", "list-2"] if again else [])


def test_a_character_that_is_drawn_again_may_have_been_saved_elsewhere(tmp_path: Path) -> None:
    """Its new pictures are ready at once."""
    teller = Teller(script={"characters": "synthesizing*0 -> reviewing"})
    teller.call("GET", f"/v1/characters/{teller.aurous.characters.add().id}")
    path = teller.synthesize("Aurora")
    for action in ("save", "resynthesize"):
        teller.call("POST", f"{path}/{action}")
    entries = teller.entries()
    del entries[2]

    assert refuted(checked(tmp_path, entries, shared=True)) == []


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


def test_an_output_may_have_expired_before_its_image_is_shown(tmp_path: Path) -> None:
    """The image is there, and was finished long ago."""
    teller = Teller()
    path = teller.image()
    teller.aurous.images.last.finish()
    teller.aurous.clock.advance(seconds=8 * 86_400)
    teller.call("GET", f"{path}/output/0")
    teller.call("GET", path)
    result = checked(tmp_path, teller.entries()[1:])

    assert refuted(result) == []
    assert result.verdicts.rules["time-4"].agreed == 1
