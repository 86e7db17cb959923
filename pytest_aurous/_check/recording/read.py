"""Recordings, read from files that are found by names, folders and patterns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from glob import glob
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zipfile import ZipFile

from ..._base.errors import AurousError, see
from ..._base.redaction import FAKE_KEY
from ..._report.har import FieldError, read_entry
from ..._wire.data import as_list, as_object
from ..._wire.exchange import Exchange
from ..._wire.hosts import is_loopback, is_upload
from ..._world.keys import sent_key
from ..._world.settings import BASE_URL
from .limits import Intake, attach, read_file, read_member
from .parse import SyntaxUnreadableError, parse, reading
from .vcr import entry_of

_MORE: Final = see("reference/check.html#recordings")
_SUFFIXES: Final = (".har", ".json", ".yaml", ".yml", ".zip")
_MARKS: Final = (b'"log"', b"interactions")
"""A file without any of these texts is no recording, and not a truncated one either."""
_NEITHER: Final = "neither a HAR file nor a cassette of VCR.py"
_PATHS: Final = ("/v1/", "/storage/")
"""What the paths of the API begin with."""
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
        left_out: How many bodies were left out because they are over a limit.
        of_fake: Whether pytest-aurous wrote it.
        name: What results call it: the name of the file.
        by_fake: Whether a fake has responded: pytest-aurous wrote it, or a key of a fake was sent.
        others: Files that are no recordings, and why, for the report.
    """

    file: Path
    exchanges: list[Exchange]
    notes: list[str] = field(default_factory=list[str])
    left_out: int = 0
    of_fake: bool = False
    by_fake: bool = False
    name: str = ""
    others: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.name = self.name or self.file.name


class NoRecordingError(AurousError):
    """A file that is no recording of the API."""


def find_files(paths: Iterable[str]) -> list[Path]:
    """Return the recordings that *paths* name: files, folders, patterns.

    Raises:
        AurousError: If one of them leads to no file.
    """
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in _SUFFIXES and file.is_file()]
        else:
            some = [path] if path.exists() else map(Path, sorted(glob(text, recursive=True)))  # noqa: PTH207 - it may be absolute
            files = [file for file in some if file.is_file()]
        if not files:
            there = "it is not a regular file. Save it as one first" if path.exists() else "there is no such file"
            why = "the folder contains no recording" if path.is_dir() else there
            raise AurousError(f"check {text}: {why}. Expected files such as staging.har.\n{_MORE}")
        found += files
    return list({file.resolve(): file for file in found}.values())


def read_recordings(files: Sequence[Path], named: Collection[Path] = (), base_url: str = "") -> list[Recording]:
    """Read several files; if files have the same name, their folders are part of it.

    Files that are no recordings are left out, and noted in the first recording, unless they are *named*.

    Raises:
        AurousError: If a file cannot be read, or no file is a recording.
    """
    recordings: list[Recording] = []
    others: list[str] = []
    for file in files:
        try:
            recordings.append(read_recording(file, base_url))
        except NoRecordingError as error:  # noqa: PERF203 - each file on its own
            if file in named or len(files) == 1:
                raise
            others.append(str(error).partition("\n")[0].removeprefix("check "))
    if not recordings:
        raise AurousError(
            "\n".join([f"check: none of the {len(files)} files is a recording of the API.", *others, _MORE])
        )
    recordings[0].others += others
    parts = 1
    while len({recording.name for recording in recordings}) < len(recordings):
        parts += 1
        for recording in recordings:
            recording.name = "/".join(recording.file.parts[-parts:])
    return recordings


