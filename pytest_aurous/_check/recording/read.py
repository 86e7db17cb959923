"""Recordings, read from files that are found by names, folders and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from glob import glob
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zipfile import BadZipFile, ZipFile

from ..._core.base.data import LimitError, as_list, as_object, parsed
from ..._core.base.errors import AurousError, see
from ..._core.base.redaction import FAKE_KEY
from ..._core.wire.exchange import Exchange
from ..._core.wire.headers import sent_key
from ..._core.wire.hosts import BASE_URL, is_loopback, is_upload
from .parse import Bound, FieldError, UnreadableError, check_depth, entry_of, parse, read, read_entry, read_member

_MORE: Final = see("reference/check.html#recordings")
_SUFFIXES: Final = (".har", ".json", ".yaml", ".yml", ".zip")
_MARKS: Final = (b'"log"', b"interactions")
"""A file without any of these texts is no recording, and not a truncated one either."""
_NEITHER: Final = "neither a HAR file nor a cassette of VCR.py"
PICTURES: Final = ("image/", "video/", "application/octet-stream")
"""Media types whose bodies nothing depends on."""
_MANY: Final = 5
"""From so many notes on, only the first is shown: a suite records a file for each test, and would hide the result."""


@dataclass
class Recording:
    """What one file contains."""

    file: Path
    exchanges: list[Exchange] = field(default_factory=list[Exchange])  # in order of time
    notes: list[str] = field(default_factory=list[str])
    left_out: int = 0  # how many bodies are over a limit
    by_fake: bool = False  # whether a fake has responded: pytest-aurous wrote it, or a key of a fake was sent
    name: str = ""
    others: list[str] = field(default_factory=list[str])  # files that are no recordings, and why, for the report
    bodies: set[Path] = field(default_factory=set[Path])  # the files with its bodies
    _bound: Bound = field(default_factory=lambda: Bound("the sum of all bodies"))

    def __post_init__(self) -> None:
        self.name = self.name or self.file.name

    def take(self, exchange: Exchange, part: str, read: Callable[[], bytes | None]) -> bytes | None:
        """Return the body that *read* returns; None, with a note, if it is missing or over a limit."""
        try:
            body = read()
            check_depth(parsed(body))
            self._bound.take(body or b"")
        except LimitError as error:
            self.left_out += 1
            self.notes.append(f"exchange {exchange.number}: the body of the {part} was left out: {error}")
            return None
        unread = part == "response" and exchange.received.get("content-type", "").startswith(PICTURES)
        if body is None and exchange.vendors and not unread:
            self.notes.append(f"exchange {exchange.number}: the body of the {part} is missing")
        return body


class NoRecordingError(AurousError):
    """A file that is no recording of the API."""


def find_files(paths: Iterable[str]) -> list[Path]:
    """Return the recordings that *paths* name: files, folders, patterns. AurousError: one of them leads to no file."""
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in _SUFFIXES and file.is_file()]
        elif path.exists():
            files = [path]
        else:
            files = [file for file in map(Path, sorted(glob(text, recursive=True))) if file.is_file()]  # noqa: PTH207 - it may be absolute
        if not files:
            why = "the folder contains no recording" if path.is_dir() else "there is no such file"
            raise AurousError(f"check {text}: {why}. Expected files such as staging.har.\n{_MORE}")
        found += files
    return list({file.resolve(): file for file in found}.values())


def read_recordings(files: Sequence[Path], named: Collection[Path] = (), base_url: str = "") -> list[Recording]:
    """Read several files; if files have the same name, their folders are part of it.

    Files that are no recordings are left out, and noted in the first recording, unless they are *named*.
    AurousError: a file cannot be read, or none is a recording.
    """
    recordings: list[Recording] = []
    others: dict[Path, str] = {}
    for file in files:
        try:
            recordings.append(read_recording(file, base_url))
        except NoRecordingError as error:  # noqa: PERF203 - each file on its own
            if file in named or len(files) == 1:
                raise
            others[file.resolve()] = str(error).partition("\n")[0].removeprefix("check ")
    if not recordings:
        what = f"check: none of the {len(files)} files is a recording of the API."
        raise AurousError("\n".join([what, *grouped(others.values()), _MORE]))
    bodies = {file for recording in recordings for file in recording.bodies}
    recordings[0].others += [why for file, why in others.items() if file not in bodies]
    parts = 1
    while len({recording.name for recording in recordings}) < len(recordings):
        parts += 1
        for recording in recordings:
            recording.name = "/".join(recording.file.parts[-parts:])
    return recordings


def grouped(notes: Iterable[str]) -> list[str]:
    """Return notes on files; of many that differ only in the file and in numbers the first, and how many others."""
    alike: dict[str, list[str]] = {}
    for note in notes:
        alike.setdefault(re.sub(r"[0-9]+", "", note.partition(": ")[2]), []).append(note)
    return [
        text
        for some in alike.values()
        for text in (some if len(some) < _MANY else [f"{some[0]} ({len(some) - 1} others like it)"])
    ]


def read_recording(file: Path, base_url: str = "") -> Recording:
    """Read one file; requests to *base_url*, a gateway, count as requests to the API.

    AurousError: it cannot be read. NoRecordingError: it has no exchange of the API.
    """
    recording = Recording(file)
    try:
        content, load = _content(recording)
    except (LimitError, UnreadableError, BadZipFile, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise AurousError(f"check {file}: {why}.\n{_MORE}") from None
    log = as_object(content.get("log"))
    entries = log.get("entries") if log else content.get("interactions")
    if not isinstance(entries, list):
        raise NoRecordingError(f"check {file}: {_NEITHER}.\n{_MORE}")
    for number, entry in enumerate(as_list(entries), 1):
        try:
            exchange = read_entry(number, _attached(entry, load) if log else entry_of(entry), recording.take)
        except FieldError as error:
            raise AurousError(f"check {file}: exchange {number} cannot be read: {error}.\n{_MORE}") from None
        recording.exchanges.append(exchange.at_host(BASE_URL, base_url))
    _leave_out_others(recording)
    ours = as_object(log.get("creator")).get("name") == "pytest-aurous"  # a test may have moved its clock back
    recording.by_fake = ours or any(sent_key(one.sent).startswith(FAKE_KEY) for one in recording.exchanges)
    if not ours:
        _put_in_order(recording)
    return recording


def _content(recording: Recording) -> tuple[dict[str, Any], Callable[[str], bytes]]:
    """Return what is in a file, and what reads the bodies that it has in files of their own, by name."""
    file, raw, load = recording.file, read(recording.file), partial(_read_beside, recording)
    if file.suffix.lower() == ".zip":
        archive = ZipFile(BytesIO(raw))
        file = Path(next((name for name in archive.namelist() if name.endswith(".har")), ""))
        if not file.name:
            raise NoRecordingError(f"check {recording.file}: an archive without a HAR file.\n{_MORE}")
        load = partial(read_member, archive, file.parent)
        raw = load(file.name)
    try:
        return as_object(parse(file, raw)), load
    except UnreadableError:
        if any(mark in raw for mark in _MARKS):
            raise
        raise NoRecordingError(f"check {recording.file}: {_NEITHER}.\n{_MORE}") from None


def _read_beside(recording: Recording, name: str) -> bytes:
    """Read a file in the folder of a recording, or below; what is outside is private."""
    folder = recording.file.parent.resolve()
    file = (folder / name).resolve()
    if not file.is_relative_to(folder):
        raise UnreadableError("it is in another folder")
    recording.bodies.add(file)
    return read(file)


def _attached(entry: Any, load: Callable[[str], bytes]) -> Any:
    """Return an entry with the bodies that it has in files of their own, as Playwright writes them."""
    for message, body in (("request", "postData"), ("response", "content")):
        part = as_object(as_object(as_object(entry).get(message)).get(body))
        if isinstance(part.get("_file"), str):
            try:
                text: dict[str, Any] = {"text": load(part["_file"]), "encoding": ""}
            except (LimitError, UnreadableError, OSError, ValueError):  # a name with a null byte is a ValueError
                text = {"_omitted": True}
            entry = {**entry, message: {**entry[message], body: {**part, **text}}}
    return entry


def _leave_out_others(recording: Recording) -> None:
    """Leave out the exchanges that are not with the API, which on this machine shows itself by a header."""
    every = recording.exchanges
    fakes = {urlsplit(one.url)[:2] for one in every if any(name.startswith("aurous-") for name in one.received)}
    recording.exchanges = kept = [
        one
        for one in every
        if one.vendors
        and (is_upload(one.host) or urlsplit(one.url).path.startswith(("/v1/", "/storage/")))
        and (not is_loopback(one.host) or urlsplit(one.url)[:2] in fakes)
    ]
    if not kept:
        gateway = "For a gateway, pass --base-url URL"
        raise NoRecordingError(f"check {recording.file}: it has no exchange with the API. {gateway}.\n{_MORE}")
    if len(kept) < len(every):
        recording.notes.append(f"{len(every) - len(kept)} of {len(every)} exchanges are not with the API, and left out")


def _put_in_order(recording: Recording) -> None:
    """Sort the exchanges by time; those without a time stay behind their neighbor."""
    before, last = recording.exchanges, 0.0
    order: dict[int, float] = {}
    for one in before:
        last = order[one.number] = last if one.at is None else one.at
    recording.exchanges = sorted(before, key=lambda one: order[one.number])
    if before != recording.exchanges:
        recording.notes.append("its exchanges were not in order of time")
