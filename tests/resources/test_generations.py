"""Images and videos through the API: img-1 to img-12 but img-8, vid-1 to vid-4, cred-1 to cred-4, idem-3, auth-7."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous._core.resources.openapi import document
from tests.conftest import Api

IMAGES: Final = "/v1/images"
VIDEOS: Final = "/v1/videos"
STYLE: Final = "seedance-1-pro"
PICTURE: Final = "https://cdn.test/a.png"
BODIES: Final[dict[str, dict[str, Any]]] = {IMAGES: {"prompt": "Aurora"}, VIDEOS: {"video_lora_id": STYLE}}
"""What each medium needs."""
COMMON: Final[dict[str, Any]] = {  # img-5, written from the contract and its facts
    **dict.fromkeys(document()["components"]["schemas"]["Generation"]["properties"]),
    "object": "inference",
    "status": "pending",
    "created_at": "2026-05-08T10:00:00Z",
    "output_urls": [],
    "reference_image_urls": [],
    "aurous_version": "2026-05-15",
}
OF_IMAGES: Final = {
    "prompt": "Aurora",
    "media_type": "image",
    "width": 2048,
    "height": 2048,
    "image_count": 1,
    "size_preset": "2k_1_1",
    "inference_type": "t2i",
    "cfg_rescale": 0,
}
OF_VIDEOS: Final = {
    "media_type": "video",
    "inference_type": "t2v",
    "video_duration": 5,
    "video_resolution": "1080p",
    "video_ratio": "16:9",
    "video_camera_fixed": False,
}
FREE: Final = {"amount": 0, "currency": "credit", "breakdown": {"base": 0, "enhance": 0}}

both: Final = pytest.mark.parametrize("path", BODIES)


def make(api: Api, path: str = IMAGES, **body: Any) -> Any:
    """Make an image or a video through the API, and return it as the response has it."""
    response = api.post(path, json={**BODIES[path], **body})
    assert response.status == 201, response.body
    return response.json


def price(api: Api, path: str = IMAGES, **body: Any) -> float:
    found: float = api.post(f"{path}/estimate", json={**BODIES[path], **body}).json["estimated_cost"]["amount"]
    return found


def poll(api: Api, generation: Any, times: int = 1, path: str = IMAGES) -> list[str]:
    """Poll a generation, and return the statuses that were seen."""
    return [api.get(f"{path}/{generation['id']}").json["status"] for _ in range(times)]


def cancel(api: Api, generation_id: str) -> Any:
    """Cancel a generation, and return the response."""
    response = api.post(f"{IMAGES}/{generation_id}/cancel")
    assert response.status == 200, response.body
    return response.json


# What a request says. The bounds and types of its fields are those of the schema: see `test_refusals.py`.


@pytest.mark.parametrize(("path", "own"), [(IMAGES, OF_IMAGES), (VIDEOS, OF_VIDEOS)], ids=BODIES)
def test_img_5_vid_1_the_whole_object(api: Api, path: str, own: dict[str, Any]) -> None:
    """All fields, in order, from the first response on; what is of the other medium is null."""
    style = api.get(f"/v1/video_loras/{STYLE}").json
    cost = {"amount": price(api, path), "currency": "credit"}

    response = api.post(path, json=BODIES[path])

    found = response.json
    assert list(found) == list(COMMON)
    assert re.fullmatch("(img|vid)_[0-9A-HJKMNP-TV-Z]{26}", found["id"])
    assert 0 <= found["seed"] < 2**31
    assert found == {
        **COMMON,
        **own,
        "id": found["id"],
        "seed": found["seed"],
        "cost": {**cost, "breakdown": {"base": cost["amount"], "enhance": 0}},
        "loras": None if path == IMAGES else [{"id": style["id"], "name": style["name"]}],
        "creation_request_id": response.headers["Aurous-Request-Id"],
    }


SHOWN_OF_AN_IMAGE: Final = {
    "prompt": "Aurora on a bench",
    "negative_prompt": "rain",
    "cfg_rescale": 0.7,
    "denoise_strength": 0.6,
    "seed": 42,
    "reference_image_urls": [PICTURE],
}
FRAMES: Final = {"first_frame_url": PICTURE, "last_frame_url": PICTURE}


@pytest.mark.parametrize(
    ("path", "sent", "shown"),
    [
        (
            IMAGES,
            {**SHOWN_OF_AN_IMAGE, "size": "4k_16_9", "steps": 30, "guidance_scale": 7.5, "count": 2},
            {**SHOWN_OF_AN_IMAGE, "size_preset": "4k_16_9", "image_count": 2, "inference_type": "i2i"},
        ),
        (
            VIDEOS,
            {**FRAMES, "seed": 7, "resolution": "720p", "ratio": "21:9", "duration": 4, "camera_fixed": True},
            {
                "inference_type": "i2v",
                "seed": 7,
                "video_resolution": "720p",
                "video_ratio": "21:9",
                "video_duration": 4,
                "video_camera_fixed": True,
            },
        ),
        (VIDEOS, {"prompt": "She turns", "watermark": True}, {"prompt": "She turns", "inference_type": "t2v"}),
        (VIDEOS, {"last_frame_url": PICTURE}, {"inference_type": "i2v"}),
    ],
    ids=["image", "video", "text to video", "last frame"],
)
def test_img_1_vid_1_takes_all_of_its_fields(api: Api, path: str, sent: dict[str, Any], shown: dict[str, Any]) -> None:
    """What is sent is shown where the object has a place for it."""
    found = make(api, path, **sent, enhance_prompt=True, webhook_url="https://app.test/hook")

    assert {name: found[name] for name in shown} == shown
    assert list(found) == list(COMMON)
    made = api.aurous.images if path == IMAGES else api.aurous.videos
    assert made.last.webhook_url == "https://app.test/hook"


def test_vid_1_defaults_are_those_of_the_style(api: Api) -> None:
    """A style of the test's own has others, and they make the price."""
    api.aurous.video_loras.add("Short", default_resolution="480p", default_ratio="1:1", default_duration=2)

    video = make(api, VIDEOS, video_lora_id="short")

    assert (video["video_resolution"], video["video_ratio"], video["video_duration"]) == ("480p", "1:1", 2)
    assert video["cost"]["amount"] == price(api, VIDEOS, resolution="480p", duration=2)