def read_recording(file: Path, base_url: str = "") -> Recording:
    """Read one file; requests to *base_url*, a gateway, count as requests to the API.

    Raises:
        AurousError: If it cannot be read.
        NoRecordingError: If it is neither a HAR file nor a cassette, or has no exchange of the API.
    """
    intake = Intake()
    notes = intake.notes
    with reading(f"check {file}", _MORE):
        content, load = _content(file)
    log = as_object(content.get("log"))
    entries = log.get("entries") if log else content.get("interactions")
    if not isinstance(entries, list):
        ruby = "http_interactions" in content
        raise NoRecordingError(
            f"check {file}: {'a cassette of Betamax or of VCR for Ruby, not of VCR.py' if ruby else _NEITHER}.\n{_MORE}"
        )
    exchanges: list[Exchange] = []
    for number, entry in enumerate(as_list(entries), 1):
        try:
            attach(entry, load)
            exchange = read_entry(number, entry if log else entry_of(entry), intake.take)
        except FieldError as error:
            raise AurousError(f"check {file}: exchange {number} cannot be read: {error}.\n{_MORE}") from None
        exchanges.append(exchange.at_host(BASE_URL, base_url))
    origins = {_origin(one) for one in exchanges if any(name.startswith("aurous-") for name in one.received)}
    kept = [one for one in exchanges if _is_of_api(one, origins)]
    numbers = {one.number for one in kept}
    foreign = [str(one.number) for one in exchanges if one.number not in numbers]
    if not kept:
        raise NoRecordingError(f"check {file}: it has no exchange with the API{_hint(exchanges)}.\n{_MORE}")
    if foreign:
        some = ", ".join(foreign[:_SHOWN]) + (f" and {len(foreign) - _SHOWN} more" if len(foreign) > _SHOWN else "")
        notes.append(f"not a request to the API, and left out: exchange{'s' * (len(foreign) > 1)} {some}")
    recording = Recording(file, kept, notes, intake.left_out, as_object(log.get("creator")).get("name") == _FAKE)
    recording.by_fake = recording.of_fake or any(sent_key(one.sent).startswith(FAKE_KEY) for one in kept)
    if not recording.of_fake:
        _put_in_order(recording)
    return recording


def _hint(exchanges: Sequence[Exchange]) -> str:
    """Return what else there is, without the names of hosts."""
    others = len({exchange.host for exchange in exchanges})
    hosts = "1 other host" if others == 1 else f"{others} other hosts"
    return f", only with {hosts}. For a gateway, pass --base-url URL" if exchanges else ""


def _origin(exchange: Exchange) -> str:
    parts = urlsplit(exchange.url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_of_api(exchange: Exchange, origins: Collection[str]) -> bool:
    """Whether an exchange is one of the API: of this machine only where an origin has shown headers of the API."""
    below = urlsplit(exchange.url).path.startswith(_PATHS) or is_upload(exchange.host)
    return exchange.vendors and below and (not is_loopback(exchange.host) or _origin(exchange) in origins)


def _content(file: Path) -> tuple[dict[str, Any], Callable[[str], bytes]]:
    """Return what is in a file, and what loads the bodies that are in files of their own."""
    if file.suffix.lower() != ".zip":
        return _data(file, file, read_file(file)), lambda name: read_file(file.parent / name)
    archive = ZipFile(BytesIO(read_file(file)))
    member = next((name for name in archive.namelist() if name.endswith(".har")), None)
    if member is None:
        raise NoRecordingError(f"check {file}: an archive without a HAR file.\n{_MORE}")
    return _data(file, Path(member), read_member(archive, member)), lambda name: read_member(archive, name)


def _data(file: Path, name: Path, raw: bytes) -> dict[str, Any]:
    try:
        return as_object(parse(name, raw, yaml=raw.startswith(b"interactions:")))  # VCR.py adds no suffix
    except SyntaxUnreadableError:
        if any(mark in raw for mark in _MARKS):
            raise
        raise NoRecordingError(f"check {file}: {_NEITHER}.\n{_MORE}") from None


def _put_in_order(recording: Recording) -> None:
    """Sort the exchanges by time; those without a time stay behind their neighbor."""
    before = list(recording.exchanges)
    last, order = 0.0, dict[int, float]()
    for one in before:
        last = order[one.number] = last if one.at is None else one.at
    recording.exchanges.sort(key=lambda one: order[one.number])
    if before != recording.exchanges:
        recording.notes.append("its exchanges were not in order of time")
