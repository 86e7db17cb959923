"""Bodies: decompressed, and without secrets, also where they are compressed, or in UTF-16 or UTF-32."""

from __future__ import annotations

from collections.abc import Callable
from json import detect_encoding
from typing import Final
from zlib import compressobj, decompressobj
from zlib import error as ZlibError  # noqa: N812 - an exception

from ..base.files import MOST_BYTES, LimitError

_GZIP: Final = b"\x1f\x8b"
_FORMATS: Final = (31, 15, -15)
"""For zlib: gzip, deflate, and deflate without a header."""
_MOST_LAYERS: Final = 3


def decompressed(body: bytes, coding: str) -> bytes | None:
    """Return a body decompressed, as often as it was compressed; None for a compression that Python cannot undo.

    Raises:
        LimitError: If it expands to too much.
    """
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
    """Return a body whose text was cleaned, compressed and encoded as it was.

    Args:
        body: The body.
        coding: Its ``Content-Encoding``; it may be compressed without that header.
        clean: Returns a text without its secrets; a text that is clean, it returns as it is.
        layers: How often it may be compressed.

    Returns:
        The body; None if it cannot be told whether it has a secret, or where.
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