@pytest.mark.parametrize("name", ["id", "slug"])
@pytest.mark.parametrize(
    ("path", "field", "styles"), [(IMAGES, "lora_id", "loras"), (VIDEOS, "video_lora_id", "video_loras")]
)
def test_img_1_vid_1_a_style_goes_by_id_or_slug(api: Api, path: str, field: str, styles: str, name: str) -> None:
    style = next(iter(getattr(api.aurous, styles)))

    assert make(api, path, **{field: getattr(style, name)})["loras"] == [{"id": style.id, "name": style.name}]


@pytest.mark.parametrize("suffix", ["", "/estimate"], ids=["create", "estimate"])
@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        (IMAGES, {}, "missing_field", "prompt"),
        (IMAGES, {"prompt": " \t\n"}, "invalid_format", "prompt"),
        (IMAGES, {"prompt": "x", "steps": 30.5}, "invalid_format", "steps"),
        (IMAGES, {"prompt": "x", "reference_image_urls": ["a.png"]}, "invalid_format", "reference_image_urls"),
        (IMAGES, {"prompt": "x", "width": 2048}, "missing_field", "height"),
        (IMAGES, {"prompt": "x", "height": 2048}, "missing_field", "width"),
        (IMAGES, {"prompt": "x", "width": 2048, "size": "2k_1_1"}, "parameter_invalid_combination", "size"),
        (IMAGES, {"prompt": "x", "height": 2048, "size": "2k_1_1"}, "parameter_invalid_combination", "size"),
        (
            IMAGES,
            {"prompt": "x", "character_id": "char_1", "reference_image_urls": [PICTURE]},
            "mutually_exclusive_input",
            "character_id",
        ),
        (VIDEOS, {"prompt": "x"}, "missing_field", "video_lora_id"),
        (VIDEOS, {"video_lora_id": STYLE, "last_frame_url": "upl_1"}, "invalid_format", "last_frame_url"),
        (VIDEOS, {"video_lora_id": STYLE, "duration": True}, "invalid_format", "duration"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_img_1_img_3_img_9_vid_1_refuses_what_it_does_not_take(
    api: Api, path: str, suffix: str, body: dict[str, Any], code: str, param: str
) -> None:
    """What no bound of a field says: an estimate refuses what a creation does."""
    assert len(api.aurous.loras) * len(api.aurous.video_loras)  # they are made when they are first asked for

    api.refused("POST", path + suffix, json=body, status=400, code=code, param=param)


@pytest.mark.parametrize("sent", [None, -1])
def test_img_1_a_seed_of_chance_is_seeded(make_api: Callable[..., Api], sent: int | None) -> None:
    """Without a seed, or with -1, each image has one of chance, which repeats from run to run."""
    body: dict[str, Any] = {} if sent is None else {"seed": sent}
    first, again, other = (
        [make(api, **body)["seed"] for _ in range(3)] for api in (make_api(), make_api(), make_api(seed=1))
    )

    assert first == again
    assert len({*first, *other}) == 6
    assert min(first) >= 0


@pytest.mark.parametrize(("sent", "snapped"), [(1024, 1024), (1039, 1024), (1040, 1056), (1500, 1504), (4090, 4096)])
def test_img_3_sides_are_snapped(api: Api, sent: int, snapped: int) -> None:
    """The response shows the nearest multiples of 32, and no preset."""
    image = make(api, width=sent, height=2048)

    assert (image["width"], image["height"], image["size_preset"]) == (snapped, 2048, None)
    assert make(api, width=2048, height=sent)["height"] == snapped


@pytest.mark.parametrize("suffix", ["", "/estimate"], ids=["create", "estimate"])
@pytest.mark.parametrize(
    ("path", "field", "collection"),
    [
        (IMAGES, "character_id", "characters"),
        (IMAGES, "lora_id", "loras"),
        (IMAGES, "reference_image_urls", "files"),
        (VIDEOS, "video_lora_id", "video_loras"),
        (VIDEOS, "first_frame_url", "files"),
        (VIDEOS, "last_frame_url", "files"),
    ],
)
def test_img_1_img_4_vid_1_del_4_auth_7_what_is_not_there(
    api: Api, path: str, suffix: str, field: str, collection: str
) -> None:
    """What is unknown, another team's, or deleted is not found, in the same words."""
    styles: dict[str, tuple[str, ...]] = {"loras": ("House",), "video_loras": ("House",)}
    theirs = getattr(api.aurous.teams.add(), collection).add(*styles.get(collection, ()))
    assert len(api.aurous.loras) * len(api.aurous.video_loras)
    ids = ["file_1" if collection == "files" else "nobody", theirs.id]
    if collection == "files":
        file, old = api.aurous.files.add(), api.aurous.files.add()
        api.delete(f"/v1/files/{file.id}")
        api.clock.advance(seconds=24 * 3600)
        ids += [file.id, old.id]
    if collection == "characters":
        gone = api.characters.add(status="reviewing")
        gone.delete()
        ids += [gone.id]

    messages: set[str] = set()
    for one in ids:
        sent = {**BODIES[path], field: [PICTURE, one] if field.endswith("urls") else one}
        refused = api.refused("POST", path + suffix, json=sent, status=404, code="resource_not_found", param=field)
        messages.add(refused.json["error"]["message"].replace(one, ""))
    assert len(messages) == 1


def test_img_4_a_ready_character(api: Api) -> None:
    """A character that is ready can be shown, and makes the image one of `i2i`."""
    character = api.characters.add()

    image = make(api, character_id=character.id)

    assert (image["character_id"], image["inference_type"]) == (character.id, "i2i")


@pytest.mark.parametrize("suffix", ["", "/estimate"], ids=["create", "estimate"])
@pytest.mark.parametrize("status", ["synthesizing", "reviewing", "failed", "deleted"])
def test_img_4_del_4_a_character_in_any_other_state(api: Api, status: str, suffix: str) -> None:
    """A character that is not ready, softly deleted ones among them, cannot be shown."""
    sent = {"prompt": "x", "character_id": api.characters.add(status=status, script="synthesizing!").id}

    api.refused("POST", IMAGES + suffix, json=sent, status=400, code="character_not_ready", param="character_id")


@pytest.mark.parametrize(
    ("path", "fields"), [(IMAGES, ["reference_image_urls"]), (VIDEOS, ["first_frame_url", "last_frame_url"])]
)
def test_img_1_vid_1_work_goes_on_without_its_file(api: Api, path: str, fields: list[str]) -> None:
    """Files may stand beside URLs, and a file that is deleted later keeps no work from succeeding."""
    file = api.aurous.files.add(purpose="first_frame")
    sent = [file.id, PICTURE]
    made = make(api, path, **({fields[0]: sent} if path == IMAGES else dict(zip(fields, sent, strict=True))))
    assert made["reference_image_urls"] == (sent if path == IMAGES else [])

    api.delete(f"/v1/files/{file.id}")

    assert poll(api, made, 3)[-1] == "succeeded"


OF_THREE: Final[dict[str, Any]] = {IMAGES: {"count": 3}, VIDEOS: {}}


@both
def test_img_5_what_success_adds(api: Api, path: str) -> None:
    """At its end it says when that was and how long it took, and where the output is."""
    api.aurous.images.script("pending:10s -> processing:5s -> succeeded")
    api.aurous.videos.script("pending:10s -> processing:5s -> succeeded")
    made = make(api, path, **OF_THREE[path])
    api.clock.advance(seconds=60)

    found = api.get(f"{path}/{made['id']}").json

    assert (found["completed_at"], found["duration_ms"]) == ("2026-05-08T10:00:15Z", 15_000)
    assert len(set(found["output_urls"])) == (3 if path == IMAGES else 0)
    assert (found["output_video_url"] is None) == (path == IMAGES)
    rest = set(COMMON) - {"status", "completed_at", "duration_ms", "output_urls", "output_video_url"}
    assert {name: found[name] for name in rest} == {name: made[name] for name in rest}


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        (None, ["pending", "processing", "succeeded", "succeeded"]),
        ("pending -> processing*2 -> succeeded", ["pending", "processing", "processing", "succeeded"]),
        ("pending*0 -> processing -> succeeded", ["processing", "succeeded", "succeeded", "succeeded"]),
        ("pending -> cancelled", ["pending", "cancelled", "cancelled", "cancelled"]),
        ("pending -> failed ; pending -> cancelled", ["pending", "failed", "failed", "failed"]),
        ("pending -> processing -> cancelled", ["pending", "processing", "cancelled", "cancelled"]),
        ("pending*0 -> processing*0 -> succeeded", ["succeeded"] * 4),
        ("pending!", ["pending"] * 4),
    ],
    ids=str,
)
def test_img_6_a_poller_sees_the_script(api: Api, script: str | None, seen: list[str]) -> None:
    """Images are scripted as characters are; without a script each status is seen once, until it has succeeded."""
    if script is not None:
        api.aurous.images.script(script)

    assert poll(api, make(api), 4) == seen


