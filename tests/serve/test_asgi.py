"""The fake as an ASGI application, without a server: what it makes of scopes, and what it sends."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._serve import asgi as _asgi
from pytest_aurous._serve.asgi import AsgiApp

NOW: Final = "2026-05-08T10:00:00Z"
CREATE: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
END: Final = {"type": "http.disconnect"}


class Cycle:
    """One request as uvicorn drives it, which is its own transport."""

    def __init__(self, messages: Iterable[dict[str, Any]]) -> None:
        self.messages = list(messages)
        self.sent: list[dict[str, Any]] = []
        self.disconnected = False
        self.closed = False
        self.transport = self

    def close(self) -> None:
        self.closed = True

    async def receive(self) -> dict[str, Any]:
        """Return the next message; with none left, wait for ever."""
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)

    async def send(self, message: Any) -> None:
        """Write the message down."""
        self.sent.append(dict(message))

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def scope_of(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    """Return a scope with what the application reads of one of uvicorn's."""
    usual = {"http_version": "1.0", "headers": [], "server": ("127.0.0.1", 8123), "query_string": b""}
    return {**usual, "method": method, "raw_path": path.encode(), **more}


def drive(aurous: Aurous, scope: dict[str, Any], *messages: dict[str, Any]) -> Cycle:
    """Let the application answer one request by hand."""
    cycle = Cycle(messages or [{"type": "http.request"}])
    asyncio.run(asyncio.wait_for(AsgiApp(aurous, remote=True)(scope, cycle.receive, cycle.send), 30))
    return cycle


def own(aurous: Aurous) -> list[tuple[bytes, bytes]]:
    """Return the headers of a client with the key."""
    return [(b"x-api-key", aurous.api_key.encode())]


def ask(aurous: Aurous, method: str, url: str, *, base: str = "http://fake.test", **sent: Any) -> httpx.Response:
    """Send one request by httpx's own ASGI transport."""

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(AsgiApp(aurous, remote=True)), base_url=base
        ) as client:
            return await client.request(method, url, **{"headers": {"X-Api-Key": aurous.api_key}, **sent})

    return asyncio.run(main())


@pytest.fixture
def fake() -> Aurous:
    """A fake, not entered, whose clock stands."""
    return Aurous(now=NOW)


class TestScopes:
    """What is read of a request."""

    def test_the_path_is_read_as_it_was_sent(self, fake: Aurous) -> None:
        """Before anybody decoded it."""
        drive(fake, scope_of("/v1/a%20b"))
        assert [call.path for call in fake.calls] == ["/v1/a%20b"]

    @pytest.mark.parametrize("host", [[], [(b"host", b"")]])
    def test_no_host(self, fake: Aurous, host: list[tuple[bytes, bytes]]) -> None:
        """Where a client does not name the server, URLs lead to where it listens."""
        character = fake.characters.add()
        cycle = drive(fake, scope_of(f"/v1/characters/{character.id}", headers=[*own(fake), *host]))
        assert b'"http://127.0.0.1:8123/' in cycle.body

    def test_two_hosts(self, fake: Aurous) -> None:
        """Of two Host headers, which a parser lets through, none counts."""
        cycle = drive(fake, scope_of("/v1/balance", headers=[*own(fake), (b"host", b"localhost"), (b"host", b"x")]))
        assert cycle.sent[0]["status"] == 421
        assert "'localhost, x'" in json.loads(cycle.body)["error"]


class TestUrls:
    """URLs in responses lead back to the server."""

    @pytest.mark.parametrize("base_url", ["https://api.aurous-labs.com", "https://gateway.example/vendors/aurous"])
    @pytest.mark.parametrize("base", ["http://fake.test", "http://localhost:8443"])
    def test_refs(self, base_url: str, base: str) -> None:
        """A picture's URL is one of the name that the client used, whatever the fake's own, and answers there."""
        fake = Aurous(now=NOW, base_url=base_url)
        character = fake.characters.add()
        response = ask(fake, "GET", f"/v1/characters/{character.id}", base=base)
        url = response.json()["refs"][0]["url"]
        assert url.startswith(f"{base}/")
        assert base_url not in response.text
        assert int(response.headers["content-length"]) == len(response.content)
        assert ask(fake, "GET", url, base=base).content.startswith(b"\x89PNG")

    def test_upload(self, fake: Aurous) -> None:
        """The signed PUT comes here too, and needs no key."""
        body = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
        url = ask(fake, "POST", "/v1/characters/uploads/init", json=body).json()["upload_url"]
        assert url.startswith("http://fake.test/characters/")
        ask(fake, "PUT", url, content=b"x", headers={"Content-Type": "image/png"})
        assert fake.calls.last.operation == "characters.uploads.put"
        assert fake.calls.last.host not in url

    def test_control_calls(self, fake: Aurous) -> None:
        """A record that another language has made by one is seen at the server, too."""
        url = ask(fake, "POST", "/__aurous__/characters.add").json()["result"]["refs"][0]["url"]
        assert url.startswith("http://fake.test/")
        assert fake.base_url not in ask(fake, "GET", "/__aurous__/state").text

    def test_headers_are_rewritten(self, fake: Aurous) -> None:
        fake.faults.status("balance.retrieve", 503, headers={"Location": f"{fake.base_url}/v1/x"})
        assert ask(fake, "GET", "/v1/balance").headers["location"] == "http://fake.test/v1/x"


