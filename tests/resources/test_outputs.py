"""What a finished generation leads to: img-8, vid-5, time-4."""

import io
from typing import Any, Final

import pytest
from PIL import Image

from tests.conftest import Api

HOUR: Final = 3600
DAY: Final = 24 * HOUR
MEDIA: Final = ["images", "videos"]


def made(api: Api, medium: str, **told: Any) -> Any:
    return getattr(api.aurous, medium).add(**told)


def url_of(api: Api, record: Any) -> str:
    """The URL of the first output, as a retrieve shows it."""
    found = api.get(f"/v1/images/{record.id}").json
    return str(found["output_video_url"] or found["output_urls"][0])


def path_of(record: Any) -> str:
    """The path of the first output, which a key must open."""
    return f"/v1/images/{record.id}/output/0" if record.media_type == "image" else f"/v1/videos/{record.id}/output"


@pytest.mark.parametrize(
    ("size", "width", "height"), [("2k_1_1", 256, 256), ("4k_1_1", 512, 512), ("2k_16_9", 340, 192)]
)
def test_img_8_an_output_is_a_picture(api: Api, size: str, width: int, height: int) -> None:
    """It is a PNG that decodes, small, and of the proportions that the generation says."""
    image = api.aurous.images.add(size=size)

    response = api.get(url_of(api, image), key=None)

    assert (response.status, response.headers["Content-Type"]) == (200, "image/png")
    with Image.open(io.BytesIO(response.body)) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width * image.height == picture.height * image.width
        assert picture.size == pytest.approx((width, height), abs=4)


def test_img_8_no_two_outputs_are_alike(api: Api) -> None:
    """Every picture of every generation is another, and the same each time it is read."""
    images = [api.aurous.images.add("Aurora", count=4) for _ in range(3)]
    urls = [url for image in images for url in image.output_urls]

    bodies = [api.get(url, key=None).body for url in urls]

    assert len(set(bodies)) == 12
    assert [api.get(url, key=None).body for url in urls] == bodies


@pytest.mark.parametrize("medium", MEDIA)
def test_img_8_vid_5_auth_7_a_token_or_a_key_opens_it(api: Api, medium: str) -> None:
    """The token of a URL, whatever the key, or any key of the team; to another team's key it is not there."""
    record = made(api, medium)
    url, path = url_of(api, record), path_of(record)
    theirs = api.aurous.teams.add().api_key

    bodies = [api.get(url, key=key).body for key in (None, "wrong", api.aurous.api_key, theirs)]
    bodies += [api.get(path, key=key).body for key in (api.aurous.api_key, api.team.add_key("read"))]

    assert bodies == [record.picture() if medium == "images" else record.film()] * 6
    api.refused("GET", path, key=None, status=401, code="missing_api_key")
    api.refused("GET", path, key="wrong", status=401, code="invalid_api_key")
    api.refused("GET", path, key=theirs, status=404, code="resource_not_found")


def test_img_8_an_index_that_is_none(api: Api) -> None:
    """There are the pictures that were made, counted from 0, and no others."""
    image = api.aurous.images.add(count=2)

    for number in ("2", "-1", "x", "0.0", "9" * 5000):
        api.refused("GET", f"/v1/images/{image.id}/output/{number}", status=404, code="resource_not_found")
    assert api.get(f"/v1/images/{image.id}/output/1").status == 200


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize(
    ("status", "refusal", "code"),
    [
        ("pending", 404, "resource_not_found"),
        ("processing", 404, "resource_not_found"),
        ("failed", 422, "output_not_available"),
        ("cancelled", 422, "output_not_available"),
        ("expired", 422, "output_not_available"),
        ("moderation_rejected", 422, "output_not_available"),
    ],
)
def test_img_8_vid_5_without_success_there_is_none(api: Api, medium: str, status: str, refusal: int, code: str) -> None:
    """Before the end there is nothing yet; after a bad end there never will be."""
    record = made(api, medium, status=status, script="pending! -> processing! -> succeeded")

    api.refused("GET", path_of(record), status=refusal, code=code)


def test_img_8_vid_5_an_id_that_is_none(api: Api) -> None:
    """There is no output of what never was, of another medium, nor of what is no generation."""
    image, video, character = api.aurous.images.add().id, api.aurous.videos.add().id, api.characters.add().id

    for path in (f"images/{video}/output/0", f"videos/{image}/output", "images/img_1/output/0", "videos/vid_1/output"):
        api.refused("GET", f"/v1/{path}", status=404, code="resource_not_found")
    api.refused("GET", f"/v1/images/{character}/output/0", status=404, code="resource_not_found")


def test_time_4_counts_from_the_end_of_the_work(api: Api) -> None:
    """The days begin when the picture is there, not when it was asked for; the row outlives its output."""
    image = api.aurous.images.add(status="pending", script="pending:3h -> processing:1h -> succeeded")
    api.clock.advance(seconds=7 * DAY + 4 * HOUR - 1)
    assert api.get(path_of(image)).status == 200

    before = image.json()
    api.clock.advance(seconds=1)

    assert api.get(path_of(image)).status == 410
    assert api.get(f"/v1/images/{image.id}").json == before


def test_img_8_reading_an_output_is_no_poll(api: Api) -> None:
    image = api.aurous.images.add(status="pending")

    for _ in range(5):
        api.refused("GET", path_of(image), status=404, code="resource_not_found")

    assert image.status == "pending"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-3", slice(0, 4)),
        ("bytes=7-7", slice(7, 8)),
        ("bytes=4-", slice(4, None)),
        ("bytes=-5", slice(-5, None)),
        ("bytes=0-999999999", slice(None)),
        ("bytes=-999999999", slice(None)),
    ],
)
def test_vid_5_a_part_of_a_film(api: Api, asked: str, part: slice) -> None:
    """A `Range` gets that part, and where it stands in the whole."""
    url = url_of(api, api.aurous.videos.add())
    whole = api.get(url, key=None)

    response = api.get(url, key=None, headers={"Range": asked})

    start, end, _ = part.indices(len(whole.body))
    assert (response.status, response.body) == (206, whole.body[part])
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(whole.body)}"
    assert response.headers["Content-Type"] == whole.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Length"] == str(len(response.body))


@pytest.mark.parametrize("asked", ["bytes=", "bytes=-", "bytes=0-1,3-4", "lines=0-1", "x", "bytes=a-b", "bytes=5-3"])
def test_vid_5_a_range_that_is_none_is_ignored(api: Api, asked: str) -> None:
    """What is no single range of bytes gets the whole film, as RFC 9110 wants it."""
    video = api.aurous.videos.add()

    response = api.get(path_of(video), headers={"Range": asked})

    assert (response.status, response.body, response.headers["Accept-Ranges"]) == (200, video.film(), "bytes")
    assert response.headers["Content-Length"] == str(len(response.body))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", f"bytes={'9' * 5000}-"], ids=lambda asked: asked[:12])
def test_vid_5_a_range_beyond_the_film_is_refused(api: Api, asked: str) -> None:
    """A range that holds no byte of the film is a 416 that says how long it is."""
    video = api.aurous.videos.add()

    response = api.get(path_of(video), headers={"Range": asked})

    assert (response.status, response.body) == (416, b"")
    assert response.headers["Content-Range"] == f"bytes */{len(video.film())}"