@both
def test_vid_4_vid_3_img_6_a_video_is_polled_by_both_paths(api: Api, path: str) -> None:
    """Each GET is a poll, and both give the same."""
    video = make(api, VIDEOS)

    assert poll(api, video, 4, path) == ["pending", "processing", "succeeded", "succeeded"]
    assert api.get(f"{IMAGES}/{video['id']}").json == api.get(f"{VIDEOS}/{video['id']}").json


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("pending -> failed(output_moderation_rejected)", "output_moderation_rejected"),
        ("pending -> processing*0 -> failed", "provider_timeout"),
        ("pending -> cancelled", None),
        ("pending -> expired", "provider_timeout"),
        ("pending -> moderation_rejected", "output_moderation_rejected"),
    ],
)
def test_img_6_a_bad_end_costs_nothing(api: Api, script: str, error: str | None) -> None:
    """A failure says why, has no output, and charges nothing; neither does somebody's cancel."""
    api.aurous.images.script(script)
    image = make(api)
    poll(api, image)

    found = api.get(f"{IMAGES}/{image['id']}").json

    assert (found["error_message"], found["output_urls"], found["cost"]) == (error, [], FREE)
    assert found["completed_at"] == "2026-05-08T10:00:00Z"
    assert api.money() == (1000, 0)


