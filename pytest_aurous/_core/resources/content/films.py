"""MP4 films whose frames are PNG pictures, one per second."""

from __future__ import annotations

from struct import pack
from typing import Final

_UNITY: Final = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SECOND: Final = 1000


def mp4(frames: list[bytes], width: int, height: int) -> bytes:
    """Return a film of *frames*: PNG pictures of *width* by *height* pixels, each shown for a second."""
    start = _box(b"ftyp", b"isom", pack(">I", 512), b"isomiso2mp41")
    media = _box(b"mdat", *frames)
    sizes = [len(frame) for frame in frames]
    # The offsets depend on the length of the index, which depends only on the number of frames.
    offset = len(start) + len(_index(sizes, 0, width, height)) + 8
    return start + _index(sizes, offset, width, height) + media


def _index(sizes: list[int], offset: int, width: int, height: int) -> bytes:
    length = len(sizes) * _SECOND
    places = [offset + sum(sizes[:number]) for number in range(len(sizes))]
    table = _box(
        b"stbl",
        _full(b"stsd", pack(">I", 1), _box(b"png ", _sample(width, height))),
        _full(b"stts", pack(">III", 1, len(sizes), _SECOND)),
        _full(b"stsc", pack(">IIII", 1, 1, 1, 1)),
        _full(b"stsz", pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        _full(b"stco", pack(f">I{len(sizes)}I", len(sizes), *places)),
    )
    reference = _box(b"dinf", _full(b"dref", pack(">I", 1), _full(b"url ", flags=1)))
    information = _box(b"minf", _full(b"vmhd", pack(">4H", 0, 0, 0, 0), flags=1), reference, table)
    media = _box(
        b"mdia",
        _full(b"mdhd", pack(">IIIIHH", 0, 0, _SECOND, length, 0x55C4, 0)),
        _full(b"hdlr", pack(">I4s12x", 0, b"vide"), b"\0"),
        information,
    )
    track = _box(
        b"trak",
        _full(
            b"tkhd",
            pack(">IIIII8xHHHH", 0, 0, 1, 0, length, 0, 0, 0, 0),
            _UNITY,
            pack(">II", width << 16, height << 16),
            flags=7,
        ),
        media,
    )
    header = _full(b"mvhd", pack(">IIIIIH10x", 0, 0, _SECOND, length, 0x10000, 0x100), _UNITY, bytes(24), pack(">I", 2))
    return _box(b"moov", header, track)


def _sample(width: int, height: int) -> bytes:
    return b"".join(
        (
            pack(">6xH", 1),  # the data is in this file
            bytes(16),
            pack(">HHII4x", width, height, 0x480000, 0x480000),  # 72 dpi
            pack(">H32xHh", 1, 24, -1),  # one frame per sample, 24 bits, no color table
        )
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return pack(">I", len(data) + 8) + kind + data


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, pack(">I", flags), *parts)
