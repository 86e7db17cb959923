"""Recordings: HAR files and cassettes of VCR.py, read as one list of exchanges."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zlib import MAX_WBITS, decompressobj
from zlib import error as ZlibError  # noqa: N812 - a class

from .._time.clock import parse_instant
from .._wire.data import as_list, as_object
from .._wire.hosts import is_loopback, is_upload, is_vendors
from ..errors import AurousError, see

_MORE: Final = see("reference/check.html#recordings")
_PATTERN: Final = re.compile(r"[*?\[]")
_SUFFIXES: Final = (".har", ".json", ".yaml", ".yml")
_MOST_BYTES: Final = 64 * 1024 * 1024
"""A body that becomes larger when it is decompressed is left out."""
_SHOWN: Final = 8
"""So many numbers of exchanges are shown."""
_FAKE: Final = "pytest-aurous"

Pairs = tuple[tuple[str, str], ...]
Reader = Callable[[int, Any, list[str]], "Exchange"]


@dataclass
class Exchange:
    """A recorded request, and its response.

    Attributes:
        number: Its place in the file, from 1.
        method: The HTTP method.
        url: The URL as sent.
        headers: The headers of the request, without the pseudo-headers of HTTP/2.
        content: The body of the request; None where the recording left it out.
        at: When it was sent, in epoch seconds; None where the recording does not say.
        status: The status of the response; None without a response.
        response_headers: The headers of the response.
        body: The body of the response; None where the recording left it out.
        fault: The fault of a fake that it met, as recordings of the fake say.
        restores: How often the test had restored a snapshot before, as they say as well.
    """

    number: int
    method: str
    url: str
    headers: Pairs = ()
    content: bytes | None = b""
    at: float | None = None
    status: int | None = None
    response_headers: Pairs = ()
    body: bytes | None = b""
    fault: str = ""
    restores: int = 0

    @cached_property
    def sent(self) -> dict[str, str]:
        """The headers of the request by name in lower case."""
        return {name.lower(): value for name, value in reversed(self.headers)}

    @cached_property
    def received(self) -> dict[str, str]:
        """The headers of the response by name in lower case."""
        return {name.lower(): value for name, value in reversed(self.response_headers)}

    def repeats(self, other: Exchange) -> bool:
        """Whether it is the same exchange, recorded once more; a retry gets a response of its own."""
        return bool(self.received) and all(
            getattr(self, name) == getattr(other, name)
            for name in ("method", "url", "content", "status", "received", "body")
        )

    @property
    def host(self) -> str:
        """The host of the URL, without a port."""
        return urlsplit(self.url).hostname or ""

    @property
    def vendors(self) -> bool:
        """Whether it is a request of a client to the vendor, or to a fake on this machine."""
        known = is_vendors(self.host) or is_upload(self.host) or is_loopback(self.host)
        return known and self.method not in {"OPTIONS", "CONNECT"}


@dataclass
class Recording:
    """What one file contains.

    Attributes:
        file: The file.
        exchanges: Its exchanges, in order of time.
        notes: What is missing or unusual, for the report.
        of_fake: Whether pytest-aurous wrote it.
        name: What results call it: that of the file.
    """

    file: Path
    exchanges: list[Exchange]
    notes: list[str] = field(default_factory=list[str])
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
    entries, read = (log.get("entries"), _har_exchange) if log else (content.get("interactions"), _vcr_exchange)
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


def _har_exchange(number: int, entry: dict[str, Any], notes: list[str]) -> Exchange:
    request, response, at = entry["request"], as_object(entry.get("response")), entry.get("startedDateTime")
    status = int(response.get("status") or 0)
    found = Exchange(
        number,
        str(request["method"]).upper(),
        str(request["url"]),
        _pairs(request.get("headers") or ()),
        at=None if at is None else parse_instant(at).timestamp(),
        status=status if status >= _INFORMATIONAL else None,  # tools write 0, -1 or -999
        response_headers=_pairs(response.get("headers") or ()),
        fault=str(entry.get("_fault") or ""),
        restores=int(entry.get("_restores") or 0),
    )
    size = int(request.get("bodySize") or 0)
    size = size if "postData" in request else max(size, _length(found.sent))
    lost: dict[str, Any] = {"params": [{}]} if size > 0 else {"text": ""}
    post = as_object(request.get("postData")) or lost
    coding = found.sent.get("content-encoding", "")
    found.content = _har_body(post, size if size > 0 or post.get("params") else 0, coding)
    content = as_object(response.get("content")) or {"size": 0}
    coding = found.received.get("content-encoding", "")
    full = str(content.get("mimeType")).startswith("application/json") or _length(found.received) > 0
    found.body = None if full and "text" not in content else _har_body(content, content.get("size"), coding)
    _note_omissions(found, notes)
    return found


def _length(headers: Mapping[str, str]) -> int:
    """Return the length of a body, as its header has it."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _DIGITS else 0


