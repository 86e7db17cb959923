"""The tests that a team writes for its client, with respx."""

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import new
from itertools import chain, repeat
from typing import Any

import httpx
import pytest
import respx

from by_hand.exchanges import (
    AURORA,
    BALANCE,
    BASE,
    BUSY,
    DRAWN,
    FAILED,
    FLOWS,
    MANY,
    READY,
    REVIEWED,
    Flow,
    twin,
)
from clients.common import PublishError

Publish = Callable[[str], object]
Outcome = httpx.Response | type[httpx.TransportError]


def then(first: Outcome, content: dict[str, Any], status: int = 200) -> Iterator[Outcome]:
    """Yield the first outcome, and then nothing but successes."""
    return chain([first], (httpx.Response(status, json=each) for each in repeat(content)))


class Api:
    """The routes of a character that is published without trouble."""

    def __init__(self, router: respx.MockRouter) -> None:
        self.create = router.post(f"{BASE}/v1/characters").respond(201, json=DRAWN)
        self.poll = router.get(AURORA)
        self.poll.side_effect = then(httpx.Response(200, json=DRAWN), REVIEWED)
        self.save = router.post(f"{AURORA}/save").respond(json=READY)
        router.get(f"{BASE}/v1/balance").respond(json=BALANCE)


@pytest.fixture
def api() -> "Iterator[Api]":
    with respx.mock(assert_all_called=False) as router:
        yield Api(router)


def keys(route: respx.Route) -> dict[bytes, set[str | None]]:
    """Return the keys that each order was sent with."""
    found: dict[bytes, set[str | None]] = {}
    for call in route.calls:
        found.setdefault(call.request.content, set()).add(call.request.headers.get("Idempotency-Key"))
    return found


def test_publishes(api: Api, publish: Publish) -> None:
    """It orders, polls and saves."""
    publish("Aurora")

    assert api.create.called
    assert api.poll.called
    assert api.save.called


def test_an_order_that_is_refused_for_now_is_sent_again(api: Api, publish: Publish) -> None:
    """After a 503 the same order succeeds."""
    api.create.side_effect = then(httpx.Response(503, json=BUSY), DRAWN, 201)

    publish("Aurora")

    assert api.create.call_count >= 2
    assert api.save.called


def test_a_save_that_is_refused_for_now_is_sent_again(api: Api, publish: Publish) -> None:
    """After a 503 the same save succeeds."""
    api.save.side_effect = then(httpx.Response(503, json=BUSY), READY)

    publish("Aurora")

    assert api.save.call_count >= 2


def test_an_order_that_times_out_is_sent_again_with_its_key(api: Api, publish: Publish) -> None:
    """Both attempts are one order."""
    api.create.side_effect = then(httpx.ReadTimeout, DRAWN, 201)

    publish("Aurora")

    assert api.create.call_count >= 2
    assert all(len(each) == 1 and None not in each for each in keys(api.create).values())


def test_a_save_that_times_out_is_sent_again(api: Api, publish: Publish) -> None:
    """A save can be repeated."""
    api.save.side_effect = then(httpx.ReadTimeout, READY)

    publish("Aurora")

    assert api.save.call_count >= 2


def test_waits_for_as_long_as_the_api_says(api: Api, publish: Publish, naps: list[float]) -> None:
    """After a 429 it sleeps for the seconds of Retry-After."""
    many = httpx.Response(429, json=MANY, headers={"Retry-After": "7"})
    api.create.side_effect = then(many, DRAWN, 201)

    publish("Aurora")

    assert 7 in naps
    assert api.save.called


def test_a_failed_synthesis_is_an_error(api: Api, publish: Publish) -> None:
    """It is raised, and nothing is saved."""
    api.poll.side_effect = then(httpx.Response(200, json=DRAWN), FAILED)
    api.save.respond(
        400,
        json={"error": {"code": "invalid_request_error", "message": "It has failed."}},
    )

    with pytest.raises((PublishError, httpx.HTTPError)):
        publish("Aurora")


# The other clients


@pytest.fixture(params=FLOWS)
def flow(
    request: pytest.FixtureRequest,
) -> "Iterator[tuple[str, Flow, list[respx.Route]]]":
    name: str = request.param
    exchanges, _ = FLOWS[name]
    with respx.mock(assert_all_called=False) as router:
        routes = [router.request(verb, BASE + path).respond(json=body) for verb, path, body in exchanges]
        yield name, FLOWS[name], routes


def test_does_its_work(flow: tuple[str, Flow, list[respx.Route]]) -> None:
    """Each request is sent once."""
    name, _, routes = flow

    twin(name)("char_1")

    assert [route.call_count for route in routes] == [1] * len(routes)


@pytest.mark.parametrize("first", [httpx.ReadTimeout, 503, 429])
def test_a_request_without_success_is_sent_again(
    flow: tuple[str, Flow, list[respx.Route]], first: Any, naps: list[float]
) -> None:
    """The first request is disturbed; then all goes on as usual."""
    name, (exchanges, place), routes = flow
    if first == 429:
        first = httpx.Response(429, json=MANY, headers={"Retry-After": "7"})
    elif first == 503:
        first = httpx.Response(503, json=BUSY)
    routes[place].side_effect = then(first, exchanges[place][2])

    twin(name)("char_1")

    assert [route.call_count for route in routes] == [1 + (n == place) for n in range(len(routes))]
    assert all(len(each) == 1 for each in keys(routes[place]).values())
    assert naps


# The receivers


def test_a_signed_event_is_accepted() -> None:
    """A signature of the vendor leads to the order of a portrait."""
    body = json.dumps({"id": "evt_1", "data": {"id": "char_1"}}).encode()
    now = int(time.time())
    signature = new(b"whsec_of_this_receiver", b"%d." % now + body, sha256).hexdigest()
    with respx.mock() as router:
        route = router.post(f"{BASE}/v1/images").respond(201, json={"id": "img_1"})

        assert twin("unverified_signature")(body, f"t={now},v1={signature}") == 200

    assert route.call_count == 1


def test_a_forged_event_is_refused() -> None:
    """Another signature leads to nothing."""
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{BASE}/v1/images").respond(201, json={"id": "img_1"})

        body = json.dumps({"id": "evt_1", "data": {"id": "char_1"}}).encode()
        assert twin("unverified_signature")(body, f"t={int(time.time())},v1=00") == 401


def test_each_event_ends_its_order() -> None:
    """Two orders, two events."""
    shop = {"orders": {"dawn": "img_1", "dusk": "img_2"}, "pictures": {}}

    for image in ("img_1", "img_2"):
        twin("trusts_order_of_webhooks")(shop, {"data": {"id": image}})

    assert shop["pictures"] == shop["orders"]


def test_a_character_of_pictures_is_made_again() -> None:
    """If the order times out, it is sent again with another upload."""
    upload = {
        "upload_id": "upl_1",
        "upload_url": "https://aurous.storage/1",
        "upload_headers": {},
    }
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{BASE}/v1/characters").respond(json={"data": [], "has_more": False})
        router.post(f"{BASE}/v1/characters/uploads/init").respond(201, json=upload)
        router.put("https://aurous.storage/1").respond(200)
        create = router.post(f"{BASE}/v1/characters")
        create.side_effect = then(httpx.ReadTimeout, READY, 201)

        assert twin("upload_orders_again")("Aurora")["id"] == "char_1"

    assert create.call_count == 2
