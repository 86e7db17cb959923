import io

import pytest
from PIL import Image

from pytest_aurous._core.resources.content.pictures import picture

LINES = ["img_01KRMEXM01WW2ST4QHTMF30FYM", "1 of 1  2048x2048  seed 7", "Aurora on a bench"]


def opened(data: bytes) -> Image.Image:
    """Decode a picture, which must be whole."""
    with Image.open(io.BytesIO(data)) as unverified:
        unverified.verify()
    with Image.open(io.BytesIO(data)) as found:
        assert found.format == "PNG"
        colors: Image.Image = found.convert("RGB")
        return colors


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (1, 40), (40, 1), (2, 2), (5, 5), (8, 8), (9, 9), (13, 13), (32, 512), (512, 32), (192, 192), (512, 512)],
)
@pytest.mark.parametrize("lines", [[], LINES, ["x" * 5000], [""] * 200], ids=["none", "some", "long", "blank"])
def test_a_picture_is_as_large_as_asked(width: int, height: int, lines: list[str]) -> None:
    """However small it is and however much there is to say, it decodes and has the size that was asked for."""
    assert opened(picture(lines, width, height, "seed")).size == (width, height)


def test_the_text_can_be_read() -> None:
    """Ink on paper has the shape of the letter."""
    found = opened(picture(["L"], 192, 192, "s"))
    ink = found.getpixel((4, 4))

    letter = ["".join("#" if found.getpixel((4 + x, 4 + y)) == ink else "." for x in range(3)) for y in range(5)]

    assert letter == ["#..", "#..", "#..", "#..", "###"]


@pytest.mark.parametrize("letter", ["é", "\u6f22", "\U0001f600", "\0", "\ud800"], ids=ascii)
def test_a_letter_without_a_glyph_is_a_blank(letter: str) -> None:
    """What cannot be written leaves its place empty, and the letters around it stand where they would."""
    assert picture([f"A{letter}B"], 192, 192, "s") == picture(["A B"], 192, 192, "s")


def test_a_long_line_is_wrapped() -> None:
    """What does not fit in one line goes on in the next, words and ids alike, as far as there is room."""
    columns = (192 - 8) // 4
    long = picture(["x" * (columns + 1)], 192, 192, "s")

    assert long == picture(["x" * columns, "x"], 192, 192, "s")
    assert picture(["word " * 20], 192, 192, "s") == picture(["word " * 9, "word " * 9, "word " * 2], 192, 192, "s")


def test_a_picture_depends_on_lines_and_seed_alone() -> None:
    """The same give the same bytes; another line, order or seed gives others."""
    one = picture(LINES, 192, 192, "7/img_1/0")

    assert picture(list(LINES), 192, 192, "7/img_1/0") == one
    others = [
        picture(LINES, 192, 192, "7/img_1/1"),
        picture(LINES, 192, 192, "8/img_1/0"),
        picture(LINES[::-1], 192, 192, "7/img_1/0"),
        picture(LINES[:2], 192, 192, "7/img_1/0"),
        picture(LINES, 192, 191, "7/img_1/0"),
    ]
    assert len({one, *others}) == 6


def test_no_two_seeds_look_alike() -> None:
    """Colors and pattern of pictures with other seeds can be told apart, without any text."""
    assert len({opened(picture([], 64, 64, str(seed))).tobytes() for seed in range(200)}) == 200


def test_a_picture_has_a_pattern_and_a_frame() -> None:
    """In the lower right stands a symmetric pattern of cells, around everything a frame."""
    found = opened(picture([], 192, 192, "s"))
    edge, paper = found.getpixel((0, 0)), found.getpixel((2, 2))
    side = 192 // 3 // 5
    left = 192 - side * 5 - 4
    cells = [[found.getpixel((left + x * side + 1, left + y * side + 1)) for x in range(5)] for y in range(5)]

    border = [(at, far) for at in range(192) for far in (0, 191)]
    assert {found.getpixel(place) for pair in border for place in (pair, pair[::-1])} == {edge}
    assert all(row == row[::-1] for row in cells)
    assert len({color for row in cells for color in row}) == 2
    assert edge != paper