def test_img_6_a_script_by_prompt(make_api: Callable[..., Api]) -> None:
    """A script can be for one prompt; others follow the script of their medium, and that the setting."""
    api = make_api(script={"images": "pending*0 -> failed(x)", "videos": "pending!"})
    assert make(api)["error_message"] == "x"
    api.aurous.images.script("pending*0 -> failed(prompt_blocked)", "A cat")
    api.aurous.images.script("pending*0 -> processing!")
    api.aurous.videos.script("pending*0 -> processing*0 -> succeeded", "At once")

    assert make(api, prompt="A cat")["error_message"] == "prompt_blocked"
    assert make(api, prompt="A dog")["status"] == "processing"
    assert make(api, VIDEOS, prompt="A cat")["status"] == "pending"
    assert make(api, VIDEOS, prompt="At once")["status"] == "succeeded"


@both
@pytest.mark.parametrize("polls", [0, 1, 2])
def test_vid_3_img_7_work_can_be_cancelled(api: Api, path: str, polls: int) -> None:
    """Until its end, and twice for the same response: the hold is released, and nothing is ever charged."""
    made = make(api, path)
    poll(api, made, polls)

    found = cancel(api, made["id"])

    assert (found["status"], found["cost"], found["output_urls"]) == ("cancelled", FREE, [])
    assert (found["completed_at"], found["duration_ms"]) == ("2026-05-08T10:00:00Z", 0)
    assert api.money() == (1000, 0)
    api.clock.advance(seconds=60)
    before = api.state()
    assert (cancel(api, made["id"]), api.state()) == (found, before)
    assert poll(api, made, 3) == ["cancelled"] * 3


