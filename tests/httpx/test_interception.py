"""Where httpx and httpx2 meet the fake, what else is in the way, and that nothing of it stays behind."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from datetime import timedelta
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from threading import Barrier, Thread
from types import ModuleType
from typing import Any, Final

import anyio
import httpx
import pytest

from pytest_aurous import Aurous, AurousLookupError, AurousUnmatchedRequest
from pytest_aurous._core.wire.reply import Break
from pytest_aurous._httpx.options import AsyncClientOptions, ClientOptions
from tests.conftest import synthesis_price
from tests.httpx.conftest import Wire

pytestmark = pytest.mark.lowest

BALANCE: Final = "https://api.aurous-labs.com/v1/balance"
UPLOAD: Final = {"filename": "a.png", "content_type": "image/png", "extension": "png"}
CREATE: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


@pytest.fixture
def fake() -> Iterator[Aurous]:
    with Aurous() as aurous:
        yield aurous


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Write down every host that anybody tries to find, and let nobody find any."""
    asked: list[object] = []

    def getaddrinfo(host: object, *_: object, **__: object) -> Any:
        asked.append(host)
        raise OSError("the test is offline")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def loopback(tmp_path: Path) -> Iterator[str]:
    """A real server on 127.0.0.1, which has two files, and its URL."""
    (tmp_path / "v1").mkdir()
    for path in ("v1/balance", "after"):
        (tmp_path / path).write_text(f"real /{path}", encoding="utf-8")
    with HTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def transports() -> list[object]:
    """Return the functions that we replace while a fake is entered, as they are now."""
    stacks: list[ModuleType] = [httpx] + ([import_module("httpx2")] if find_spec("httpx2") else [])
    return [
        method
        for stack in stacks
        for method in (stack.HTTPTransport.handle_request, stack.AsyncHTTPTransport.handle_async_request)
    ]


