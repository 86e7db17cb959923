import httpx
import pytest
import respx

from announce import CHAT, publish_and_announce
from application import connect, publish
from pytest_aurous import Aurous


def test_each_serves_its_own_hosts(
    aurous: Aurous, respx_mock: respx.MockRouter
) -> None:
    """The fake plays the Aurous Labs API, respx plays the chat."""
    message = respx_mock.post(CHAT, json={"text": "Aurora is ready"}).respond(201)

    publish_and_announce("Aurora")

    assert aurous.characters.last.status == "ready"
    assert message.call_count == 1


def test_respx_stays_strict(aurous: Aurous, respx_mock: respx.MockRouter) -> None:
    """A request to another host without a route fails, as without the fake."""
    with pytest.raises(respx.models.AllMockedAssertionError, match=r"chat\.example"):
        publish_and_announce("Aurora")

    assert aurous.characters.last.status == "ready"


@pytest.mark.respx(assert_all_called=False)
def test_a_route_for_the_vendor_is_not_used(
    aurous: Aurous, respx_mock: respx.MockRouter
) -> None:
    """The fake comes first for its own hosts."""
    routed = respx_mock.post(path__regex="/save$").respond(503)

    publish(connect(), "Aurora", pause=0)

    assert not routed.called


def test_one_operation_is_overridden(aurous: Aurous) -> None:
    """`aurous.route()` returns a respx route, with everything that a route can do."""
    aurous.route("characters.save").respond(503)

    with pytest.raises(httpx.HTTPStatusError, match="503"):
        publish(connect(), "Aurora", pause=0)
