"""Sizes of pictures, for any that can be asked for (img-2, img-3, img-8)."""

from __future__ import annotations

import io
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pytest_aurous import Aurous, Call
from pytest_aurous._core.resources.generations.orders import GRID, PRESETS, SIDES, measured, snapped
from pytest_aurous._core.wire.call import to_json
from pytest_aurous._core.wire.reply import Reply

pytestmark = pytest.mark.slow

# A machine that is busy, or builds Hypothesis' tables for the first time, is no finding.
PIXELS = st.integers(*SIDES)


@cache
def _fake() -> Aurous:
    return Aurous(credits=1_000_000)


def create(width: int, height: int) -> tuple[int, int, bytes]:
    """Create an image of these sides, and return those that the response shows, and the picture."""
    aurous = _fake()
    content = to_json({"prompt": "x", "width": width, "height": height})
    key = (("X-Api-Key", str(aurous.api_key)),)
    reply = aurous._session.app.handle(Call("POST", "https", "api.aurous-labs.com", "/v1/images", "", key, content))
    assert isinstance(reply, Reply)
    assert reply.status == 201
    image = aurous.images.last
    assert image.width is not None
    assert image.height is not None
    image.finish()
    return image.width, image.height, image.picture()


@given(PIXELS)
def test_img_3_a_side_is_snapped_to_the_nearest(pixels: int) -> None:
    """It is a multiple of 32, within half a step, and within the range; no other multiple is nearer."""
    side = snapped(pixels)

    assert side % GRID == 0
    assert abs(side - pixels) <= GRID / 2
    assert SIDES[0] <= side <= SIDES[1]
    assert all(abs(side - pixels) <= abs(other - pixels) for other in range(0, 2 * SIDES[1], GRID))


@given(st.sampled_from(sorted(PRESETS)))
def test_img_2_a_preset_is_what_its_name_says(size: str) -> None:
    """Its ratio is within 3 % of its name's, its sides are multiples of 32, and its area is about the square's."""
    tier, wide, high = size.split("_")
    width, height = PRESETS[size]
    side = {"2k": 2048, "4k": 4096}[tier]

    assert abs(width / height / (int(wide) / int(high)) - 1) <= 0.03
    assert (width % GRID, height % GRID) == (0, 0)
    assert abs(width * height / side**2 - 1) <= 0.05
    assert measured({"size": size}) == (width, height, size)


@settings(max_examples=40)
@given(PIXELS, PIXELS)
def test_img_8_a_picture_has_exactly_the_proportion(width: int, height: int) -> None:
    """What is downloaded is smaller, and of the very proportion that the response shows."""
    wide, high, data = create(width, height)

    with Image.open(io.BytesIO(data)) as picture:
        assert picture.width * high == picture.height * wide
        assert picture.width < wide
