"""The tests that a team writes for its client, with pytest-httpx."""

import json
import time
from collections.abc import Callable
from hashlib import sha256
from hmac import new
from typing import Any

import httpx
import pytest

from by_hand.exchanges import AURORA, BALANCE, BASE, BUSY, DRAWN, FAILED, FLOWS, MANY, READY, REVIEWED, twin
from clients.common import PublishError

pytest.importorskip("pytest_httpx")

Publish = Callable[[str], object]
CREATE, SAVE = f"{BASE}/v1/characters", f"{AURORA}/save"


class Api:
    """The responses of a character that is published without trouble."""

    def __init__(self, mock: Any) -> None:
        self.mock = mock

    def respond(self, *, status: str = "reviewing", save: int = 200) -> None:
        """Add what is the same each time; what a test has added before comes first."""
        polled = FAILED if status == "failed" else REVIEWED
        self.mock.add_response(url=CREATE, status_code=201, json=DRAWN, is_reusable=True)
        self.mock.add_response(method="GET", url=AURORA, json=DRAWN)
        self.mock.add_response(method="GET", url=AURORA, json=polled, is_reusable=True)
        error = {"error": {"code": "invalid_request_error", "message": "It has failed."}}
        saved = READY if save == 200 else error
        self.mock.add_response(
            url=SAVE,
            status_code=save,
            json=saved,
            is_reusable=True,
            is_optional=save != 200,
        )
        self.mock.add_response(url=f"{BASE}/v1/balance", json=BALANCE, is_reusable=True, is_optional=True)

    def keys(self, url: str) -> dict[bytes, set[str | None]]:
        """Return the keys that each order was sent with."""
        found: dict[bytes, set[str | None]] = {}
        for request in self.mock.get_requests(url=url):
            found.setdefault(request.content, set()).add(request.headers.get("Idempotency-Key"))
        return found


@pytest.fixture
def api(httpx_mock: Any) -> Api:
    return Api(httpx_mock)


def test_publishes(api: Api, publish: Publish) -> None:
    """It orders, polls and saves."""
    api.respond()

    publish("Aurora")


def test_an_order_that_is_refused_for_now_is_sent_again(api: Api, publish: Publish) -> None:
    """After a 503 the same order succeeds."""
    api.mock.add_response(url=CREATE, status_code=503, json=BUSY)
    api.respond()

    publish("Aurora")


def test_a_save_that_is_refused_for_now_is_sent_again(api: Api, publish: Publish) -> None:
    """After a 503 the same save succeeds."""
    api.mock.add_response(url=SAVE, status_code=503, json=BUSY)
    api.respond()

    publish("Aurora")


def test_an_order_that_times_out_is_sent_again_with_its_key(api: Api, publish: Publish) -> None:
    """Both attempts are one order."""
    api.mock.add_exception(httpx.ReadTimeout("late"), url=CREATE)
    api.respond()

    publish("Aurora")

    assert all(len(each) == 1 and None not in each for each in api.keys(CREATE).values())


def test_a_save_that_times_out_is_sent_again(api: Api, publish: Publish) -> None:
    """A save can be repeated."""
    api.mock.add_exception(httpx.ReadTimeout("late"), url=SAVE)
    api.respond()

    publish("Aurora")


def test_waits_for_as_long_as_the_api_says(api: Api, publish: Publish, naps: list[float]) -> None:
    """After a 429 it sleeps for the seconds of Retry-After."""
    api.mock.add_response(url=CREATE, status_code=429, json=MANY, headers={"Retry-After": "7"})
    api.respond()

    publish("Aurora")

    assert 7 in naps


def test_a_failed_synthesis_is_an_error(api: Api, publish: Publish) -> None:
    """It is raised, and nothing is saved."""
    api.respond(status="failed", save=400)

    with pytest.raises((PublishError, httpx.HTTPError)):
        publish("Aurora")


# The other clients


@pytest.mark.parametrize("name", FLOWS)
def test_does_its_work(httpx_mock: Any, name: str) -> None:
    """Each request is sent once."""
    for method, path, content in FLOWS[name][0]:
        httpx_mock.add_response(method=method, url=BASE + path, json=content)

    twin(name)("char_1")


@pytest.mark.parametrize("first", ["timeout", 503, 429])
@pytest.mark.parametrize("name", FLOWS)
def test_a_request_without_success_is_sent_again(httpx_mock: Any, name: str, first: Any, naps: list[float]) -> None:
    """The first request is disturbed; then all goes on as usual."""
    exchanges, place = FLOWS[name]
    method, path, _ = exchanges[place]
    if first == "timeout":
        httpx_mock.add_exception(httpx.ReadTimeout("late"), method=method, url=BASE + path)
    else:
        content, headers = (BUSY, {}) if first == 503 else (MANY, {"Retry-After": "7"})
        httpx_mock.add_response(
            method=method,
            url=BASE + path,
            status_code=first,
            json=content,
            headers=headers,
        )
    for verb, each, content in exchanges:
        httpx_mock.add_response(method=verb, url=BASE + each, json=content)

    twin(name)("char_1")

    disturbed = httpx_mock.get_requests(method=method, url=BASE + path)
    assert len({request.headers.get("Idempotency-Key") for request in disturbed}) == 1
    assert naps


# The receivers


def test_a_signed_event_is_accepted(httpx_mock: Any) -> None:
    """A signature of the vendor leads to the order of a portrait."""
    body = json.dumps({"id": "evt_1", "data": {"id": "char_1"}}).encode()
    now = int(time.time())
    signature = new(b"whsec_of_this_receiver", b"%d." % now + body, sha256).hexdigest()
    httpx_mock.add_response(url=f"{BASE}/v1/images", status_code=201, json={"id": "img_1"})

    assert twin("unverified_signature")(body, f"t={now},v1={signature}") == 200


def test_a_forged_event_is_refused(httpx_mock: Any) -> None:
    """Another signature leads to nothing."""
    httpx_mock.add_response(url=f"{BASE}/v1/images", status_code=201, json={"id": "img_1"}, is_optional=True)
    body = json.dumps({"id": "evt_1", "data": {"id": "char_1"}}).encode()

    assert twin("unverified_signature")(body, f"t={int(time.time())},v1=00") == 401


def test_each_event_ends_its_order() -> None:
    """Two orders, two events."""
    shop = {"orders": {"dawn": "img_1", "dusk": "img_2"}, "pictures": {}}

    for image in ("img_1", "img_2"):
        twin("trusts_order_of_webhooks")(shop, {"data": {"id": image}})

    assert shop["pictures"] == shop["orders"]


def test_a_character_of_pictures_is_made_again(httpx_mock: Any) -> None:
    """If the order times out, it is sent again with another upload."""
    upload = {
        "upload_id": "upl_1",
        "upload_url": "https://aurous.storage/1",
        "upload_headers": {},
    }
    no_page = {"data": [], "has_more": False}
    httpx_mock.add_response(
        method="GET",
        url=f"{CREATE}?limit=100",
        json=no_page,
        is_reusable=True,
        is_optional=True,
    )
    httpx_mock.add_response(url=f"{CREATE}/uploads/init", status_code=201, json=upload, is_reusable=True)
    httpx_mock.add_response(url="https://aurous.storage/1", is_reusable=True)
    httpx_mock.add_exception(httpx.ReadTimeout("late"), method="POST", url=CREATE)
    httpx_mock.add_response(method="POST", url=CREATE, status_code=201, json=READY)

    assert twin("upload_orders_again")("Aurora")["id"] == "char_1"
