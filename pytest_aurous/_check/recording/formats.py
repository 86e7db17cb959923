"""The formats of recordings: HAR 1.2, and cassettes of VCR.py."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from zlib import MAX_WBITS, decompressobj
from zlib import error as ZlibError  # noqa: N812 - a class

from ..._time.clock import parse_instant
from ..._wire.data import as_list, as_object
from .limits import MOST_BYTES, Intake, LimitError
from .recording import Exchange, Pairs

_LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""What browsers write for bytes that are no text."""
_BYTE: Final = 256
_DIGITS: Final = 18
"""A longer number is no length."""
_INFORMATIONAL: Final = 100


def har_exchange(number: int, entry: dict[str, Any], intake: Intake) -> Exchange:
    """Read an entry of HAR 1.2, as browsers, proxies and we write it."""
    request, response, at = entry["request"], as_object(entry.get("response")), entry.get("startedDateTime")
    status = int(response.get("status") or 0)
    found = Exchange(
        number,
        _plain_text(request["method"]).upper(),
        _plain_text(request["url"]),
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
    size = size if size > 0 or post.get("params") else 0
    found.content = intake.take(found, "request", lambda: _har_body(post, size, found.sent.get("content-encoding", "")))
    content = as_object(response.get("content")) or {"size": 0}
    full = str(content.get("mimeType")).startswith("application/json") or _length(found.received) > 0
    absent = full and "text" not in content
    coding = found.received.get("content-encoding", "")
    found.body = intake.take(
        found, "response", lambda: None if absent else _har_body(content, content.get("size"), coding)
    )
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
    pairs = ((_plain_text(pair["name"]), _plain_text(pair["value"])) for pair in headers)
    return tuple(pair for pair in pairs if not pair[0].startswith(":"))


def vcr_exchange(number: int, entry: dict[str, Any], intake: Intake) -> Exchange:
    """Read an interaction of a cassette of VCR.py."""
    request, response = entry["request"], entry["response"]
    status = response["status"] if "status" in response else response["status_code"]  # older versions, of httpx
    found = Exchange(
        number,
        _plain_text(request["method"]).upper(),
        _plain_text(request["uri"]),
        _vcr_pairs(request.get("headers") or {}),
        status=int(as_object(status).get("code", status)),
        response_headers=_vcr_pairs(response.get("headers") or {}),
    )
    found.content = intake.take(found, "request", lambda: _vcr_request(request.get("body"), found.sent))
    body = response.get("body", response.get("content"))
    coding = found.received.get("content-encoding", "")
    found.body = intake.take(found, "response", lambda: _vcr_body(body, coding))
    if "date" in found.received:
        found.at = parsedate_to_datetime(found.received["date"]).timestamp()
    return found


def _vcr_pairs(headers: Mapping[str, Any]) -> Pairs:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return tuple(
        (str(name), _plain_text(value))
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    )


def _vcr_request(body: Any, sent: Mapping[str, str]) -> bytes | None:
    content = _vcr_body(body, sent.get("content-encoding", ""))
    cut = sent.get("content-type", "").startswith("multipart/") and _length(sent) > len(content or b"")
    return None if cut else content  # the file of a form is not text


def _plain_text(value: Any) -> str:
    """Return a text or a number as text; never that of a list, which aliases of YAML may make endless.

    Raises:
        TypeError: For any other value.
    """
    if isinstance(value, (dict, list, tuple, set)):
        raise TypeError
    return str(value)


def _vcr_body(body: Any, encoding: str) -> bytes | None:
    if isinstance(body, dict):
        shape = as_object(body)
        packed = shape.get("base64_string")
        body = b64decode(packed) if packed is not None else shape.get("string")
    content = b"" if body is None else body if isinstance(body, bytes) else _plain_text(body).encode(errors="replace")
    return _plain(content, encoding)


def _plain(body: bytes, encoding: str) -> bytes | None:
    """Return a body decompressed; None for a compression that Python cannot undo."""
    if body[:2] == b"\x1f\x8b" or (encoding == "deflate" and body[:1] in {b"\x78", b"\x58"}):
        unpack = decompressobj(MAX_WBITS | 32)
        try:
            plain = unpack.decompress(body, MOST_BYTES)
        except ZlibError:
            return None
        if len(plain) == MOST_BYTES:
            raise LimitError(f"it expands to {MOST_BYTES // 1024 // 1024} MB or more")
        return plain if unpack.eof else None
    return None if encoding in {"br", "zstd"} and body[:1] not in {b"{", b"[", b""} else body