class TestClients:
    """Whoever sends it, and however."""

    def test_every_client_meets_the_fake(self, wire: Wire, fake: Aurous, no_network: list[object]) -> None:
        """Sync and async clients of httpx and httpx2 get a response, one of their own package."""
        response = wire.get(BALANCE, key=fake.api_key)

        assert type(response) is wire.stack.Response
        assert response.json()["credits"] == 1000
        assert (fake.calls.last.operation, fake.calls.last.status) == ("balance.retrieve", 200)
        assert no_network == []

    @pytest.mark.usefixtures("fake")
    def test_a_response_is_like_a_real_one(self, wire: Wire) -> None:
        """It has `.elapsed`, its request, its headers, and says when it is no success."""
        response = wire.get(BALANCE)

        assert response.elapsed >= timedelta(0)
        assert response.request.url == BALANCE
        assert response.is_closed
        assert int(response.headers["Content-Length"]) == len(response.content)
        assert response.headers["aurous-request-id"] == response.json()["error"]["request_id"]
        with pytest.raises(wire.stack.HTTPStatusError, match="401"):
            response.raise_for_status()

    @pytest.mark.parametrize(
        "options",
        [
            {"proxy": "http://proxy.example:3128"},
            {"http2": False, "verify": False},
            {"follow_redirects": True, "timeout": 0.001},
            {"base_url": "https://api.aurous-labs.com"},
        ],
        ids=lambda options: next(iter(options)),
    )
    def test_options_of_the_client_do_not_matter(
        self, wire: Wire, fake: Aurous, no_network: list[object], options: dict[str, Any]
    ) -> None:
        """A client with a proxy, without TLS checks, with a base URL or an impossible timeout meets the fake too."""
        url = "/v1/balance" if "base_url" in options else BALANCE

        assert wire.get(url, client=options, key=fake.api_key).status_code == 200
        assert no_network == []

    def test_a_client_from_before_meets_it(self, stack: Any, no_network: list[object]) -> None:
        """A client that was made before the fake was entered is intercepted while it is, and not afterwards."""
        with stack.Client() as client:
            with Aurous() as aurous:
                assert client.get(BALANCE, headers={"X-Api-Key": aurous.api_key}).status_code == 200
            with pytest.raises(stack.ConnectError):
                client.get(BALANCE)
        assert no_network != []

    def test_what_was_sent_is_kept(self, wire: Wire, fake: Aurous) -> None:
        """Method, path, query, headers, and body arrive as they left the client, streams and files too."""
        fields = {"headers": {"X-Trace": "ü".encode()}, "params": {"limit": "2", "q": "a b"}}
        wire.get(f"{fake.base_url}/v1/characters", key=fake.api_key, **fields)

        call = fake.calls.last
        assert (call.method, call.path, call.host) == ("GET", "/v1/characters", "api.aurous-labs.com")
        assert call.request.params == {"limit": "2", "q": "a b"}
        assert call.request.headers["x-trace"] == "ü".encode().decode("latin-1")
        assert call.request.headers["X-API-KEY"] == fake.api_key

        wire.send("POST", f"{fake.base_url}/v1/characters", key=fake.api_key, json=CREATE)
        assert fake.calls.last.request.json == CREATE

    def test_a_streamed_body_is_read(self, stack: Any, fake: Aurous) -> None:
        pieces = iter([b'{"name": "Aurora", "generate": true, ', b'"attributes": {"age": 28}}'])
        response = stack.post(f"{fake.base_url}/v1/characters", headers={"X-Api-Key": fake.api_key}, content=pieces)

        assert response.status_code == 201
        assert fake.calls.last.request.json == CREATE

    def test_a_break_is_the_clients_own_exception(
        self, wire: Wire, fake: Aurous, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the core gives no response the client meets the exception of its own package, with its request."""
        monkeypatch.setattr(
            fake._session.app, "handle", lambda call: Break("ReadTimeout", f"{call.method} took too long")
        )

        with pytest.raises(wire.stack.ReadTimeout, match="GET took too long") as caught:
            wire.get(BALANCE)
        assert caught.value.request.url == BALANCE

    def test_a_timeout_is_measured_by_the_clients_own_patience(self, wire: Wire, fake: Aurous) -> None:
        """A slow response is in time for a client that waits long enough, and too late for one that does not."""
        for timeout, patient in ((5, False), (wire.stack.Timeout(1, read=60), True), (None, True)):
            before = fake.clock.time()
            fake.faults.delay("balance.retrieve", 30)
            if patient:
                assert wire.get(BALANCE, key=fake.api_key, client={"timeout": timeout}).status_code == 200
            else:
                with pytest.raises(wire.stack.ReadTimeout):
                    wire.get(BALANCE, key=fake.api_key, client={"timeout": timeout})
            assert fake.clock.time() - before == pytest.approx(30 if patient else 5, abs=3)

    @pytest.mark.parametrize("after_bytes", [0, 7, 10_000])
    def test_a_body_that_is_cut_off(self, wire: Wire, fake: Aurous, after_bytes: int) -> None:
        """Where the connection breaks inside the body the client gets what came before, and then its own exception."""
        whole = wire.get(BALANCE, key=fake.api_key).content
        fake.faults.disconnect("balance.retrieve", after_bytes=after_bytes, times=2)
        came: list[bytes] = []

        with pytest.raises(wire.stack.RemoteProtocolError, match="without sending complete message body") as caught:
            wire.stream("GET", BALANCE, came, headers={"X-Api-Key": fake.api_key})
        assert caught.value.request.url == BALANCE
        assert b"".join(came) == whole[:after_bytes]
        with pytest.raises(wire.stack.RemoteProtocolError):
            wire.get(BALANCE, key=fake.api_key)

    def test_httpx2_need_not_be_there(self) -> None:
        code = (
            "import sys; sys.modules['httpx2'] = None\n"
            "import httpx, pytest_aurous\n"
            "with pytest_aurous.Aurous() as aurous:\n"
            "    response = httpx.get(aurous.base_url + '/v1/balance', headers={'X-Api-Key': aurous.api_key})\n"
            "    print(response.json()['credits'])\n"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own

        assert (run.stdout.strip(), run.stderr) == ("1000", "")


class TestTransport:
    """`aurous.transport`, for hand-made clients."""

    def test_a_hand_made_client_meets_the_fake(self, wire: Wire, no_network: list[object]) -> None:
        """Clients of both packages take it, sync and async, and the fake need not be entered."""
        aurous = Aurous()
        made = {"transport": aurous.transport, "base_url": aurous.base_url}

        response = wire.get("/v1/balance", client=made, key=aurous.api_key)

        assert type(response) is wire.stack.Response
        assert response.json()["credits"] == 1000
        assert response.elapsed >= timedelta(0)
        assert no_network == []

    def test_a_foreign_host_is_a_request_that_the_api_does_not_know(self, stack: Any) -> None:
        """Whatever a client sends to our transport is meant for us, so another host is an unmatched request."""
        expected = r"the host: other\.example instead of api\.aurous-labs\.com"
        with pytest.raises(AurousUnmatchedRequest, match=expected), Aurous() as aurous:  # noqa: SIM117 - it must raise last
            with stack.Client(transport=aurous.transport) as client:
                assert client.get("https://other.example/v1/balance").status_code == 404

    def test_the_ready_clients_can_be_changed(self) -> None:
        """What is given to `client()` and `async_client()` wins over what is ready, the key in either header too."""
        aurous = Aurous()
        for made in (aurous.client, aurous.async_client):
            assert made().headers["X-Api-Key"] == aurous.api_key
            assert made(headers={"x-api-key": "other"}).headers["X-Api-Key"] == "other"
            assert "X-Api-Key" not in made(headers={"Authorization": "Bearer other"}).headers
            client = made(headers={"X-Trace": "1"}, timeout=3, base_url="https://aurous.storage")
            assert (client.headers["X-Trace"], client.headers["X-Api-Key"]) == ("1", aurous.api_key)
            assert client.timeout == httpx.Timeout(3)
            assert client.base_url == "https://aurous.storage"


def test_headers_arrive_as_they_were_given(wire: Wire, fake: Aurous) -> None:
    """Plain ones are ASCII for the client, as they would be from a server; others are Latin-1."""
    fake.faults.status("balance.retrieve", 503, headers={"X-Note": "Grüße"})

    marked, plain = (wire.get(BALANCE, key=fake.api_key) for _ in range(2))

    assert (marked.headers["X-Note"], marked.headers.encoding) == ("Grüße", "iso-8859-1")
    assert (plain.headers["Content-Type"], plain.headers.encoding) == ("application/json", "ascii")


class TestForeignHosts:
    """What is not ours goes on as if we were not there."""

    def test_a_real_server_is_reached(self, wire: Wire, fake: Aurous, loopback: str) -> None:
        """A server on 127.0.0.1 responds while the fake is entered, and the fake does not see the call."""
        assert wire.get(f"{loopback}/v1/balance").text == "real /v1/balance"
        assert wire.get(BALANCE, key=fake.api_key).status_code == 200
        assert fake.calls.count() == 1

    @pytest.mark.parametrize(
        "url",
        [
            "https://aurous-labs.com/v1/balance",
            "https://docs.aurous-labs.com/v1/balance",
            "http://api.aurous-labs.com/v1/balance",
            "https://api.aurous-labs.com:8443/v1/balance",
            "http://aurous.storage/v1/balance",
        ],
    )
    def test_every_host_of_the_vendor_is_ours(self, stack: Any, no_network: list[object], url: str) -> None:
        """A wrong host, port or scheme of the vendor's is an unmatched request and never reaches the network."""
        with pytest.raises(AurousUnmatchedRequest, match="has no such operation: GET"), Aurous() as aurous:
            assert stack.get(url, headers={"X-Api-Key": aurous.api_key}).status_code == 404
        assert no_network == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://API.Aurous-Labs.com/v1/balance",
            "https://api.aurous-labs.com:443/v1/balance",
            "https://user:word@api.aurous-labs.com/v1/balance",
            "https://api.aurous-labs.com/v1/balance#fragment",
            "https://api.aurous-labs.com/v1/balance?",
        ],
    )
    def test_spellings_of_the_same_url_are_the_same(self, stack: Any, fake: Aurous, url: str) -> None:
        """Case, the usual port, user info and a fragment make no difference."""
        assert stack.get(url, headers={"X-Api-Key": fake.api_key}).status_code == 200


