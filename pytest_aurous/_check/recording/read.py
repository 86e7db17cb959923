"""Recordings, read from files that are found by names, folders and patterns."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zipfile import BadZipFile, ZipFile

from ..._base.errors import AurousError, see
from ..._base.redaction import FAKE_KEY
from ..._report.bodies import LimitError
from ..._report.har import Take, plain_text, read_entry
from ..._time.clock import parse_instant
from ..._wire.data import as_list, as_object
from ..._wire.exchange import Exchange
from ..._wire.hosts import is_loopback, is_upload
from ..._world.keys import sent_key
from .attached import Load, attach, read_member
from .limits import Intake, read_file
from .parse import YAML, SyntaxUnreadableError, UnreadableError, parse_json, parse_yaml, text_of
from .vcr import read_interaction

Reader = Callable[[int, Any, Take], Exchange]

_MORE: Final = see("reference/check.html#recordings")
_PATTERN: Final = re.compile(r"[*?\[]")
_SUFFIXES: Final = (".har", ".json", ".yaml", ".yml", ".zip")
_MARKS: Final = ('"log"', "interactions")
"""A file without any of these texts is no recording, and not a truncated one either."""
_NEITHER: Final = "neither a HAR file nor a cassette of VCR.py"
_VENDOR: Final = "https://api.aurous-labs.com"
_PATHS: Final = ("/v1/", "/storage/")
"""What the paths of the API begin with."""
_SHOWN: Final = 8
"""Show at most this many numbers of exchanges."""
_FAKE: Final = "pytest-aurous"


def _decode(part: Any) -> bytes:
    """Return the body of a part of an entry, where it is in Base64."""
    return b64decode(part.get("text") or "") if part.get("encoding") == "base64" else b""


_FIELDS: Final[dict[str, Callable[[Any], object]]] = {
    "entry": dict,
    **{f"entry.{part}": dict for part in ("request", "response")},
    **{f"entry.request.{name}": plain_text for name in ("method", "url", "uri")},
    **{f"entry.request.{name}": urlsplit for name in ("url", "uri")},
    **{f"entry.{part}.headers": lambda all_: [{**one} for one in as_list(all_)] for part in ("request", "response")},
    **{f"entry.{name}": int for name in ("request.bodySize", "response.content.size", "_restores")},
    "entry.response.status": lambda status: int(as_object(status).get("code", status)),
    "entry.startedDateTime": parse_instant,
    **{f"entry.{part}": _decode for part in ("request.postData", "response.content")},
}
"""The fields of an entry of HAR, each with what fails where it is malformed."""


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


def read_recordings(files: Sequence[Path], named: Collection[Path] = (), base_url: str = "") -> list[Recording]:
    """Read several files; if files have the same name, their folders are part of it.

    Files that are no recordings are left out, and noted in the first recording, unless they are *named*.

    Raises:
        AurousError: If a file cannot be read, or no file is a recording.
    """
    recordings: list[Recording] = []
    others: list[str] = []
    for file in files:
        found = _try(file, base_url, must=file in named or len(files) == 1)
        if isinstance(found, str):
            others.append(found)
        else:
            recordings.append(found)
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


def _try(file: Path, base_url: str, *, must: bool) -> Recording | str:
    """Return what a file contains, or why it is left out; one that *must* be a recording is not."""
    try:
        return read_recording(file, base_url)
    except NoRecordingError as error:
        if must:
            raise
        return str(error).partition("\n")[0].removeprefix("check ")


def read_recording(file: Path, base_url: str = "") -> Recording:
    """Read one file; requests to *base_url*, a gateway, count as requests to the API.

    Raises:
        AurousError: If it cannot be read.
        NoRecordingError: If it is neither a HAR file nor a cassette, or has no exchange of the API.
    """
    intake = Intake()
    content, load = _content(file)
    notes = intake.notes
    log = as_object(content.get("log"))
    entries, read = (log.get("entries"), read_entry) if log else (content.get("interactions"), read_interaction)
    if not isinstance(entries, list):
        ruby = "http_interactions" in content
        why = "a cassette of Betamax or of VCR for Ruby, not of VCR.py" if ruby else _NEITHER
        raise NoRecordingError(f"check {file}: {why}.\n{_MORE}")
    exchanges: list[Exchange] = []
    for number, entry in enumerate(as_list(entries), 1):
        attach(as_object(entry), load)
        exchanges.append(_at_vendor(_read(file, read, number, entry, intake), base_url))
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


def _at_vendor(exchange: Exchange, base_url: str) -> Exchange:
    """Return an exchange with a gateway as if with the vendor's own host."""
    if not base_url or not exchange.url.startswith(f"{base_url}/"):
        return exchange
    exchange.url = _VENDOR + exchange.url.removeprefix(base_url)
    exchange.response_headers = tuple(
        (name, value.replace(base_url, _VENDOR)) for name, value in exchange.response_headers
    )
    exchange.body = exchange.body and exchange.body.replace(base_url.encode(), _VENDOR.encode())
    return exchange


def _content(file: Path) -> tuple[dict[str, Any], Load]:
    """Return what is in a file, and what loads the bodies that are in files of their own."""
    try:
        if file.suffix.lower() != ".zip":
            return _parse(file, text_of(file)), lambda name: read_file(file.parent / name)
        read_file(file)
        archive = ZipFile(file)
        member = next((name for name in archive.namelist() if name.endswith(".har")), None)
        if member is None:
            raise NoRecordingError(f"check {file}: an archive without a HAR file.\n{_MORE}")
        text = read_member(archive, member).decode("utf-8-sig")
        return _parse(file.with_suffix(".har"), text), lambda name: read_member(archive, name)
    except (LimitError, BadZipFile, UnreadableError, UnicodeDecodeError, OSError, RuntimeError) as error:
        raise AurousError(f"check {file}: {error}.\n{_MORE}") from None


def _read(file: Path, read: Reader, number: int, entry: Any, intake: Intake) -> Exchange:
    try:
        exchange = read(number, entry, intake.take)
        urlsplit(exchange.url)  # which what follows relies on
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, AurousError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else f"{_wrong(entry)} has another type or form"
        raise AurousError(f"check {file}: exchange {number} cannot be read: {reason}.\n{_MORE}") from None
    return exchange


def _wrong(entry: Any) -> str:
    """Return the field of an entry that cannot be read."""
    for name, check in _FIELDS.items():
        value: Any = {"entry": entry}
        for step in name.split("."):
            value = as_object(value).get(step)
        try:
            if value is not None:
                check(value)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, AurousError):
            return name.removeprefix("entry.")
    return "a part of it"


def _parse(file: Path, text: str) -> dict[str, Any]:
    yaml = file.suffix.lower() in YAML or text.startswith("interactions:")  # VCR.py adds no suffix
    try:
        return as_object(parse_yaml(text) if yaml else parse_json(text))
    except SyntaxUnreadableError:
        if any(mark in text for mark in _MARKS):
            raise
        raise NoRecordingError(f"check {file}: {_NEITHER}.\n{_MORE}") from None


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
