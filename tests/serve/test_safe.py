"""What protects a served fake: who may ask, and how much; each refusal says why."""

import asyncio
import json
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import CodeType
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousServer
from pytest_aurous._core.base.redaction import protecting, redacted_json
from pytest_aurous._core.resources.characters.row import CharacterRow
from pytest_aurous._serve import asgi, guard, live
from pytest_aurous._serve.asgi import AsgiApp
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.reads import READS
from pytest_aurous._serve.replies import json_reply
from pytest_aurous._serve.tape import Tape
from tests.conftest import COMPREHENSIONS

pytest.importorskip("uvicorn", reason="needs the extra, server")

PAGE: Final = {"Accept": "text/html"}


@pytest.fixture(params=["httptools", "h11"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each parser that uvicorn has; httptools only where it is installed."""
    if request.param == "httptools":
        pytest.importorskip("httptools")
    else:
        monkeypatch.setitem(__import__("sys").modules, "uvicorn.protocols.http.httptools_impl", None)
    return str(request.param)


@pytest.fixture
def server(parser: str) -> Iterator[AurousServer]:
    """A served fake, with each parser."""
    with AurousServer(Aurous(strict="off", pitfalls="off")) as started:
        kind = started._server.config.http_protocol_class.__mro__[2].__name__
        assert kind == {"httptools": "HttpToolsProtocol", "h11": "H11Protocol"}[parser]
        yield started


def raw(server: AurousServer, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send bytes, and return all that comes back until the server closes the connection."""
    with socket.create_connection((server.host, server.port), timeout=60) as wire:
        for part in parts:
            wire.sendall(part)
            time.sleep(pause)
        found = b""
        while data := wire.recv(65536):
            found += data
        return found


def test_limits_are_said_in_their_refusals(server: AurousServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers of 64 KiB, bodies of 16 MiB, 1,000 connections, and 30 s for a request to arrive."""
    assert (guard.CONNECTIONS, guard.HEADERS, guard.PATIENCE) == (1_000, 64 * 1024, 30)
    line = b"GET /v1/balance HTTP/1.1\r\nHost: localhost\r\nX-A: "
    said = raw(server, line + b"a" * 70_000 + b"\r\nConnection: close\r\n\r\n")
    assert b"431" in said.split(b"\r\n")[0]
    assert b"larger than 64 KiB" in said
    said = raw(server, line, b"a" * 70_000, b"a" * 70_000)
    assert b"larger than 64 KiB" in said or said == b""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        large = client.post("/v1/images", content=b"x" * (16 * 1024**2 + 1))
        assert (large.status_code, "larger than 16 MiB" in large.text) == (413, True)
        large = client.post("/__aurous__/reset", content=b" " * (16 * 1024**2 + 1))
        assert large.json()["error"] == "The body is larger than 16 MiB."
        assert client.head("/__aurous__/health").status_code == 200
        for invalid in (b"GET /" + b"a" * 70_000, b"nothing of the kind"):
            said = raw(server, invalid + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b"not a valid HTTP request" in said or b"larger than 64 KiB" in said
        monkeypatch.setattr(guard, "PATIENCE", 0.2)
        said = raw(server, b"GET /v1/balance HTTP/1.1\r\n")
        assert b"408 Request Timeout" in said
        assert b"has not arrived within 0.2 s" in said
        said = raw(server, b"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        assert b"has not arrived within 0.2 s" in said
        monkeypatch.setattr(guard, "CONNECTIONS", 2)
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(socket.create_connection((server.host, server.port), timeout=60))
            time.sleep(0.1)
            said = raw(server)
        assert b"503 Service Unavailable" in said
        assert b"takes no more: close some" in said
        assert b"how-to/server" in said


def test_the_page_is_ours_alone(server: AurousServer) -> None:
    """A strict policy, no inline script, no frame; `/` leads browsers there, and stays the API's 404 for others."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        moved = client.get("/", headers=PAGE)
        assert (moved.status_code, moved.headers["Location"]) == (302, "/__aurous__/")
        assert client.get("/").json()["error"]["code"] == "missing_api_key" or client.get("/").status_code == 404
        assert client.get("/__aurous__", headers=PAGE).headers["Location"] == "/__aurous__/"
        page = client.get("/__aurous__/", headers=PAGE)
        assert page.headers["Vary"] == client.get("/__aurous__/").headers["Vary"] == "Accept"
        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "style=" not in page.text
        scripts = [part.split('"')[0] for part in page.text.split('src="')[1:]]
        assert scripts
        for name in [*scripts, "viewer/style.css"]:
            assert client.get(f"/__aurous__/{name}").status_code == 200
        for name in ("viewer/none.js", "viewer/../page.py", "viewer/LICENSE-htm-preact.txt"):
            assert client.get(f"/__aurous__/{name}").status_code == 404
        assert client.post("/__aurous__/viewer/app.js").status_code == 404
        assert client.get("/__aurous__/").json()["GET /__aurous__/health"]
        assert client.get("/__aurous__/state").headers["X-Content-Type-Options"] == "nosniff"


def test_each_request_of_http_1_1_names_its_host(server: AurousServer) -> None:
    """HTTP/1.0 has no Host, and no browser speaks it. Both parsers say the same."""
    for _ in range(2):  # what is known of a host must not count for none
        for version, host, status in (
            (b"1.0", b"", b"200"),
            (b"1.1", b"", b"400"),
            (b"1.1", b"Host:\r\n", b"400"),
            (b"1.1", b"Host: localhost\r\n", b"200"),
        ):
            said = raw(server, b"GET /__aurous__/health HTTP/%b\r\n%bConnection: close\r\n\r\n" % (version, host))
            assert said.split()[1] == status
            assert (b" no Host header" in said) == (status == b"400")


def test_a_token_protects_a_shared_machine() -> None:
    """Every control request needs it, as a header or as the cookie of the page; the page and health do not."""
    aurous = Aurous(strict="off")
    with (
        AurousServer(aurous, control_token="a löng secret à") as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        for name in ("state", "events", "trace", "", "session.py", "calls?wait=1"):
            response = client.get(f"/__aurous__/{name}")
            assert (response.status_code, "AUROUS_CONTROL_TOKEN" in response.text) == (401, True)
        assert client.get("/__aurous__/health").json()["ok"] is True
        assert client.get("/__aurous__/", headers=PAGE).status_code == 200
        bearer = {b"Authorization": "Bearer a löng secret à".encode()}
        assert client.get("/__aurous__/state", headers=bearer).status_code == 200
        curl = client.post("/__aurous__/reset", headers=bearer).json()["curl"]
        assert curl.startswith('curl -H "Authorization: Bearer $AUROUS_CONTROL_TOKEN" http://')
        assert client.get("/__aurous__/state", headers={"Authorization": "Basic x"}).status_code == 401
        for wrong in (b'{"token": "x"}', b"{}", b"[]", b"{"):
            kind = {"Content-Type": "application/json"}
            assert client.post("/__aurous__/login", content=wrong, headers=kind).status_code == 401
        entered = client.post("/__aurous__/login", json={"token": "a löng secret à"})
        cookie = entered.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "secret" not in cookie
        assert client.post("/__aurous__/login", json={"token": "x"}).status_code == 401  # whatever the cookie says
        assert client.get("/__aurous__/state").status_code == 200
        assert client.get("/v1/balance", headers={"X-Api-Key": str(aurous.api_key)}).status_code == 200
        with pytest.raises(AurousError, match="control_token"):
            AurousServer(aurous, control_token="")


def test_a_suite_waits_for_calls() -> None:
    """The wait ends when the calls have come, or says how many have; on the real clock, and without a thread."""
    aurous = Aurous(strict="off", now="2026-05-08T10:00:00Z")
    with AurousServer(aurous) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        key = {"X-Api-Key": str(aurous.api_key)}

        async def both() -> Any:
            async with httpx.AsyncClient(base_url=server.url, trust_env=False) as other:
                waiting = asyncio.ensure_future(
                    other.get("/__aurous__/calls?operation=balance.*&at_least=2&wait=600&since=1")
                )
                for _ in range(3):
                    await asyncio.sleep(0.05)
                    await other.get("/v1/balance", headers=key)
                return (await waiting).json()

        assert [call["number"] for call in asyncio.run(both())] == [2, 3]
        late = client.get("/__aurous__/calls?operation=images.create&wait=0.05")
        assert (late.status_code, "0 of 1 calls of images.create" in late.text) == (408, True)
        assert "The last calls of all: balance.retrieve, balance.retrieve, balance.retrieve." in late.text
        at_once = client.get("/__aurous__/calls?at_least=9")
        assert (at_once.status_code, "3 of 9 calls of any operation have arrived" in at_once.text) == (408, True)
        client.post("/__aurous__/reset")
        assert "The last calls of all: none." in client.get("/__aurous__/calls?wait=0").text
        client.get("/v1/blance", headers=key)
        assert "GET /v1/blance (unmatched)" in client.get("/__aurous__/calls?at_least=9").text
        assert client.get("/__aurous__/calls?at_least=-1").status_code == 400
        assert client.get("/__aurous__/calls?operation=imges.create&wait=1").status_code == 400
        assert client.get("/__aurous__/calls?wait=soon").status_code == 400


def test_a_wait_ends_with_its_client() -> None:
    """A suite that has given up leaves nothing that looks at each later request."""
    asked = b"GET /__aurous__/calls?wait=600&operation=images.create HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with AurousServer(Aurous(strict="off")) as server:
        hub = server._asgi._hub
        with ExitStack() as stack:
            for _ in range(20):
                wire = stack.enter_context(socket.create_connection((server.host, server.port), timeout=60))
                wire.sendall(asked)
            assert soon(lambda: len(hub._waiting) == 20)
        assert soon(lambda: not hub._waiting)


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something holds within a minute."""
    until = time.monotonic() + 60
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def test_slow_receivers_hold_up_nobody() -> None:
    """However many there are: other control requests are answered, and the server stops."""
    aurous = Aurous(strict="off", pitfalls="off", now="2026-05-08T10:00:00Z")
    respond = threading.Event()
    aurous.webhooks.deliver_to(lambda _: None if respond.wait(60) else 500)
    for _ in range(40):  # more than a pool has threads
        aurous.images.add()
    try:
        with AurousServer(aurous) as server, ThreadPoolExecutor(40) as pool:
            for _ in range(40):
                pool.submit(httpx.post, f"{server.url}/__aurous__/webhooks.flush", timeout=60, trust_env=False)
            assert soon(lambda: sum(one.under_way for one in aurous.webhooks.deliveries) == 40)
            with httpx.Client(base_url=f"{server.url}/__aurous__/", trust_env=False, timeout=60) as client:
                assert client.get("health").json()["ok"] is True
                for name in ("deliveries", "state", "export", "session.py", "trace"):
                    assert client.get(name).status_code == 200
                for name in ("clock.advance", "snapshot", "faults.status?undo=1", "reset"):
                    sent = {"operation": "balance.retrieve", "status": 503} if name.startswith("faults") else {}
                    assert client.post(name, json=sent).status_code == 200, name
                assert client.post("characters.add", json={"name": "Aurora"}).status_code == 200
            server.stop()
            assert not server._thread.is_alive()
    finally:
        respond.set()


def test_only_a_control_request_that_takes_long_has_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that wait for others or walk all calls have one; the rest runs in the event loop, as the API does."""
    made: list[str] = []

    class Counted(threading.Thread):
        def start(self) -> None:
            made.append(self.name)
            super().start()

    monkeypatch.setattr(asgi, "Thread", Counted)
    with (
        AurousServer(Aurous(strict="off")) as server,
        httpx.Client(base_url=f"{server.url}/__aurous__/", trust_env=False, timeout=60) as client,
    ):
        for name in READS.keys() - asgi._LONG - {"steps/{seq}"}:
            assert client.get(name).status_code == 200
        for name in ("characters.add", "clock.advance", "snapshot", "reset"):
            assert client.post(name).status_code == 200
        assert made == []
        for name in asgi._LONG & READS.keys():
            assert client.get(name).status_code == 200
        assert client.post("webhooks.flush").status_code == 200
    assert made == ["aurous-control"] * len(asgi._LONG)


class Changing(deque[Any]):
    """Steps that other threads add at any time when the lock is free: then nobody may walk over them."""

    lock: Any

    def __iter__(self) -> Iterator[Any]:
        """Walk, under the lock."""
        assert self.lock._is_owned()
        return super().__iter__()


@pytest.fixture(scope="module")
def watched_calls() -> Control:
    """What controls a fake that has seen 100 calls, which is only read."""
    aurous = Aurous(strict="off", pitfalls="off")
    control = Control(aurous)
    with aurous.client() as client:
        for _ in range(100):
            client.post("/v1/chat/nothing", json={"prompt": "a portrait"})
    steps = control.tape.steps = Changing(control.tape.steps, control.tape.keep)
    steps.lock = control.fake.lock
    return control


@pytest.mark.parametrize("name", sorted(asgi._LONG & READS.keys()))
def test_no_read_walks_the_calls_under_the_lock(watched_calls: Control, name: str) -> None:
    """The lock is held for a part of the time only: what is sent of 100 calls is written without it.

    What other threads add to meanwhile is read under the lock.
    """
    steps = {True: 0, False: 0}
    world, here = watched_calls.aurous._session.app.world, threading.get_ident()

    def step(*_: object) -> None:
        if threading.get_ident() == here:
            steps[world.lock._is_owned()] += 1  # type: ignore[attr-defined]

    sys.setprofile(step)
    try:
        assert watched_calls.respond("GET", f"/__aurous__/{name}").status == 200
    finally:
        sys.setprofile(None)
    assert steps[False] > 80  # an empty list, such as that of the pitfalls, is sent in about 90
    assert steps[True] < 400 * 100  # for each call: a copied session notes what each has shown, in about 200


def test_a_control_request_that_changes_no_record_walks_over_none() -> None:
    """With 500 characters it takes as many steps as with none."""

    def steps(characters: int) -> int:
        aurous = Aurous(strict="off", pitfalls="off", now="2026-05-08T10:00:00Z")
        for _ in range(characters):
            aurous.characters.add()
        control = Control(aurous)
        count = 0

        def count_step(*_: object) -> None:
            nonlocal count
            count += 1

        for _ in range(3):
            count = 0
            sys.setprofile(count_step)
            try:
                reply = control.respond("POST", "/__aurous__/clock.advance", b'{"seconds": 1}')
            finally:
                sys.setprofile(None)
            assert reply.status == 200
        assert control.tape.steps[-1].events == (("advance", 1),)
        return count

    assert steps(500) <= steps(0) + 20


def test_a_control_request_that_adds_a_record_calls_few_functions() -> None:
    """It compares what it has written, not the whole state, and looks for keys in all of its response at once."""

    def calls(characters: int) -> int:
        aurous = Aurous(strict="off", pitfalls="off", now="2026-05-08T10:00:00Z")
        control = Control(aurous)
        for _ in range(characters):
            aurous.characters.add()
        codes: list[CodeType] = []

        for _ in range(3):
            codes.clear()
            sys.setprofile(lambda frame, event, _: codes.append(frame.f_code) if event == "call" else None)
            try:
                reply = control.respond("POST", "/__aurous__/characters.add", b'{"name": "Aurora"}')
            finally:
                sys.setprofile(None)
            assert reply.status == 200
        return sum("pytest_aurous" in code.co_filename and code.co_name not in COMPREHENSIONS for code in codes)

    assert 0 < calls(0) < 400
    assert calls(500) <= calls(0) + 20


def test_each_of_two_tapes_has_all_changes() -> None:
    """What one has seen is still new to the other, also after the first has stopped."""
    aurous = Aurous(strict="off", pitfalls="off")
    first, second = Tape(aurous), Tape(aurous)
    aurous.characters.add(name="Aurora")
    first.note(None)
    second.note(None)
    assert first.steps[-1].changes == second.steps[-1].changes != ()
    first.stop()
    aurous.characters.add(name="Luna")
    second.note(None)
    assert len(second.steps) == 2
    assert [after.name for _, _, _, after in second.steps[-1].changes if isinstance(after, CharacterRow)] == ["Luna"]


@pytest.mark.parametrize(
    "text",
    [
        *("al_live_0123456789", r"al\\u005flive_0123456789", "YWxfbGl2ZV8wMTIzNDU2Nzg5", "http://me:se\x01cret@host"),
        *("616c5f6c6976655f30313233343536373839", "an al_test_0123456789", "A-Key-of-Another-Vendor"),
    ],
)
def test_a_response_of_a_control_request_has_no_key_in_any_text(text: str) -> None:
    """Wherever it stands, in whatever form, and beside the keys of the fake, which stay."""
    own = "al_live_fa4e0123456789"
    content = {"a": ["first", {text: own}], "b": {"c": [text, "last"]}, "own": own}
    with protecting("A-Key-of-Another-Vendor"):
        told = json.loads(json_reply(200, content, keep=[own]).body)
        assert told == redacted_json(content, keep=[own])
        assert told["own"] == own
        assert told["b"]["c"][0] != text


@pytest.fixture(scope="module")
def with_a_token() -> Iterator[AurousServer]:
    """One server for all: to stop it takes longer than to ask it."""
    with AurousServer(Aurous(strict="off"), control_token="secret") as started:
        yield started


@pytest.mark.parametrize(
    "name",
    [
        *(b"Cookie: aurous_control_%d", b"Authorization: Bearer ", b"Origin: ", b"Sec-Fetch-Site: ", b"Content-Type: "),
        *(b"Last-Event-ID: ", b"Accept: text/html", b"Access-Control-Request-Headers: ", b"Host: ", b"X-Api-Key: "),
    ],
)
@pytest.mark.parametrize("path", [b"/__aurous__/state", b"/__aurous__/calls?wait=\xe9", b"/v1/balance?\xe9", b"/\xe9"])
def test_text_that_is_not_ascii_is_no_error_of_the_server(with_a_token: AurousServer, name: bytes, path: bytes) -> None:
    """Whichever header has it, or the path."""
    name = name.replace(b"%d", b"%d=" % with_a_token.port)
    for method in (b"GET", b"POST"):
        lines = [method + b" " + path + b" HTTP/1.1", name + b"\xc3\xa9\xff", b"Connection: close"]
        lines += [b"Host: localhost:%d" % with_a_token.port] * (not name.startswith(b"Host"))
        assert raw(with_a_token, b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])).split()[1] < b"500"


def lines_of(server: AurousServer, query: str = "", **headers: str) -> list[dict[str, Any]]:
    """Return the first batch of the event stream."""
    with (
        httpx.Client(trust_env=False, timeout=60) as client,
        client.stream("GET", f"{server.url}/__aurous__/events{query}", headers=headers) as response,
    ):
        assert response.headers["Content-Type"] == "text/event-stream"
        for line in response.iter_lines():
            if line.startswith("data: "):
                return [json.loads(line[6:])]
    raise AssertionError("the stream has ended")


def test_events_resume_and_say_what_was_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client goes on where it was; an hour of requests keeps no more than `keep`, and each client only a number."""
    monkeypatch.setattr(live, "BATCH", 4)
    aurous = Aurous(strict="off", pitfalls="off")
    with AurousServer(aurous, keep=10) as server, aurous.client() as client:
        for _ in range(300):
            client.get("/v1/balance")
        tape = server._asgi.control.tape
        assert (len(tape.steps), tape.last, tape.dropped) == (10, 300, 290)
        assert len(aurous.calls) == 10
        assert aurous.calls.last.number == 300
        (batch,) = lines_of(server, "?after=0")
        assert [step["seq"] for step in batch["steps"]] == [291, 292, 293, 294]
        assert (batch["version"], batch["missed"], batch["dropped"], batch["last"]) == (1, 290, 290, 294)
        (batch,) = lines_of(server, "?after=0", **{"Last-Event-ID": "298"})
        assert [step["seq"] for step in batch["steps"]] == [299, 300]
        assert batch["missed"] == 0
        (again,) = lines_of(server, "?after=298")
        assert again["steps"] == batch["steps"]
        aurous.characters.add("Aurora")
        client.get("/v1/balance")
        (batch,) = lines_of(server, "?after=300")
        assert batch["steps"][0]["kind"] == "between"
        assert list(batch["steps"][0]["changes"]) == ["records"]
        assert batch["steps"][1]["quiet"] is True
        with httpx.Client(base_url=server.url, trust_env=False) as reader:
            step = reader.get("/__aurous__/steps/301").json()
            assert len(step["after"]["records"]) == len(step["before"]["records"]) + 1
            whole = reader.get("/__aurous__/trace?limit=2").json()
            assert [one["kind"] for one in whole["steps"]] == ["between", "call"]
            assert reader.get("/__aurous__/steps/1").status_code == 404
            told = reader.get("/__aurous__/steps?after=300&limit=1").json()
            assert [step["seq"] for step in told["steps"]] == [301]
            assert (told["version"], told["missed"], told["last"]) == (1, 0, 302)
            wanted = {"operation": "balance.retrieve", "times": 301}
            report = reader.post("/__aurous__/assert_called", json=wanted).json()["result"]["report"]
            assert "291 older calls are no longer kept, and do not count: choose a larger --keep." in report
            waited = reader.get("/__aurous__/calls?at_least=11&wait=0.1").json()["error"]
            assert "291 older calls are no longer kept" in waited


def test_an_idle_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and browsers close connections that say nothing."""
    monkeypatch.setattr(live, "_QUIET", 0.0)
    app = AsgiApp(Aurous())

    async def first() -> list[bytes]:
        found: list[bytes] = []
        async for part in app._hub.stream(0, lambda: len(found) > 3, ""):
            found.append(part)  # noqa: PERF401 - it ends by what it has found
        return found

    async def soon(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(app._hub, "step", soon)
    retry, server, quiet = asyncio.run(first())[:3]
    assert (retry, server[:20], quiet) == (b"retry: 1000\n\n", b"id: 0\nevent: steps\nd", b": nothing new\n\n")


def test_a_thousand_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand connections at once are served; one more is refused, and then the fake still responds."""
    monkeypatch.setattr(guard, "PATIENCE", 300)  # a busy machine may need more than 30 s to connect them all
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("the system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    aurous = Aurous(strict="off", pitfalls="off")
    request = f"GET /v1/balance HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {aurous.api_key}\r\n\r\n".encode()
    with AurousServer(aurous) as server, ExitStack() as stack:
        wires = [
            stack.enter_context(socket.create_connection((server.host, server.port), timeout=60)) for _ in range(1000)
        ]
        for wire in wires:
            wire.sendall(request)
        assert all(wire.recv(15) == b"HTTP/1.1 200 OK" for wire in wires)
        assert b"1,000 connections" in raw(server)
    assert len(aurous.calls) == 1000


def test_a_tape_that_has_stopped_watches_no_longer() -> None:
    """It can be stopped twice."""
    aurous = Aurous()
    tape = Tape(aurous)
    tape.stop()
    tape.stop()
    with aurous.client() as client:
        client.get("/v1/balance")
    assert tape.last == 0


def test_small_things_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that waits, and a connection that is gone."""
    aurous = Aurous(strict="off")
    app = AsgiApp(aurous)
    waits: list[float] = []

    async def soon(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(app._hub, "step", soon)

    async def parts() -> list[bytes]:
        return [part async for part in app._hub.stream(app.control.tape.last, lambda: len(waits) > 2, "")]

    assert len(asyncio.run(parts())) == 2  # its pause, and which server this is

    class Closing:
        def is_closing(self) -> bool:
            return True

    gone = guard.Guarded()
    gone.transport = Closing()
    gone.refuse(408, "It is gone.")
    assert gone.refused
