import io
import zlib
from struct import unpack

import pytest
from PIL import Image

from pytest_aurous._core.resources.content.pictures import png

PALETTE = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255])
SIZES = [(1, 1), (3, 2), (2, 3), (300, 1), (1, 300)]


def rows(width: int, height: int) -> list[bytes]:
    """Rows in which the colors of the palette take turns."""
    return [bytes((x + y) % 3 for x in range(width)) for y in range(height)]


def chunks(data: bytes) -> list[tuple[bytes, bytes, int]]:
    """The chunks of a PNG: kind, data and check sum."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        (length,) = unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = unpack(">I", data[at + 8 + length : at + 12 + length])
        found.append((kind, body, check))
        at += 12 + length
    return found


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_picture_is_a_well_formed_png(width: int, height: int) -> None:
    """Four chunks in order, each with the check sum that decoders verify, and nothing after them."""
    found = chunks(png(rows(width, height), width, height, PALETTE))

    assert [kind for kind, _, _ in found] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert all(zlib.crc32(kind + body) == check for kind, body, check in found)
    assert found[1][1] == PALETTE


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_picture_has_as_many_pixels_as_it_says(width: int, height: int) -> None:
    """Width, height and color type of the header go with the decompressed rows; no row is filtered."""
    (_, header, _), _, (_, data, _), _ = chunks(png(rows(width, height), width, height, PALETTE))

    assert unpack(">IIBBBBB", header) == (width, height, 8, 3, 0, 0, 0)
    assert zlib.decompress(data) == b"".join(b"\0" + row for row in rows(width, height))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_another_decoder_finds_each_pixel(width: int, height: int) -> None:
    """Pillow reads the colors back that the numbers of the rows mean."""
    data = png(iter(rows(width, height)), width, height, PALETTE)

    with Image.open(io.BytesIO(data)) as broken_or_not:
        broken_or_not.verify()
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (width, height)
        found = picture.convert("RGB").tobytes()
    colors = [PALETTE[number * 3 : number * 3 + 3] for row in rows(width, height) for number in row]
    assert found == b"".join(colors)


def test_the_same_rows_give_the_same_bytes() -> None:
    """A picture depends on what it is made of, and on nothing else."""
    assert png(rows(3, 2), 3, 2, PALETTE) == png(rows(3, 2), 3, 2, PALETTE)
    assert png(rows(3, 2), 3, 2, PALETTE) != png(rows(3, 2)[::-1], 3, 2, PALETTE)
    assert png(rows(3, 2), 3, 2, PALETTE) != png(rows(3, 2), 3, 2, bytes(9))
