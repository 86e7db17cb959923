"""Pictures that show nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .._resources.content.pictures import measure

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = 33
_JPEG: Final = b"\xff\xd8"
_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of the segments with the size of a JPEG."""
_WEBP_HEAD: Final = 30


def blank(picture: bytes) -> bytes:
    """Return a picture of the same type, size and length that shows nothing, or as many zeros."""
    if picture.startswith(_PNG):
        kept = picture[:_PNG_HEAD]
    elif picture.startswith(_JPEG):
        kept = b"".join(_jpeg_segments(picture))
    else:
        kept = picture[:_WEBP_HEAD] if picture[8:12] == b"WEBP" else b""
    plain = kept + bytes(max(0, len(picture) - len(kept)))
    same = measure(plain) == measure(picture)
    return plain if same else bytes(len(picture))


def _jpeg_segments(picture: bytes) -> Iterator[bytes]:
    """Yield the segments of a JPEG up to that with its size, without what they contain."""
    yield picture[:2]
    place = 2
    while place + 4 <= len(picture) and picture[place] == 0xFF:  # noqa: PLR2004 - a marker
        length = int.from_bytes(picture[place + 2 : place + 4], "big")
        segment = picture[place : place + 2 + length]
        is_size = segment[1] in _SIZES
        yield segment if is_size else segment[:4] + bytes(max(0, len(segment) - 4))
        if is_size or length < 2:  # noqa: PLR2004 - shorter than its own length
            return
        place += 2 + length