@pytest.mark.parametrize("medium", ["images", "videos"])
@pytest.mark.parametrize("status", ["succeeded", "failed", "expired", "moderation_rejected"])
def test_img_7_what_is_over_cannot_be_cancelled(api: Api, medium: str, status: str) -> None:
    """Neither by a request nor a second time."""
    record = getattr(api.aurous, medium).add(status=status)

    api.refused("POST", f"{IMAGES}/{record.id}/cancel", status=400, code="generation_not_cancellable")


@pytest.mark.parametrize(
    ("path", "body", "base", "enhance"),
    [
        (IMAGES, {}, 1, 0),
        (IMAGES, {"enhance_prompt": True}, 1, 1),
        (IMAGES, {"count": 3, "enhance_prompt": True}, 3, 3),
        (IMAGES, {"reference_image_urls": [PICTURE] * 3, "lora_id": "studio-portrait", "size": "4k_21_9"}, 1, 0),
        (VIDEOS, {}, 6.25, 0),
        (VIDEOS, {"resolution": "480p", "duration": 5}, 2.5, 0),
        (VIDEOS, {"resolution": "720p", "duration": 5, "enhance_prompt": True}, 3.75, 0),
        (VIDEOS, {"resolution": "1080p", "duration": 12, "ratio": "1:1"}, 15, 0),
        (VIDEOS, {"resolution": "720p", "duration": 2.5}, 1.875, 0),
    ],
    ids=str,
)
def test_img_9_vid_2_cred_2_cred_4_the_price(
    api: Api, path: str, body: dict[str, Any], base: float, enhance: float
) -> None:
    """By the picture, doubled by an enhanced prompt, or by the second: estimated, held, charged and shown alike."""
    sent = {**BODIES[path], **body}
    amount = {"amount": base + enhance, "breakdown": {"base": base, "enhance": enhance}}

    estimate = api.post(f"{path}/estimate", json=sent)

    assert estimate.status == 200
    assert estimate.json == {"object": "estimate", "estimated_cost": amount, "currency": "credit"}
    made = make(api, path, **body)
    assert made["cost"] == {**amount, "currency": "credit"}
    moments = [api.money()] + [(poll(api, made), api.money())[1] for _ in range(3)]
    assert moments == [(1000, base + enhance)] * 3 + [(1000 - base - enhance, 0)]