class TestRoute:
    """`aurous.route(operation)`: respx's own idioms on one operation."""

    def test_a_route_is_a_spy(self, wire: Wire, fake: Aurous) -> None:
        """Untouched, it counts and keeps what the fake responded; the journal has each call once."""
        route = fake.route("balance.retrieve")

        response = wire.get(BALANCE, key=fake.api_key)
        wire.get(f"{fake.base_url}/v1/characters", key=fake.api_key)

        assert type(response) is wire.stack.Response
        assert response.json()["credits"] == 1000
        assert response.elapsed >= timedelta(0)
        assert (route.called, route.call_count) == (True, 1)
        assert route.calls.last.request.url == BALANCE
        assert route.calls.last.response.json() == response.json()
        assert [call.operation for call in fake.calls] == ["balance.retrieve", "characters.list"]
        assert fake.calls[0].fault is None
        assert fake.route("balance.retrieve") is route
        fake.faults.timeout("balance.retrieve")
        with pytest.raises(wire.stack.ReadTimeout):
            wire.get(BALANCE, key=fake.api_key)

    @pytest.mark.parametrize("streamed", [False, True])
    def test_headers_of_a_route_arrive_as_they_are(
        self,
        wire: Wire,
        fake: Aurous,
        streamed: bool,  # noqa: FBT001 - a column
    ) -> None:
        """Byte by byte, in their own case, in whatever alphabet, and with what no server would send."""
        odd = [(b"X-Name", "Zo\u00eb".encode("latin-1")), (b"x-lines", b"one\ntwo"), (b"X-Last", b"3")]

        class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
            def __iter__(self) -> Iterator[bytes]:
                yield b"{}"

            async def __aiter__(self) -> AsyncIterator[bytes]:
                yield b"{}"

        body: dict[str, Any] = {"stream": Stream()} if streamed else {"content": b"{}"}
        fake.route("balance.retrieve").return_value = httpx.Response(200, headers=odd, **body)

        raw = wire.get(BALANCE, key=fake.api_key).headers.raw

        assert [pair for pair in raw if pair[0].lower().startswith(b"x-")] == odd

    def test_an_override_responds_instead(self, wire: Wire, fake: Aurous) -> None:
        """`respond` is what the client gets; the journal has it, marked, and the state knows nothing of it."""
        fake.route("characters.create").respond(503, json={"error": {"code": "x"}}, headers={"Retry-After": "7"})

        response = wire.send("POST", f"{fake.base_url}/v1/characters", key=fake.api_key, json=CREATE)

        assert type(response) is wire.stack.Response
        assert (response.status_code, response.headers["retry-after"]) == (503, "7")
        call = fake.calls.last
        assert (call.operation, call.status, call.fault) == ("characters.create", 503, "overridden by a route")
        assert call.response is not None
        assert call.response.json == {"error": {"code": "x"}}
        assert call.request.json == CREATE
        assert len(fake.characters) == 0
        fake.assert_called("characters.create", times=1)

    @pytest.mark.parametrize("kind", ["class", "instance", "raised"])
    @pytest.mark.parametrize("name", ["ReadTimeout", "RemoteProtocolError"])
    @pytest.mark.parametrize("of_httpx", [True, False])
    def test_a_side_effect_is_the_clients_own_exception(
        self, wire: Wire, fake: Aurous, name: str, kind: str, *, of_httpx: bool
    ) -> None:
        """Whether it is one of httpx or of the client's own package, it arrives as the latter, with its request."""
        own = getattr(wire.stack, name)
        error = getattr(httpx, name) if of_httpx else own

        def raises(_: httpx.Request) -> httpx.Response:
            raise error("broken")

        effects = {"class": error, "instance": error("broken"), "raised": raises}
        route = fake.route("balance.retrieve")
        route.side_effect = effects[kind]

        with pytest.raises(own, match="Mock Error" if kind == "class" else "broken") as caught:
            wire.get(BALANCE)
        assert isinstance(caught.value.request, wire.stack.Request)
        assert caught.value.request.url == BALANCE
        assert route.call_count == 1
        call = fake.calls.last
        assert (call.operation, call.status, call.response) == ("balance.retrieve", None, None)
        assert call.fault == "overridden by a route"

    @pytest.mark.parametrize("base", ["ReadTimeout", "HTTPStatusError", "OSError"])
    def test_a_tests_own_exception_is_raised_as_it_is(self, fake: Aurous, base: str) -> None:
        """A side effect that is an exception of the test's own, or that needs more than a message, arrives itself."""
        if base == "HTTPStatusError":
            request = httpx.Request("GET", BALANCE)
            error: Exception = httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
        else:
            kind: Any = type("Own", (getattr(httpx, base, OSError),), {})
            error = kind("x")
        fake.route("balance.retrieve").side_effect = error

        with pytest.raises(type(error)) as caught:
            httpx.get(BALANCE)
        assert caught.value is error

    def test_a_function_responds(self, wire: Wire, fake: Aurous) -> None:
        """A side effect that is a function is called with an httpx request, and decides."""

        def effect(request: httpx.Request) -> httpx.Response:
            assert type(request) is httpx.Request
            return httpx.Response(207, json={"sent": request.headers["X-Trace"], "body": request.content.decode()})

        fake.route("characters.create").side_effect = effect

        response = wire.send("POST", f"{fake.base_url}/v1/characters", headers={"X-Trace": "7"}, content=b"body")

        assert (response.status_code, response.json()) == (207, {"sent": "7", "body": "body"})

    @pytest.mark.parametrize("wire", ["httpx asyncio", "httpx trio", "httpx2 asyncio", "httpx2 trio"], indirect=True)
    @pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), ValueError("own")], ids=str)
    def test_a_coroutine_function_responds(self, wire: Wire, fake: Aurous, error: Exception) -> None:
        """A response, an error of the client's own package or of the test, or None, which leaves it to the fake."""
        results = iter([httpx.Response(207), error, None])

        async def effect(_: httpx.Request) -> Any:
            await anyio.lowlevel.checkpoint()
            if isinstance(result := next(results), Exception):
                raise result
            return result

        fake.route("balance.retrieve").side_effect = effect

        assert wire.get(BALANCE).status_code == 207
        with pytest.raises(getattr(wire.stack, type(error).__name__, ValueError), match=str(error)):
            wire.get(BALANCE)
        assert wire.get(BALANCE, key=fake.api_key).status_code == 200
        overridden = "overridden by a route"
        assert [(call.status, call.fault) for call in fake.calls] == [
            (207, overridden),
            (None, overridden),
            (200, None),
        ]

    def test_a_function_may_leave_a_call_to_the_fake(self, wire: Wire, fake: Aurous) -> None:
        """A side effect that returns None lets the fake respond, once."""
        responses = iter([httpx.Response(500), None])
        fake.route("balance.retrieve").side_effect = lambda _: next(responses)

        assert [wire.get(BALANCE, key=fake.api_key).status_code for _ in range(2)] == [500, 200]
        assert [(call.status, call.fault) for call in fake.calls] == [(500, "overridden by a route"), (200, None)]

    def test_passing_through_reaches_the_real_host(self, wire: Wire, loopback: str) -> None:
        """With `pass_through` the one operation goes to the real server, and all others stay with the fake."""
        with Aurous(base_url=loopback) as aurous:
            route = aurous.route("balance.retrieve")
            route.pass_through()

            assert wire.get(f"{loopback}/v1/balance").text == "real /v1/balance"
            assert wire.get(f"{loopback}/v1/characters", key=aurous.api_key).json()["object"] == "list"
            assert route.call_count == 1

    def test_a_hand_made_client_cannot_pass_through(self, wire: Wire, no_network: list[object]) -> None:
        """`aurous.transport` has nothing behind it: `pass_through` is the test's mistake, told as one of ours."""
        aurous = Aurous()
        aurous.route("balance.retrieve").pass_through()

        with pytest.raises(Exception, match=r"balance\.retrieve|pass") as caught:
            wire.get(BALANCE, client={"transport": aurous.transport})
        assert type(caught.value).__module__.startswith("pytest_aurous")
        assert no_network == []

    def test_the_path_decides(self, fake: Aurous) -> None:
        """A route takes exactly the calls of its operation, whatever its parameters are."""
        route = fake.route("characters.retrieve").respond(202)
        with fake.client() as client:
            for path in ("/v1/characters/char_1", "/v1/characters/char%2F1", "/v1/characters/ü%20?a=b"):
                assert client.get(path).status_code == 202, path
            assert client.get("/v1/characters").status_code == 200
            assert client.delete("/v1/characters/char_1").status_code == 404
        assert route.call_count == 3

    def test_a_route_of_the_upload_host(self, wire: Wire, fake: Aurous) -> None:
        """The signed PUT, which goes to another host, is an operation like any other."""
        init = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
        response = fake.client().post("/v1/characters/uploads/init", json=init)
        url = response.json()["upload_url"]
        route = fake.route("characters.uploads.put")

        assert wire.send("PUT", url, content=b"abc").status_code == 200
        route.respond(500)
        assert wire.send("PUT", url, content=b"abc").status_code == 500
        assert [call.operation for call in fake.calls][1:] == ["characters.uploads.put"] * 2
        assert route.call_count == 2

    def test_an_unknown_operation_is_refused(self, fake: Aurous) -> None:
        """The nearest one is named."""
        with pytest.raises(AurousLookupError, match="characters"):
            fake.route("characters.sav")

    def test_routes_end_with_the_fake(self) -> None:
        aurous = Aurous()
        with aurous:
            aurous.route("balance.retrieve").respond(503)
            assert httpx.get(BALANCE).status_code == 503
        with aurous:
            assert httpx.get(BALANCE).status_code == 401


