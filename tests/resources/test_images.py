"""Images through the API: img-1 to img-12, cred-2 to cred-4, idem-3, auth-7."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Api

IMAGES: Final = "/v1/images"
FIELDS: Final = [  # img-5, written from the contract and its facts
    "id",
    "object",
    "status",
    "prompt",
    "created_at",
    "media_type",
    "negative_prompt",
    "output_urls",
    "output_video_url",
    "reference_image_urls",
    "error_message",
    "duration_ms",
    "cost",
    "width",
    "height",
    "image_count",
    "size_preset",
    "inference_type",
    "cfg_rescale",
    "denoise_strength",
    "seed",
    "video_duration",
    "video_resolution",
    "video_ratio",
    "video_camera_fixed",
    "character_id",
    "loras",
    "aurous_version",
    "creation_request_id",
    "completed_at",
]
FREE: Final = {"amount": 0, "currency": "credit", "breakdown": {"base": 0, "enhance": 0}}


def make(api: Api, **body: Any) -> Any:
    """Create an image through the API, and return the generation that it answered."""
    response = api.post(IMAGES, json={"prompt": "Aurora", **body})
    assert response.status == 201, response.body
    return response.json


def look(api: Api, image_id: str, times: int = 1) -> list[str]:
    """Poll an image, and return the statuses that were seen."""
    return [api.get(f"{IMAGES}/{image_id}").json["status"] for _ in range(times)]


def cancel(api: Api, image_id: str) -> Any:
    """Cancel a generation, and return the response."""
    response = api.post(f"{IMAGES}/{image_id}/cancel")
    assert response.status == 200, response.body
    return response.json


# the body


def test_img_1_a_prompt_is_enough(api: Api) -> None:
    """All but the prompt has a default: one square picture, without a style, from a seed of chance."""
    image = make(api)

    assert (image["prompt"], image["width"], image["height"]) == ("Aurora", 2048, 2048)
    assert (image["size_preset"], image["image_count"], image["inference_type"]) == ("2k_1_1", 1, "t2i")
    assert (image["loras"], image["character_id"], image["reference_image_urls"]) == (None, None, [])
    assert 0 <= image["seed"] < 2**31
    assert image["cfg_rescale"] == 0  # the default of the platform


def test_img_1_takes_all_of_its_fields(api: Api) -> None:
    """What is sent is taken at once, and shown where the generation has a place for it."""
    style = next(iter(api.aurous.loras))
    shown = {
        "prompt": "Aurora on a bench",
        "negative_prompt": "rain",
        "cfg_rescale": 0.7,
        "denoise_strength": 0.6,
        "seed": 42,
        "reference_image_urls": ["https://cdn.test/a.png"],
    }

    image = make(
        api,
        **shown,
        lora_id=style.id,
        size="4k_16_9",
        steps=30,
        guidance_scale=7.5,
        count=2,
        enhance_prompt=True,
        webhook_url="https://app.test/hook",
    )

    assert {name: image[name] for name in shown} == shown
    assert (image["image_count"], image["size_preset"]) == (2, "4k_16_9")
    assert image["loras"] == [{"id": style.id, "name": style.name}]
    assert api.aurous.images.last.webhook_url == "https://app.test/hook"


@pytest.mark.parametrize("field", ["id", "slug"])
def test_img_1_a_style_goes_by_id_or_slug(api: Api, field: str) -> None:
    """`lora_id` takes either name of a style."""
    style = next(iter(api.aurous.loras))

    assert make(api, lora_id=getattr(style, field))["loras"] == [{"id": style.id, "name": style.name}]


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "x"},
        {"prompt": "x" * 4000},
        {"negative_prompt": "x" * 4000},
        {"steps": 1},
        {"steps": 100},
        {"guidance_scale": 0.1},
        {"guidance_scale": 30},
        {"count": 1},
        {"count": 4},
        {"seed": 0},
        {"enhance_prompt": False},
    ],
    ids=lambda body: "-".join(f"{name}={str(value)[:8]}" for name, value in body.items()),
)
def test_img_1_takes_the_limits_themselves(api: Api, body: dict[str, Any]) -> None:
    """The ends of each range are within it."""
    image = make(api, **body)

    assert {name: image[name] for name in body if name in image} == {
        name: value for name, value in body.items() if name in image
    }


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_field", "prompt"),
        ({"prompt": ""}, "value_out_of_range", "prompt"),
        ({"prompt": " \t\n"}, "invalid_format", "prompt"),
        ({"prompt": "x" * 4001}, "value_out_of_range", "prompt"),
        ({"prompt": 7}, "invalid_format", "prompt"),
        ({"negative_prompt": ""}, "value_out_of_range", "negative_prompt"),
        ({"negative_prompt": "x" * 4001}, "value_out_of_range", "negative_prompt"),
        ({"steps": 0}, "value_out_of_range", "steps"),
        ({"steps": 101}, "value_out_of_range", "steps"),
        ({"steps": 30.5}, "invalid_format", "steps"),
        ({"guidance_scale": 0.09}, "value_out_of_range", "guidance_scale"),
        ({"guidance_scale": 30.1}, "value_out_of_range", "guidance_scale"),
        ({"guidance_scale": "7"}, "invalid_format", "guidance_scale"),
        ({"cfg_rescale": "a lot"}, "invalid_format", "cfg_rescale"),
        ({"denoise_strength": True}, "invalid_format", "denoise_strength"),
        ({"seed": "42"}, "invalid_format", "seed"),
        ({"seed": True}, "invalid_format", "seed"),
        ({"count": 0}, "value_out_of_range", "count"),
        ({"count": 5}, "value_out_of_range", "count"),
        ({"enhance_prompt": "yes"}, "invalid_format", "enhance_prompt"),
        ({"webhook_url": "http://app.test"}, "invalid_format", "webhook_url"),
        ({"webhook_url": 7}, "invalid_format", "webhook_url"),
        ({"reference_image_urls": "https://cdn.test/a.png"}, "invalid_format", "reference_image_urls"),
        ({"reference_image_urls": []}, "value_out_of_range", "reference_image_urls"),
        ({"reference_image_urls": ["http://cdn.test/a.png"]}, "invalid_format", "reference_image_urls"),
        ({"reference_image_urls": ["a.png"]}, "invalid_format", "reference_image_urls"),
        ({"styel": "x", "sede": 7}, "invalid_request", "styel"),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("path", [IMAGES, f"{IMAGES}/estimate"], ids=["create", "estimate"])
def test_img_1_img_9_refuses_what_it_does_not_take(
    api: Api, path: str, body: dict[str, Any], code: str, param: str
) -> None:
    """A field that is missing, of the wrong type, out of range or unknown is refused, by create and estimate alike."""
    sent = body if not body or "prompt" in body else {"prompt": "Aurora", **body}

    api.refused("POST", path, json=sent, status=400, code=code, param=param)


@pytest.mark.parametrize("path", [IMAGES, f"{IMAGES}/estimate"], ids=["create", "estimate"])
@pytest.mark.parametrize(
    ("style", "status", "code"),
    [("no-such-style", 404, "resource_not_found"), ("seedance-1-pro", 400, "unsupported_lora_for_mode")],
)
def test_img_1_img_9_refuses_a_style(api: Api, path: str, style: str, status: int, code: str) -> None:
    """A style that does not exist is not found, one of videos does not go with images."""
    assert len(api.aurous.loras) * len(api.aurous.video_loras)  # they are made when they are first asked for
    sent = {"prompt": "x", "lora_id": style}

    response = api.refused("POST", path, json=sent, status=status, code=code, param="lora_id")

    assert style in response.json["error"]["message"]


def test_img_1_an_unknown_fields_message_names_all(api: Api) -> None:
    """The message tells every field that is not known."""
    response = api.refused(
        "POST", IMAGES, json={"prompt": "x", "a": 1, "b": 2}, status=400, code="invalid_request", param="a"
    )

    assert "a, b" in response.json["error"]["message"]


@pytest.mark.parametrize("sent", [None, -1])
def test_img_1_a_seed_of_chance_is_seeded(make_api: Callable[..., Api], sent: int | None) -> None:
    """Without a seed, or with -1, each image has one of chance, which repeats from run to run."""
    body = {} if sent is None else {"seed": sent}
    first, again, other = (
        [make(api, **body)["seed"] for _ in range(3)] for api in (make_api(), make_api(), make_api(seed=1))
    )

    assert first == again
    assert len({*first, *other}) == 6
    assert min(first) >= 0


# sizes


@pytest.mark.parametrize("tier", ["2k", "4k"])
@pytest.mark.parametrize("ratio", ["1_1", "3_2", "2_3", "4_3", "3_4", "16_9", "9_16", "21_9"])
def test_img_2_there_are_sixteen_sizes(api: Api, tier: str, ratio: str) -> None:
    """Each tier has each ratio, and the response shows the preset and its pixels."""
    wide, high = map(int, ratio.split("_"))

    image = make(api, size=f"{tier}_{ratio}")

    assert image["size_preset"] == f"{tier}_{ratio}"
    assert image["width"] / image["height"] == pytest.approx(wide / high, rel=0.03)
    assert (image["width"] % 32, image["height"] % 32) == (0, 0)


def test_img_2_the_documented_size(api: Api) -> None:
    """`2k_1_1` is 2048 by 2048."""
    image = make(api, size="2k_1_1")

    assert (image["width"], image["height"]) == (2048, 2048)


@pytest.mark.parametrize("size", ["2k", "8k_1_1", "2k_9_21", "2K_1_1", "square", "", 2, None])
def test_img_2_refuses_other_sizes(api: Api, size: object) -> None:
    """A size that does not exist is a bad format, and the message lists those that do."""
    response = api.refused(
        "POST", IMAGES, json={"prompt": "x", "size": size}, status=400, code="invalid_format", param="size"
    )

    assert "2k_21_9" in response.json["error"]["message"]


@pytest.mark.parametrize(
    ("sent", "snapped"),
    [(1024, 1024), (1025, 1024), (1039, 1024), (1040, 1056), (1041, 1056), (1500, 1504), (4090, 4096), (4096, 4096)],
)
def test_img_3_sides_are_snapped(api: Api, sent: int, snapped: int) -> None:
    """The response shows the nearest multiples of 32, and no preset."""
    image = make(api, width=sent, height=2048)

    assert (image["width"], image["height"], image["size_preset"]) == (snapped, 2048, None)
    assert make(api, width=2048, height=sent)["height"] == snapped


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"width": 2048}, "missing_field", "height"),
        ({"height": 2048}, "missing_field", "width"),
        ({"width": 1023, "height": 2048}, "value_out_of_range", "width"),
        ({"width": 2048, "height": 4097}, "value_out_of_range", "height"),
        ({"width": 2048.5, "height": 2048}, "invalid_format", "width"),
        ({"width": 2048, "height": "2048"}, "invalid_format", "height"),
        ({"width": 2048, "height": 2048, "size": "2k_1_1"}, "parameter_invalid_combination", "size"),
        ({"width": 2048, "size": "2k_1_1"}, "parameter_invalid_combination", "size"),
        ({"height": 2048, "size": "2k_1_1"}, "parameter_invalid_combination", "size"),
    ],
)
def test_img_3_refuses_sides(api: Api, body: dict[str, Any], code: str, param: str) -> None:
    """One side alone, a side out of range, and sides beside a size are refused."""
    api.refused("POST", IMAGES, json={"prompt": "x", **body}, status=400, code=code, param=param)


# characters and references


def test_img_4_a_ready_character(api: Api) -> None:
    """A character that is ready can be shown, and makes the image one of `i2i`."""
    character = api.characters.add()

    image = make(api, character_id=character.id)

    assert (image["character_id"], image["inference_type"]) == (character.id, "i2i")


@pytest.mark.parametrize("path", [IMAGES, f"{IMAGES}/estimate"], ids=["create", "estimate"])
@pytest.mark.parametrize("status", ["synthesizing", "reviewing", "failed", "deleted"])
def test_img_4_a_character_in_any_other_state(api: Api, status: str, path: str) -> None:
    """A character that is not ready, softly deleted ones among them, cannot be shown."""
    character = api.characters.add(status=status, script="synthesizing!")

    response = api.refused(
        "POST",
        path,
        json={"prompt": "x", "character_id": character.id},
        status=400,
        code="character_not_ready",
        param="character_id",
    )

    message = f"Character {character.id} is {status}; use in an image needs ready."
    assert response.json["error"]["message"] == message


@pytest.mark.parametrize("kind", ["unknown", "gone", "another team's"])
def test_img_4_auth_7_a_character_that_is_none(api: Api, kind: str) -> None:
    """An id that is unknown, deleted for good or another team's is not found, in the same words."""
    gone = api.characters.add(status="reviewing")
    gone.delete()
    character_id = {
        "unknown": "char_1",
        "gone": gone.id,
        "another team's": api.aurous.teams.add().characters.add().id,
    }[kind]

    response = api.refused(
        "POST",
        IMAGES,
        json={"prompt": "x", "character_id": character_id},
        status=404,
        code="resource_not_found",
        param="character_id",
    )

    assert response.json["error"]["message"] == f"No such character: {character_id!r}."


