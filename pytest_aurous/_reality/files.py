"""Files with recordings: found by names, folders and patterns, and read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from .._wire.data import as_list, as_object
from ..errors import AurousError, see
from .formats import har_exchange, vcr_exchange
from .recording import Exchange, Recording

Reader = Callable[[int, Any, list[str]], Exchange]

_MORE: Final = see("reference/check.html#recordings")
_PATTERN: Final = re.compile(r"[*?\[]")
_SUFFIXES: Final = (".har", ".json", ".yaml", ".yml")
_SHOWN: Final = 8
"""So many numbers of exchanges are shown."""
_FAKE: Final = "pytest-aurous"


def find_files(paths: Iterable[str]) -> list[Path]:
    """Return the recordings that *paths* name: files, folders, patterns.

    Raises:
        AurousError: If one of them leads to no file.
    """
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())
        elif path.is_file():
            files = [path]
        else:
            base = Path(path.anchor) if path.anchor else Path()
            pattern = str(path.relative_to(path.anchor)) if path.anchor else text
            files = sorted(file for file in base.glob(pattern) if file.is_file()) if _PATTERN.search(text) else []
        if not files:
            why = "the folder contains no recording" if path.is_dir() else "there is no such file"
            raise AurousError(f"check {text}: {why}. Expected files such as staging.har.\n{_MORE}")
        found += files
    return list({file.resolve(): file for file in found}.values())


def read_recordings(files: Sequence[Path]) -> list[Recording]:
    """Read several files; those of one name are named after their folders, too.

    Raises:
        AurousError: If one of them cannot be read.
    """
    recordings = [read_recording(file) for file in files]
    parts = 1
    while len({recording.name for recording in recordings}) < len(recordings):
        parts += 1
        for recording in recordings:
            recording.name = "/".join(recording.file.parts[-parts:])
    return recordings


def read_recording(file: Path) -> Recording:
    """Read one file.

    Raises:
        AurousError: If it cannot be read, or is neither a HAR file nor a cassette.
    """
    content = _parse(file, _text(file))
    notes: list[str] = []
    log = as_object(content.get("log"))
    entries, read = (log.get("entries"), har_exchange) if log else (content.get("interactions"), vcr_exchange)
    if not isinstance(entries, list):
        raise AurousError(f"check {file}: neither a HAR file nor a cassette of VCR.py.\n{_MORE}")
    exchanges: list[Exchange] = []
    for number, entry in enumerate(as_list(entries), 1):
        exchanges.append(_read(file, read, number, entry, notes))
    foreign = [str(exchange.number) for exchange in exchanges if not exchange.vendors]
    if foreign:
        some = ", ".join(foreign[:_SHOWN]) + (f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else "")
        notes.append(f"not a request to the API, and left out: exchange{'s' * (len(foreign) > 1)} {some}")
    recording = Recording(file, exchanges, notes, as_object(log.get("creator")).get("name") == _FAKE)
    if not recording.of_fake:
        _put_in_order(recording)
    return recording


def _read(file: Path, read: Reader, number: int, entry: Any, notes: list[str]) -> Exchange:
    try:
        return read(number, entry, notes)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, AurousError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else "a part of it has another type or form"
        raise AurousError(f"check {file}: exchange {number} cannot be read: {reason}.\n{_MORE}") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AurousError(f"check {file}: {getattr(error, 'strerror', None) or 'it is not text'}.\n{_MORE}") from None


def _parse(file: Path, text: str) -> dict[str, Any]:
    if file.suffix.lower() in {".yaml", ".yml"} or text.startswith("interactions:"):  # VCR.py adds no suffix
        content = _parse_yaml(file, text)
    else:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
            raise AurousError(f"check {file}: {line}truncated, or not valid JSON.\n{_MORE}") from None
    return as_object(content)


def _parse_yaml(file: Path, text: str) -> Any:
    """Read YAML as plain data; a tag that would construct an object of Python is refused."""
    try:
        import yaml
    except ImportError:
        raise AurousError(
            f'check {file}: YAML needs the extra check: pip install "pytest-aurous[check]".\n{_MORE}'
        ) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        objects = isinstance(error, yaml.constructor.ConstructorError)
        what = "an object of a program, which is not made" if objects else "truncated, or not plain YAML"
        raise AurousError(f"check {file}: {line}{what}.\n{_MORE}") from None


def _put_in_order(recording: Recording) -> None:
    """Sort the exchanges by time; those without a time stay behind their neighbor."""
    last = 0.0
    times: dict[int, float] = {}
    for exchange in recording.exchanges:
        last = last if exchange.at is None else exchange.at
        times[exchange.number] = last
    before = [exchange.number for exchange in recording.exchanges]
    recording.exchanges.sort(key=lambda exchange: times[exchange.number])
    if before != [exchange.number for exchange in recording.exchanges]:
        recording.notes.append("its exchanges were not in order of time")
