"""Files as plain data, whatever they contain: no tag constructs an object, and nothing fills the memory.

Cassettes of VCR.py become HAR, and entries of HAR, as browsers, proxies and we write them, become exchanges.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception

from ..._core.base.data import MOST_BYTES, LimitError, as_list, as_object, is_finite, read_file
from ..._core.base.errors import AurousError
from ..._core.base.instants import parse_instant
from ..._core.wire.bodies import decompressed
from ..._core.wire.exchange import Exchange
from ..._core.wire.reply import Pairs

_NODE: Final = 64
"""The bytes that an object or a list counts beside its text, and in YAML any value: it takes memory of its own."""
_MOST_DEPTH: Final = 100

Take = Callable[[Exchange, str, Callable[[], "bytes | None"]], "bytes | None"]
"""Takes the body of the ``request`` or the ``response`` of an exchange, which a function reads, as far as it may."""
_LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""What browsers write for bytes that are no text."""
_BYTE: Final = 256
_DIGITS: Final = 18
"""A longer number is no length."""
_INFORMATIONAL: Final = 100


class UnreadableError(Exception):
    """Why a file cannot be read, in plain words."""


class Bound:
    """The most that is read: of one file, or of all bodies of a recording. *what* names them in messages."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._left = MOST_BYTES

    def take(self, text: bytes, values: int = 0) -> bytes:
        """Count a text and its *values*, apart from objects and lists, and return it. LimitError: it is too much."""
        size = len(text) + _NODE * (values + text.count(b"[") + text.count(b"{"))
        if size > self._left:
            most = f"{MOST_BYTES // 1024 // 1024} MB, where an object or a list has {_NODE} bytes more"
            raise LimitError(f"{self._what} is larger than {most}")
        self._left -= size
        return text


def read(file: Path) -> bytes:
    """Return what is in a file. LimitError: it is too large, or not a regular file. OSError: it cannot be read."""
    return Bound("it").take(read_file(file, MOST_BYTES))


def read_member(archive: ZipFile, folder: Path, name: str) -> bytes:
    """Return what is in a file of an archive. LimitError: it is too large. UnreadableError: it cannot be read."""
    try:
        with archive.open((folder / name).as_posix()) as stream:
            return Bound(name).take(stream.read(MOST_BYTES + 1))
    except (BadZipFile, EOFError, KeyError, RuntimeError, ZlibError) as error:
        raise UnreadableError(f"{name} in it cannot be read: {error}") from None


def check_depth(value: Any, left: int = _MOST_DEPTH) -> None:
    """Raise a LimitError if JSON data is nested too deep for what walks through it."""
    if isinstance(value, (dict, list)):
        if not left:
            raise LimitError(f"its JSON is nested more than {_MOST_DEPTH} deep")
        for one in (*as_object(value).values(), *as_list(value)):
            check_depth(one, left - 1)


def parse(file: Path, raw: bytes) -> Any:
    """Return the content of a file as data. LimitError: its aliases are too much. UnreadableError: it is not valid."""
    try:
        if file.suffix.lower() in {".yaml", ".yml"} or raw.startswith(b"interactions:"):  # VCR.py adds no suffix
            return _parse_yaml(raw.decode("utf-8-sig"))
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("it is not text in UTF-8. Save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableError(f"{line}truncated, or not valid JSON") from None


def _parse_yaml(text: str) -> Any:
    try:
        yaml: Any = import_module("yaml")
    except ImportError:
        why = "YAML needs PyYAML, the extra check: install it with python -m pip install pyyaml"
        raise UnreadableError(why) from None
    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]  # a class that is known when PyYAML is
        def flatten_mapping(self, node: Any) -> None:
            """Merge nothing: merges of merges fill the memory."""

    try:
        size = Bound("it")
        for event in yaml.parse(text, safe):  # before any value is made
            size.take(str(getattr(event, "value", "")).encode(), 1)
        return _without_aliases(yaml.load(text, Loader))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise UnreadableError(f"{line}truncated, endless, or not plain YAML") from None


def _without_aliases(value: Any) -> Any:
    """Return data of YAML as JSON has it: what is in several places is counted, and copied, in each."""
    bound, written = Bound("with its aliases, it"), StringIO()
    for part in json.JSONEncoder(default=_plain).iterencode(value):
        bound.take(part.encode(), 1)
        written.write(part)
    return json.loads(written.getvalue())


def _plain(value: Any) -> Any:
    """Return bytes as a cassette has them in JSON, and a time as text."""
    return {"base64_string": b64encode(value).decode()} if isinstance(value, bytes) else str(value)


def entry_of(interaction: Any) -> dict[str, Any]:
    """Return an interaction of a cassette as an entry of HAR, whose bodies are bytes. FieldError: one is malformed."""
    status = field(interaction, "response.status")
    old = field(interaction, "response.status_code")  # of httpx, as the content
    body = field(interaction, "response.body", _body)
    return {
        "request": {
            "method": field(interaction, "request.method"),
            "url": field(interaction, "request.uri", plain_text),
            "headers": field(interaction, "request.headers", _headers),
            "postData": {"text": field(interaction, "request.body", _body)},
        },
        "response": {
            "status": as_object(status).get("code", status) or old,
            "headers": field(interaction, "response.headers", _headers),
            "content": {"text": body or field(interaction, "response.content", _body), "size": 0},
        },
    }


def _headers(headers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return [
        {"name": name, "value": value}
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    ]


def _body(body: Any) -> bytes:
    """Return a body: a text, or an object that has it, perhaps in Base64."""
    shape = as_object(body)
    if "base64_string" in shape:
        return b64decode(shape["base64_string"])
    if isinstance(body, dict):
        return _body(shape.get("string", ""))
    return plain_text(body).encode(errors="replace")


def _finite(value: Any) -> float:
    if not is_finite(number := float(value)):
        raise ValueError
    return number


class FieldError(ValueError):
    """A field of an entry that is missing or malformed; the message says which."""


def field(entry: Any, path: str, read: Callable[[Any], Any] = lambda value: value) -> Any:
    """Return a field, such as ``request.url``, as *read* returns it; None for null. FieldError: it is malformed."""

    def find() -> Any:
        value = entry
        for step in path.split("."):
            value = None if value is None else value.get(step)
        return None if value is None else read(value)

    return _checked(path, find)


def _checked(path: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, AurousError):
        raise FieldError(f"{path} has another type or form") from None


def read_entry(number: int, entry: Any, take: Take) -> Exchange:
    """Read an entry of HAR 1.2; *take* takes its bodies. FieldError: a field is missing or malformed."""
    method, url = (field(entry, path, plain_text) for path in ("request.method", "request.url"))
    if None in (method, url):
        raise FieldError(f"it has no {'request.url' if url is None else 'request.method'}")
    status = field(entry, "response.status", int) or 0
    found = Exchange(
        number,
        method.upper(),
        url,
        field(entry, "request.headers", _pairs) or (),
        at=field(entry, "startedDateTime", lambda at: parse_instant(at).timestamp()),
        status=status if status >= _INFORMATIONAL else None,  # tools write 0, -1 or -999
        response_headers=field(entry, "response.headers", _pairs) or (),
        fault=str(entry.get("_fault") or ""),
        restores=field(entry, "_restores", int) or 0,
        seconds=max(0.0, field(entry, "time", _finite) or 0.0) / 1000,
    )
    _checked("request.url", lambda: urlsplit(str(url)))  # which all that follows relies on
    found.at = found.dated if found.at is None else found.at
    size = field(entry, "request.bodySize", int) or 0
    post, content = as_object(field(entry, "request.postData")), as_object(field(entry, "response.content"))
    found.content = take(
        found, "request", lambda: _checked("request.postData", lambda: _read_posted(post, size, found.sent))
    )
    found.body = take(
        found, "response", lambda: _checked("response.content", lambda: _read_content(content, found.received))
    )
    return found


def _read_posted(post: Mapping[str, Any], size: int, sent: Mapping[str, str]) -> bytes | None:
    """Return the body of a request; None where it was left out or cut off, as the file of a form in a cassette."""
    if not post:
        return b"" if max(size, _length_of(sent)) <= 0 else None
    body = _read_body(post, size if size > 0 or post.get("params") else 0, sent)
    form = isinstance(post.get("text"), bytes) and sent.get("content-type", "").startswith("multipart/")
    return None if form and _length_of(sent) > len(body or b"") else body


def _read_content(content: Mapping[str, Any], received: Mapping[str, str]) -> bytes | None:
    """Return the body of a response; None where it was left out or cut off."""
    full = str(content.get("mimeType")).startswith("application/json") or _length_of(received) > 0
    absent = full and "text" not in content
    return None if absent else _read_body(content, content.get("size") if content else 0, received)


def _length_of(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _DIGITS else 0


def _read_body(content: Mapping[str, Any], size: int | None, headers: Mapping[str, str]) -> bytes | None:
    """Return a body; None where it was left out or cut off. Some tools keep it compressed, or as bytes."""
    text = content.get("text")
    if content.get("_omitted") or (text is None and size != 0):
        return None
    if content.get("encoding") == "base64":
        text = b64decode(text or "")
    if isinstance(text, bytes):
        return decompressed(text, headers.get("content-encoding", ""))
    text, kind = text or "", content.get("mimeType") or ""
    body = text.encode(errors="replace")
    # Some tools write a character for each byte of a body that is no text; its size shows it.
    if size == len(text) != len(body) and all(ord(letter) < _BYTE for letter in text):
        body = text.encode("latin-1")
    cut = (size or 0) > len(body) and kind.startswith(("application/json", "multipart/"))
    return None if cut or (kind.startswith("multipart/") and _LOST in text) else body


def _pairs(headers: Any) -> Pairs:
    """Return the headers of HAR, without the pseudo-headers of HTTP/2."""
    pairs = ((plain_text(pair["name"]), plain_text(pair["value"])) for pair in headers)
    return tuple(pair for pair in pairs if not pair[0].startswith(":"))


def plain_text(value: Any) -> str:
    """Return a text or a number as text. TypeError: any other value; a list may be endless, by aliases of YAML."""
    if isinstance(value, (dict, list, tuple, set)):
        raise TypeError
    return str(value)
