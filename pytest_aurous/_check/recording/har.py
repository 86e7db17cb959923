"""HAR 1.2, read: whatever a browser, a proxy or we have written into an entry."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from ..._core.base.data import as_object, is_finite
from ..._core.base.errors import AurousError
from ..._core.base.instants import parse_instant
from ..._core.wire.bodies import decompressed
from ..._core.wire.exchange import Exchange
from ..._core.wire.reply import Pairs

Take = Callable[[Exchange, str, Callable[[], "bytes | None"]], "bytes | None"]
"""Takes the body of the ``request`` or the ``response`` of an exchange, which a function reads, as far as it may."""
_LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""What browsers write for bytes that are no text."""
_BYTE: Final = 256
_DIGITS: Final = 18
"""A longer number is no length."""
_INFORMATIONAL: Final = 100


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
