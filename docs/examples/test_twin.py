"""The page "Check the fake against the real API" shows real results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import twin
from pytest_aurous._cli.main import main

HERE = Path(__file__).parent


def verdicts(path: Path, out: Path) -> dict[str, tuple[str, int]]:
    """Return the verdict on each rule, and what no rule covers."""
    assert main(["check", str(path), "--quiet", "--json", str(out)]) == 1
    result = json.loads(out.read_text(encoding="utf-8"))
    found = {
        rule: (one["verdict"], one["agreed"]) for rule, one in result["rules"].items()
    }
    return found | {one["where"]: ("new", one["times"]) for one in result["uncovered"]}


def test_the_recording_is_that_of_the_twin(tmp_path: Path) -> None:
    """A new recording gets the same verdicts."""
    pytest.importorskip("uvicorn", reason="needs the extra server")
    assert "1 in recordings. To compare them:" in twin.record(tmp_path)

    anew = verdicts(tmp_path / "recordings", tmp_path / "anew.json")
    assert anew == verdicts(twin.FILE, tmp_path / "kept.json")
    refuted = [rule for rule, (word, _) in anew.items() if word == "refuted"]
    assert refuted == ["err-6", "time-1", "create-4"]


def test_the_readings_and_the_observed_file_are_what_check_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ini file on the page has the lines that `check` prints."""
    observed = tmp_path / "observed.json"
    main(["check", str(twin.FILE), "--observed", str(observed)])

    assert observed.read_text(encoding="utf-8") == (HERE / "observed.json").read_text(
        encoding="utf-8"
    )
    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]
    _, *pasted, _ = (HERE / "adapted.ini").read_text(encoding="utf-8").splitlines()
    start = printed.index("aurous_readings =")
    assert printed[start : start + 3] == [line.strip() for line in pasted]
