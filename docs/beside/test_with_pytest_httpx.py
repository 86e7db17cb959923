import httpx
import pytest
from pytest_httpx import HTTPXMock

from announce import CHAT, publish_and_announce
from application import connect, publish
from pytest_aurous import Aurous


def test_each_serves_its_own_hosts(aurous: Aurous, httpx_mock: HTTPXMock) -> None:
    """The fake plays the Aurous Labs API, pytest-httpx plays the chat."""
    message = {"text": "Aurora is ready"}
    httpx_mock.add_response(method="POST", url=CHAT, match_json=message)

    publish_and_announce("Aurora")

    assert aurous.characters.last.status == "ready"


@pytest.mark.httpx_mock(assert_all_responses_were_requested=False)
def test_a_response_for_the_vendor_is_not_sent(
    aurous: Aurous, httpx_mock: HTTPXMock
) -> None:
    """The fake comes first for its own hosts."""
    httpx_mock.add_response(status_code=503)

    publish(connect(), "Aurora", pause=0)

    assert httpx_mock.get_requests() == []


@pytest.fixture
def published(aurous: Aurous, httpx_mock: HTTPXMock) -> str:
    """A fixture that uses the API before the body of the test starts."""
    character: str = publish(connect(), "Aurora", pause=0)["id"]
    return character


def is_for_another_host(request: httpx.Request) -> bool:
    return request.url.host != "api.aurous-labs.com"


@pytest.mark.httpx_mock(should_mock=is_for_another_host)
def test_requests_in_a_fixture(aurous: Aurous, published: str) -> None:
    """In a fixture httpx_mock may come first, so the marker excludes the vendor."""
    assert aurous.characters[published].status == "ready"
