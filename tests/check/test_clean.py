"""A recording of the fake itself refutes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.sanitize import Sanitizer
from pytest_aurous._core.world.settings import READINGS
from tests.check.story import STORIES, Entries, Teller, checked, refuted, told, write
from tests.check.walks import Walk
from tests.conftest import slow_but


@pytest.mark.parametrize("story", STORIES)
def test_a_recording_of_the_fake_agrees_with_it(tmp_path: Path, story: str) -> None:
    """Nothing is refuted, and nothing is left that no rule covers."""
    result = checked(tmp_path, told(story))

    assert refuted(result) == []
    assert result.verdicts.uncovered == {}
    assert sum(verdict.word == "as written" for verdict in result.verdicts) > 20


def sanitized(folder: Path, entries: Entries) -> Entries:
    """Return a recording without anything private."""
    found: Entries = Sanitizer().har(read_recording(write(folder, entries)))["log"]["entries"]
    return found


@pytest.mark.parametrize("story", STORIES)
def test_a_sanitized_recording_agrees_as_well(tmp_path: Path, story: str) -> None:
    """What is replaced is the same everywhere, so the replay still works."""
    result = checked(tmp_path, sanitized(tmp_path, told(story)))

    assert refuted(result) == []
    assert result.verdicts.uncovered == {}


@pytest.mark.parametrize("story", slow_but(["characters"], STORIES))
@pytest.mark.parametrize("part", slow_but([0], range(6)))
def test_a_recording_that_begins_midway_agrees(tmp_path: Path, story: str, part: int) -> None:
    """What was there before is put into the fake, as the first response that shows it has it."""
    entries = told(story)
    for start in range(1 + part, len(entries), 6):
        result = checked(tmp_path, entries[start:])

        assert (start, refuted(result), result.verdicts.uncovered) == (start, [], {})


@pytest.mark.parametrize("story", slow_but(["characters"], STORIES))
@pytest.mark.parametrize("part", slow_but([2], range(4)))
def test_a_recording_with_a_lost_response_agrees(tmp_path: Path, story: str, part: int) -> None:
    """What later exchanges show decides whether the request took effect."""
    for number in range(part, len(told(story)), 4):
        entries, status = told(story), 503 if number % 8 < 4 else 0
        entries[number]["response"] = {"status": status, "headers": [], "content": {"size": 0}}

        result = checked(tmp_path, entries)

        assert (number, refuted(result), result.verdicts.uncovered) == (number, [], {})


@pytest.mark.parametrize("story", STORIES)
def test_a_recording_of_which_parts_are_missing_agrees(tmp_path: Path, story: str) -> None:
    """A body that was left out is a reason why nothing can be told."""
    entries = told(story)
    for number, entry in enumerate(entries):
        if number % 3 == 0:
            entry["request"].pop("postData", None)
        if number % 4 == 0:
            entry["response"]["content"] = {"size": 100}
    result = checked(tmp_path, entries)

    assert refuted(result) == []
    assert any("missing" in note for note in result.notes)


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


@pytest.mark.parametrize("sparse", ["optional"])
def test_optional_fields_may_be_left_out(tmp_path: Path, sparse: Any) -> None:
    """That refutes nothing; the report names the setting."""
    result = checked(tmp_path, told("images", sparse=sparse))

    assert refuted(result) == []
    assert result.verdicts.omitted["images.create body.error_message"] > 0


@pytest.mark.parametrize(
    ("resource", "script"),
    [
        ("characters", "synthesizing*0 -> reviewing"),
        ("characters", "synthesizing*3 -> reviewing"),
        ("characters", "synthesizing:12s -> reviewing"),
        ("characters", "synthesizing -> failed"),
        ("characters", "synthesizing*0 -> failed"),
        ("characters", "synthesizing*2 -> reviewing*2 -> ready"),
        ("characters", "synthesizing -> deleted"),
        ("images", "pending*0 -> processing -> succeeded"),
        ("images", "pending*0 -> processing*0 -> succeeded"),
        ("images", "pending -> failed(content_moderated)"),
        ("images", "pending -> processing -> expired"),
        ("images", "pending -> moderation_rejected"),
        ("images", "pending -> cancelled"),
        ("images", "pending:3s -> processing:4s -> succeeded"),
    ],
)
def test_a_recording_of_a_script_agrees(tmp_path: Path, resource: str, script: str) -> None:
    """Whatever a script lets pollers see, is the script of the replay."""
    teller = Teller(script={resource: script})
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora") if resource == "characters" else teller.image()
    teller.call("GET", "/v1/balance")
    teller.poll(path, 6)
    teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/team")
    if resource == "characters":
        teller.call("POST", f"{path}/resynthesize")
        teller.poll(path, 4)
        teller.call("GET", "/v1/balance")
    teller.call("GET", "/v1/characters")
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []


def test_a_synthesis_that_ends_in_ready_agrees_with_that_reading(tmp_path: Path) -> None:
    """It is the largest contradiction: one recording decides it."""
    teller = Teller(script="synthesizing*2 -> ready")
    path = teller.synthesize("Aurora")
    teller.poll(path, 4)
    teller.call("POST", f"{path}/save")

    assert refuted(checked(tmp_path, teller.entries())) == ["create-4"]
    assert refuted(checked(tmp_path, teller.entries(), {"create-4": "ready"})) == []


FAULTS: dict[str, Callable[[Aurous], object]] = {
    "503": lambda aurous: aurous.faults.status("characters.*", 503, times=3),
    "429": lambda aurous: aurous.faults.rate_limited("characters.retrieve", times=2),
    "lost and done": lambda aurous: aurous.faults.timeout("characters.create", commit=True),
    "lost": lambda aurous: aurous.faults.timeout("characters.save"),
    "garbled": lambda aurous: aurous.faults.malformed("characters.retrieve"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_recording_with_faults_agrees(tmp_path: Path, fault: str) -> None:
    """A fault refutes nothing by itself."""
    teller = Teller()
    teller.call("GET", "/v1/balance")
    FAULTS[fault](teller.aurous)
    for number in range(3):
        with suppress(httpx.HTTPError, TypeError, KeyError, ValueError):
            path = teller.synthesize(f"Aurora {number}", "the-same-key")
            teller.poll(path)
            teller.call("POST", f"{path}/save")
            teller.poll(path, 2)
        teller.call("GET", "/v1/characters")
    teller.call("GET", "/v1/balance")
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []


def test_two_teams_and_a_rotated_key_agree(tmp_path: Path) -> None:
    """Keys that work on the same records are one team's; a revoked key is refused."""
    teller = Teller()
    path = teller.synthesize("Aurora")
    new = teller.aurous.api_key.rotate()
    other = teller.aurous.teams.add().api_key
    teller.call("GET", path, headers={"X-Api-Key": new})
    teller.call("GET", path, headers={"X-Api-Key": other})
    teller.call("GET", "/v1/team", headers={"X-Api-Key": other})
    teller.client.headers.pop("X-Api-Key")
    teller.call("GET", path, headers={"Authorization": f"Bearer {new}"})
    teller.aurous.clock.advance(seconds=86_400)
    teller.call("GET", path, headers={"X-Api-Key": teller.aurous.api_key})
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []
    assert result.verdicts.rules["auth-3"].agreed == 1