class TestLeaving:
    """Afterwards everything is as before."""

    @pytest.mark.parametrize("error", [None, AurousUnmatchedRequest, OSError, KeyboardInterrupt])
    def test_everything_is_the_very_same(self, error: type[BaseException] | None) -> None:
        """However the block ends, each patched method is the object that it was, and each variable is as before."""
        before, variables = transports(), dict(os.environ)

        with pytest.raises(error) if error else nullcontext(), Aurous() as aurous:
            assert all(now is not then for now, then in zip(transports(), before, strict=True))
            aurous.route("balance.retrieve").respond(503)
            if error is AurousUnmatchedRequest:
                httpx.get(aurous.base_url)
            elif error:
                raise error
        assert all(now is then for now, then in zip(transports(), before, strict=True))
        assert os.environ == variables

    def test_the_last_one_leaves_last(self) -> None:
        """While one of several fakes is entered we stay, whatever the order in which they are left."""
        before, variables = transports(), dict(os.environ)
        first, second = Aurous(credits=1), Aurous(credits=2)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        try:
            assert httpx.get(BALANCE, headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]}).json()["credits"] == 2
        finally:
            second.__exit__(None, None, None)
        assert all(now is then for now, then in zip(transports(), before, strict=True))
        assert os.environ == variables

    def test_somebody_who_came_after_us_may_stay(self, loopback: str) -> None:
        """Who patched the same method later keeps it, and through us the network; a later fake responds, too."""
        seen: list[str] = []
        original = httpx.HTTPTransport.handle_request
        try:
            with Aurous() as aurous:
                theirs = _watching(httpx.HTTPTransport.handle_request, seen)
                httpx.HTTPTransport.handle_request = theirs  # type: ignore[method-assign]  # as others do, and we
                assert httpx.get(BALANCE, headers={"X-Api-Key": aurous.api_key}).status_code == 200

            assert httpx.HTTPTransport.handle_request is theirs
            assert httpx.get(f"{loopback}/after").text == "real /after"
            with Aurous() as aurous:
                assert httpx.get(BALANCE, headers={"X-Api-Key": aurous.api_key}).status_code == 200
            assert httpx.HTTPTransport.handle_request is theirs
        finally:
            httpx.HTTPTransport.handle_request = original  # type: ignore[method-assign]  # as it was
        assert seen == ["/v1/balance", "/after"]

    @pytest.mark.usefixtures("fake")
    def test_our_method_looks_like_the_original(self) -> None:
        """Who introspects the transport sees the name and docstring that were there."""
        assert httpx.HTTPTransport.handle_request.__name__ == "handle_request"
        assert httpx.AsyncHTTPTransport.handle_async_request.__name__ == "handle_async_request"
        assert asyncio.iscoroutinefunction(httpx.AsyncHTTPTransport.handle_async_request)


