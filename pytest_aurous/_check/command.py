"""The command ``pytest-aurous check``."""

from __future__ import annotations

import json
import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from .._core.base.errors import AurousError, see
from .._core.base.files import write_whole
from .._core.wire.hosts import BASE_URL, is_loopback
from .._facade import read_observed, read_setting
from .adapt import find_readings, followed
from .check import Checked, check_recordings
from .live.probes import chosen_probes, dry_run
from .recording.read import Recording, find_files, read_recordings
from .report import as_json, quiet, report, table
from .sanitize import Sanitizer

_MORE: Final = see("reference/check.html")
_OF_LIVE: Final = ("dry_run", "yes", "record", "only", "max")
_OUTPUTS: Final = ("json", "report", "observed", "record")
_WIDTH: Final = 79
"""Columns of a line of progress: one more would begin another line in narrow terminals."""
_BASE_URL: Final = re.compile(
    r"(https?)://(([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?)((?:/[A-Za-z0-9_.~-]+)*)/?"
)


def run(options: Namespace) -> int:
    """Return the exit status: 1 if a rule is refuted, else 0. AurousError: a file cannot be read or written."""
    chosen: Mapping[str, str] = read_setting("readings", "\n".join(options.readings))
    _refuse(options)
    observed = None if options.follow is None else str(options.follow)
    rows = read_observed(observed)
    base_url = check_base_url(BASE_URL if options.base_url is None else options.base_url)
    files = find_files(options.files)
    recordings = read_recordings(files, {Path(text) for text in options.files}, base_url) if files else []
    live_file = options.record or Path("live.har")
    sanitized = _sanitized_files(options.sanitize, len(recordings) or 1)
    _keep_apart(options, files, sanitized)
    probes = chosen_probes(options.only)
    if options.dry_run:
        print(dry_run(base_url, probes))  # noqa: T201 - a command prints
        return 0
    if options.live:
        from .live.probing import run_probes  # loads httpx

        recordings = [run_probes(base_url, live_file, probes, most=options.max or len(probes), yes=options.yes)]

    def again(readings: Mapping[str, str], under: str | None = observed) -> Checked:
        settings = {"readings": readings, "observed": under, "shared": options.shared}
        return check_recordings(recordings, settings, _show)

    def follow(content: str) -> Checked:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "observed.json"
            file.write_text(content, encoding="utf-8")
            return again({**chosen, **found}, str(file))

    checked = again(chosen)
    adapted = ""
    found, left = find_readings(checked.verdicts, chosen, again)
    checked.verdicts.reveal(left)
    if options.follow is not None:
        checked.notes.append(f"{options.follow.name}: the fake follows it, and no rule is judged by what it changes")
    if options.observed is not None:
        adapted, others = followed(left, rows, follow)
        checked.notes += [f"{options.observed.name}: cannot be followed: {', '.join(others)}"] if others else []
    _show("")
    print(quiet(checked) if options.quiet else table(checked, found, explain=options.explain))  # noqa: T201 - a command prints
    exchanges = {(one.name, exchange.number): exchange for one in recordings for exchange in one.exchanges}
    outputs: dict[str, Callable[[], str]] = {
        "record": lambda: _sanitized(recordings[0]),
        "json": lambda: as_json(checked, found),
        "report": lambda: report(checked, exchanges),
        "observed": lambda: adapted,
    }
    for name, text in outputs.items():
        if getattr(options, name) is not None:
            _write(f"--{name}", getattr(options, name), text())
    for file, recording in zip(sanitized, recordings, strict=False):
        _write("--sanitize", file, _sanitized(recording))
    return 1 if checked.verdicts.refuted else 0


def _show(text: str) -> None:
    """Show a line of progress on a terminal, in place of the one before; an empty one leaves nothing of it."""
    if sys.stderr.isatty():
        print(f"\r{text[-_WIDTH:]:<{_WIDTH}}\r", end="", file=sys.stderr, flush=True)  # noqa: T201 - a command prints


def _refuse(options: Namespace) -> None:
    strange = [name.replace("_", "-") for name in _OF_LIVE if getattr(options, name) and not options.live]
    why = ""
    if bool(options.files) == options.live:
        why = "expected recordings, such as staging.har, or --live"
    elif strange:
        why = f"--{strange[0]} belongs to --live"
    elif options.max is not None and options.max < 1:
        why = f"--max {options.max}: expected at least 1"
    if why:
        raise AurousError(f"check: {why}.\n{_MORE}")


def check_base_url(text: str) -> str:
    """Return the base URL of a host that stands for the API, without ``/v1``. AurousError: the key would be seen."""
    found = _BASE_URL.fullmatch(text)
    if found is None or not (found[1] == "https" or is_loopback(found[3].strip("[]"))):
        raise AurousError(
            f"--base-url {text}: expected a URL such as https://api.staging.example, with https so that no one "
            f"can read the key on its way.\n{see('reference/check.html#probes-of-the-real-api')}"
        )
    return f"{found[1]}://{found[2]}{found[4].removesuffix('/v1')}"


def _sanitized_files(out: Path | None, count: int) -> list[Path]:
    """Return the files that ``--sanitize`` writes: one, or several in a folder. AurousError: one file for several."""
    if out is None:
        return []
    if out.suffix != ".har" or out.is_dir():
        return [out / f"recording-{number}.har" for number in range(1, count + 1)]  # a name may be private, too
    if count > 1:
        raise AurousError(f"--sanitize {out}: expected a folder for {count} recordings.\n{_MORE}")
    return [out]


def _keep_apart(options: Namespace, files: Sequence[Path], sanitized: Sequence[Path]) -> None:
    """Raise an AurousError for an output that would replace an input or another output; ``--observed`` adds."""
    outputs = [(name, getattr(options, name)) for name in _OUTPUTS if getattr(options, name)]
    outputs += [("sanitize", file) for file in sanitized]
    taken = {file: "this file is an input" for file in (*files, options.follow) if file is not None}
    for name, file in outputs:
        for other, what in taken.items():
            if _is_same(file, other) and (name, other) != ("observed", options.follow):
                raise AurousError(f"--{name} {file}: {what}, and would be replaced. Choose another file.\n{_MORE}")
        taken[file] = f"--{name} writes this file, too"


def _is_same(file: Path, other: Path) -> bool:
    """Whether two paths lead to one file, also through links; neither has to exist."""
    try:
        return file.samefile(other)
    except OSError:
        return os.path.realpath(file) == os.path.realpath(other)


def _sanitized(recording: Recording) -> str:
    return json.dumps(Sanitizer().har(recording), indent=1, ensure_ascii=False) + "\n"


def _write(option: str, file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text)
    except OSError as error:
        raise AurousError(f"{option} {file}: {error.strerror}. Choose another file.\n{_MORE}") from None
