"""URLs that open without a key, whatever they lead to: up-3, get-3, img-8, time-2, time-3."""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conftest import TICKET, Api, Response

HOUR: Final = 3600
DAY: Final = 24 * HOUR
URLS: Final[dict[str, Callable[[Api], str]]] = {
    "upload": lambda api: str(api.post("/v1/characters/uploads/init", json=TICKET).json["upload_url"]),
    "ref": lambda api: api.characters.add().refs[0].url,
    "file": lambda api: api.aurous.files.add().url,
    "picture": lambda api: api.aurous.images.add(count=2).output_urls[0],
    "film": lambda api: str(api.aurous.videos.add().output_video_url),
}


def opened(api: Api, url: str) -> Response:
    """Send a picture to a ticket, or get what there is."""
    method = "PUT" if "aurous.storage" in url else "GET"
    return api.send(method, url, key=None, content=b"x" if method == "PUT" else b"")


@pytest.mark.parametrize("kind", URLS)
@pytest.mark.parametrize("damage", ["empty", "cut", "another's", "a later date", "no hex"])
def test_up_3_get_3_img_8_a_wrong_token_opens_nothing(api: Api, kind: str, damage: str) -> None:
    """A token that was not made for this path and instant is refused, even beside a good key."""
    url, other = URLS[kind](api), URLS[kind](api)
    if kind == "picture":
        other = api.aurous.images.last.output_urls[1]
        url = api.aurous.images.last.output_urls[0]
    ((name, token),) = parse_qsl(urlsplit(url).query)
    stamp, _, check = token.partition("-")
    damaged = {
        "empty": "",
        "cut": token[:-1],
        "another's": parse_qsl(urlsplit(other).query)[0][1],
        "a later date": f"{int(stamp, 16) + DAY:x}-{check}",
        "no hex": f"zz-{check}",
    }[damage]

    method = "PUT" if kind == "upload" else "GET"
    for key in (None, api.aurous.api_key):
        path = url.partition("?")[0]
        api.refused(method, f"{path}?{name}={damaged}", key=key, status=403, code="missing_scope")


@pytest.mark.parametrize("kind", ["ref", "file", "picture", "film"])
@pytest.mark.parametrize("base_url", ["http://localhost:8123", "https://gateway.test/aurous/api"])
def test_get_3_img_8_a_url_leads_back_to_the_fake(make_api: Callable[..., Api], base_url: str, kind: str) -> None:
    """Wherever it is, behind a prefix too."""
    api = make_api(base_url=base_url)
    url = URLS[kind](api)

    assert url.startswith(f"{base_url}/")
    assert opened(api, url).status == 200


def test_a_url_is_signed_by_the_seed(make_api: Callable[..., Api]) -> None:
    """Alike in every run; of another seed, the URL of the same record has another token."""
    record = "img_01HXMQ7Z3K8Y2NABCDEFGHJKMR"
    urls = [make_api(seed=seed).aurous.images.add(id=record).output_urls for seed in (1, 1, 2)]

    assert urls[0] == urls[1] != urls[2]