def _watching(method: Any, seen: list[str]) -> Any:
    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> Any:
        seen.append(request.url.path)
        return method(self, request)

    return handle_request


class TestNesting:
    """Several fakes at once."""

    def test_the_last_started_responds(self, wire: Wire) -> None:
        """On the same host the inner fake responds, and the outer one again when it is left."""
        with Aurous(seed=1, credits=1) as outer:
            with Aurous(seed=2, credits=2) as inner:
                assert wire.get(BALANCE, key=inner.api_key).json()["credits"] == 2
                assert wire.get(BALANCE, key=outer.api_key).status_code == 401
            assert wire.get(BALANCE, key=outer.api_key).json()["credits"] == 1
        assert (inner.calls.count(), outer.calls.count()) == (2, 1)

    ELSEWHERE: Final = "https://gateway.example/aurous"

    @pytest.mark.parametrize("moved_first", [True, False])
    @pytest.mark.parametrize("leaves_first", [0, 1])
    def test_a_fake_elsewhere_takes_no_host_away(self, wire: Wire, moved_first: bool, leaves_first: int) -> None:  # noqa: FBT001
        """Each host belongs to the fake that was put there, in whatever order they start and end."""
        moved, usual = Aurous(base_url=self.ELSEWHERE), Aurous()
        pair = [moved, usual] if moved_first else [usual, moved]
        first, last = pair[leaves_first], pair[not leaves_first]
        with ExitStack() as rest:
            with ExitStack() as goes:
                for one in pair:
                    (goes if one is first else rest).enter_context(one)
                for url, one in ((self.ELSEWHERE, moved), ("https://api.aurous-labs.com", usual)):
                    assert wire.get(f"{url}/v1/balance", key=one.api_key).status_code == 200
            assert wire.get(f"{last.base_url}/v1/balance", key=last.api_key).status_code == 200
        assert (first.calls.count(), last.calls.count()) == (1, 2)

    @pytest.mark.parametrize(
        "paths", [("/a", "/b"), ("/b", "/a"), ("", "/a"), ("/a", ""), ("/a", "/a/b"), ("/a/b", "/a")]
    )
    def test_a_path_is_part_of_a_base_url(self, wire: Wire, paths: tuple[str, str]) -> None:
        """On one host a call is for the fake whose base URL it begins with, the longest of them."""
        fakes = [Aurous(base_url=f"https://gateway.example{path}", seed=seed) for seed, path in enumerate(paths)]
        with fakes[0], fakes[1]:
            for fake in fakes:
                assert wire.get(f"{fake.base_url}/v1/balance", key=fake.api_key).status_code == 200
        assert [fake.calls.count() for fake in fakes] == [1, 1]

    def test_an_upload_is_for_who_has_signed_its_url(self, wire: Wire) -> None:
        """The upload host is the same for all; of two fakes with one seed each gets its own pictures."""
        with Aurous() as outer, Aurous(base_url=self.ELSEWHERE) as inner:
            for fake in (outer, inner, outer):
                made = wire.send("POST", f"{fake.base_url}/v1/characters/uploads/init", key=fake.api_key, json=UPLOAD)
                assert wire.send("PUT", made.json()["upload_url"], content=b"picture").status_code == 200
        assert [fake.calls.count("characters.uploads.put") for fake in (outer, inner)] == [2, 1]
        assert [len(fake.uploads) for fake in (outer, inner)] == [2, 1]

    def test_an_upload_is_for_who_has_it(self, wire: Wire) -> None:
        """Two fakes with one seed and one host sign alike: an upload is for the one that knows it."""
        with Aurous() as outer:
            made = wire.send("POST", f"{outer.base_url}/v1/characters/uploads/init", key=outer.api_key, json=UPLOAD)
            with Aurous() as inner:
                assert wire.send("PUT", made.json()["upload_url"], content=b"picture").status_code == 200
            assert (inner.calls.count(), outer.calls.count("characters.uploads.put")) == (0, 1)

    def test_a_url_of_before_a_reset_leads_nowhere(self, fake: Aurous) -> None:
        """Its signature is right, but there is nothing: a refusal, and no bug of ours."""
        url = fake.client().post("/v1/characters/uploads/init", json=UPLOAD).json()["upload_url"]
        fake.reset()
        assert httpx.put(url, content=b"picture").status_code == 403

    def test_who_is_at_the_vendors_responds_for_its_other_names(self) -> None:
        """A typo in the vendor's host is told the fake that is there, else the one started last."""
        wrong = "https://www.aurous-labs.com/v1/balance"
        with Aurous(strict="off") as usual, Aurous(base_url=self.ELSEWHERE, strict="off") as moved:
            httpx.get(wrong)
        with moved, Aurous(base_url="https://one.example", strict="off") as last:
            httpx.get(wrong)
        assert [one.calls.count() for one in (usual, moved, last)] == [1, 0, 1]


