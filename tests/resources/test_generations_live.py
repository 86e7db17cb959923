"""What a test does to images and videos without a request: `add`, live attributes, `advance`, `finish`, `fail`."""

import re
from typing import Any, Final

import pytest

from pytest_aurous import AurousError, AurousLookupError, AurousTransitionError, Image
from tests.conftest import Api

MEDIA: Final = ["images", "videos"]
STATUSES: Final = ["pending", "processing", "succeeded", "failed", "cancelled"]


def made(api: Api, medium: str, **told: Any) -> Any:
    return getattr(api.aurous, medium).add(**told)


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("status", STATUSES)
def test_add_makes_a_generation_in_every_status(api: Api, medium: str, status: str) -> None:
    """A generation can be had in each status, with the end, the output and the error that belong there, for free."""
    record = made(api, medium, status=status)

    found = record.json()
    over = status in {"succeeded", "failed", "cancelled"}
    assert record.status == status
    assert (found["completed_at"] is not None, found["duration_ms"] is not None) == (over, over)
    assert bool(record.output_urls or record.output_video_url) == (status == "succeeded")
    assert found["error_message"] == ("provider_timeout" if status == "failed" else None)
    assert (found["cost"]["amount"] > 0) == (status not in {"failed", "cancelled"})
    assert (api.money(), len(api.aurous.calls)) == ((1000, 0), 0)


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize(
    ("status", "script"),
    [
        ("pending", "pending*0 -> processing"),
        ("processing", "pending -> processing*0 -> succeeded"),
        ("processing", "pending -> failed(x)"),
        ("processing", "pending!"),
        ("succeeded", "pending*0 -> failed(x)"),
        ("failed", "pending*0 -> processing*0 -> succeeded"),
    ],
)
def test_add_is_in_the_status_that_was_asked_for(api: Api, medium: str, status: str, script: str) -> None:
    """Whatever the script, its own or the suite's, the generation is in the status that the test wanted."""
    assert made(api, medium, status=status, script=script).status == status


def test_add_takes_what_it_is_told(api: Api) -> None:
    """As they are in the test, they are on the wire, and they make the price."""
    character = api.characters.add()
    image = api.aurous.images.add("Aurora on a bench", character=character, size="2k_16_9", count=2)
    video = api.aurous.videos.add("Aurora turns", resolution="720p", ratio="9:16", duration=4)

    found = api.get(f"/v1/images/{image.id}").json
    assert (found["prompt"], found["image_count"], found["size_preset"]) == ("Aurora on a bench", 2, "2k_16_9")
    assert (found["character_id"], found["inference_type"]) == (character.id, "i2i")
    assert len(found["output_urls"]) == 2
    assert found["width"] / found["height"] == pytest.approx(16 / 9, rel=0.03)
    assert api.aurous.images.add(character=character.id).character_id == character.id
    film = api.get(f"/v1/images/{video.id}").json
    assert (film["prompt"], film["media_type"], film["inference_type"]) == ("Aurora turns", "video", "t2v")
    assert (film["video_resolution"], film["video_ratio"], film["video_duration"]) == ("720p", "9:16", 4)
    assert film["video_camera_fixed"] is False  # as of an order that says nothing of it
    for path, body, made in (
        ("images", {"prompt": "x", "count": 2}, found),
        ("videos", {"video_lora_id": "seedance-1-pro", "resolution": "720p", "duration": 4}, film),
    ):
        estimate = api.post(f"/v1/{path}/estimate", json=body).json["estimated_cost"]
        assert made["cost"] == {**estimate, "currency": "credit"}


