"""A recording of the fake itself refutes nothing."""

from collections.abc import Callable
from cProfile import Profile
from pathlib import Path
from pstats import Stats
from random import Random
from typing import Final

import pytest

from pytest_aurous._check.check import check_recordings
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.replay import money, replay
from pytest_aurous._core.world.settings import READINGS
from tests.check.changes import Change, bare, begin, bodiless, fields, keyed, left_out, shows, unheard
from tests.check.story import STORIES, Entries, Teller, check_files, checked, refuted, sanitized, told, write
from tests.check.test_recording import har
from tests.check.walks import Walk
from tests.conftest import slow_but

DAMAGES: Final[dict[str, Callable[[int], Change]]] = {
    "it begins there": begin,
    "it is left out": left_out,
    "the response is missing": unheard,
    "the response is a 503": lambda number: unheard(number, 503),
    "the body of the response is left out": bare,
    "the body of the request is left out": bodiless,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "story",
    slow_but(["classified", "patched"], ["classified", "patched", "pages", "stored", "studio", "works", *STORIES]),
)
def test_a_recording_with_one_damage_agrees(tmp_path: Path, story: str, damage: str) -> None:
    """Whichever exchange it is; what only another client can have caused is called so."""
    for number in range(len(told(story))):
        entries, shared = told(story), damage == "it is left out"
        DAMAGES[damage](number)(entries)
        result = checked(tmp_path, entries, shared=shared)

        assert (number, refuted(result), result.verdicts.uncovered) == (number, [], {})
        alone = checked(tmp_path, entries).verdicts.refuted if shared else []
        assert [one.rule for one in alone if not all(each.alone for each in one.differences)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "reading"), [(rule, reading) for rule, readings in READINGS.items() for reading in readings[1:]]
)
def test_a_recording_under_another_reading_agrees_under_it(tmp_path: Path, rule: str, reading: str) -> None:
    """And under the default reading nothing else is refuted."""
    for story in STORIES:
        entries = told(story, readings={rule: reading})

        assert refuted(checked(tmp_path, entries, {rule: reading})) == []
        assert set(refuted(checked(tmp_path, entries))) <= {rule}


def test_optional_fields_may_be_left_out(tmp_path: Path) -> None:
    """That refutes nothing; the report names the setting."""
    result = checked(tmp_path, told("images", sparse="optional"))

    assert refuted(result) == []
    assert result.verdicts.omitted["images.create body.error_message"] > 0


def as_it_is(entries: Entries, _chance: Random) -> Entries:
    """Leave nothing out."""
    return entries


def some_lost(entries: Entries, chance: Random) -> Entries:
    """Leave out some exchanges."""
    return [entry for entry in entries if chance.random() < 0.7]


def others_orders(entries: Entries, chance: Random) -> Entries:
    """Leave out most of what changes something: another client has sent it."""
    return [entry for entry in entries if entry["request"]["method"] == "GET" or chance.random() < 0.4]


@pytest.mark.parametrize("seeds", slow_but([(12, 15)], [(first, first + 3) for first in range(0, 18, 3)]), ids=str)
@pytest.mark.parametrize("damage", slow_but([as_it_is], [as_it_is, some_lost, others_orders]))
def test_a_random_walk_agrees(
    tmp_path: Path, damage: Callable[[Entries, Random], Entries], seeds: tuple[int, int]
) -> None:
    """Whatever one client meets, and with `--shared` whatever several do and whatever is missing, sanitized or not."""
    for seed in range(*seeds):
        walk, shared = Walk(seed), seed % 2 == 1 or damage is not as_it_is
        entries = damage(walk.go(60, shared=shared), Random(seed))

        for one in (entries, sanitized(tmp_path, entries)):
            assert (seed, refuted(checked(tmp_path, one, walk.readings, shared=shared))) == (seed, [])


def test_an_exchange_that_was_recorded_twice_is_left_out(tmp_path: Path) -> None:
    """By its request id; a retry has an id of its own."""
    entries = [entry for entry in told("characters") for _ in range(2)]
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert result.verdicts.exchanges == len(entries) / 2
    assert "recorded.har: exchange 2: recorded twice, and left out" in result.notes


def test_a_long_recording_keeps_no_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal of the fake is emptied now and then."""
    monkeypatch.setattr(replay, "_KEPT_CALLS", 3)

    assert refuted(checked(tmp_path, told("characters"))) == []


def test_a_recording_without_times_may_begin_midway(tmp_path: Path) -> None:
    """Its records are there from the start."""
    recording = read_recording(write(tmp_path, told("images")[3:]))
    for exchange in recording.exchanges:
        exchange.at = None

    assert refuted(check_recordings([recording])) == []


@pytest.mark.parametrize(
    ("story", "change", "rules"),
    [
        ("embedded", fields("embeddings.create", lambda one: one["data"][0].update(embedding=[0.5] * 2048)), []),
        ("embedded", fields("embeddings.create", lambda one: one["data"][0].update(embedding=[0.5] * 9)), ["emb-3"]),
        ("twice", shows("images.create#0", "status", "processing"), ["img-6"]),
        ("drawn", shows("characters.regenerate_ref", "status", "reviewing"), ["regen-2"]),
    ],
)
def test_what_a_test_may_script_refutes_a_rule_if_a_fake_has_not_sent_it(
    tmp_path: Path, story: str, change: Change, rules: list[str]
) -> None:
    """The size of vectors, and work that has ended in the response to its order: the API has none of it."""
    entries = told(story)
    change(entries)
    keyed("al_live_77")(entries)

    assert refuted(check_files([har(tmp_path, *entries)])) == rules


def test_calls_grow_with_a_recording_and_not_with_its_square(tmp_path: Path) -> None:
    """Four times as many exchanges take about four times as many calls of functions, also where orders were lost."""
    counts: list[int] = []
    for rounds in (5, 5, 20):  # what is read once is read the first time
        teller = Teller(credits=100_000)
        for number in range(rounds):
            path = teller.synthesize(f"Aurora {number}", f"key-{number}")
            teller.poll(path)
            teller.call("POST", f"{path}/save")
            teller.aurous.faults.status("images.create", 503)
            teller.call("POST", "/v1/images", json={"prompt": "On a bench"})
            teller.poll(teller.image())
            for path in ("balance", "characters?limit=1", "images?limit=1"):
                teller.call("GET", f"/v1/{path}")
        profile = Profile()
        profile.runcall(check_files, [write(tmp_path, teller.entries())])
        counts.append(Stats(profile).total_calls)  # type: ignore[attr-defined]

    assert counts[2] < 4.2 * counts[1]


def test_too_many_possible_balances_are_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "_MOST", 1)
    result = checked(tmp_path, told("twice"))

    assert refuted(result) == []
    assert "nothing shows when much of the work has ended" in result.verdicts.rules["cred-2"].doubts
