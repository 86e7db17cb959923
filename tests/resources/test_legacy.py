"""Former paths: 308 to the present paths."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.conftest import Api

PATHS: Final = [
    ("POST", "/v1/generations", "/v1/images", "images.create"),
    ("GET", "/v1/generations", "/v1/images", "images.list"),
    ("POST", "/v1/generations/estimate", "/v1/images/estimate", "images.estimate"),
    ("GET", "/v1/generations/img_1", "/v1/images/img_1", "images.retrieve"),
    ("POST", "/v1/generations/img_1/cancel", "/v1/images/img_1/cancel", "images.cancel"),
    ("GET", "/v1/generations/img_1/output/0", "/v1/images/img_1/output/0", "images.output"),
    ("POST", "/v1/video-generations", "/v1/videos", "videos.create"),
    ("POST", "/v1/video-generations/estimate", "/v1/videos/estimate", "videos.estimate"),
    ("GET", "/v1/video-generations/vid_1", "/v1/videos/vid_1", "videos.retrieve"),
    ("GET", "/v1/video-generations/vid_1/output", "/v1/videos/vid_1/output", "videos.output"),
]
each_path: Final = pytest.mark.parametrize(("method", "old", "new", "operation"), PATHS, ids=[row[3] for row in PATHS])


@each_path
@pytest.mark.parametrize("query", ["", "?limit=2&starting_after=img_1", "?token=a-b%2Fc"])
def test_legacy_1_an_old_path_leads_to_the_new_one(
    api: Api, method: str, old: str, new: str, operation: str, query: str
) -> None:
    """308 with its place, query and all, that it is deprecated, and until when."""
    response = api.send(method, old + query)

    assert (response.status, response.body) == (308, b"")
    assert "Content-Type" not in response.headers  # no type without content
    assert response.headers["Location"] == f"https://api.aurous-labs.com{new}{query}"
    assert response.headers["Aurous-Deprecated"] == "route"
    assert response.headers["Sunset"] == "Tue, 04 Aug 2026 00:00:00 GMT"
    assert response.headers["Aurous-Request-Id"].startswith("req_")
    assert api.aurous.calls.last.operation == f"legacy.{operation}"


@pytest.mark.parametrize("base_url", ["http://localhost:8123", "https://gateway.test/v1/generations"])
def test_a_redirect_stays_with_the_fake(make_api: Callable[..., Api], base_url: str) -> None:
    """Wherever it is."""
    response = make_api(base_url=base_url).get("/v1/generations/img_1")

    assert response.headers["Location"] == f"{base_url}/v1/images/img_1"


def test_a_redirect_changes_nothing(api: Api) -> None:
    """Nothing is made or held until the client follows, and an id stays as it was quoted."""
    before = api.state()

    api.post("/v1/generations", json={"prompt": "A cat"})
    response = api.get("/v1/generations/v1%2Fgenerations")

    assert response.headers["Location"] == "https://api.aurous-labs.com/v1/images/v1%2Fgenerations"
    assert api.state() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/video-generations"), ("POST", "/v1/video-generations/vid_1/cancel"), ("DELETE", "/v1/generations")],
)
def test_what_has_no_path_of_today_had_none(api: Api, method: str, path: str) -> None:
    assert api.send(method, path).status in {404, 405}


def test_a_client_that_follows_arrives(api: Api) -> None:
    """An httpx client with the base of before makes, polls, lists, cancels and loads, with body and key."""
    with api.aurous.client(follow_redirects=True) as client:
        made = client.post("/v1/generations", json={"prompt": "A cat"})
        film = client.post("/v1/video-generations", json={"video_lora_id": "seedance-1-pro"})
        assert (made.status_code, film.status_code) == (201, 201)
        assert made.json()["prompt"] == "A cat"
        image, video = made.json()["id"], film.json()["id"]

        listed = client.get("/v1/generations", params={"limit": 1}).json()
        assert [row["id"] for row in listed["data"]] == [video]
        assert client.get(f"/v1/video-generations/{video}").json()["id"] == video
        assert client.post(f"/v1/generations/{video}/cancel").json()["status"] == "cancelled"
        api.aurous.images[image].finish()
        output = client.get(f"/v1/generations/{image}/output/0")

    assert output.content == api.aurous.images[image].picture()
    assert [one.status_code for one in output.history] == [308]
