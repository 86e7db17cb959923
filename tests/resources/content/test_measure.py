"""Type and size of a picture are read from its bytes: held against Pillow."""

from io import BytesIO
from struct import pack
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from pytest_aurous._core.resources.content.pictures import Measured, measure

EXIF: Final = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"
KINDS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "png": ("PNG", "RGB", {}),
    "png, palette": ("PNG", "P", {}),
    "jpeg": ("JPEG", "RGB", {}),
    "jpeg, grey": ("JPEG", "L", {}),
    "jpeg, progressive": ("JPEG", "RGB", {"progressive": True}),
    "jpeg, exif and colors": ("JPEG", "RGB", {"exif": EXIF, "icc_profile": b"x" * 70_000}),
    "webp, lossy": ("WEBP", "RGB", {"quality": 50}),
    "webp, lossless": ("WEBP", "RGB", {"lossless": True}),
    "webp, extended": ("WEBP", "RGB", {"exif": EXIF}),
}
MARKS: Final = {"webp, lossy": b"VP8 ", "webp, lossless": b"VP8L", "webp, extended": b"VP8X"}
each_kind: Final = pytest.mark.parametrize("kind", KINDS)


def drawn(kind: str, width: int = 37, height: int = 53) -> bytes:
    name, mode, options = KINDS[kind]
    out = BytesIO()
    Image.new(mode, (width, height), 1).save(out, name, **options)
    return out.getvalue()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (300, 1), (37, 53), (4097, 3)])
@each_kind
def test_a_picture_is_measured(kind: str, width: int, height: int) -> None:
    """What Pillow has written is what it is measured as."""
    assert measure(drawn(kind, width, height)) == (f"image/{KINDS[kind][0].lower()}", width, height)


@each_kind
def test_a_cut_picture_has_its_size_or_none(kind: str) -> None:
    """Wherever it is cut off, no other size comes out."""
    data = drawn(kind)
    whole = measure(data)

    found = {measure(data[:length]) for length in range(min(len(data), 4000))}

    assert found <= {None, whole}


@pytest.mark.parametrize("count", [1, 3])
def test_a_jpeg_may_be_padded(count: int) -> None:
    """Any number of fill bytes may stand before a marker (ITU T.81, B.1.1.2); Pillow reads such a picture, too."""
    data = drawn("jpeg")
    padded = data[:2] + b"\xff" * count + data[2:]
    assert Image.open(BytesIO(padded)).size == (37, 53)

    assert measure(padded) == Measured("image/jpeg", 37, 53)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\x01\x00" * 8,
        b"BM" + bytes(60),
        b"<svg width='1' height='1'/>",
        b"\x89PNG\r\n\x1a\n" + bytes(30),
        b"\x89PNG\r\n\x1a\n" + pack(">I4s", 13, b"IHDR"),
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9" + bytes(30),
        b"\xff\xd8" + b"x" * 30,
        b"\xff\xd8\xff\xda" + pack(">H", 30) + bytes(30),
        b"RIFF" + bytes(4) + b"WEBPVP8 " + bytes(4),
        b"RIFF" + bytes(4) + b"WEBPALPH" + bytes(40),
        b"RIFF" + bytes(4) + b"WAVEfmt " + bytes(40),
    ],
    ids=repr,
)
def test_anything_else_is_none(data: bytes) -> None:
    """Another format, or the beginning of one that never says its size."""
    assert measure(data) is None


@given(
    st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", b"\xff\xd8\xff", *(b"RIFF1234WEBP" + m for m in MARKS.values())]
    ),
    st.binary(max_size=40),
)
@example(b"\xff\xd8\xff", b"\xe0\x00\x00" * 8)
def test_nothing_breaks_it(start: bytes, rest: bytes) -> None:
    """Garbage is no picture, or one of some size; it raises nothing and comes to an end."""
    found = measure(start + rest)

    assert found is None or found.mime_type in {"image/png", "image/jpeg", "image/webp"}
