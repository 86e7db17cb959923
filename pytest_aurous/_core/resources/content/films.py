"""Films of small pictures: H.264 in an MP4 file, which browsers and other players play.

The video needs no encoder: each block of 16 by 16 pixels is sent as it is (I_PCM) when it is new, and is skipped while
it stays the same. Numbers in brackets are clauses of ITU-T H.264.
"""

from __future__ import annotations

from struct import pack
from typing import Final

from .pictures import Drawn

_BLOCK: Final = 16
_I_PCM: Final = 25
"""The type of such a block among the blocks of an intra picture (table 7-11)."""
_INTRA: Final = 5
"""What is added to the type where blocks may also depend on the last picture (table 7-13)."""
_PROFILE: Final = bytes((66, 0xC0, 30))
"""Constrained Baseline, and level 3, which allows the bytes of as many uncompressed blocks."""
_UNITY: Final = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SECOND: Final = 1000
"""The clock of a film ticks a thousand times a second."""


def mp4(frames: list[Drawn]) -> bytes:
    """Return a film of *frames*, which have one size with even sides; each is shown for a second."""
    width, height = len(frames[0].rows[0]), len(frames[0].rows)
    samples = _samples(frames)
    start = _box(b"ftyp", b"isom", pack(">I", 512), b"isomiso2avc1mp41")
    sizes = [len(sample) for sample in samples]
    # The offsets depend on the length of the index, which depends only on the number of frames.
    offset = len(start) + len(_index(sizes, 0, width, height)) + 8
    return start + _index(sizes, offset, width, height) + _box(b"mdat", *samples)


# ------------------------------------------------------------------------------------------------ H.264
def _samples(frames: list[Drawn]) -> list[bytes]:
    """Return each frame as the blocks that differ from the frame before."""
    samples: list[bytes] = []
    before: list[bytes] = []
    for number, frame in enumerate(frames):
        blocks = _blocks(frame)
        samples.append(_frame(number, blocks, before))
        before = blocks
    return samples


def _blocks(frame: Drawn) -> list[bytes]:
    """Return the blocks of a picture from the upper left: 256 bytes of luma, then 64 of each chroma (7.3.5)."""
    right, below = (-side % _BLOCK for side in (len(frame.rows[0]), len(frame.rows)))
    rows = [row + row[-1:] * right for row in frame.rows]  # whole blocks; a player cuts what is too much
    rows += rows[-1:] * below
    luma, blue, red = _tables(frame.palette)
    planes = [(_BLOCK, [row.translate(luma) for row in rows])]
    planes += [(_BLOCK // 2, [row[::2].translate(table) for row in rows[::2]]) for table in (blue, red)]
    return [
        b"".join(row[x * side : (x + 1) * side] for side, plane in planes for row in plane[y * side : (y + 1) * side])
        for y in range(len(rows) // _BLOCK)
        for x in range(len(rows[0]) // _BLOCK)
    ]


def _tables(palette: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what translates an index into luma and both chromas, of the matrix and the range of BT.709."""
    tables = (bytearray(256), bytearray(256), bytearray(256))
    for index in range(len(palette) // 3):
        red, green, blue = (value / 255 for value in palette[3 * index : 3 * index + 3])
        luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        tables[0][index] = round(16 + 219 * luma)
        tables[1][index] = round(128 + 224 * (blue - luma) / 1.8556)
        tables[2][index] = round(128 + 224 * (red - luma) / 1.5748)
    return bytes(tables[0]), bytes(tables[1]), bytes(tables[2])


def _frame(number: int, blocks: list[bytes], before: list[bytes]) -> bytes:
    """Return a frame with its length: one slice with all blocks (7.3.3), of which it skips those as *before*."""
    # First block 0, type I or P in all slices, parameter set 0, and the number of the frame.
    bits = f"{_ue(0)}{_ue(5 if before else 7)}{_ue(0)}{number % 16:04b}"
    # The first frame is a new start with the number 0 (3 fields); any other refers to the one before it (3 flags).
    bits += "000" if before else f"{_ue(0)}00"
    bits += f"{_ue(0)}{_ue(1)}"  # quantized as usual, and no filter at the edges of blocks
    data, skipped = bytearray(), 0
    for place, block in enumerate(blocks):
        if before and block == before[place]:
            skipped += 1
            continue
        bits += f"{_ue(skipped)}{_ue(_INTRA + _I_PCM)}" if before else _ue(_I_PCM)
        data += _bytes(bits) + block
        bits, skipped = "", 0
    bits += _ue(skipped) if skipped else ""
    # Nothing in it looks like the beginning of another unit (7.4.1): no color is 0, and between blocks a 1 is near.
    sent = bytes((0x41 if before else 0x65,)) + data + _bytes(f"{bits}1")
    return pack(">I", len(sent)) + sent


def _configuration(width: int, height: int) -> bytes:
    """Return the parameters of the sequence (7.3.2.1) and of its pictures (7.3.2.2), as MP4 has them."""
    across, down = -(-width // _BLOCK), -(-height // _BLOCK)
    sequence = [
        f"{_ue(0)}{_ue(0)}{_ue(2)}{_ue(1)}0",  # 16 numbers of frames, shown in the order of decoding; one reference
        f"{_ue(across - 1)}{_ue(down - 1)}11",  # whole frames
        f"1{_ue(0)}{_ue((across * _BLOCK - width) // 2)}{_ue(0)}{_ue((down * _BLOCK - height) // 2)}",  # cut
        # Of how to show it only the colors: those of BT.709, in a limited range.
        f"1001{5:03b}01{1:08b}{1:08b}{1:08b}000000",
    ]
    # Both sets 0, CAVLC, one group of slices, one reference, and that a slice says whether it is filtered.
    pictures = f"{_ue(0)}{_ue(0)}00{_ue(0)}{_ue(0)}{_ue(0)}000{_ue(0)}{_ue(0)}{_ue(0)}100"
    sets = [b"\x67" + _PROFILE + _bytes(f"{''.join(sequence)}1"), b"\x68" + _bytes(f"{pictures}1")]
    # Version 1, lengths of four bytes, and one of each set.
    return bytes((1, *_PROFILE, 0xFF)) + b"".join(
        bytes((count,)) + pack(">H", len(one)) + one for count, one in zip((0xE1, 1), sets, strict=True)
    )


def _ue(number: int) -> str:
    """Return the bits of an unsigned number (9.1); a signed 0 is the same."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def _bytes(bits: str) -> bytes:
    """Return bits as bytes, filled up with zeros."""
    count = -(-len(bits) // 8)
    return int(bits.ljust(8 * count, "0"), 2).to_bytes(count, "big")


# -------------------------------------------------------------------------------------------------- MP4
def _index(sizes: list[int], offset: int, width: int, height: int) -> bytes:
    length = len(sizes) * _SECOND
    places = [offset + sum(sizes[:number]) for number in range(len(sizes))]
    table = _box(
        b"stbl",
        _full(b"stsd", pack(">I", 1), _box(b"avc1", _sample(width, height))),
        _full(b"stss", pack(">II", 1, 1)),  # only the first frame needs no other
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
            _box(b"avcC", _configuration(width, height)),
        )
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return pack(">I", len(data) + 8) + kind + data


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return _box(kind, pack(">I", flags), *parts)