def test_img_4_follows_the_character(api: Api) -> None:
    """What is refused during the synthesis works once the character is saved."""
    character = api.synthesize("synthesizing*0 -> reviewing")
    body = {"prompt": "x", "character_id": character.id}
    assert api.post(IMAGES, json=body).status == 400

    api.post(f"/v1/characters/{character.id}/save")

    assert api.post(IMAGES, json=body).status == 201


def test_img_4_a_character_or_references(api: Api) -> None:
    """Both at once exclude each other, before either is looked at."""
    api.refused(
        "POST",
        IMAGES,
        json={"prompt": "x", "character_id": "char_1", "reference_image_urls": ["https://cdn.test/a.png"]},
        status=400,
        code="mutually_exclusive_input",
        param="character_id",
    )


def test_img_1_references_are_files_or_urls(api: Api) -> None:
    """Files of the team and public URLs may stand side by side, are shown as sent, and make the image `i2i`."""
    sent = [api.aurous.files.add().id, "https://cdn.test/a.png"]

    image = make(api, reference_image_urls=sent)

    assert (image["reference_image_urls"], image["inference_type"], image["character_id"]) == (sent, "i2i", None)


@pytest.mark.parametrize("path", [IMAGES, f"{IMAGES}/estimate"], ids=["create", "estimate"])
@pytest.mark.parametrize("kind", ["unknown", "expired", "deleted", "another team's"])
def test_img_1_auth_7_a_file_that_is_none(api: Api, kind: str, path: str) -> None:
    """A file that is unknown, too old, deleted or another team's is not found, in the same words."""
    owner = api.aurous.teams.add() if kind == "another team's" else None
    file_id = "file_1" if kind == "unknown" else api.aurous.files.add(team=owner).id
    if kind == "deleted":
        api.delete(f"/v1/files/{file_id}")
    if kind == "expired":
        api.clock.advance(seconds=24 * 3600)

    response = api.refused(
        "POST",
        path,
        json={"prompt": "x", "reference_image_urls": ["https://cdn.test/a.png", file_id]},
        status=404,
        code="resource_not_found",
        param="reference_image_urls",
    )

    assert response.json["error"]["message"] == f"No such file: {file_id!r}."


