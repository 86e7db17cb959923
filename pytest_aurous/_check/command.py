"""The command ``pytest-aurous check``."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .._base.errors import AurousError, see
from .._world.settings import BASE_URL, read_setting
from ..faults.observed import read_observed
from .adapt import find_readings, not_followed, observed_file
from .base_url import check_base_url
from .check import Checked, Progress, check_recordings
from .openapi.compare import check_document
from .openapi.document import read_document
from .recording.read import Recording, find_files, read_recordings
from .report import as_json, quiet, report, table
from .sanitize import Sanitizer

if TYPE_CHECKING:
    from .live.run import Live

_MORE: Final = see("reference/check.html")
_STEP: Final = 1000
"""Progress is shown on files with more exchanges than this, so often."""


def run(options: Namespace) -> int:
    """Check the recordings, or a document, and return the exit status: 1 if a rule is refuted, else 0.

    Raises:
        AurousError: If a file cannot be read or written.
    """
    chosen: Mapping[str, str] = read_setting("readings", "\n".join(options.readings))
    _refuse(options)
    document = None if options.spec is None else read_document(options.spec)
    followed = None if options.follow is None else str(options.follow)
    rows = read_observed(followed)
    files = find_files(options.files)
    outputs = _outputs(options, files)
    live = _live(options)
    if options.dry_run:
        return 0
    base_url = check_base_url(options.base_url) if options.base_url else ""
    named = {Path(text) for text in options.files}
    recordings = [live.recording] if live is not None else read_recordings(files, named, base_url) if files else []

    def again(readings: Mapping[str, str], progress: Progress | None = None) -> Checked:
        if document is not None:
            return check_document(document, readings)
        settings = {"readings": readings, "observed": followed, "shared": options.shared}
        return check_recordings(recordings, settings, progress)

    checked = again(chosen, None if options.quiet else _show_progress)
    for rule, reason in live.doubts if live is not None else ():
        checked.verdicts.rules[rule].doubts[reason] += 1
    found = find_readings(checked.verdicts, chosen, again)
    checked.notes += _notes_on_observed(options, checked, found)
    print(quiet(checked) if options.quiet else table(checked, found, explain=options.explain))  # noqa: T201 - a command prints
    if options.json is not None:
        _write("--json", options.json, as_json(checked, found))
    if options.report is not None:
        exchanges = {(one.name, exchange.number): exchange for one in recordings for exchange in one.exchanges}
        _write("--report", options.report, report(checked, exchanges))
    if options.observed is not None:
        _write("--observed", options.observed, observed_file(checked.verdicts, found, rows))
    if options.sanitize is not None:
        _sanitize(options.sanitize, recordings, [*files, *outputs])
    return 1 if checked.verdicts.refuted else 0


def _notes_on_observed(options: Namespace, checked: Checked, found: Mapping[str, str]) -> Iterator[str]:
    """Yield what the report says of files with observed differences: the followed file, and the written file."""
    if options.follow is not None:
        yield f"{options.follow.name}: the fake follows it, and no rule is judged by what it changes"
    if options.observed is not None:
        others = not_followed(checked.verdicts, found)
        if others:
            what = ", ".join(others)
            yield f"{options.observed.name}: these differences are not in it, as the fake cannot follow them: {what}"


def _refuse(options: Namespace) -> None:
    """Refuse options that do not fit together."""
    strange = [
        name for name in ("sanitize", "follow") if getattr(options, name) is not None and options.spec is not None
    ]
    alone = [
        name for name in ("dry_run", "yes", "record", "only", "max") if getattr(options, name) and not options.live
    ]
    other = next(iter(options.files), "--live")
    why = ""
    if options.spec is not None and (options.files or options.live):
        why = f"check --spec {options.spec} {other}: expected a document alone"
    elif options.live and options.files:
        why = f"check --live {other}: expected a recording or --live, not both"
    elif strange:
        why = f"check --spec: --{strange[0]} belongs to recordings"
    elif alone:
        why = f"check --{alone[0].replace('_', '-')} belongs to --live"
    elif not (options.live or options.files or options.spec):
        why = "check: expected recordings, such as staging.har, or --live, or --spec"
    elif options.max is not None and options.max < 1:
        why = f"check --max {options.max}: expected at least 1"
    if why:
        raise AurousError(f"{why}.\n{_MORE}")


def _live(options: Namespace) -> Live | None:
    """Return what the probes of ``--live`` show; None without it."""
    if not options.live:
        return None
    from .live.probes import chosen_probes, dry_run
    from .live.run import run_probes  # loads httpx

    base_url, probes = check_base_url(options.base_url or BASE_URL), chosen_probes(options.only)
    if options.dry_run:
        print(dry_run(base_url, probes))  # noqa: T201 - a command prints
        return None
    file = options.record or Path("live.har")
    live = run_probes(base_url, file, probes, most=options.max or len(probes), yes=options.yes)
    if options.record is not None:
        _write("--record", options.record, _sanitized(live.recording))
    return live


def _outputs(options: Namespace, files: Sequence[Path]) -> list[Path]:
    """Return the files that the options write, except files in a folder.

    Raises:
        AurousError: If a file would replace an input or another output, or if one file is given for several recordings.
    """
    out: Path | None = options.sanitize
    if out is not None and _is_file(out) and len(files) > 1:
        raise AurousError(f"--sanitize {out}: expected a folder for {len(files)} recordings.\n{_MORE}")
    names = ("json", "report", "observed", "record", *(["sanitize"] if out is not None and _is_file(out) else []))
    outputs = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    inputs = [file for file in (*files, options.spec) if file is not None]
    for name, file in outputs.items():
        followed = [] if name == "observed" or options.follow is None else [options.follow]  # which it adds to
        if any(_is_same(file, one) for one in (*inputs, *followed)):
            raise AurousError(
                f"--{name} {file}: this file is an input, and would be replaced. Choose another file.\n{_MORE}"
            )
    for (name, file), (other, second) in combinations(outputs.items(), 2):
        if _is_same(file, second):
            raise AurousError(
                f"--{name} {file} and --{other} {second}: both are the same file. "
                f"Choose another file for one of them.\n{_MORE}"
            )
    return list(outputs.values())


def _is_file(out: Path) -> bool:
    """Whether ``--sanitize`` names a file, not a folder."""
    return out.suffix == ".har" and not out.is_dir()


def _is_same(file: Path, other: Path) -> bool:
    """Whether two paths lead to one file, also through links; neither has to exist."""
    try:
        return file.samefile(other)
    except OSError:
        return os.path.realpath(file) == os.path.realpath(other)


def _sanitize(out: Path, recordings: Sequence[Recording], taken: Sequence[Path]) -> None:
    """Write a recording to the file *out*, or several to the folder of that name, where those in *taken* stay."""
    written = list(taken)
    for recording in recordings:
        file = out if _is_file(out) else out / Path(recording.name).with_suffix(".har")
        while not _is_file(out) and any(_is_same(file, one) for one in written):
            file = file.with_stem(f"{file.stem}-sanitized")
        written.append(file)
        _write("--sanitize", file, _sanitized(recording))


def _sanitized(recording: Recording) -> str:
    return json.dumps(Sanitizer().har(recording), indent=1, ensure_ascii=False) + "\n"


def _write(option: str, file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AurousError(f"{option} {file}: {error.strerror}. Choose another file.\n{_MORE}") from None


def _show_progress(file: Path, done: int, every: int) -> None:
    if done % _STEP == 0:
        print(f"{file.name}: {done} of {every} exchanges", file=sys.stderr)  # noqa: T201 - a command prints
