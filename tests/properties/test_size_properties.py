"""Sizes of pictures, for any that can be asked for (img-2, img-3, img-8)."""

import io
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pytest_aurous import Aurous
from pytest_aurous._core.resources.generations.orders import GRID, PRESETS, SIDES, measured
from tests.conftest import Api

pytestmark = pytest.mark.slow

PIXELS = st.integers(*SIDES)


@cache
def _api() -> Api:
    return Api(Aurous(credits=1_000_000))


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
    shown = _api().post("/v1/images", json={"prompt": "x", "width": width, "height": height}).json
    image = _api().aurous.images[shown["id"]]
    image.finish()

    with Image.open(io.BytesIO(image.picture())) as picture:
        assert picture.width * shown["height"] == picture.height * shown["width"]
        assert picture.width < shown["width"]