def test_credits_that_change_without_a_request_refute_a_rule_unless_the_team_is_shared(tmp_path: Path) -> None:
    """A charge that nobody polled is found."""
    teller = Teller()
    teller.call("GET", "/v1/balance")
    teller.aurous.team.credits = 500
    teller.call("GET", "/v1/balance")
    image, character = teller.image(), teller.synthesize("Aurora")
    teller.aurous.images.last.finish()
    teller.aurous.characters.last.fail("provider_timeout")
    teller.call("GET", "/v1/balance")
    teller.call("GET", image)
    teller.call("GET", character)
    teller.aurous.team.credits = 1
    teller.call("POST", "/v1/characters", json={"name": "B", "generate": True, "attributes": {"age": 30}})
    teller.aurous.team.credits = 50
    teller.synthesize("C")
    teller.call("GET", "/v1/balance")
    entries = teller.entries()
    alone = checked(tmp_path, entries).verdicts

    assert refuted(checked(tmp_path, entries, shared=True)) == []
    assert all(one.alone for verdict in alone.refuted for one in verdict.differences)
    assert len(alone.refuted) > 0


@pytest.mark.parametrize("part", slow_but([4], range(6)))
def test_a_random_walk_agrees(tmp_path: Path, part: int) -> None:
    """Whatever one client meets, and with `--shared` whatever several do, under any readings."""
    for seed in range(3 * part, 3 * part + 3):
        shared = seed % 2 == 1
        walk = Walk(seed)
        entries = walk.go(60, shared=shared)
        clean = sanitized(tmp_path, entries)

        assert (seed, refuted(checked(tmp_path, entries, walk.readings, shared=shared))) == (seed, [])
        assert (seed, refuted(checked(tmp_path, clean, walk.readings, shared=shared))) == (seed, [])


def test_a_restored_snapshot_begins_another_recording(tmp_path: Path) -> None:
    """Records, credits and keys go back; the same ids may be made again."""
    teller = Teller()
    teller.call("GET", "/v1/balance")
    teller.poll(teller.synthesize("Aurora", "one-key"))
    before = teller.aurous.snapshot()
    for name in "AB":
        path = teller.synthesize(name, f"key-{name}")
        teller.poll(path)
        teller.call("POST", f"{path}/save")
        teller.call("GET", "/v1/balance")
        teller.call("GET", "/v1/characters")
        teller.aurous.restore(before)
        teller.call("GET", path)
    result = checked(tmp_path, teller.entries())

    assert refuted(result) == []
    assert result.verdicts.exchanges == len(teller.entries())
    assert result.verdicts.rules["save-1"].agreed == 2
