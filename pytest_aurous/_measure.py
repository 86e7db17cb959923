"""What the bytes of a picture say of it: its type and its size, whatever its name is."""

from __future__ import annotations

from struct import error as StructError  # noqa: N812 - its name says nothing
from struct import unpack
from typing import Final, NamedTuple

__all__ = ("Measured", "measure")


class Measured(NamedTuple):
    """Type and size of a picture."""

    mime_type: str
    width: int
    height: int


def measure(data: bytes) -> Measured | None:
    """Return what the picture is, or None where it is none that the API takes: PNG, JPEG or WebP."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            return Measured("image/png", *unpack(">II", data[16:24]))
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (IndexError, StructError):  # cut off too early
        return None
    return None


_WEBP_HEAD: Final = 30
_MARK: Final = 0xFF
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg(data: bytes) -> Measured | None:
    at = 2
    while at + 9 <= len(data) and data[at] == _MARK:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            height, width = unpack(">HH", data[at + 5 : at + 9])
            return Measured("image/jpeg", width, height)
        at += 1 if marker == _MARK else 2 + length  # any number of marks may fill the space before one that means
    return None


def _webp(data: bytes) -> Measured | None:
    kind = data[12:16]
    if len(data) < _WEBP_HEAD:
        return None
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in unpack("<HH", data[26:30]))
    else:
        return None
    return Measured("image/webp", width, height)