class TestBaseUrl:
    """Another host or prefix."""

    @pytest.mark.parametrize(
        "base_url",
        [
            "http://localhost:8123",
            "http://localhost:8123/aurous/",
            "https://gateway.example/vendors/aurous",
            "https://Gateway.Example",
            "https://gateway.example:443/aurous",
            "http://gateway.example:80",
            "http://127.0.0.1:1/x",
            "http://[::1]:8123/x",
            "https://b\u00fccher.example",
        ],
    )
    def test_it_responds_there(self, wire: Wire, no_network: list[object], base_url: str) -> None:
        """Host, port and prefix may be any, spelt in any way, and clients find the fake there."""
        with Aurous(base_url=base_url) as aurous:
            assert wire.get(f"{aurous.base_url}/v1/balance", key=aurous.api_key).json()["credits"] == 1000
            assert aurous.client().get("/v1/balance").status_code == 200
            response = wire.send("POST", f"{aurous.base_url}/v1/characters", key=aurous.api_key, json=CREATE)
            assert response.status_code == 201
        assert no_network == []

    @pytest.mark.parametrize(
        ("url", "differs"),
        [
            ("http://localhost:8123/v1/balance", "missing /aurous"),
            ("http://localhost:8123/aurousx/v1/balance", "'aurousx' instead of 'aurous'"),
            ("https://localhost:8123/aurous/v1/balance", "https:// instead of http://"),
            ("https://api.aurous-labs.com/v1/balance", "the host: api.aurous-labs.com instead of localhost:8123"),
        ],
    )
    def test_it_responds_nowhere_else(self, url: str, differs: str) -> None:
        """Beside the prefix, under another scheme, or at the vendor's host there is no API, and it is said why."""
        with (
            pytest.raises(AurousUnmatchedRequest, match=f"differs: .*{differs}"),
            Aurous(base_url="http://localhost:8123/aurous") as aurous,
        ):
            assert httpx.get(url, headers={"X-Api-Key": aurous.api_key}).status_code == 404

    def test_ref_urls_lead_to_the_fake(self, wire: Wire) -> None:
        """Pictures of a moved fake are where it is, and can be fetched there."""
        with Aurous(base_url="http://localhost:8123/aurous") as aurous:
            url = aurous.characters.add().refs[0].url
            assert url.startswith("http://localhost:8123/aurous/")
            assert wire.get(url).content.startswith(b"\x89PNG")