@both
def test_vid_2_img_9_an_estimate_stores_nothing(make_api: Callable[..., Api], path: str) -> None:
    """It makes no row, holds nothing, uses up no key, and may be asked without credits."""
    api = make_api(credits=0)
    assert len(api.aurous.loras) * len(api.aurous.video_loras)
    before = api.state()
    sent: dict[str, Any] = {"json": BODIES[path], "headers": {"Idempotency-Key": "k"}}

    responses = [api.post(f"{path}/estimate", **sent) for _ in range(2)]

    assert api.state() == before
    assert [response.status for response in responses] == [200, 200]
    assert all("Aurous-Idempotent-Replayed" not in response.headers for response in responses)
    api.team.credits = 1000
    assert api.post(path, **sent).status == 201


@both
def test_img_11_cred_3_too_little_is_available(make_api: Callable[..., Api], path: str) -> None:
    """Refused before anything happens; exactly enough is enough, and what is held for one cannot pay for another."""
    api = make_api()
    needed = price(api, path)
    for available in (0, needed - 0.25):
        api.team.credits = available
        api.refused("POST", path, json=BODIES[path], status=402, code="balance_too_low")

    api.team.credits = needed
    first = make(api, path)
    api.refused("POST", path, json=BODIES[path], status=402, code="balance_too_low")
    cancel(api, first["id"])
    poll(api, make(api, path), 3)
    assert api.money() == (0, 0)


@both
def test_img_11_cred_1_an_exempt_team_pays_nothing(api: Api, path: str) -> None:
    """It is neither refused nor charged, though the price is shown."""
    team = api.aurous.teams.add(credits=0, billing_mode="exempt")

    response = api.post(path, json=BODIES[path], key=team.api_key)

    assert (response.status, response.json["cost"]["amount"]) == (201, price(api, path))
    (team.images if path == IMAGES else team.videos).last.finish()
    assert (team.credits, team.held_credits) == (0, 0)


def test_img_10_images_and_videos_are_one_history(api: Api) -> None:
    """The list holds both, newest first, made by request or by the test, and pages by both cursors; auth-6."""
    api.aurous.teams.add().images.add()
    made = [make(api)["id"], make(api, VIDEOS)["id"], api.aurous.videos.add().id, api.aurous.images.add().id][::-1]

    page = api.get(IMAGES).json

    assert [row["id"] for row in page["data"]] == made
    assert [row["media_type"] for row in page["data"]] == ["image", "video", "video", "image"]
    assert (page["object"], page["has_more"], page["next_cursor"]) == ("list", False, None)
    for at, cursor in enumerate(made):
        older = api.get(f"{IMAGES}?starting_after={cursor}").json["data"]
        newer = api.get(f"{IMAGES}?ending_before={cursor}").json["data"]
        assert [row["id"] for row in older] == made[at + 1 :]
        assert [row["id"] for row in newer] == made[:at]
