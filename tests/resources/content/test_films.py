"""Films: boxes that lead to frames of H.264, which tests/serve/test_page.py lets a browser play."""

import re
from struct import unpack
from typing import NamedTuple

import pytest

from pytest_aurous._core.resources.content.films import mp4
from pytest_aurous._core.resources.content.pictures import Drawn, drawn

WIDTH, HEIGHT = 64, 36
NESTED = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl"}
COUNTS = pytest.mark.parametrize("count", [1, 2, 12])


class Box(NamedTuple):
    """A box of a film: its path, where its data begin, and they."""

    path: str
    at: int
    data: bytes


def frames(count: int) -> list[Drawn]:
    """Pictures that differ in their first line."""
    return [drawn([f"{number} of {count}"], WIDTH, HEIGHT, "seed") for number in range(count)]


def samples(film: bytes) -> list[bytes]:
    """The frames, from where the index says that they begin, to their ends."""
    places = unpack(f">{len(table(film, 'stco')) // 4}I", table(film, "stco"))[1:]
    sizes = unpack(f">{len(table(film, 'stsz')) // 4}I", table(film, "stsz"))[2:]
    return [film[place : place + size] for place, size in zip(places, sizes, strict=True)]


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
    film = mp4(frames(count))

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
        *(f"{track}/minf/stbl/{name}" for name in ("stsd", "stss", "stts", "stsc", "stsz", "stco")),
        "/mdat",
    ]
    assert found[0].data[:4] == b"isom"


@COUNTS
def test_offsets_and_sizes_lead_to_the_frames(count: int) -> None:
    """Where the index says that a frame is, there it is, with its length before it. The first one is a new start."""
    film = mp4(frames(count))

    found = samples(film)

    assert len(found) == count
    assert [unpack(">I", frame[:4])[0] + 4 for frame in found] == [len(frame) for frame in found]
    assert [frame[4] for frame in found] == [0x65, *[0x41] * (count - 1)]
    assert parts(film)["/mdat"].data == b"".join(found)
    assert unpack(">II", table(film, "stss")) == (1, 1)


def test_what_stays_the_same_is_sent_once() -> None:
    """A frame has the blocks that have changed, in luma and chroma; a frame like the one before has none."""
    black, white = bytes(3), bytes([255]) * 3
    plain = [bytes(32)] * 16
    dotted = [*plain[:15], bytes(31) + b"\1"]
    first, second, third = samples(mp4([Drawn(rows, black + white) for rows in (plain, dotted, dotted)]))

    assert first.count(bytes([16]) * 256 + bytes([128]) * 128) == 2
    assert second.count(bytes([16]) * 255 + bytes([235]) + bytes([128]) * 128) == 1
    assert len(second) < 400
    assert len(third) < 12


@pytest.mark.parametrize(("width", "height"), [(108, 108), (144, 108), (252, 108), (108, 192)])
def test_nothing_in_a_frame_looks_like_another(width: int, height: int) -> None:
    """Three bytes with which another unit would begin."""
    film = mp4([drawn([f"{number // 2}"], width, height, "seed") for number in range(20)])

    assert not [one for one in [*samples(film), table(film, "stsd")[-37:]] if re.search(rb"\0\0[\1-\3]", one[4:])]


@COUNTS
def test_each_frame_is_shown_for_a_second(count: int) -> None:
    """Film, track and medium last as many seconds as there are frames."""
    film = mp4(frames(count))
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
    """The track and its samples say the width and height of the pictures, and that they are H.264."""
    film = mp4(frames(1))
    track = parts(film)["/moov/trak/tkhd"].data
    (number,), (sample,) = unpack(">I", table(film, "stsd")[:4]), boxes(table(film, "stsd")[4:])
    (video,) = boxes(sample.data[78:])

    assert (len(track), [side >> 16 for side in unpack(">II", track[-8:])]) == (84, [WIDTH, HEIGHT])
    assert track[3] & 1  # it is switched on
    assert (number, sample.path, video.path, video.data[:4]) == (1, "/avc1", "/avcC", bytes([1, 66, 0xC0, 30]))
    assert unpack(">HH", sample.data[24:28]) == (WIDTH, HEIGHT)
