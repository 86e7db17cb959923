"""Recordings of the real API in `observations/` refute nothing; a recording of a twisted twin shows that they could."""

import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.report import report
from pytest_aurous._core.resources.base.rules import rule_of
from tests.check.story import check_files, refuted

ROOT: Final = Path(__file__).parents[2]
OBSERVATIONS: Final = ROOT / "observations"
TWIN: Final = ROOT / "docs" / "examples" / "twin.har"
TWISTS: Final = {
    "readings": {"create-4": "ready", "err-6": "global"},
    "observed": str(TWIN.with_name("observed.json")),
}
"""The settings under which the fake is the twin."""


def observed_rules() -> list[dict[str, Any]]:
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    rows = toml.loads((ROOT / "docs" / "rules.toml").read_text(encoding="utf-8"))["rule"]
    return [row for row in rows if row["provenance"] == "O"]


def wrong(file: Path, **settings: Any) -> list[str]:
    """Return what is wrong with an observation."""
    recording = read_recording(file)
    checked = check_files([file], settings)
    found = [f"{rule} is refuted" for rule in refuted(checked)]
    found += [f"{where}: no rule" for _, where, *_ in checked.verdicts.uncovered]
    found += [] if any(verdict.agreed for verdict in checked.verdicts) else ["it agrees with no rule"]
    for exchange in recording.exchanges:
        keys = {exchange.sent.get("x-api-key", ""), exchange.sent.get("authorization", "").removeprefix("Bearer ")}
        if any(key and not re.fullmatch(r"key-\d+", key) for key in keys):
            found.append(f"exchange {exchange.number} has a key")
    return found


def unproven(row: dict[str, Any], folder: Path, **settings: Any) -> list[str]:
    """Return what a rule says of its observation that is not so."""
    observed = row["observed"]
    file = folder / observed["recording"]
    if not file.exists():
        return ["there is no such recording"]
    entries = json.loads(file.read_text(encoding="utf-8"))["log"]["entries"]
    versions = {one["value"] for entry in entries for one in entry["response"]["headers"]
                if one["name"].lower() == "aurous-version"}  # fmt: skip
    months = {entry["startedDateTime"][:7] for entry in entries}
    verdict = check_files([file], settings).verdicts.rules[row["id"]].word
    return [
        *(["it is of another version"] if observed["version"] not in versions else []),
        *(["it is of another month"] if observed["month"] not in months else []),
        *([f"the verdict is: {verdict}"] if verdict != "as written" else []),
    ]


def test_observations_refute_nothing() -> None:
    """Each was recorded from the real API, and says nothing about anybody."""
    assert (OBSERVATIONS / "README.md").is_file()
    assert {file.name: wrong(file) for file in sorted(OBSERVATIONS.glob("*.har")) if wrong(file)} == {}


def test_a_rule_that_was_observed_is_shown_by_its_recording() -> None:
    """Under the version and in the month that it names."""
    assert {row["id"]: unproven(row, OBSERVATIONS) for row in observed_rules() if unproven(row, OBSERVATIONS)} == {}


def test_an_observation_that_refutes_is_noticed(tmp_path: Path) -> None:
    """Like the recording of the twin, until the fake does what the twin does."""
    assert wrong(TWIN) == [
        "err-6 is refuted",
        "time-1 is refuted",
        "create-4 is refuted",
        "body.queue_position: no rule",
    ]
    assert wrong(TWIN, **TWISTS) == []

    entries = json.loads(TWIN.read_text(encoding="utf-8"))
    entries["log"]["entries"] = entries["log"]["entries"][:1]
    entries["log"]["entries"][0]["request"]["headers"] = [{"name": "Authorization", "value": "Bearer al_live_1"}]
    entries["log"]["entries"][0]["response"]["status"] = 503
    file = tmp_path / "key.har"
    file.write_text(json.dumps(entries), encoding="utf-8")
    assert wrong(file) == ["it agrees with no rule", "exchange 1 has a key"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"recording": "none.har"}, ["there is no such recording"]),
        ({"version": "2026-05-14"}, ["it is of another version"]),
        ({"month": "2025-01"}, ["it is of another month"]),
    ],
)
def test_a_rule_of_the_twin_would_be_observed(change: dict[str, str], expected: list[str]) -> None:
    month = json.loads(TWIN.read_text(encoding="utf-8"))["log"]["entries"][0]["startedDateTime"][:7]
    row = {"id": "create-4", "observed": {"recording": TWIN.name, "version": "2026-05-15", "month": month, **change}}

    assert unproven(row, TWIN.parent, **TWISTS) == expected
    assert unproven(row, TWIN.parent) == expected + (["the verdict is: refuted"] if TWIN.name in str(row) else [])


def test_a_report_names_the_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that one recording shows, and another refutes."""
    seen = {"recording": "save.har", "version": "2026-05-15", "month": "2026-11"}
    rule = rule_of({"id": "err-6", "provenance": "O", "statement": "It is so.", "observed": seen})
    assert rule.observed == "save.har, version 2026-05-15, 2026-11"

    recording, checked = read_recording(TWIN), check_files([TWIN])
    rules = import_module("pytest_aurous._check.report")
    known = rules.load_rules()
    monkeypatch.setattr(rules, "load_rules", lambda: {**known, "err-6": rule})
    text = report(checked, {(TWIN.name, one.number): one for one in recording.exchanges})
    assert "## err-6 (observed in save.har, version 2026-05-15, 2026-11)\n\nIt is so." in text
    assert "## time-1 (documented)" in text
