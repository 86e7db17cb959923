"""Bodies: decompressed, divided into parts, and without secrets, also where they are compressed or in UTF-16."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message
from json import detect_encoding
from typing import Final, NamedTuple
from zlib import compressobj, decompressobj
from zlib import error as ZlibError  # noqa: N812 - an exception

from ..base.data import MOST_BYTES, LimitError

_GZIP: Final = b"\x1f\x8b"
_FORMATS: Final = (31, 15, -15)
"""For zlib: gzip, deflate, and deflate without a header."""
_MOST_LAYERS: Final = 3
"""No client or proxy compresses a body more often, and each layer may hide one that fills the memory."""
_DISPOSITION: Final = re.compile(r"\ncontent-disposition: *form-data *(;.*)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))')
_ESCAPE: Final = re.compile(r'\\(["\\])|%(22|[01][0-9A-F])')
"""How clients write a quote, a backslash or a control character in a name."""
_MULTIPART: Final = re.compile(r"\ncontent-type: *multipart/", re.IGNORECASE)


def decompressed(body: bytes, coding: str) -> bytes | None:
    """Return a body decompressed, as often as it was compressed; None for a compression that Python cannot undo."""
    codings = {one.strip() for one in coding.lower().split(",")}
    for _ in range(_MOST_LAYERS):
        if body.startswith(_GZIP):
            form = _FORMATS[0]
        elif "deflate" in codings and not _is_text(body):
            form = _FORMATS[1] if body[:1] in {b"\x78", b"\x58"} else _FORMATS[2]
        else:
            return None if codings & {"br", "zstd"} and body[:1] not in {b"{", b"[", b""} else body
        unpack = decompressobj(form)
        try:
            plain = unpack.decompress(body, MOST_BYTES)
        except ZlibError:
            return None
        if len(plain) == MOST_BYTES:
            raise LimitError(f"it expands to {MOST_BYTES // 1024 // 1024} MB or more")
        if not unpack.eof:
            return None
        body = plain
    return None


def cleaned(body: bytes, coding: str, clean: Callable[[str], str], layers: int = _MOST_LAYERS) -> bytes | None:
    """Return a body whose text was cleaned, compressed and encoded as it was; None if it may still have a secret.

    It may be compressed without a ``Content-Encoding``, its *coding*, that says so.
    """
    if body.startswith(_GZIP) or (coding.lower() not in {"", "identity"} and not _is_text(body)):
        return _recompressed(body, clean, layers)
    encoding: str = detect_encoding(body)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        encoding, text = "latin-1", body.decode("latin-1")
    safe = clean(text)
    plain = safe.replace("\0", "")  # a part of the body may be in UTF-16
    if plain != safe and clean(plain) != plain:
        return None
    return body if safe == text else safe.encode(encoding, errors="replace")


class FormPart(NamedTuple):
    name: str
    filename: str | None
    data: bytes


def read_parts(content: bytes, content_type: str) -> list[FormPart]:
    """Return the fields of a ``multipart/form-data`` body.

    Empty for any other body, for a truncated body, and for a body with parts that are not fields, such as parts with
    parts of their own. The email parser of the standard library changes line endings and names, so it reads only the
    type.
    """
    header = Message()
    header["Content-Type"] = content_type.replace("\r", "").replace("\n", "")
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return []
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    parts: list[FormPart] = []
    for section in (b"\r\n" + content).split(delimiter)[1:]:
        if section[:2] == b"--":
            return parts
        part = _part(section)
        if part is None:
            break
        parts.append(part)
    return []


def _recompressed(body: bytes, clean: Callable[[str], str], layers: int) -> bytes | None:
    for form in _FORMATS:
        unpack = decompressobj(form)
        try:
            plain = unpack.decompress(body, MOST_BYTES)
        except ZlibError:
            continue
        if not layers or not unpack.eof or unpack.unused_data:
            return None
        safe = cleaned(plain, "", clean, layers - 1)
        if safe is None or safe == plain:
            return safe and body
        pack = compressobj(wbits=form)
        return pack.compress(safe) + pack.flush()
    return None


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _part(section: bytes) -> FormPart | None:
    head, end, data = section.partition(b"\r\n\r\n")
    text = head.decode(errors="replace")
    disposition = _DISPOSITION.search(text)
    if not end or disposition is None or _MULTIPART.search(text):
        return None
    found = {key.lower(): _plain(quoted) or token for key, quoted, token in _PARAMETER.findall(disposition[1])}
    return FormPart(found["name"], found.get("filename"), data) if "name" in found else None


def _plain(quoted: str) -> str:
    return _ESCAPE.sub(lambda escape: escape[1] or chr(int(escape[2], 16)), quoted)