@pytest.mark.parametrize(
    ("medium", "arguments", "told"),
    [
        ("images", {"status": "procesing"}, "status"),
        ("images", {"size": "2k_16:9"}, "size"),
        ("images", {"count": 0}, "count"),
        ("images", {"prompt": ""}, "prompt"),
        ("videos", {"status": "deleted"}, "status"),
        ("videos", {"resolution": "720"}, "resolution"),
        ("videos", {"ratio": "9:6"}, "ratio"),
        ("videos", {"duration": 13}, "duration"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_add_refuses_what_the_api_could_not_have_made(
    api: Api, medium: str, arguments: dict[str, Any], told: str
) -> None:
    """A status, size, count or prompt that cannot be is the test's error, and makes nothing."""
    before = api.state()

    with pytest.raises(AurousError, match=told):
        made(api, medium, **arguments)

    assert api.state() == before


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("status", STATUSES)
def test_json_is_what_a_retrieve_answers(api: Api, medium: str, status: str) -> None:
    """`json()` equals the response of a GET, in each status."""
    record = made(api, medium, status=status)

    assert record.json() == api.get(f"/v1/images/{record.id}").json


def test_img_8_picture_is_what_a_download_gives(api: Api) -> None:
    """`picture(n)` has the bytes of the n-th output, and so has `film()`."""
    image, video = api.aurous.images.add(count=2), api.aurous.videos.add()

    assert [image.picture(number) for number in range(2)] == [api.get(url).body for url in image.output_urls]
    assert image.picture() == image.picture(0)
    for number in (-1, 2):
        with pytest.raises(AurousError, match="counted from 0"):
            image.picture(number)
    assert video.film() == api.get(video.output_video_url or "").body


def test_a_record_shows_itself(api: Api) -> None:
    """`repr` has the id, both ends of the prompt and the state now."""
    image = api.aurous.images.add("A" * 50 + "Z" * 50, status="processing")
    video = api.aurous.videos.add(None)

    assert repr(image) == f"<Image {image.id} '{'A' * 19}...{'Z' * 18}' processing>"
    assert repr(video) == f"<Video {video.id} '' succeeded>"
    assert repr(api.aurous.images) == f"<Images: [{image!r}]>"


@pytest.mark.parametrize("status", ["pending", "processing"])
@pytest.mark.parametrize(
    ("verb", "arguments", "end", "error"),
    [
        ("fail", (), "failed", "provider_timeout"),
        ("fail", ("output_moderation_rejected",), "failed", "output_moderation_rejected"),
        ("cancel", (), "cancelled", None),
    ],
)
def test_img_7_fail_and_cancel_end_the_work(
    api: Api, status: str, verb: str, arguments: tuple[str, ...], end: str, error: str | None
) -> None:
    """They are met by the poller at once: the hold is released, and the rest of the script is gone."""
    api.post("/v1/images", json={"prompt": "x"})
    image = api.aurous.images.last
    if status == "processing":
        image.advance()

    getattr(image, verb)(*arguments)

    seen = [api.get(f"/v1/images/{image.id}").json for _ in range(2)]
    assert [(found["status"], found["error_message"]) for found in seen] == [(end, error)] * 2
    assert (api.money(), image.output_urls) == ((1000, 0), [])
    assert api.aurous.calls.count("images.cancel") == 0


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("verb", ["advance()", "fail('provider_timeout')", "cancel()"])
@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_an_illegal_transition_says_that_nothing_is_legal(api: Api, medium: str, status: str, verb: str) -> None:
    """What is over stays so."""
    record = made(api, medium, status=status)
    before = api.state()

    with pytest.raises(AurousTransitionError, match=re.escape(f"{verb} on {record!r}: ")):
        getattr(record, verb.partition("(")[0])()

    assert api.state() == before


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("status", STATUSES)
def test_a_generation_refuses_a_script_for_later_runs(api: Api, medium: str, status: str) -> None:
    """It has one run; the message says where its script belongs."""
    record = made(api, medium, status=status)
    before = api.state()

    with pytest.raises(AurousTransitionError, match=re.escape(f"with aurous.{medium}.script() or add(script=...)")):
        record.script("pending -> failed")

    assert api.state() == before


def test_img_12_img_4_add_wants_a_character_that_the_team_has_or_had(api: Api) -> None:
    """As the API would; past images keep showing whom they show."""
    known, theirs = api.characters.add(status="reviewing"), api.aurous.teams.add().characters.add()
    for wrong in (theirs, f"{known.id[:-1]}?"):
        with pytest.raises(AurousLookupError, match="no such id"):
            api.aurous.images.add(character=wrong)
    assert len(api.aurous.images) == 0

    known.delete()
    assert api.aurous.images.add(character=known).character_id == known.id


def test_a_collection_holds_one_medium(api: Api) -> None:
    """Images and videos share a table and a history, and are two collections."""
    first, film, second = api.aurous.images.add(), api.aurous.videos.add(), api.aurous.images.add(status="failed")
    images, videos = api.aurous.images, api.aurous.videos

    assert (list(images), list(videos)) == ([first, second], [film])
    assert (len(images), len(videos), images.last, videos.last) == (2, 1, second, film)
    assert [one in images for one in (first, film, first.id, film.id, None)] == [True, False, True, False, False]
    assert (images[first.id], images.get(film.id)) == (first, None)
    assert (videos.get(film.id), videos.get(first.id)) == (film, None)
    assert isinstance(first, Image)
    assert not isinstance(film, Image)


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
@pytest.mark.parametrize(("medium", "output"), [("images", "picture"), ("videos", "film")])
def test_what_has_not_succeeded_has_no_output(api: Api, medium: str, output: str, status: str) -> None:
    """A test gets no bytes that a download would not get, and is told of `finish` where that could help."""
    record = made(api, medium, status=status)
    more = "is over" if status in {"failed", "cancelled"} else "finish"

    with pytest.raises(AurousError, match=more):
        getattr(record, output)()