def test_fifty_threads_see_one_sequence(stack: Any, fake: Aurous) -> None:
    """They poll at once: 25 polls of the one status, then the other, in order of arrival, and charged once."""
    fake.script("synthesizing*25 -> reviewing")
    character = fake.client().post("/v1/characters", json=CREATE).json()["id"]
    barrier = Barrier(50)

    def poll(client: Any) -> None:
        barrier.wait(60)
        client.get(f"/v1/characters/{character}").raise_for_status()

    options = {"base_url": fake.base_url, "headers": {"X-Api-Key": fake.api_key}}
    with stack.Client(**options) as client, ThreadPoolExecutor(50) as pool:
        list(pool.map(poll, [client] * 50))

    polls = fake.calls.where("characters.retrieve")
    seen = [call.response.json["status"] for call in polls if call.response]
    assert seen == ["synthesizing"] * 25 + ["reviewing"] * 25
    assert [call.number for call in polls] == list(range(2, 52))
    assert (fake.team.credits, fake.team.held_credits) == (1000 - synthesis_price(), 0)


@pytest.mark.parametrize(
    ("options", "client"), [(ClientOptions, httpx.Client), (AsyncClientOptions, httpx.AsyncClient)]
)
def test_each_option_is_one_of_httpx(options: Any, client: Any) -> None:
    """No option is missing, except what httpx deprecated before 0.28, and no option is made up."""
    assert {*signature(client).parameters} - {"app", "proxies"} == {*options.__annotations__}
