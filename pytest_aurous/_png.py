"""PNG files, written with the standard library."""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack
from zlib import compress, crc32

__all__ = ("png",)


def png(rows: Iterable[bytes], width: int, height: int, palette: bytes) -> bytes:
    """Return a picture of *rows*, one byte a pixel, each the number of a colour.

    Args:
        rows: From the top.
        width: Pixels.
        height: Pixels.
        palette: Three bytes for each colour.
    """
    header = pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    data = compress(b"".join(b"\0" + row for row in rows), 6)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in chunks
    )