def test_img_1_work_goes_on_without_its_file(api: Api) -> None:
    """A file that is deleted after the image was made keeps nothing from succeeding."""
    file = api.aurous.files.add()
    image = make(api, reference_image_urls=[file.id])

    api.delete(f"/v1/files/{file.id}")

    assert look(api, image["id"], 3)[-1] == "succeeded"


def test_auth_7_another_teams_style_is_none(api: Api) -> None:
    """A style of another team is as unknown as one that never was."""
    theirs = api.aurous.teams.add().loras.add("House Style")
    assert len(api.aurous.video_loras)  # they are made when they are first asked for

    for name in (theirs.id, theirs.slug):
        api.refused(
            "POST",
            IMAGES,
            json={"prompt": "x", "lora_id": name},
            status=404,
            code="resource_not_found",
            param="lora_id",
        )


# the generation


def test_img_5_the_whole_object(api: Api) -> None:
    """The generation has all of its fields, in order, from the first response on; what is of videos is null."""
    response = api.post(IMAGES, json={"prompt": "Aurora", "seed": 7, "enhance_prompt": True})

    assert list(response.json) == FIELDS
    assert re.fullmatch("img_[0-9A-HJKMNP-TV-Z]{26}", response.json["id"])
    assert response.json == {
        **dict.fromkeys(FIELDS),
        "id": response.json["id"],
        "object": "inference",
        "status": "pending",
        "prompt": "Aurora",
        "created_at": "2026-05-08T10:00:00Z",
        "media_type": "image",
        "output_urls": [],
        "reference_image_urls": [],
        "cost": {"amount": 2, "currency": "credit", "breakdown": {"base": 1, "enhance": 1}},
        "width": 2048,
        "height": 2048,
        "image_count": 1,
        "size_preset": "2k_1_1",
        "inference_type": "t2i",
        "cfg_rescale": 0,
        "seed": 7,
        "aurous_version": "2026-05-15",
        "creation_request_id": response.headers["Aurous-Request-Id"],
    }


