"""POST /v1/videos, where it differs from images: cred-4, img-7, img-11, time-4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import AurousError, AurousTransitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Api

VIDEOS: Final = "/v1/videos"
DAY: Final = 24 * 3600
STYLE: Final = "seedance-1-pro"
RATIOS: Final = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
both_calls: Final = pytest.mark.parametrize("path", [VIDEOS, f"{VIDEOS}/estimate"])


def body(**more: Any) -> dict[str, Any]:
    """What is needed, and more."""
    return {"video_lora_id": STYLE, **more}


def make(api: Api, **more: Any) -> Any:
    """Make a video through the API."""
    response = api.post(VIDEOS, json=body(**more))
    assert response.status == 201, response.body
    return response.json


def test_the_whole_object(api: Api) -> None:
    """A style is enough: the rest comes from the style, and what images have is null."""
    api.get(VIDEOS + "/vid_1")
    style = api.get(f"/v1/video_loras/{STYLE}").json
    response = api.post(VIDEOS, json=body())

    video = response.json
    assert video == {
        "id": video["id"],
        "object": "inference",
        "status": "pending",
        "prompt": None,
        "created_at": "2026-05-08T10:00:00Z",
        "media_type": "video",
        "negative_prompt": None,
        "output_urls": [],
        "output_video_url": None,
        "reference_image_urls": [],
        "error_message": None,
        "duration_ms": None,
        "cost": {"amount": 6.25, "currency": "credit", "breakdown": {"base": 6.25, "enhance": 0}},
        "width": None,
        "height": None,
        "image_count": None,
        "size_preset": None,
        "inference_type": "t2v",
        "cfg_rescale": None,
        "denoise_strength": None,
        "seed": video["seed"],
        "video_duration": 5,
        "video_resolution": "1080p",
        "video_ratio": "16:9",
        "video_camera_fixed": False,
        "character_id": None,
        "loras": [{"id": style["id"], "name": style["name"]}],
        "aurous_version": "2026-05-15",
        "creation_request_id": response.headers["Aurous-Request-Id"],
        "completed_at": None,
    }
    assert video["id"].startswith("vid_")
    assert video["seed"] >= 0


def test_vid_1_takes_all_of_its_fields(api: Api) -> None:
    """What is sent is shown, as far as the object has it."""
    frame = api.aurous.files.add(purpose="first_frame").id
    video = make(
        api,
        prompt="She turns",
        first_frame_url=frame,
        last_frame_url="https://example.com/last.png",
        resolution="720p",
        ratio="21:9",
        duration=4,
        seed=7,
        camera_fixed=True,
        watermark=True,
        enhance_prompt=True,
        webhook_url="https://example.com/hook",
    )

    assert (video["prompt"], video["seed"], video["video_camera_fixed"]) == ("She turns", 7, True)
    assert (video["video_resolution"], video["video_ratio"], video["video_duration"]) == ("720p", "21:9", 4)
    assert video["inference_type"] == "i2v"
    assert "watermark" not in video
    assert api.aurous.videos.last.webhook_url == "https://example.com/hook"


def test_vid_1_defaults_are_those_of_the_style(api: Api) -> None:
    """A style of the test's own has others, and they make the price."""
    api.aurous.video_loras.add("Short", default_resolution="480p", default_ratio="1:1", default_duration=2)

    video = make(api, video_lora_id="short")

    assert (video["video_resolution"], video["video_ratio"], video["video_duration"]) == ("480p", "1:1", 2)
    assert video["cost"]["amount"] == 1
    assert make(api, video_lora_id="short", duration=12)["cost"]["amount"] == 6


@pytest.mark.parametrize(
    ("resolution", "duration", "price"),
    [
        ("480p", 5, 2.5),
        ("720p", 5, 3.75),
        ("1080p", 5, 6.25),
        ("1080p", 12, 15),
        ("480p", 2, 1),
        ("720p", 2.5, 1.875),
    ],
)
def test_vid_2_the_price_goes_by_the_second(api: Api, resolution: str, duration: float, price: float) -> None:
    """A finer resolution costs more; an estimate says so beforehand, and nothing else changes the price."""
    sent = body(resolution=resolution, duration=duration, ratio="1:1", prompt="x", enhance_prompt=False)
    expected = {"amount": price, "breakdown": {"base": price, "enhance": 0}}

    estimate = api.post(f"{VIDEOS}/estimate", json=sent)

    assert estimate.status == 200
    assert estimate.json == {"object": "estimate", "estimated_cost": expected, "currency": "credit"}
    assert api.post(VIDEOS, json=sent).json["cost"] == {**expected, "currency": "credit"}
    assert api.money() == (1000, price)


