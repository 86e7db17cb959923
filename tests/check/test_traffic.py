"""What goes over the network is noted, and nobody notices."""

import gzip
import json
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, Final

import httpx
import pytest
import respx

from pytest_aurous import Aurous
from pytest_aurous._check.recording import traffic
from pytest_aurous._check.recording.traffic import Traffic
from pytest_aurous._check.sanitize import Sanitizer
from pytest_aurous._core.wire.exchange import Exchange
from pytest_aurous._httpx.stacks import all_stacks

pytestmark = pytest.mark.lowest

PAGE: Final = b'{"data": []}'


class Handler(BaseHTTPRequestHandler):
    """Responds as the path says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Send back what came."""
        if "content-length" in self.headers:
            body = self.rfile.read(int(self.headers["content-length"]))
        else:
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.respond(body)

    def do_GET(self) -> None:
        """Send one of a few bodies."""
        if self.path == "/gzip":
            self.respond(gzip.compress(PAGE), ("Content-Encoding", "gzip"))
        elif self.path == "/broken":
            self.respond(b"no gzip", ("Content-Encoding", "gzip"))
        elif self.path == "/film":
            self.respond(b"film" * 9, kind="video/mp4")
        elif self.path == "/cut":
            self.respond(PAGE, length=99)
            self.close_connection = True
        else:
            self.respond(b"" if self.path == "/empty" else PAGE)

    def respond(
        self, body: bytes, *headers: tuple[str, str], kind: str = "application/json", length: int | None = None
    ) -> None:
        """Send a response."""
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", str(length or len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def noting() -> Generator[list[Exchange], None, None]:
    """Note everything in the block, but what goes to /quiet."""
    found: list[Exchange] = []
    notes = Traffic(lambda url: None if url.endswith("/quiet") else found, all_stacks())
    notes.start()
    try:
        yield found
    finally:
        notes.stop()


@pytest.fixture
def noted() -> Iterator[list[Exchange]]:
    """What the test exchanges."""
    with noting() as found:
        yield found


@pytest.mark.parametrize("stack", all_stacks(), ids=lambda stack: stack.__name__)
def test_a_sync_client_is_noted(stack: Any, url: str, noted: list[Exchange]) -> None:
    with stack.Client(headers={"X-Own": "1"}) as client:
        assert client.post(f"{url}/x?y=1", json={"name": "A"}).json() == {"name": "A"}
        assert client.get(f"{url}/gzip").json() == {"data": []}
        client.get(f"{url}/quiet")

    one, two = noted
    assert (one.method, one.url, one.status) == ("POST", f"{url}/x?y=1", 200)
    assert ("x-own", "1") in [(name.lower(), value) for name, value in one.headers]
    assert ("Content-Type", "application/json") in one.response_headers
    assert one.content == one.body
    assert json.loads(one.body or b"") == {"name": "A"}
    assert (one.at or 0) <= (two.at or 0)
    assert (two.content, two.body) == (b"", PAGE)


@pytest.mark.anyio
@pytest.mark.parametrize("stack", all_stacks(), ids=lambda stack: stack.__name__)
async def test_an_async_client_is_noted(stack: Any, url: str, noted: list[Exchange]) -> None:
    """Under asyncio as under trio."""

    async def parts() -> AsyncIterator[bytes]:
        yield b'{"a":'
        yield b" 1}"

    async with stack.AsyncClient(timeout=None) as client:  # however busy the machine is
        assert (await client.post(url, content=parts())).json() == {"a": 1}
        await client.get(f"{url}/quiet")
        with pytest.raises(stack.ConnectError):
            await client.get("http://127.0.0.1:1/x")
        async with client.stream("GET", url) as response:
            assert [part async for part in response.aiter_bytes()] == [PAGE]

    assert [(one.status, one.content, one.body) for one in noted] == [
        (200, b'{"a": 1}', b'{"a": 1}'),
        (None, b"", b""),
        (200, b"", PAGE),
    ]


def test_a_streaming_response_goes_on_streaming(url: str, noted: list[Exchange]) -> None:
    """What was not read is missing, what was is there, and of a film only the fact that there was one."""
    with httpx.Client() as client:
        with client.stream("GET", url):
            assert noted[0].status == 200
        with client.stream("GET", url) as response:
            assert next(response.iter_raw()) == PAGE
        with client.stream("GET", url) as response:
            assert response.read() == PAGE
        assert client.get(f"{url}/film").content == b"film" * 9
        assert client.get(f"{url}/empty").content == b""
        with client.stream("GET", f"{url}/broken") as response:
            assert list(response.iter_raw()) == [b"no gzip"]

    assert [one.body for one in noted] == [None, None, PAGE, None, b"", None]


def test_the_time_until_a_response_is_noted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its begin, and without the time that its body takes; in the file, in milliseconds."""
    now = count(1_778_234_400.0, 0.25)
    monkeypatch.setattr(traffic, "time", lambda: next(now))
    with noting() as noted, httpx.Client() as client, client.stream("GET", url) as response:
        next(now)
        response.read()

    (one,) = noted
    assert (one.at, one.seconds) == (1_778_234_400.0, 0.25)
    assert Sanitizer().entry(one)["time"] == 250


def test_an_exception_passes_unchanged(url: str, noted: list[Exchange]) -> None:
    """Before the response there is none; within its body a part is missing, as where it cannot be decompressed."""
    with httpx.Client() as client:
        with pytest.raises(httpx.ConnectError) as refused:
            client.get("http://127.0.0.1:1/x")
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(f"{url}/cut")
        with pytest.raises(httpx.DecodingError):
            client.get(f"{url}/broken")

    assert refused.value.request.url == "http://127.0.0.1:1/x"
    assert [(one.status, one.body) for one in noted] == [(None, b""), (200, None), (200, None)]


def test_what_a_mock_or_a_fake_responds_is_not_noted(url: str, noted: list[Exchange]) -> None:
    """It never came over the network."""
    with respx.mock(assert_all_called=False) as mock, httpx.Client() as client:
        mock.get("https://one.example").respond(json=[])
        mock.get("https://two.example").mock(side_effect=ZeroDivisionError)
        mock.route(host="127.0.0.1").pass_through()
        assert client.get("https://one.example").json() == []
        with pytest.raises(ZeroDivisionError):
            client.get("https://two.example")
        client.get(url)
    with Aurous() as aurous:
        assert aurous.client().get("/v1/balance").status_code == 200
        assert httpx.get("https://api.aurous-labs.com/v1/balance").status_code == 401
        httpx.get(url)

    assert [one.url for one in noted] == [url, url]


def test_nothing_is_left_behind(url: str) -> None:
    """Nor does a fake take the patch for one of its own, and remove it."""
    before = httpx.HTTPTransport.handle_request
    with noting() as found:
        for _ in range(2):
            with Aurous() as aurous:
                assert httpx.get(f"{aurous.base_url}/v1/balance").status_code == 401
                httpx.get(url)
        assert httpx.HTTPTransport.handle_request is not before

    assert [one.url for one in found] == [url, url]
    assert httpx.HTTPTransport.handle_request is before


def test_a_patch_that_came_later_stays(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It passes requests on to ours, which notes no more."""
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", httpx.HTTPTransport.handle_request)  # to be restored
    with noting() as found:
        ours: Any = httpx.HTTPTransport.handle_request

        def later(*sent: Any) -> Any:
            return ours(*sent)

        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", later)
        httpx.get(url)
    httpx.get(url)

    assert [one.url for one in found] == [url]
