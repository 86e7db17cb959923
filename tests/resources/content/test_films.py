from struct import unpack
from typing import NamedTuple

import pytest

from pytest_aurous._core.resources.content.pictures import mp4, picture

WIDTH, HEIGHT = 64, 36
NESTED = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl"}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COUNTS = pytest.mark.parametrize("count", [1, 2, 12])


class Box(NamedTuple):
    """A box of a film: its path, where its data begin, and they."""

    path: str
    at: int
    data: bytes


def frames(count: int) -> list[bytes]:
    """Pictures of different lengths."""
    return [picture([f"{number}" * number * 9], WIDTH, HEIGHT, str(number)) for number in range(count)]


def boxes(data: bytes, at: int = 0, above: str = "") -> list[Box]:
    """Read boxes until the data end, which must be where a box ends, and those that are within them."""
    found, here = [], 0
    while here < len(data):
        size, kind = unpack(">I4s", data[here : here + 8])
        assert 8 <= size <= len(data) - here, (above, kind)
        path = f"{above}/{kind.decode()}"
        inner = data[here + 8 : here + size]
        found.append(Box(path, at + here + 8, inner))
        if kind in NESTED:
            found += boxes(inner, at + here + 8, path)
        here += size
    assert here == len(data)
    return found


def parts(film: bytes) -> dict[str, Box]:
    """The boxes of a film by path; none is there twice."""
    found = boxes(film)
    assert len({box.path for box in found}) == len(found)
    return {box.path: box for box in found}


def table(film: bytes, name: str) -> bytes:
    """The data of a table of the samples, after version and flags."""
    data = parts(film)[f"/moov/trak/mdia/minf/stbl/{name}"].data
    assert data[:4] == bytes(4)
    return data[4:]


@COUNTS
def test_a_film_is_boxes_whose_sizes_add_up(count: int) -> None:
    """From the first byte to the last it is boxes in boxes, all that a player needs."""
    film = mp4(frames(count), WIDTH, HEIGHT)

    found = boxes(film)

    track = "/moov/trak/mdia"
    assert [box.path for box in found] == [
        "/ftyp",
        "/moov",
        "/moov/mvhd",
        "/moov/trak",
        "/moov/trak/tkhd",
        track,
        f"{track}/mdhd",
        f"{track}/hdlr",
        f"{track}/minf",
        f"{track}/minf/vmhd",
        f"{track}/minf/dinf",
        f"{track}/minf/dinf/dref",
        f"{track}/minf/stbl",
        *(f"{track}/minf/stbl/{name}" for name in ("stsd", "stts", "stsc", "stsz", "stco")),
        "/mdat",
    ]
    assert found[0].data[:4] == b"isom"


@COUNTS
def test_offsets_and_sizes_lead_to_the_frames(count: int) -> None:
    """Where the index says that a frame is, there it is, from its PNG signature to its end, in order."""
    sent = frames(count)
    film = mp4(sent, WIDTH, HEIGHT)
    number, *places = unpack(f">I{count}I", table(film, "stco"))
    uniform, samples, *sizes = unpack(f">II{count}I", table(film, "stsz"))

    found = [film[place : place + size] for place, size in zip(places, sizes, strict=True)]

    assert (number, uniform, samples) == (count, 0, count)
    assert all(frame.startswith(SIGNATURE) for frame in found)
    assert found == sent
    assert parts(film)["/mdat"].data == b"".join(sent)
    assert places[0] == parts(film)["/mdat"].at


@COUNTS
def test_each_frame_is_shown_for_a_second(count: int) -> None:
    """Film, track and medium last as many seconds as there are frames."""
    film = mp4(frames(count), WIDTH, HEIGHT)
    found = parts(film)

    scale, length = unpack(">II", found["/moov/mvhd"].data[12:20])
    assert length / scale == count
    (track,) = unpack(">I", found["/moov/trak/tkhd"].data[20:24])
    assert track / scale == count
    media_scale, media = unpack(">II", found["/moov/trak/mdia/mdhd"].data[12:20])
    assert media / media_scale == count
    assert unpack(">III", table(film, "stts")) == (1, count, media_scale)
    assert unpack(">IIII", table(film, "stsc")) == (1, 1, 1, 1)


def test_a_film_is_as_large_as_its_frames() -> None:
    """The track and its samples say the width and height of the pictures, and that they are PNG files."""
    film = mp4(frames(1), WIDTH, HEIGHT)
    track = parts(film)["/moov/trak/tkhd"].data
    (number,), (sample,) = unpack(">I", table(film, "stsd")[:4]), boxes(table(film, "stsd")[4:])

    assert (len(track), [side >> 16 for side in unpack(">II", track[-8:])]) == (84, [WIDTH, HEIGHT])
    assert track[3] & 1  # it is switched on
    assert (number, sample.path, len(sample.data)) == (1, "/png ", 78)
    assert unpack(">HH", sample.data[24:28]) == (WIDTH, HEIGHT)