def test_vid_2_an_estimate_stores_nothing(make_api: Callable[..., Api]) -> None:
    """No row, no hold, and a low balance is no error."""
    api = make_api(credits=0)
    api.get("/v1/loras")
    api.get("/v1/video_loras")
    before = api.state()

    assert api.post(f"{VIDEOS}/estimate", json=body()).status == 200
    assert api.state()["accounts"] == before["accounts"]
    assert len(api.aurous.videos) == 0


def test_img_11_cred_3_too_little_is_available(make_api: Callable[..., Api]) -> None:
    """Refused before anything happens, in the vendor's words; exactly enough is enough."""
    api = make_api(credits=6.25)
    make(api, duration=2, resolution="480p")
    response = api.refused("POST", VIDEOS, json=body(), status=402, code="balance_too_low")
    assert "Team available balance is 5.25 credits, generation requires 6.25." in response.json["error"]["message"]

    api.aurous.videos.last.cancel()
    make(api)
    assert api.money() == (6.25, 6.25)


@pytest.mark.parametrize(("end", "money"), [("finish", 993.75), ("fail", 1000), ("cancel", 1000)])
def test_img_11_cred_2_a_hold_ends_with_the_work(api: Api, end: str, money: float) -> None:
    """Charged on success, released on failure and cancel."""
    make(api)
    assert api.money() == (1000, 6.25)

    getattr(api.aurous.videos.last, end)()

    assert api.money() == (money, 0)


@both_calls
@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"video_lora_id": None}, "invalid_format", "video_lora_id"),
        ({"prompt": ""}, "value_out_of_range", "prompt"),
        ({"prompt": "x" * 4001}, "value_out_of_range", "prompt"),
        ({"resolution": "4k"}, "invalid_format", "resolution"),
        ({"ratio": "2:1"}, "invalid_format", "ratio"),
        ({"duration": 1.9}, "value_out_of_range", "duration"),
        ({"duration": 13}, "value_out_of_range", "duration"),
        ({"duration": "5"}, "invalid_format", "duration"),
        ({"duration": True}, "invalid_format", "duration"),
        ({"seed": -2}, "value_out_of_range", "seed"),
        ({"seed": 1.5}, "invalid_format", "seed"),
        ({"camera_fixed": "yes"}, "invalid_format", "camera_fixed"),
        ({"watermark": 1}, "invalid_format", "watermark"),
        ({"enhance_prompt": None}, "invalid_format", "enhance_prompt"),
        ({"webhook_url": "http://example.com"}, "invalid_format", "webhook_url"),
        ({"webhook_url": "https://" + "x" * 2048}, "value_out_of_range", "webhook_url"),
        ({"first_frame_url": "http://example.com/a.png"}, "invalid_format", "first_frame_url"),
        ({"last_frame_url": "upl_1"}, "invalid_format", "last_frame_url"),
        ({"first_frame_url": "https://" + "x" * 2048}, "value_out_of_range", "first_frame_url"),
        ({"duration_seconds": 5}, "invalid_request", "duration_seconds"),
        ({"negative_prompt": "x"}, "invalid_request", "negative_prompt"),
        ({"character_id": "char_1"}, "invalid_request", "character_id"),
    ],
    ids=str,
)
def test_vid_1_refuses_what_it_does_not_take(api: Api, path: str, more: dict[str, Any], code: str, param: str) -> None:
    """An estimate checks what a creation does."""
    api.get("/v1/video_loras")
    api.get("/v1/loras")

    api.refused("POST", path, json=body(**more), status=400, code=code, param=param)


@both_calls
@pytest.mark.parametrize("duration", ["NaN", "Infinity", "1e999"])
def test_a_duration_is_a_number(api: Api, path: str, duration: str) -> None:
    """What Python reads as a number and JSON does not is no duration."""
    api.get("/v1/video_loras")

    content = b'{"video_lora_id": "seedance-1-pro", "duration": %s}' % duration.encode()
    assert api.post(path, content=content).status == 400