def test_img_5_what_success_adds(api: Api) -> None:
    """At its end it says when that was and how long it took, and where the pictures are."""
    api.aurous.images.script("pending:10s -> processing:5s -> succeeded")
    image = make(api, count=3)
    api.clock.advance(seconds=60)

    found = api.get(f"{IMAGES}/{image['id']}").json

    assert list(found) == FIELDS
    assert (found["completed_at"], found["duration_ms"]) == ("2026-05-08T10:00:15Z", 15_000)
    assert len(set(found["output_urls"])) == 3
    rest = set(FIELDS) - {"status", "completed_at", "duration_ms", "output_urls"}
    assert {name: found[name] for name in rest} == {name: image[name] for name in rest}


@pytest.mark.parametrize(
    ("script", "path"),
    [
        (None, ["pending", "processing", "succeeded", "succeeded"]),
        ("pending -> processing*2 -> succeeded", ["pending", "processing", "processing", "succeeded"]),
        ("pending*0 -> processing -> succeeded", ["processing", "succeeded", "succeeded", "succeeded"]),
        (
            "pending*0 -> processing -> failed(output_moderation_rejected)",
            ["processing", "failed", "failed", "failed"],
        ),
        ("pending -> cancelled", ["pending", "cancelled", "cancelled", "cancelled"]),
        ("pending -> failed", ["pending", "failed", "failed", "failed"]),
        ("pending -> failed ; pending -> cancelled", ["pending", "failed", "failed", "failed"]),
        ("pending -> processing -> cancelled", ["pending", "processing", "cancelled", "cancelled"]),
        ("pending*0 -> processing*0 -> succeeded", ["succeeded"] * 4),
        ("pending!", ["pending"] * 4),
    ],
    ids=str,
)
def test_img_6_a_poller_sees_the_script(api: Api, script: str | None, path: list[str]) -> None:
    """Images are scripted as characters are; without a script each status is seen once, until it has succeeded."""
    if script is not None:
        api.aurous.images.script(script)

    assert look(api, make(api)["id"], 4) == path


