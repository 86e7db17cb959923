import httpx
import pytest

from illustrator import film, spent
from pytest_aurous import Aurous


def test_a_film_is_fetched_in_parts(aurous: Aurous) -> None:
    """It starts with the uploaded picture, and is downloaded in parts."""
    aurous.videos.script("pending -> processing:90s -> succeeded")

    content = film("A slow turn", aurous.images.add().picture())

    video = aurous.videos.last
    assert content == video.film()
    assert {call.status for call in aurous.calls.where("videos.output")} == {206}
    assert video.inference_type == "i2v"


def test_a_part_of_a_film(aurous: Aurous) -> None:
    """A range within the file is a 206; a range behind its end is a 416."""
    url = aurous.videos.add("A slow turn").output_video_url
    assert url is not None

    start = httpx.get(url, headers={"Range": "bytes=4-7"})
    beyond = httpx.get(url, headers={"Range": "bytes=99999999-"})

    assert (start.status_code, start.content) == (206, b"ftyp")
    assert beyond.status_code == 416


@pytest.mark.aurous(now="2026-05-08T10:00:00Z")
def test_what_it_has_cost(aurous: Aurous) -> None:
    """Usage counts the video, 0.5 x 1.5 x 4 seconds, and the added image."""
    film("A slow turn", aurous.images.add().picture())

    assert spent("2026-05-08T00:00:00Z") == 0.5 * 1.5 * 4 + 1
    assert aurous.team.credits == 1000 - 0.5 * 1.5 * 4