@both_calls
def test_vid_1_a_style_is_needed(api: Api, path: str) -> None:
    """It is the only field that is."""
    api.refused("POST", path, json={"prompt": "x"}, status=400, code="missing_field", param="video_lora_id")


@both_calls
@pytest.mark.parametrize("field", ["first_frame_url", "last_frame_url"])
@pytest.mark.parametrize("kind", ["unknown", "another team's", "deleted"])
def test_auth_7_a_frame_that_is_none(api: Api, path: str, field: str, kind: str) -> None:
    """A file that is not there is a 404 that names the field."""
    api.get("/v1/video_loras")
    owner = api.aurous.teams.add() if kind == "another team's" else None
    file = api.aurous.files.add(team=owner).id if kind != "unknown" else "file_x"
    if kind == "deleted":
        api.delete(f"/v1/files/{file}")

    sent = body(**{field: file})
    api.refused("POST", path, json=sent, status=404, code="resource_not_found", param=field)


@pytest.mark.parametrize("frames", [("first_frame_url",), ("last_frame_url",), ("first_frame_url", "last_frame_url")])
def test_frames_make_it_image_to_video(api: Api, frames: tuple[str, ...]) -> None:
    """Files of the team, and public URLs; the work goes on without them."""
    file = api.aurous.files.add().id
    video = make(api, **dict.fromkeys(frames, file))
    assert video["inference_type"] == "i2v"

    api.delete(f"/v1/files/{file}")

    assert api.get(f"{VIDEOS}/{video['id']}").json["status"] == "pending"
    api.aurous.videos.last.finish()
    assert api.get(f"{VIDEOS}/{video['id']}").json["status"] == "succeeded"


@pytest.mark.parametrize("path", ["/v1/images", VIDEOS])
def test_img_6_vid_3_vid_4_is_polled_by_both_paths(api: Api, path: str) -> None:
    """Each GET is a look, and both serve the same."""
    video = make(api)["id"]

    seen = [api.get(f"{path}/{video}").json["status"] for _ in range(4)]

    assert seen == ["pending", "processing", "succeeded", "succeeded"]
    assert api.get(f"/v1/images/{video}").json == api.get(f"{VIDEOS}/{video}").json


def test_img_5_what_success_adds(api: Api) -> None:
    """The URL of the film, and when it was done; pictures there are none."""
    video = make(api)["id"]
    api.clock.advance(seconds=30)
    api.aurous.videos.last.finish()

    done = api.get(f"{VIDEOS}/{video}").json

    assert done["output_video_url"].startswith(f"https://api.aurous-labs.com/v1/videos/{video}/output?token=")
    assert done["output_urls"] == []
    assert (done["duration_ms"], done["completed_at"]) == (30_000, "2026-05-08T10:00:30Z")


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_img_7_vid_3_is_cancelled_by_the_path_of_images(api: Api, looks: int) -> None:
    """Pending or processing; twice is the same response, and nothing is charged."""
    video = make(api)["id"]
    for _ in range(looks):
        api.get(f"{VIDEOS}/{video}")

    first, second = (api.post(f"/v1/images/{video}/cancel") for _ in range(2))

    assert (first.status, first.json["status"], first.json["id"]) == (200, "cancelled", video)
    assert second.json == first.json
    assert api.money() == (1000, 0)


def test_img_7_what_is_over_cannot_be_cancelled(api: Api) -> None:
    """A finished film stays."""
    video = api.aurous.videos.add().id

    api.refused("POST", f"/v1/images/{video}/cancel", status=400, code="generation_not_cancellable")


@pytest.mark.parametrize("path", ["/v1/images", VIDEOS])
def test_auth_7_an_id_that_is_none(api: Api, path: str) -> None:
    """Unknown and another team's alike."""
    for video in ("vid_x", api.aurous.teams.add().videos.add().id):
        api.refused("GET", f"{path}/{video}", status=404, code="resource_not_found")


# The output