class TestBodies:
    """What is sent."""

    def test_cut_off(self, fake: Aurous) -> None:
        """A client that disconnects inside its body has sent nothing."""
        part = {"type": "http.request", "body": b"{}", "more_body": True}
        drive(fake, scope_of("/v1/characters", "POST"), part, END)
        assert fake.calls.count() == 0

    def test_in_parts(self, fake: Aurous) -> None:
        body = json.dumps(CREATE).encode()
        parts = ({"type": "http.request", "body": part, "more_body": part == body[:9]} for part in (body[:9], body[9:]))
        cycle = drive(fake, scope_of("/v1/characters", "POST", headers=own(fake)), *parts)
        assert cycle.sent[0]["status"] == 201

    def test_too_large(self, fake: Aurous) -> None:
        """More than 16 MB is a 413, is read to its end, and never was a call."""
        parts = [
            {"type": "http.request", "body": b"x" * 2**23, "more_body": more} for more in (True, True, True, False)
        ]
        cycle = drive(fake, scope_of("/v1/characters", "POST", headers=own(fake)), *parts)
        assert cycle.sent[0]["status"] == 413
        assert json.loads(cycle.body)["error"]["message"] == "The body is larger than 16 MiB."
        assert cycle.messages == []
        assert fake.calls.count() == 0

    def test_the_most(self, fake: Aurous) -> None:
        """16 MB exactly are let in."""
        message = {"type": "http.request", "body": b"x" * 2**24}
        assert drive(fake, scope_of("/v1/characters", "POST", headers=own(fake)), message).sent[0]["status"] != 413


class TestBreaks:
    """Connections that end."""

    def test_hangs_not_for_ever(self, fake: Aurous, monkeypatch: pytest.MonkeyPatch) -> None:
        """A client that has no timeout of its own is hung up on at last."""
        monkeypatch.setattr(_asgi, "_HANG", 0.01)
        fake.faults.timeout("balance.retrieve")
        assert drive(fake, scope_of("/v1/balance")).closed


class TestDelays:
    """Slow responses."""

    def test_real(self) -> None:
        """Where time runs, a delay is really waited for, and is not counted twice."""
        fake = Aurous()
        fake.faults.delay("balance.retrieve", 0.05)
        before = time.monotonic()
        assert ask(fake, "GET", "/v1/balance").status_code == 200
        assert time.monotonic() - before >= 0.05
        assert fake.clock.position[0] == pytest.approx(0)

    def test_a_client_that_goes(self) -> None:
        """Nothing waits any longer for a response that nobody reads."""
        fake = Aurous()
        fake.faults.delay("balance.retrieve", 3600)
        drive(fake, scope_of("/v1/balance"), {"type": "http.request"}, END)

    def test_a_test_that_moves_the_clock_meanwhile(self) -> None:
        """It makes no response slow, and the clock stays where it was moved."""
        fake = Aurous()
        fake.faults.status("balance.retrieve", 503, when=lambda _: fake.clock.advance(seconds=3600))
        ask(fake, "GET", "/v1/balance")
        assert fake.clock.position[0] == 3600

    @pytest.mark.parametrize("settings", [{"now": NOW}, {"sleep": "skip"}])
    def test_moved(self, settings: dict[str, Any]) -> None:
        """Where the clock stands, or sleeps are skipped, it is moved instead."""
        fake = Aurous(**settings)
        fake.faults.delay("balance.retrieve", 3600)
        assert ask(fake, "GET", "/v1/balance").status_code == 200
        assert fake.clock.position[0] == pytest.approx(3600)


class TestStreams:
    """Responses that are sent event by event."""

    BODY: Final = json.dumps(
        {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    ).encode()

    def stream(self, fake: Aurous, *more: dict[str, Any]) -> Cycle:
        scope = scope_of("/v1/chat/completions", "POST", headers=own(fake))
        return drive(fake, scope, {"type": "http.request", "body": self.BODY}, *more)

    def test_events_are_sent_one_by_one(self, fake: Aurous) -> None:
        """Each is a message of its own; the last one ends the response. A chunk's delay moves a clock that stands."""
        fake.chat.reply("one two three four", delay=3600)
        start = fake.clock.time()
        cycle = self.stream(fake)
        assert b"content-length" not in dict(cycle.sent[0]["headers"])
        assert cycle.body.endswith(b"data: [DONE]\n\n")
        assert [one["more_body"] for one in cycle.sent[1:-1]] == [True] * (len(cycle.sent) - 2)
        assert cycle.sent[-1]["more_body"] is False
        assert fake.clock.time() - start == 7200

    def test_real_waits(self) -> None:
        """Where time runs, a chunk is really waited for, unless sleeps are skipped; the clock counts it once."""
        for sleep, least in (("real", 0.1), ("skip", 0)):
            fake = Aurous(sleep=sleep)  # type: ignore[arg-type]
            fake.chat.reply("one two three four", delay=0.05)
            before = time.monotonic()
            self.stream(fake)
            assert time.monotonic() - before >= least
            assert fake.clock.position[0] == pytest.approx(0.1 - least)

    def test_a_client_that_goes(self, fake: Aurous) -> None:
        """No more is made, also while the server waits for the next event."""
        self.stream(fake, END)
        assert (fake.calls.last.events, fake.calls.last.ended) == (1, "ended by the client")
        running = Aurous()
        running.chat.reply("one", delay=60)
        self.stream(running, END)
        assert running.calls.last.ended == "ended by the client"