def _har_body(content: Mapping[str, Any], size: int | None, coding: str) -> bytes | None:
    """Return a body; None where it was left out or cut off. Some tools keep it compressed."""
    text = content.get("text")
    if content.get("_omitted") or (text is None and size != 0):
        return None
    if content.get("encoding") == "base64":
        return _plain(b64decode(text or ""), coding)
    body = _encoded(text or "", size)
    kind = content.get("mimeType") or ""
    cut = (size or 0) > len(body) and kind.startswith(("application/json", "multipart/"))
    return None if cut or (kind.startswith("multipart/") and _LOST in (text or "")) else body


def _encoded(text: str, size: int | None) -> bytes:
    """Return a text as it was sent: in UTF-8, or with a byte for each character, as its size shows."""
    body = text.encode(errors="replace")
    bytes_ = size == len(text) != len(body) and all(ord(letter) < _BYTE for letter in text)
    return text.encode("latin-1") if bytes_ else body


def _pairs(headers: Any) -> Pairs:
    """Return the headers of HAR, without the pseudo-headers of HTTP/2."""
    pairs = ((str(pair["name"]), str(pair["value"])) for pair in headers)
    return tuple(pair for pair in pairs if not pair[0].startswith(":"))


def _vcr_exchange(number: int, entry: dict[str, Any], notes: list[str]) -> Exchange:
    request, response = entry["request"], entry["response"]
    status = response["status"] if "status" in response else response["status_code"]  # older versions, of httpx
    found = Exchange(
        number,
        str(request["method"]).upper(),
        str(request["uri"]),
        _vcr_pairs(request.get("headers") or {}),
        status=int(as_object(status).get("code", status)),
        response_headers=_vcr_pairs(response.get("headers") or {}),
    )
    found.content = _vcr_body(request.get("body"), found.sent.get("content-encoding", ""))
    if found.sent.get("content-type", "").startswith("multipart/") and _length(found.sent) > len(found.content or b""):
        found.content = None  # its file is not text, and was cut
    found.body = _vcr_body(response.get("body", response.get("content")), found.received.get("content-encoding", ""))
    if "date" in found.received:
        found.at = parsedate_to_datetime(found.received["date"]).timestamp()
    _note_omissions(found, notes)
    return found


def _vcr_pairs(headers: Mapping[str, Any]) -> Pairs:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return tuple(
        (str(name), str(value))
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    )


def _vcr_body(body: Any, encoding: str) -> bytes | None:
    if isinstance(body, dict):
        shape = as_object(body)
        packed = shape.get("base64_string")
        body = b64decode(packed) if packed is not None else shape.get("string")
    content = b"" if body is None else body if isinstance(body, bytes) else str(body).encode(errors="replace")
    return _plain(content, encoding)


def _plain(body: bytes, encoding: str) -> bytes | None:
    """Return a body decompressed; None for a compression that Python cannot undo."""
    if body[:2] == b"\x1f\x8b" or (encoding == "deflate" and body[:1] in {b"\x78", b"\x58"}):
        unpack = decompressobj(MAX_WBITS | 32)
        try:
            plain = unpack.decompress(body, _MOST_BYTES)
        except ZlibError:
            return None
        return plain if unpack.eof else None
    return None if encoding in {"br", "zstd"} and body[:1] not in {b"{", b"[", b""} else body


def _note_omissions(exchange: Exchange, notes: list[str]) -> None:
    if not exchange.vendors:
        return
    if exchange.content is None:
        notes.append(f"exchange {exchange.number}: the body of the request is missing")
    if exchange.body is None and not _PICTURE.match(exchange.received.get("content-type", "")):
        notes.append(f"exchange {exchange.number}: the body of the response is missing")


_LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""What browsers write for bytes that are no text."""
_BYTE: Final = 256
_DIGITS: Final = 18
"""A longer number is no length."""
_INFORMATIONAL: Final = 100
_PICTURE: Final = re.compile("image/|video/|application/octet-stream")