def test_vid_5_the_output_comes_whole(api: Api) -> None:
    """A film, by its token alone, which says that parts can be had."""
    video = api.aurous.videos.add()

    whole = api.get(str(video.output_video_url), key=None)

    assert (whole.status, whole.headers["Content-Type"]) == (200, "video/mp4")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Length"] == str(len(whole.body))
    assert whole.body == video.film()
    assert whole.body[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-", slice(0, None)),
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=7-7", slice(7, 8)),
        ("bytes=-50", slice(-50, None)),
        ("bytes=-99999999", slice(0, None)),
        ("bytes=10-99999999", slice(10, None)),
    ],
)
def test_vid_5_a_part_of_the_output(api: Api, asked: str, part: slice) -> None:
    """206, with which part of how much it is."""
    video = api.aurous.videos.add()
    film = video.film()

    response = api.get(str(video.output_video_url), key=None, headers={"Range": asked})

    first, end, _ = part.indices(len(film))
    assert (response.status, response.body) == (206, film[part])
    assert response.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(film)}"
    assert response.headers["Content-Length"] == str(end - first)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=99999999-999999999", "bytes=-0"])
def test_vid_5_a_part_that_is_not_there(api: Api, asked: str) -> None:
    """416, with how much there is."""
    video = api.aurous.videos.add()

    response = api.get(str(video.output_video_url), key=None, headers={"Range": asked})

    assert response.status == 416
    assert response.headers["Content-Range"] == f"bytes */{len(video.film())}"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=-", "items=0-1", "bytes=0-1,5-6", "0-1", "bytes=a-b", "bytes=5-3"])
def test_vid_5_a_range_that_is_none_is_ignored(api: Api, asked: str) -> None:
    """The whole comes, as RFC 9110 wants it; the last one has its ends the wrong way round."""
    video = api.aurous.videos.add()

    response = api.get(str(video.output_video_url), key=None, headers={"Range": asked})

    assert (response.status, response.body) == (200, video.film())


def test_parts_make_the_whole(api: Api) -> None:
    """A player that reads on from where it was gets the film."""
    video = api.aurous.videos.add()
    url, got = str(video.output_video_url), b""

    while True:
        response = api.get(url, key=None, headers={"Range": f"bytes={len(got)}-{len(got) + 4095}"})
        if response.status == 416:
            break
        got += response.body

    assert got == video.film()


@pytest.mark.parametrize("reading", ["7d", "24h"])
def test_time_4_a_film_lives_for_24_hours(make_api: Callable[..., Api], reading: str) -> None:
    """Under either reading: to the last second it is there, then it is gone for token and key alike."""
    api = make_api(readings={"time-4": reading})
    video = api.aurous.videos.add()
    url = str(video.output_video_url)
    api.clock.advance(seconds=DAY - 1)
    assert api.get(url, key=None).status == 200
    api.clock.advance(seconds=1)

    api.refused("GET", url, key=None, status=410, code="output_expired")
    api.refused("GET", f"{VIDEOS}/{video.id}/output", status=410, code="output_expired")
    assert api.get(f"{VIDEOS}/{video.id}").json["status"] == "succeeded"


@pytest.mark.parametrize(
    ("status", "refusal", "code"),
    [
        ("failed", 422, "output_not_available"),
        ("cancelled", 422, "output_not_available"),
        ("expired", 422, "output_not_available"),
        ("moderation_rejected", 422, "output_not_available"),
        ("pending", 404, "resource_not_found"),
        ("processing", 404, "resource_not_found"),
    ],
)
def test_vid_5_without_success_there_is_no_output(api: Api, status: str, refusal: int, code: str) -> None:
    """What has ended badly never had one; what is under way has none yet."""
    video = api.aurous.videos.add(status=status, script="pending! -> processing! -> succeeded")

    api.refused("GET", f"{VIDEOS}/{video.id}/output", status=refusal, code=code)
    assert video.output_video_url is None


def test_an_image_has_no_film(api: Api) -> None:
    """The output of an image cannot be read as a video's: 404, and vice versa."""
    image = api.aurous.images.add().id

    api.refused("GET", f"{VIDEOS}/{image}/output", status=404, code="resource_not_found")


def test_films_differ(api: Api) -> None:
    """By generation; the same one is the same each time."""
    one, other = (api.aurous.videos.add() for _ in range(2))

    assert one.film() == one.film() != other.film()


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_ratio_can_be_filmed(api: Api, ratio: str) -> None:
    """As long and as wide as was asked for."""
    assert make(api, ratio=ratio, duration=2)["video_ratio"] == ratio
    api.aurous.videos.last.finish()

    assert api.aurous.videos.last.film()[4:8] == b"ftyp"


# Live records