def test_img_6_zero_looks_are_over_before_the_response(api: Api) -> None:
    """``*0`` makes the create response itself say how it went."""
    api.aurous.images.script("pending*0 -> processing*0 -> succeeded")

    image = make(api)

    assert (image["status"], len(image["output_urls"])) == ("succeeded", 1)
    assert api.money() == (999, 0)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("pending -> failed(output_moderation_rejected)", "output_moderation_rejected"),
        ("pending -> processing*0 -> failed", "provider_timeout"),
        ("pending -> cancelled", None),
        ("pending -> expired", "provider_timeout"),
        ("pending -> processing*0 -> expired", "provider_timeout"),
        ("pending -> moderation_rejected", "output_moderation_rejected"),
        ("pending -> processing*0 -> moderation_rejected", "output_moderation_rejected"),
    ],
)
def test_img_6_a_bad_end_costs_nothing(api: Api, script: str, error: str | None) -> None:
    """A failure says why, has no output, and charges nothing; neither does somebody's cancel."""
    api.aurous.images.script(script)
    image = make(api)
    look(api, image["id"])

    found = api.get(f"{IMAGES}/{image['id']}").json

    assert (found["error_message"], found["output_urls"], found["cost"]) == (error, [], FREE)
    assert found["completed_at"] == "2026-05-08T10:00:00Z"
    assert api.money() == (1000, 0)


def test_img_6_time_moves_it_too(api: Api) -> None:
    """A script by time is followed whoever looks, each step at its instant."""
    api.aurous.images.script("pending:10s -> processing:20s -> succeeded")
    image = make(api)
    seen = []
    for _ in range(4):
        seen.append(look(api, image["id"])[0])
        api.clock.advance(seconds=10)

    assert seen == ["pending", "processing", "processing", "succeeded"]


def test_img_6_a_script_by_prompt(api: Api) -> None:
    """A script can be for one prompt; the others follow the script of images, and videos have their own."""
    api.aurous.images.script("pending*0 -> failed(prompt_blocked)", "A cat")
    api.aurous.images.script("pending*0 -> processing!")
    style = next(iter(api.aurous.video_loras))

    assert make(api, prompt="A cat")["error_message"] == "prompt_blocked"
    assert make(api, prompt="A dog")["status"] == "processing"
    assert api.post("/v1/videos", json={"video_lora_id": style.slug, "prompt": "A cat"}).json["status"] == "pending"


def test_img_6_the_setting_scripts_them(make_api: Callable[..., Api]) -> None:
    """The setting `script` takes images beside characters."""
    api = make_api(script={"images": "pending*0 -> failed(x)"})

    assert make(api)["error_message"] == "x"


def test_img_6_a_list_page_is_a_look(api: Api) -> None:
    """The history moves each image that it shows, as a poll does."""
    image = make(api)
    seen = [api.get(IMAGES).json["data"][0]["status"] for _ in range(2)]

    assert [*seen, *look(api, image["id"])] == ["pending", "processing", "succeeded"]


@pytest.mark.parametrize("path", ["/v1/images/{}", "/v1/videos/{}"])
def test_img_6_auth_7_an_id_that_is_none(api: Api, path: str) -> None:
    """An unknown id and another team's are not found, in the same words."""
    theirs = api.aurous.teams.add().images.add()

    for one in ("img_1", "char_1", theirs.id):
        response = api.refused("GET", path.format(one), status=404, code="resource_not_found")
        assert response.json["error"]["message"] == f"No such generation: {one!r}."


@pytest.mark.parametrize("medium", ["image", "video"])
@pytest.mark.parametrize("status", ["expired", "moderation_rejected"])
def test_img_6_what_expires_or_is_rejected_is_announced_as_failed(api: Api, medium: str, status: str) -> None:
    """The record has its own status, and the event is the same as for a failure."""
    api.aurous.webhook_endpoints.add()
    collection = api.aurous.images if medium == "image" else api.aurous.videos
    collection.script(f"pending -> {status}")
    record = collection.add(status="pending", webhook_url="https://receiver.example/one")
    assert look(api, record.id, 2) == ["pending", status]

    deliveries = api.aurous.webhooks.deliveries

    assert [one.event for one in deliveries] == [f"{medium}.failed"] * 2
    assert [one.payload["data"]["status"] for one in deliveries] == [status] * 2


@pytest.mark.parametrize("status", ["expired", "moderation_rejected"])
def test_img_6_has_these_ends_only_where_a_test_asks(api: Api, status: str) -> None:
    """Without a script, and where work fails, no image expires or is rejected."""
    api.aurous.images.add(status="processing").fail("output_moderation_rejected")
    make(api)
    api.clock.advance(seconds=30 * 86_400)

    shown = [image["status"] for _ in range(4) for image in api.get(IMAGES).json["data"]]

    assert {"failed", "succeeded"} <= set(shown)
    assert status not in shown
    assert api.aurous.images.add(status=status).status == status


