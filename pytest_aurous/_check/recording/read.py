"""Recordings, read from files that are found by names, folders and patterns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..._base.errors import AurousError, see
from ..._report.bodies import LimitError
from ..._report.har import Take, read_entry
from ..._wire.data import as_list, as_object
from ..._wire.exchange import Exchange
from .limits import Intake, check_aliases, check_yaml, read_file
from .vcr import read_interaction

Reader = Callable[[int, Any, Take], Exchange]

_MORE: Final = see("reference/check.html#recordings")
_PATTERN: Final = re.compile(r"[*?\[]")
_SUFFIXES: Final = (".har", ".json", ".yaml", ".yml")
_SHOWN: Final = 8
"""Show at most this many numbers of exchanges."""
_FAKE: Final = "pytest-aurous"


@dataclass
class Recording:
    """What one file contains.

    Attributes:
        file: The file.
        exchanges: Its exchanges, in order of time.
        notes: What is missing or unusual, for the report.
        left_out: How many exchanges and bodies were left out because they are over a limit.
        of_fake: Whether pytest-aurous wrote it.
        name: What results call it: the name of the file.
    """

    file: Path
    exchanges: list[Exchange]
    notes: list[str] = field(default_factory=list[str])
    left_out: int = 0
    of_fake: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or self.file.name


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
            why = (
                "the folder contains no recording"
                if path.is_dir()
                else "it is not a regular file. Save it as one first"
                if path.exists()
                else "there is no such file"
            )
            raise AurousError(f"check {text}: {why}. Expected files such as staging.har.\n{_MORE}")
        found += files
    return list({file.resolve(): file for file in found}.values())


def read_recordings(files: Sequence[Path]) -> list[Recording]:
    """Read several files; if files have the same name, their folders are part of it.

    Raises:
        AurousError: If a file cannot be read.
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
    intake = Intake()
    content = _parse(file, _text(file), intake)
    notes = intake.notes
    log = as_object(content.get("log"))
    entries, read = (log.get("entries"), read_entry) if log else (content.get("interactions"), read_interaction)
    if not isinstance(entries, list):
        raise AurousError(f"check {file}: neither a HAR file nor a cassette of VCR.py.\n{_MORE}")
    exchanges: list[Exchange] = []
    for number, entry in enumerate(as_list(entries), 1):
        if number not in intake.skipped:
            exchanges.append(_read(file, read, number, entry, intake))
    foreign = [str(exchange.number) for exchange in exchanges if not exchange.vendors]
    if foreign:
        some = ", ".join(foreign[:_SHOWN]) + (f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else "")
        notes.append(f"not a request to the API, and left out: exchange{'s' * (len(foreign) > 1)} {some}")
    recording = Recording(file, exchanges, notes, intake.left_out, as_object(log.get("creator")).get("name") == _FAKE)
    if not recording.of_fake:
        _put_in_order(recording)
    return recording


def _read(file: Path, read: Reader, number: int, entry: Any, intake: Intake) -> Exchange:
    try:
        exchange = read(number, entry, intake.take)
        urlsplit(exchange.url)  # which what follows relies on
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, AurousError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else "a part of it has another type or form"
        raise AurousError(f"check {file}: exchange {number} cannot be read: {reason}.\n{_MORE}") from None
    return exchange


def _text(file: Path) -> str:
    try:
        return read_file(file).decode("utf-8-sig")
    except LimitError as error:
        raise AurousError(f"check {file}: {error}.\n{_MORE}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise AurousError(f"check {file}: {getattr(error, 'strerror', None) or 'it is not text'}.\n{_MORE}") from None


def _parse(file: Path, text: str, intake: Intake) -> dict[str, Any]:
    if file.suffix.lower() in {".yaml", ".yml"} or text.startswith("interactions:"):  # VCR.py adds no suffix
        content = _parse_yaml(file, text, intake)
    else:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
            raise AurousError(f"check {file}: {line}truncated, or not valid JSON.\n{_MORE}") from None
    return as_object(content)


def _parse_yaml(file: Path, text: str, intake: Intake) -> Any:
    """Read YAML as plain data; a tag that would construct an object of Python is refused.

    What is too large when its aliases are written out is left out.
    """
    try:
        import yaml
    except ImportError:
        raise AurousError(
            f'check {file}: YAML needs the extra check: pip install "pytest-aurous[check]".\n{_MORE}'
        ) from None
    kind: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        check_yaml(text, kind)
        loader = kind(text)
        node = loader.get_single_node()
        _leave_out(node, yaml.ScalarNode("tag:yaml.org,2002:null", ""), intake)
        return None if node is None else loader.construct_document(node)
    except LimitError as error:
        raise AurousError(f"check {file}: {error}.\n{_MORE}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        objects = isinstance(error, yaml.constructor.ConstructorError)
        what = "an object of a program, which is not made" if objects else "truncated, or not plain YAML"
        raise AurousError(f"check {file}: {line}{what}.\n{_MORE}") from None


def _leave_out(root: Any, null: Any, intake: Intake) -> None:
    """Leave out what aliases make too large: in the place of an interaction stands *null*, other parts go."""
    known: dict[int, int] = {}

    def fits(where: str, node: Any) -> bool:
        try:
            check_aliases(node, known)
        except LimitError as error:
            intake.leave_out(where, error)
            return False
        return True

    kept: list[Any] = []
    for name, part in root.value if getattr(root, "id", "") == "mapping" else ():
        if name.value == "interactions" and part.id == "sequence":
            for place, node in enumerate(part.value):
                if not fits(f"exchange {place + 1}", node):
                    intake.skipped.add(place + 1)
                    part.value[place] = null
            kept.append((name, part))
        elif fits(name.value, part):
            kept.append((name, part))
    if kept:
        root.value = kept


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
