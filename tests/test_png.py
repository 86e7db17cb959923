import zlib
from struct import unpack

import pytest

from pytest_aurous._png import png


@pytest.fixture(name="chunks", params=["/a", "/b", ""])
def _chunks(request: pytest.FixtureRequest) -> list[tuple[bytes, bytes, int]]:
    data = png(request.param)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        (length,) = unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = unpack(">I", data[at + 8 + length : at + 12 + length])
        found.append((kind, body, check))
        at += 12 + length
    return found


def test_a_picture_is_a_well_formed_png(chunks: list[tuple[bytes, bytes, int]]) -> None:
    """Three chunks in order, each with the check sum that decoders verify."""
    assert [kind for kind, _, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    assert all(zlib.crc32(kind + body) == check for kind, body, check in chunks)


def test_a_picture_has_as_many_pixels_as_it_says(chunks: list[tuple[bytes, bytes, int]]) -> None:
    """Width, height and colour type of the header go with the decompressed rows, and there are two colours."""
    width, height, depth, colour, *_ = unpack(">IIBBBBB", chunks[0][1])
    rows = zlib.decompress(chunks[1][1])
    stride = 1 + 3 * width
    pixels = {rows[y * stride + 1 + 3 * x :][:3] for y in range(height) for x in range(width)}

    assert (depth, colour) == (8, 2)
    assert len(rows) == height * stride
    assert {rows[y * stride] for y in range(height)} == {0}
    assert len(pixels) == 2


def test_a_picture_depends_on_its_seed_alone() -> None:
    """The same path shows the same picture, another path another one."""
    assert png("/a") == png("/a")
    assert png("/a") != png("/b")
