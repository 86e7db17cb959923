"""The setting `sparse`: a field that the vendor's page marks as optional is omitted where it is null."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.conftest import Api

MakeApi = Callable[..., Api]

OF_VIDEOS: Final = ("video_duration", "video_resolution", "video_ratio", "video_camera_fixed")
OF_IMAGES: Final = ("width", "height", "image_count", "size_preset")
OPTIONAL: Final[dict[str, tuple[dict[str, Any], set[str], set[str]]]] = {
    "characters": ({}, set(), {"error_message"}),
    "images": (
        {"status": "pending"},
        {
            "negative_prompt",
            "output_video_url",
            "error_message",
            "duration_ms",
            "denoise_strength",
            "character_id",
            "creation_request_id",
            "completed_at",
            *OF_VIDEOS,
        },
        {"loras"},
    ),
    "videos": (
        {"prompt": None},
        {
            "negative_prompt",
            "error_message",
            "cfg_rescale",
            "denoise_strength",
            "character_id",
            "creation_request_id",
            *OF_IMAGES,
        },
        {"prompt", "loras"},
    ),
    "files": ({}, {"metadata"}, set()),
    "loras": ({}, {"description"}, set()),
    "video_loras": ({}, {"description"}, set()),
    "webhook_endpoints": ({}, {"description"}, {"secret", "last_success_at", "last_failure_at"}),
}
"""For each collection: what makes a record, the optional fields that are null, and those that are null all the same."""


def nulls(body: dict[str, Any]) -> set[str]:
    return {name for name, value in body.items() if value is None}


@pytest.mark.parametrize("resource", OPTIONAL)
def test_optional_fields_are_omitted_where_they_are_null(make_api: MakeApi, resource: str) -> None:
    """All others are there as usual, null or not, and `json()` of the record is what a GET returns."""
    given, optional, null = OPTIONAL[resource]
    sparse, usual = make_api(sparse="optional"), make_api()
    records = [getattr(api.aurous, resource).add(**given) for api in (sparse, usual)]
    found, whole = (
        api.get(f"/v1/{resource}/{record.id}").json for api, record in zip((sparse, usual), records, strict=True)
    )

    assert whole.keys() - found.keys() == optional
    assert nulls(whole) == optional | null
    assert nulls(found) == null
    assert records[0].json().keys() == found.keys()
    assert all(getattr(records[0], name) is None for name in optional)


def test_optional_fields_that_have_a_value_are_there(make_api: MakeApi) -> None:
    """Also if the value is empty text."""
    api = make_api(sparse="optional")
    sent = {"url": "https://a.example", "events": ["*"], "description": ""}

    assert api.post("/v1/webhook_endpoints", json=sent).json["description"] == ""
    assert api.get("/v1/webhook_endpoints").json["data"][0]["description"] == ""
    assert api.aurous.loras.add(description="Warm light").json()["description"] == "Warm light"


def test_team_1_a_team_may_have_no_billing_email(make_api: MakeApi) -> None:
    """The fake makes up none then, for no team."""
    sparse, usual = make_api(sparse="optional"), make_api()

    assert list(sparse.get("/v1/team").json) == ["id", "name", "credits", "created_at"]
    assert list(usual.get("/v1/team").json) == ["id", "name", "credits", "created_at", "billing_email"]
    assert [api.aurous.teams.add("Rivals").billing_email for api in (sparse, usual)] == [None, "billing@rivals.example"]


def test_hook_5_payloads_show_what_a_get_would(make_api: MakeApi) -> None:
    """The resource in an event lacks the same fields."""
    api = make_api(sparse="optional")
    api.aurous.webhook_endpoints.add()
    image = api.aurous.images.add(status="processing")
    image.finish()

    data = api.aurous.webhooks.deliveries[0].payload["data"]

    assert data.keys() == image.json().keys()
    assert "negative_prompt" not in data
