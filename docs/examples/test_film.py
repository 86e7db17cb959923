from publisher import film
from pytest_aurous import Aurous


def test_a_film_is_fetched_in_parts(aurous: Aurous) -> None:
    """It starts with the uploaded picture, and is downloaded in parts."""
    aurous.videos.script("pending -> processing:90s -> succeeded")

    content = film("A slow turn", aurous.images.add().picture())

    video = aurous.videos.last
    assert content == video.film()
    assert {call.status for call in aurous.calls.where("videos.output")} == {206}
    assert video.inference_type == "i2v"
