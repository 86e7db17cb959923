"""Small PNG pictures with text and a pattern, and type and size of pictures that were sent."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from struct import error as StructError  # noqa: N812 - "error" alone says too little
from struct import pack, unpack
from textwrap import wrap
from typing import Final, NamedTuple
from zlib import compress, crc32


def png(rows: Iterable[bytes], width: int, height: int, palette: bytes) -> bytes:
    """Return a PNG of *rows*, with one byte per pixel: an index into *palette*, which has three bytes per color."""
    # Eight bits for each pixel, which are an index into the palette (type 3); level 6 is zlib's own default.
    header = pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    data = compress(b"".join(b"\0" + row for row in rows), 6)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b""))
    return _PNG + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in chunks
    )


class Measured(NamedTuple):
    mime_type: str
    width: int
    height: int


_PNG: Final = b"\x89PNG\r\n\x1a\n"
# The signature and the first chunk, which has the size.
_PNG_HEAD: Final = 33
_JPEG: Final = b"\xff\xd8"
# The container and as much of each kind of picture as has its size.
_WEBP_HEAD: Final = 30
# The markers of a JPEG whose segment has the size; the three between them are for tables and extensions.
_MARKER: Final = 0xFF
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def measure(data: bytes) -> Measured | None:
    """Return type and size of a PNG, JPEG or WebP, or None for anything else."""
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            return Measured("image/png", *unpack(">II", data[16:24]))
        if data.startswith(_JPEG):
            height, width = unpack(">HH", _frame(data)[5:9])
            return Measured("image/jpeg", width, height)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (IndexError, StructError):  # truncated
        return None
    return None


def blank(data: bytes) -> bytes:
    """Return a picture of the same type, size and length that shows nothing; as many zeros if *data* is no picture."""
    kept = b""
    if data.startswith(_PNG):
        kept = data[:_PNG_HEAD]
    elif data.startswith(_JPEG):
        kept = _JPEG + _frame(data)
    elif data[8:12] == b"WEBP":
        kept = data[:_WEBP_HEAD]
    plain = kept.ljust(len(data), b"\0")
    return plain if measure(plain) == measure(data) else bytes(len(data))


def _frame(data: bytes) -> bytes:
    """Return the segment of a JPEG that has its size; empty without one."""
    at = 2
    while at + 9 <= len(data) and data[at] == _MARKER:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            return data[at : at + 2 + length]
        # Any number of fill bytes may precede a marker.
        at += 1 if marker == _MARKER else 2 + length
    return b""


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


# Glyphs of 3 by 5 pixels: an octal digit for each row.
_GLYPHS: Final = """
    75557 26227 71747 71717 55711 74717 74757 71111 75757 75717 25755 65656 34443 65556 74647 74644 34553
    55755 72227 11152 55655 44447 57755 65555 25552 65644 25563 65655 34216 72222 55557 55552 55775 55255
    55222 71247 00007 00700 00002 00024 02020 02024 11244 12221 42224 22000 22202 71202 02720 07070 55000
"""
_FONT: Final = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-.,:;/()'!?+=\"", _GLYPHS.split(), strict=True))
_BLANK: Final = "00000"
_PAPER, _INK, _SHAPE, _EDGE = range(4)
_MARGIN: Final = 4
_CELL: Final = 5


class Drawn(NamedTuple):
    """A picture as rows with one byte per pixel, an index into a palette, which has three bytes per color."""

    rows: list[bytes]
    palette: bytes


def picture(lines: list[str], width: int, height: int, seed: str) -> bytes:
    rows, palette = drawn(lines, width, height, seed)
    return png(rows, width, height, palette)


def drawn(lines: list[str], width: int, height: int, seed: str) -> Drawn:
    """Return a picture with as many *lines* as fit, and colors and a pattern that depend on *seed*."""
    random = Random(seed)
    canvas = [bytearray([_PAPER]) * width for _ in range(height)]
    _pattern(canvas, random)
    # A dot of a letter is a pixel in a small picture, and grows with it. Letters are 3 dots wide and 5 high, with one
    # between two letters, and two between two lines.
    scale = max(1, min(width, height) // 128)
    columns = max(1, (width - 2 * _MARGIN) // (4 * scale))
    wrapped = [part for line in lines for part in (wrap(line, columns) or [""])]
    for number, line in enumerate(wrapped):
        top = _MARGIN + number * 7 * scale
        if top + 5 * scale > height:
            break
        _write(canvas, line.upper(), top, scale)
    # Light paper, dark ink, and shapes of a color between them: the text can be read whatever the seed.
    dark = [random.randrange(90) for _ in range(3)]
    palette = bytes(
        [*(random.randrange(200, 256) for _ in range(3)), *dark, *(random.randrange(110, 200) for _ in range(6))]
    )
    return Drawn(list(map(bytes, canvas)), palette)


def _pattern(canvas: list[bytearray], random: Random) -> None:
    """Draw a frame, and a symmetric pattern in the lower right corner, which tells two pictures apart."""
    width, height = len(canvas[0]), len(canvas)
    side = max(1, min(width, height) // 3 // _CELL)
    left, top = width - side * _CELL - _MARGIN, height - side * _CELL - _MARGIN
    for row in range(_CELL):
        half = [random.random() < 0.5 for _ in range(_CELL // 2 + 1)]  # noqa: PLR2004 - a coin
        for column, filled in enumerate([*half, *half[-2::-1]]):
            if filled:
                _fill(canvas, left + column * side, top + row * side, side, side, _SHAPE)
    for line in (canvas[0], canvas[-1]):
        line[:] = bytes([_EDGE]) * width
    for line in canvas:
        line[0] = line[-1] = _EDGE


def _write(canvas: list[bytearray], line: str, top: int, scale: int) -> None:
    for place, letter in enumerate(line):
        for row, digit in enumerate(_FONT.get(letter, _BLANK)):
            for column in range(3):
                if int(digit) >> (2 - column) & 1:
                    left = _MARGIN + (place * 4 + column) * scale
                    _fill(canvas, left, top + row * scale, scale, scale, _INK)


def _fill(canvas: list[bytearray], left: int, top: int, width: int, height: int, color: int) -> None:
    for row in canvas[max(0, top) : max(0, top + height)]:
        start, end = max(0, left), min(len(row), max(0, left + width))
        row[start:end] = bytes([color]) * max(0, end - start)