# cancel


@pytest.mark.parametrize("looks", [1, 2], ids=["pending", "processing"])
def test_img_7_work_can_be_cancelled(api: Api, looks: int) -> None:
    """Until its end an image can be cancelled: the hold is released, and it is never charged."""
    image = make(api)
    look(api, image["id"], looks)

    found = cancel(api, image["id"])

    assert (found["status"], found["cost"], found["output_urls"]) == ("cancelled", FREE, [])
    assert (found["completed_at"], found["duration_ms"]) == ("2026-05-08T10:00:00Z", 0)
    assert api.money() == (1000, 0)
    assert look(api, image["id"], 3) == ["cancelled"] * 3


def test_img_7_cancelling_twice_is_the_same_response(api: Api) -> None:
    """On a cancelled image nothing happens, however late."""
    image = make(api)
    first = cancel(api, image["id"])
    api.clock.advance(seconds=60)
    before = api.state()

    assert cancel(api, image["id"]) == first
    assert api.state() == before


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired", "moderation_rejected"])
def test_img_7_what_is_over_cannot_be_cancelled(api: Api, status: str) -> None:
    """An image that has ended is refused, and the message says how it ended and what would do."""
    image = api.aurous.images.add(status=status)

    response = api.refused("POST", f"{IMAGES}/{image.id}/cancel", status=400, code="generation_not_cancellable")

    message = f"Generation {image.id} is {status}; cancel needs pending or processing."
    assert response.json["error"]["message"] == message


def test_img_7_what_time_has_ended_cannot_be_cancelled(api: Api) -> None:
    """A cancel that comes after the end is too late, though nobody saw the end."""
    api.aurous.images.script("pending:10s -> processing:10s -> succeeded")
    image = make(api)
    api.clock.advance(seconds=20)

    assert api.post(f"{IMAGES}/{image['id']}/cancel").json["error"]["code"] == "generation_not_cancellable"
    assert api.money() == (999, 0)


def test_img_7_cancelled_under_a_poller(api: Api) -> None:
    """Who polls meets the cancel at the next look, and what the script still held never comes."""
    api.aurous.images.script("pending -> processing:10s -> succeeded")
    image = make(api)
    before = look(api, image["id"], 2)
    cancel(api, image["id"])
    api.clock.advance(seconds=60)

    assert [*before, *look(api, image["id"], 2)] == ["pending", "processing", "cancelled", "cancelled"]


def test_img_7_videos_are_cancelled_here_too(api: Api) -> None:
    """`vid_` ids work."""
    video = api.aurous.videos.add(status="processing")

    assert cancel(api, video.id)["status"] == video.status == "cancelled"


def test_img_7_auth_7_nothing_else_can_be_cancelled(api: Api) -> None:
    """An unknown id and another team's are not found, and the latter goes on."""
    theirs = api.aurous.teams.add().images.add(status="pending")

    for one in ("img_1", theirs.id):
        api.refused("POST", f"{IMAGES}/{one}/cancel", status=404, code="resource_not_found")
    assert theirs.status == "pending"


# estimate


@pytest.mark.parametrize(
    ("body", "base", "enhance"),
    [({}, 1, 0), ({"enhance_prompt": True}, 1, 1), ({"count": 4}, 4, 0), ({"count": 3, "enhance_prompt": True}, 3, 3)],
    ids=str,
)
def test_img_9_cred_4_the_price(api: Api, body: dict[str, Any], base: int, enhance: int) -> None:
    """One credit a picture, two with an enhanced prompt: estimated, held, charged and shown alike."""
    estimate = api.post(f"{IMAGES}/estimate", json={"prompt": "x", **body})

    assert estimate.status == 200
    assert estimate.json == {
        "object": "estimate",
        "estimated_cost": {"amount": base + enhance, "breakdown": {"base": base, "enhance": enhance}},
        "currency": "credit",
    }
    image = make(api, **body)
    assert image["cost"] == {**estimate.json["estimated_cost"], "currency": "credit"}
    assert api.money() == (1000, base + enhance)
    look(api, image["id"], 3)
    assert api.money() == (1000 - base - enhance, 0)


def test_cred_4_references_and_characters_cost_nothing(api: Api) -> None:
    """Only the picture is priced, in any size and style."""
    make(api, character_id=api.characters.add().id, size="4k_21_9")
    make(api, reference_image_urls=["https://cdn.test/a.png"] * 3, lora_id="studio-portrait")

    assert api.money() == (1000, 2)


def test_img_9_stores_nothing(api: Api) -> None:
    """An estimate makes no row, holds nothing, and uses up no idempotency key."""
    before = api.state()
    headers = {"Idempotency-Key": "k"}

    responses = [api.post(f"{IMAGES}/estimate", json={"prompt": "x"}, headers=headers) for _ in range(2)]

    assert api.state() == before
    assert all("Aurous-Idempotent-Replayed" not in response.headers for response in responses)
    assert api.post(IMAGES, json={"prompt": "x"}, headers=headers).status == 201


