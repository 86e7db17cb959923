"""GET /v1/loras and /v1/video_loras: styles of images and of videos."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.conftest import Api

LORAS: Final = "/v1/loras"
VIDEO_LORAS: Final = "/v1/video_loras"
each_medium: Final = pytest.mark.parametrize("path", [LORAS, VIDEO_LORAS])
IMAGE_FIELDS: Final = {
    *("id", "name", "is_public", "created_at", "slug", "description", "preview_image_url"),
    *("default_denoise_strength", "default_guidance_scale", "default_steps", "has_template"),
}
VIDEO_FIELDS: Final = {
    *("id", "name", "is_public", "created_at", "slug", "description", "preview_video_url"),
    *("default_resolution", "default_ratio", "default_duration"),
}


def styles_of(api: Api, path: str) -> Any:
    return {LORAS: api.aurous.loras, VIDEO_LORAS: api.aurous.video_loras}[path]


@pytest.mark.parametrize(("path", "fields"), [(LORAS, IMAGE_FIELDS), (VIDEO_LORAS, VIDEO_FIELDS)])
def test_style_3_style_1_a_list_is_a_bare_array(api: Api, path: str, fields: set[str]) -> None:
    """A few public styles are there from the start, with all of their fields, and no envelope."""
    rows = api.get(path).json

    assert isinstance(rows, list)
    assert len(rows) >= 2
    assert all(set(row) == fields for row in rows)
    assert all(row["id"].startswith("lora_") and row["is_public"] is True for row in rows)
    assert len({row["id"] for row in rows}) == len({row["slug"] for row in rows}) == len(rows)


def test_the_styles_of_the_examples(api: Api) -> None:
    """The vendor's own, under their slugs, with the vendor's defaults."""
    golden = api.get(f"{LORAS}/golden-hour-photography").json
    seedance = api.get(f"{VIDEO_LORAS}/seedance-1-pro").json

    assert golden["name"] == "Golden Hour Photography"
    assert (golden["default_denoise_strength"], golden["default_guidance_scale"]) == (0.8, 7.5)
    assert (golden["default_steps"], golden["created_at"]) == (30, "2026-03-01T00:00:00Z")
    assert (seedance["default_resolution"], seedance["default_ratio"]) == ("1080p", "16:9")
    assert seedance["default_duration"] == 5


@each_medium
@pytest.mark.parametrize("field", ["id", "slug"])
def test_style_4_style_2_one_style_goes_by_id_or_slug(api: Api, path: str, field: str) -> None:
    """It is the row of the list."""
    for row in api.get(path).json:
        assert api.get(f"{path}/{row[field]}").json == row


@each_medium
@pytest.mark.parametrize("kind", ["unknown", "of the other medium", "another team's"])
def test_style_2_style_4_auth_7_a_style_that_is_none(api: Api, path: str, kind: str) -> None:
    """Unknown, of the other medium or private to another team: all are the same 404."""
    style = {
        "unknown": "lora_x",
        "of the other medium": api.get(VIDEO_LORAS if path == LORAS else LORAS).json[0]["id"],
        "another team's": styles_of(api, path).add().id,
    }[kind]
    key = api.aurous.teams.add().api_key
    api.get(path)

    api.refused("GET", f"{path}/{style}", key=key, status=404, code="resource_not_found")


@each_medium
def test_style_1_style_3_a_private_style_is_its_teams_alone(api: Api, path: str) -> None:
    """The team sees the public styles and then its own; others see those that it has made public."""
    before = api.get(path).json
    style, public = styles_of(api, path).add("House Style"), styles_of(api, path).add("For All", public=True)
    other = api.aurous.teams.add().api_key

    theirs = api.get(path, key=other).json

    assert api.get(path).json == [*theirs, style.json()]
    assert (style.json()["is_public"], public.json()["is_public"]) == (False, True)
    assert public.json() in theirs
    assert [row for row in theirs if row != public.json()] == before
    assert api.get(f"{path}/house-style").json["id"] == style.id


@pytest.mark.parametrize("call", ["/v1/images", "/v1/videos/estimate"])
@pytest.mark.parametrize("field", ["id", "slug"])
def test_style_5_an_image_style_is_no_video_style(api: Api, call: str, field: str) -> None:
    """A style of the other medium is another refusal than an unknown one, by id and by slug."""
    image, video = (api.get(path).json[0][field] for path in (LORAS, VIDEO_LORAS))
    param = "lora_id" if "images" in call else "video_lora_id"
    body = {"prompt": "A cat", param: video if "images" in call else image}

    api.refused("POST", call, json=body, status=400, code="unsupported_lora_for_mode", param=param)


@each_medium
def test_a_live_style_is_what_a_get_shows(api: Api, path: str) -> None:
    """It has the attributes of the wire; a collection sees what the team can use."""
    styles = styles_of(api, path)
    style = styles.add("Noir", slug="film-noir")

    assert style.json() == api.get(f"{path}/film-noir").json
    assert (style.name, style.slug, style.is_public, style.description) == ("Noir", "film-noir", False, None)
    assert style.created_at == "2026-05-08T10:00:00Z"
    assert repr(style) == f"<{type(style).__name__} {style.id} 'film-noir'>"
    assert [one.id for one in styles] == [row["id"] for row in api.get(path).json]
    assert (styles.last, styles[style.id], styles.get(style.id), len(styles)) == (style, style, style, len([*styles]))
    assert style in styles
    other = api.aurous.teams.add()
    theirs: Any = other.loras if path == LORAS else other.video_loras
    assert theirs.get(style.id) is None
    assert style not in theirs


@pytest.mark.parametrize("way", ["restore", "reset"])
def test_a_style_keeps_its_id(api: Api, way: str) -> None:
    """Going back to before anybody had asked for styles leaves them what they are, and live records good."""
    snapshot = api.aurous.snapshot()
    images, videos, style = api.get(LORAS).json, api.get(VIDEO_LORAS).json, api.aurous.loras.last
    if way == "restore":
        api.aurous.restore(snapshot)
    else:
        api.aurous.reset()

    assert api.get(VIDEO_LORAS).json == videos
    assert api.get(LORAS).json == images
    assert style.name == images[-1]["name"]


def test_ids_do_not_depend_on_the_order_of_asking(make_api: Callable[..., Api]) -> None:
    """The same seed gives the same styles, whoever is asked first."""
    one, other = make_api(), make_api()
    first = [one.get(path).json for path in (LORAS, VIDEO_LORAS)]
    second = [other.get(path).json for path in (VIDEO_LORAS, LORAS)]

    assert first == second[::-1]