def test_a_live_video_is_what_a_get_answers(api: Api) -> None:
    """Made by a call, it has the attributes of the wire."""
    video_id = make(api, prompt="She turns")["id"]
    video = api.aurous.videos.last

    assert video.id == video_id
    assert repr(video) == f"<Video {video_id} 'She turns' pending>"
    assert video.json() == api.aurous.videos[video_id].json()
    assert (video.prompt, video.video_resolution, video.output_urls) == ("She turns", "1080p", [])
    assert video in api.aurous.videos
    assert api.aurous.images.get(video_id) is None


@pytest.mark.parametrize("status", ["pending", "processing", "succeeded", "failed", "cancelled"])
def test_videos_add_makes_any_status(api: Api, status: str) -> None:
    """Without a request, and without touching credits."""
    video = api.aurous.videos.add("x", status=status, resolution="480p", ratio="1:1", duration=2)

    got = video.json()
    assert (got["status"], got["media_type"], got["video_resolution"]) == (status, "video", "480p")
    assert (got["video_ratio"], got["video_duration"]) == ("1:1", 2)
    assert api.money() == (1000, 0)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"status": "succeded"}, "did you mean 'succeeded'"),
        ({"resolution": "1080"}, r"videos.add\(resolution='1080'\): .*did you mean '1080p'"),
        ({"ratio": "16:8"}, r"videos.add\(ratio='16:8'\): expected"),
        ({"duration": 13}, "duration"),
        ({"duration": 0}, "duration"),
    ],
    ids=str,
)
def test_videos_add_refuses_what_the_api_could_not_make(api: Api, told: dict[str, Any], message: str) -> None:
    """The error says why, and nothing is made."""
    with pytest.raises(AurousError, match=message):
        api.aurous.videos.add(**told)
    assert len(api.aurous.videos) == 0


def test_videos_add_for_another_team(api: Api) -> None:
    """It is theirs."""
    other = api.aurous.teams.add()
    video = api.aurous.videos.add(None, team=other)

    assert other.videos.last == video
    assert len(api.aurous.videos) == 0
    assert video.film()[4:8] == b"ftyp"


def test_img_6_videos_have_a_script_of_their_own(api: Api) -> None:
    """Images have another script; a prompt may have its own."""
    api.aurous.videos.script("pending*0 -> failed(provider_timeout)")
    api.aurous.videos.script("pending*0 -> processing*0 -> succeeded", "At once")
    image = api.post("/v1/images", json={"prompt": "A cat"}).json["id"]
    video = make(api)["id"]

    assert make(api, prompt="At once")["status"] == "succeeded"
    failed = api.get(f"{VIDEOS}/{video}").json
    assert (failed["status"], failed["error_message"]) == ("failed", "provider_timeout")
    assert api.get(f"/v1/images/{image}").json["status"] == "pending"


def test_what_a_video_cannot_do_is_told(api: Api) -> None:
    """The error names what is legal."""
    video = api.aurous.videos.add()

    with pytest.raises(
        AurousTransitionError,
        match=r"cancel\(\) on <Video .* succeeded>: it can be cancelled only .*\.\nNothing can change it anymore\.",
    ):
        video.cancel()
    running = api.aurous.videos.add(status="pending", script="pending!")
    with pytest.raises(AurousTransitionError, match=r"Possible now: fail\(error\), cancel\(\)"):
        running.advance()


def test_idem_3_a_replay_makes_no_second_video(api: Api) -> None:
    """The stored response again, charged once."""
    sent = {"json": body(prompt="x"), "headers": {"Idempotency-Key": "k"}}
    first, second = (api.post(VIDEOS, **sent) for _ in range(2))

    assert first.body == second.body
    assert second.headers["Aurous-Idempotent-Replayed"] == "true"
    assert api.money() == (1000, 6.25)
    api.refused(
        "POST",
        VIDEOS,
        json=body(prompt="y"),
        headers={"Idempotency-Key": "k"},
        status=409,
        code="idempotency_key_in_use",
    )


@pytest.mark.parametrize(
    ("path", "operation", "limit"),
    [(VIDEOS, "videos.create", "120"), (f"{VIDEOS}/estimate", "videos.estimate", "240")],
)
def test_auth_5_rate_1_each_call_has_its_bucket(api: Api, path: str, operation: str, limit: str) -> None:
    """A read key makes nothing."""
    response = api.post(path, json=body())

    assert response.headers["X-RateLimit-Limit"] == limit
    assert api.aurous.calls.last.operation == operation
    key = api.team.add_key("read")
    api.refused("POST", path, json=body(), key=key, status=403, code="missing_scope")