def test_img_9_a_low_balance_is_no_error(make_api: Callable[..., Api]) -> None:
    """Who cannot pay may ask for the price."""
    api = make_api(credits=0)

    response = api.post(f"{IMAGES}/estimate", json={"prompt": "x", "count": 4})

    assert (response.status, response.json["estimated_cost"]["amount"]) == (200, 4)


# history


def test_img_10_images_and_videos_are_one_history(api: Api) -> None:
    """The list holds both, newest first, made by request or by the test."""
    style = next(iter(api.aurous.video_loras))
    made = [
        make(api)["id"],
        api.post("/v1/videos", json={"video_lora_id": style.id}).json["id"],
        api.aurous.videos.add().id,
        api.aurous.images.add().id,
        make(api)["id"],
    ]

    page = api.get(IMAGES).json

    assert [row["id"] for row in page["data"]] == made[::-1]
    assert {row["media_type"] for row in page["data"]} == {"image", "video"}
    assert (page["object"], page["has_more"], page["next_cursor"]) == ("list", False, None)


def test_img_10_both_cursors(api: Api) -> None:
    """`starting_after` gives what is strictly older, `ending_before` what is strictly newer, of either medium."""
    kinds: list[Any] = [api.aurous.images, api.aurous.videos] * 3
    made = [kind.add().id for kind in kinds][::-1]

    for at, cursor in enumerate(made):
        older = api.get(f"{IMAGES}?starting_after={cursor}").json["data"]
        newer = api.get(f"{IMAGES}?ending_before={cursor}").json["data"]
        assert [row["id"] for row in older] == made[at + 1 :]
        assert [row["id"] for row in newer] == made[:at]


def test_img_10_pages_show_each_row_once(api: Api) -> None:
    """Following the cursor shows the whole history once."""
    kinds: list[Any] = [api.aurous.videos, api.aurous.images] * 3
    made = [kind.add().id for kind in kinds][::-1]
    seen: list[str] = []
    query = "limit=4"
    while query:
        page = api.get(f"{IMAGES}?{query}").json
        seen += [row["id"] for row in page["data"]]
        query = page["next_cursor"] and f"limit=4&starting_after={page['next_cursor']}"

    assert seen == made


def test_img_10_list_3_two_cursors_at_once(api: Api) -> None:
    """Both cursors are a combination that means nothing."""
    one = api.aurous.images.add().id

    api.refused(
        "GET",
        f"{IMAGES}?starting_after={one}&ending_before={one}",
        status=400,
        code="parameter_invalid_combination",
    )


@pytest.mark.parametrize("param", ["starting_after", "ending_before"])
def test_img_10_list_3_auth_7_a_cursor_that_is_none(api: Api, param: str) -> None:
    """An unknown id, another team's id, and an id of another resource are no cursors."""
    for one in ("img_1", api.aurous.teams.add().images.add().id, api.characters.add().id):
        api.refused("GET", f"{IMAGES}?{param}={one}", status=400, code="invalid_format", param=param)


@pytest.mark.parametrize(("limit", "code"), [("0", "value_out_of_range"), ("x", "invalid_format")])
def test_img_10_list_3_a_limit_that_is_none(api: Api, limit: str, code: str) -> None:
    """The limit is the same as for every list."""
    api.refused("GET", f"{IMAGES}?limit={limit}", status=400, code=code, param="limit")


def test_img_10_auth_7_another_teams_are_not_in_it(api: Api) -> None:
    """A team sees its own."""
    api.aurous.teams.add().images.add()
    mine = api.aurous.images.add().id

    assert [row["id"] for row in api.get(IMAGES).json["data"]] == [mine]


# money


def test_img_11_cred_2_a_hold_is_charged_at_the_end(api: Api) -> None:
    """While it runs the credits are held; at success they are gone."""
    image = make(api, count=3)
    moments = [api.money()]
    for _ in range(3):
        look(api, image["id"])
        moments.append(api.money())

    assert moments == [(1000, 3), (1000, 3), (1000, 3), (997, 0)]


@pytest.mark.parametrize("available", [0, 2.5, 3])
def test_img_11_cred_3_too_little_is_available(make_api: Callable[..., Api], available: float) -> None:
    """Who cannot pay is refused before anything happens, and told what is there and what is needed."""
    api = make_api(credits=available)

    response = api.refused(
        "POST", IMAGES, json={"prompt": "x", "count": 2, "enhance_prompt": True}, status=402, code="balance_too_low"
    )

    expected = f"Team available balance is {available:.1f} credits, generation requires 4.0."
    assert response.json["error"]["message"] == expected
    assert len(api.aurous.images) == 0


