"""A state as JSON: it comes back whole, in this fake or another, and nothing that is wrong with it changes anything."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousError
from pytest_aurous._core.world.codec import UnreadableStateError, read, written
from pytest_aurous._fake.exported import _ROWS, _SECTIONS
from pytest_aurous._report.state import view
from tests.conftest import SYNTHESIS

NOW = "2026-05-08T10:00:00Z"


def full() -> Aurous:
    """Return a fake that has something of everything."""
    aurous = Aurous(now=NOW)
    with aurous.client() as client:
        made = client.post("/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "order-1"}).json()
        client.get(f"/v1/characters/{made['id']}")
        client.post("/v1/images", json={"prompt": "a bench"})
        said = {"role": "user", "content": "Which?"}
        client.post("/v1/chat/completions", json={"model": "aurous-grow-2.0-pro", "messages": [said]})
        client.post("/v1/embeddings", json={"model": "aurous-embed-vision-1.0", "input": "hair"})
    aurous.characters.add("Nova", script="synthesizing:45s -> reviewing", status="synthesizing")
    for collection in (aurous.videos, aurous.files, aurous.uploads, aurous.teams):
        collection.add()
    aurous.loras.add("Mine")
    aurous.webhook_endpoints.add("https://receiver.example/a")
    aurous.images.add(status="processing").finish()
    aurous.faults.status("characters.*", 503, times=3, after=1)
    aurous.faults.outage(60)
    aurous.faults.late("image.completed", 5)
    aurous.chat.reply("yes", when="hair")
    aurous.chat.reply(json=[1])
    aurous.embeddings.vectors({"x": [0.5, 1]})
    aurous.script("synthesizing:45s -> reviewing", "Luna")
    aurous.limits["reads"].exhaust()
    aurous.team.add_key("read")
    aurous.uploads.pose("front")
    aurous.team.balance_low_threshold = 5
    return aurous


def state(aurous: Aurous) -> str:
    """Return everything that a trace shows of a fake, with the team and the numbers of faults of each fake alike."""
    shown = view(aurous._session.app, {})
    shown["faults"] = dict(enumerate(shown["faults"].values()))  # type: ignore[arg-type]
    text = json.dumps(shown, sort_keys=True).replace(aurous.team.id, "OWN")
    return re.sub(r"token=[\w.%-]+", "token", text)


def test_a_state_comes_back_in_another_fake() -> None:
    """All of it: records, runs, money, keys, faults and what they have met, replies, deliveries, the clock."""
    aurous = full()
    exported = json.loads(json.dumps(aurous.export()))

    other = Aurous(seed=5)
    other.faults.status("balance.retrieve", 500)
    before = other.snapshot()
    other.import_(exported)

    assert exported["left_out"] == []
    assert exported["generator"].startswith("pytest-aurous ")
    assert _SECTIONS.keys() - exported["sections"].keys() == {"chat streams", "chosen ids", "warned"}
    assert state(other) == state(aurous)
    assert other.clock.now() == aurous.clock.now()
    assert other.api_key != aurous.api_key
    other.clock.advance(seconds=60)
    assert other.characters.get(aurous.characters.last.id).status == "reviewing"  # type: ignore[union-attr]
    other.restore(before)
    assert [fault.operation for fault in other.faults] == ["balance.retrieve"]


def test_a_delivery_meets_a_fault_once_also_in_another_fake() -> None:
    """Where the fault has another number."""
    aurous, other = Aurous(now=NOW), Aurous()
    aurous.webhook_endpoints.add("https://receiver.example/a")
    aurous.faults.late("image.completed", 5, times=2)
    aurous.images.add(status="processing").finish()
    aurous.webhooks.flush()
    other.faults.status("balance.retrieve", 500)
    other.import_(aurous.export())
    other.clock.advance(seconds=5)
    other.webhooks.flush()

    assert [fault.met for fault in aurous.faults] == [1]
    assert [fault.met for fault in other.faults] == [1]


def test_the_clock_of_an_export() -> None:
    """A clock that runs goes on, as fast as before and as far from the real time; a frozen one stands."""
    aurous, other = Aurous(), Aurous()
    aurous.clock.advance(seconds=3600)
    aurous.clock.speed = 1000
    other.import_(aurous.export())
    assert other.clock.speed == 1000
    assert abs(other.clock.now().timestamp() - time.time() - 3600) < 600


def test_what_json_cannot_carry_is_said() -> None:
    """A fault or a reply with a function is left out; the rest is there."""
    aurous = Aurous(now=NOW)
    aurous.chat.reply("no", when=bool)
    aurous.faults.status("characters.save", 503, when=bool)
    exported = aurous.export()
    assert ["when=" in one for one in exported["left_out"]] == [True, True]
    other = Aurous(now=NOW)
    other.import_(exported)
    assert list(other.faults) == []


def _with(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda exported: {**exported, **changes}


def _in(section: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], Any]:
    def changed(exported: dict[str, Any]) -> Any:
        exported["sections"][section] = change(exported["sections"][section])
        return exported

    return changed


def _each(**fields: Any) -> Callable[[Any], Any]:
    return lambda pairs: [[key, {**value, **fields}] for key, value in pairs]


def _deep() -> Any:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    return value


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "nothing": (lambda _: None, "not an export"),
    "text": (lambda _: "x", "not an export"),
    "of no version": (_with(version=True), "of version True, and this pytest-aurous reads version 1"),
    "of another version": (_with(version=2), "of version 2, and this pytest-aurous reads version 1"),
    "without a part": (_with(chance=None), "chance is missing"),
    "with another team": (_with(team="x"), "team is missing or has another form"),
    "with a team that is not there": (_with(team="team_01HXMQ7Z3K8Y2NABCDEFGHJKMR"), "contradicts itself"),
    "with an unknown section": (_with(sections={"evil": []}), "no such section"),
    "with an unknown list": (_with(lists={"evil": []}), "no such list"),
    "without pairs": (_in("runs", lambda _: [1]), "not a list of pairs"),
    "without accounts": (_in("accounts", lambda _: []), "contradicts itself"),
    "with money that is no number": (_in("accounts", _each(credits="many")), "not a decimal number"),
    "with endless money": (_in("accounts", _each(credits="Infinity")), "accounts"),
    "with an endless attribute": (_in("CharacterRow", _each(attributes={"age": [float("inf")]})), "CharacterRow"),
    "with a time of 400 digits": (_in("CharacterRow", _each(created_at=10**400)), "CharacterRow"),
    "with bytes in another form": (_in("FileRow", _each(data="%")), "not Base64"),
    "with half a surrogate": (_in("CharacterRow", _each(name="\ud800")), "CharacterRow"),
    "with a field too much": (_in("CharacterRow", _each(evil=1)), "CharacterRow has other fields (evil)"),
    "with a row in another form": (_in("CharacterRow", lambda pairs: [[pairs[0][0], 1]]), "CharacterRow"),
    "with another id": (_in("CharacterRow", _each(id="char_x")), "has another id"),
    "with a step that is not there": (_in("runs", _each(current=99)), "the run of"),
    "with a delivery to nobody": (_in("deliveries", _each(endpoint="hook_x")), "delivery 1"),
    "with an empty bucket for good": (_in("buckets", _each(rate=0)), "the bucket"),
    "with a boolean for a number": (_in("buckets", _each(capacity=True)), "buckets"),
    "with other living": (lambda e: {**e, "lists": {**e["lists"], "FileRow ": ["x"]}}, "the living of all"),
    "with a clock that runs backwards": (_with(clock={"offset": 0, "frozen": None, "speed": -1}), "its speed is -1"),
    "with an invalid random state": (_with(chance={"people": [3, [1], None]}), "contradicts itself"),
    "with an invalid fault": (
        lambda e: {**e, "faults": [{**one, "method": "remove"} for one in e["faults"]]},
        "'remove' is not a fault",
    ),
    "with a fault of another state": (
        lambda e: {**e, "faults": [{**one, "number": 99} for one in e["faults"]]},
        "faults: the state has others",
    ),
    "with a fault of nothing": (
        lambda e: {**e, "faults": [{**one, "arguments": {}} for one in e["faults"]]},
        "contradicts itself",
    ),
    "too deep": (lambda e: {**e, "sections": {"vectors": [[_deep(), 1]]}}, "contradicts itself"),
    "too deep for us": (_in("CharacterRow", _each(attributes=json.loads("[" * 99 + "]" * 99))), "CharacterRow"),
}


def test_a_hostile_state_changes_nothing() -> None:
    """Whatever is wrong with an export is one line that says what, and the fake stays as it was."""
    source = json.dumps(full().export())
    aurous = Aurous(now=NOW, seed=9)
    aurous.characters.add("Mine")
    before = state(aurous)
    for name, (change, said) in HOSTILE.items():
        with pytest.raises(AurousError, match="cannot be imported") as caught:
            aurous.import_(change(json.loads(source)))
        line, more = str(caught.value).splitlines()
        assert said in line, (name, line)
        assert line.startswith("This cannot be imported: ")
        assert "Nothing has changed." in line
        assert more.startswith("Read on: ")
        assert state(aurous) == before, name


def test_only_known_rows_are_read() -> None:
    """What is written is what the annotations say, and each kind of row is known."""
    aurous = full()
    assert aurous._session.app.world.tables.keys() <= _ROWS.keys()
    with pytest.raises(UnreadableStateError, match="a function cannot be written"):
        written(full)
    with pytest.raises(UnreadableStateError, match="nothing that can be read"):
        read({}, object, "here")
    assert read(written((1.5, float("inf"))), tuple[float, ...]) == (1.5, float("inf"))
