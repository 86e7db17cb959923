"""Recordings of the examples of the documentation agree with the fake."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from pytest_aurous._check.adapt import find_readings
from pytest_aurous._check.check import Checked
from pytest_aurous._check.recording.read import NoRecordingError, read_recording
from pytest_aurous._check.sanitize import Sanitizer
from tests.check.story import check_files

pytestmark = pytest.mark.slow  # it runs all examples

RESIZED = "rate-1"
"""Some examples give a bucket another size than the documented one, and a check says so."""
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_examples_of_the_documentation_agree(tmp_path: Path) -> None:
    """Each recording refutes nothing under the readings of its test; nor do some of them when they are sanitized."""
    many_runs = ("--ignore-glob=*explore*", f"--ignore={EXAMPLES / 'test_bad_days.py'}")
    options = (f"--aurous-har={tmp_path}", "--aurous-har-keep=all", "-p", "no:cacheprovider", "-q", *many_runs)
    command = [sys.executable, "-m", "pytest", str(EXAMPLES), *options]
    subprocess.run(command, check=True, capture_output=True, timeout=280)  # noqa: S603 - our own examples
    files = sorted(tmp_path.glob("*.har"))
    assert len(files) > 80, "nearly each example sends requests"

    checked = 0
    for file in files:
        plain = tmp_path / f"{file.stem}.json"
        try:
            plain.write_text(json.dumps(Sanitizer().har(read_recording(file))), encoding="utf-8")
        except NoRecordingError:  # an example without a request to the API
            continue
        checked += 1
        for one in (file, plain) if checked % 4 == 0 else (file,):
            verdicts, again = check_files([one]).verdicts, partial(_under, one)
            _, rest = find_readings(verdicts, {}, again)
            refuted = [verdict.rule for verdict in rest.refuted if verdict.rule != RESIZED]
            assert (one.name, refuted) == (one.name, [])
    assert checked > 80


def _under(file: Path, readings: Mapping[str, str]) -> Checked:
    return check_files([file], {"readings": readings})