def test_img_11_cred_3_held_credits_are_not_available(make_api: Callable[..., Api]) -> None:
    """What is held for one image cannot pay for another, until it is released."""
    api = make_api(credits=1)
    first = make(api)["id"]
    api.refused("POST", IMAGES, json={"prompt": "x"}, status=402, code="balance_too_low")

    cancel(api, first)

    look(api, make(api)["id"], 3)
    assert api.money() == (0, 0)


def test_img_11_cred_1_an_exempt_team_pays_nothing(api: Api) -> None:
    """It is neither refused nor charged, though the price is shown."""
    team = api.aurous.teams.add(credits=0, billing_mode="exempt")

    response = api.post(IMAGES, json={"prompt": "x"}, key=team.api_key)

    assert (response.status, response.json["cost"]["amount"]) == (201, 1)
    team.images.last.finish()
    assert (team.credits, team.held_credits) == (0, 0)


def test_idem_3_a_replay_makes_no_second_image(api: Api) -> None:
    """The same key and body get the same response, 201 again, and one image is made and charged."""
    headers = {"Idempotency-Key": "order-1"}
    first = api.post(IMAGES, json={"prompt": "x", "count": 2}, headers=headers)
    look(api, first.json["id"], 3)

    again = api.post(IMAGES, json={"count": 2, "prompt": "x"}, headers=headers)

    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Aurous-Idempotent-Replayed"] == "true"
    assert "Aurous-Idempotent-Replayed" not in first.headers
    assert (len(api.aurous.images), api.money()) == (1, (998, 0))


@pytest.mark.parametrize("path", [IMAGES, "/v1/videos"], ids=["another body", "another route"])
def test_idem_6_a_key_stands_for_one_call(api: Api, path: str) -> None:
    """Another body or another route under the same key is refused."""
    headers = {"Idempotency-Key": "order-1"}
    api.post(IMAGES, json={"prompt": "x"}, headers=headers)

    api.refused("POST", path, json={"prompt": "y"}, headers=headers, status=409, code="idempotency_key_in_use")


def test_idem_4_a_refusal_is_evaluated_anew(make_api: Callable[..., Api]) -> None:
    """A create that was refused for want of credits works under its key once there are some."""
    api = make_api(credits=0)
    sent: dict[str, Any] = {"json": {"prompt": "x"}, "headers": {"Idempotency-Key": "order-1"}}
    assert api.post(IMAGES, **sent).status == 402

    api.team.credits = 5

    assert api.post(IMAGES, **sent).status == 201


def test_img_12_the_character_stays_in_its_images(api: Api) -> None:
    """After the character is deleted its images still say whom they show, and those under way go on."""
    character = api.characters.add()
    past, running = make(api, character_id=character.id)["id"], make(api, character_id=character.id)["id"]
    look(api, past, 3)

    api.delete(f"/v1/characters/{character.id}")

    assert api.get(f"{IMAGES}/{past}").json["character_id"] == character.id
    assert [row["character_id"] for row in api.get(IMAGES).json["data"]] == [character.id] * 2
    assert look(api, running, 3)[-1] == "succeeded"


def test_auth_5_a_read_key_looks_and_makes_nothing(api: Api) -> None:
    """A key for reading sees the history, and creates, estimates and cancels nothing."""
    key = api.team.add_key("read")
    image = api.aurous.images.add(status="pending", script="pending!")

    assert api.get(f"{IMAGES}/{image.id}", key=key).status == api.get(IMAGES, key=key).status == 200
    for path in (IMAGES, f"{IMAGES}/estimate", f"{IMAGES}/{image.id}/cancel"):
        api.refused("POST", path, json={"prompt": "x"}, key=key, status=403, code="missing_scope")


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("POST", IMAGES, "images_post"),
        ("POST", f"{IMAGES}/img_1/cancel", "images_post"),
        ("POST", f"{IMAGES}/estimate", "estimate_post"),
        ("GET", IMAGES, "reads"),
        ("GET", f"{IMAGES}/img_1", "reads"),
    ],
)
def test_rate_1_images_spend_from_their_buckets(api: Api, method: str, path: str, bucket: str) -> None:
    """Each call spends a token of the bucket that the contract names."""
    before = api.aurous.limits[bucket].remaining

    api.send(method, path, json={"prompt": "x"} if method == "POST" else None)

    assert api.aurous.limits[bucket].remaining == before - 1


def test_img_6_fifty_pollers_see_one_sequence(api: Api) -> None:
    """Many looks, by polls and pages in turn, meet one monotone sequence and one charge."""
    api.aurous.images.script("pending*7 -> processing*9 -> succeeded")
    image = make(api)["id"]
    seen = [api.get(IMAGES).json["data"][0]["status"] if number % 3 else look(api, image)[0] for number in range(50)]

    assert seen == ["pending"] * 7 + ["processing"] * 9 + ["succeeded"] * 34
    assert api.money() == (999, 0)
