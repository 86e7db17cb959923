"""The command ``pytest-aurous check``."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from .._world.settings import read_setting
from ..errors import AurousError
from .adapt import find_readings, observed_file
from .check import Checked, check_recordings
from .recording import Recording, find_files, read_recording
from .report import as_json, report, summary, table
from .sanitize import Sanitizer

_STEP: Final = 1000
"""Progress is shown on files with more exchanges than this, so often."""


def run(options: Namespace) -> int:
    """Check the recordings, and return the exit status: 1 if a rule is refuted, else 0.

    Raises:
        AurousError: If a file cannot be read or written.
    """
    chosen: Mapping[str, str] = read_setting("readings", "\n".join(options.readings))
    recordings = [read_recording(file) for file in find_files(options.files)]
    checked = check_recordings(recordings, {"readings": chosen}, _progress(options))

    def again(readings: Mapping[str, str]) -> Checked:
        return check_recordings(recordings, {"readings": readings})

    found = find_readings(checked.verdicts, chosen, again)
    print(summary(checked) if options.quiet else table(checked, found, explain=options.explain))  # noqa: T201 - a command prints
    if options.json is not None:
        _write("--json", options.json, as_json(checked, found))
    if options.report is not None:
        exchanges = {(one.file.name, exchange.number): exchange for one in recordings for exchange in one.exchanges}
        _write("--report", options.report, report(checked, exchanges))
    if options.observed is not None:
        _write("--observed", options.observed, observed_file(checked.verdicts, found))
    if options.sanitize is not None:
        _sanitize(options.sanitize, recordings)
    return 1 if checked.verdicts.refuted else 0


def _sanitize(folder: Path, recordings: Iterable[Recording]) -> None:
    for recording in recordings:
        text = json.dumps(Sanitizer().har(recording), indent=1, ensure_ascii=False) + "\n"
        _write("--sanitize", folder / f"{recording.file.stem}.har", text)


def _write(option: str, file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AurousError(f"{option} {file}: {error.strerror}") from None


def _progress(options: Namespace) -> Callable[[Path, int, int], None] | None:
    if options.quiet:
        return None

    def show(file: Path, done: int, every: int) -> None:
        if done % _STEP == 0:
            print(f"{file.name}: {done} of {every} exchanges", file=sys.stderr)  # noqa: T201 - a command prints

    return show
