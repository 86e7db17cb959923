"""Every kind of fault, with and without `commit`, over every kind of client: what it and its retry meet."""

import asyncio
import ssl
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import pytest

from pytest_aurous import Aurous, Fault
from tests.conftest import SYNTHESIS, price

PATIENCE: Final = 5
CHARACTERS: Final = "/v1/characters"
KEY: Final = {"Idempotency-Key": "once"}
PRICE: Final = price(CHARACTERS, **SYNTHESIS)
CLIENTS: Final = [(stack, way) for stack in ("httpx", "httpx2") if find_spec(stack) for way in ("sync", "async")]
SSL: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # a client that makes its own takes longer than a test
KINDS: Final[dict[str, tuple[str, dict[str, Any], int | str]]] = {  # method, arguments; the status or the exception
    "status": ("status", {"status": 503, "retry_after": 3}, 503),
    "rate_limited": ("rate_limited", {"retry_after": 3}, 429),
    **{
        f"timeout {phase}": ("timeout", {"phase": phase}, f"{phase.capitalize()}Timeout")
        for phase in ("connect", "read", "write", "pool")
    },
    "connect_error": ("connect_error", {}, "ConnectError"),
    "disconnect before the body": ("disconnect", {}, "RemoteProtocolError"),
    "disconnect at its beginning": ("disconnect", {"after_bytes": 0}, "RemoteProtocolError"),
    "disconnect inside it": ("disconnect", {"after_bytes": 9}, "RemoteProtocolError"),
    "delay beyond patience": ("delay", {"seconds": PATIENCE + 20}, "ReadTimeout"),
    **{f"malformed {kind}": ("malformed", {"kind": kind}, 201) for kind in ("truncated", "html", "empty", "not_json")},
}


class Session(NamedTuple):
    """One kind of client, and the fake that it meets."""

    fake: Aurous
    stack: Any
    way: str

    def send(self, method: str, path: str, **sent: Any) -> Any:
        """Send one request with a new client of `PATIENCE`, and return its response, read, or its exception."""
        headers = {"X-Api-Key": self.fake.api_key}
        options = {"base_url": self.fake.base_url, "headers": headers, "timeout": PATIENCE, "verify": SSL}

        async def asend() -> Any:
            async with self.stack.AsyncClient(**options) as client:
                return await client.request(method, path, **sent)

        try:
            if self.way == "async":
                return asyncio.run(asend())
            with self.stack.Client(**options) as client:
                return client.request(method, path, **sent)
        except self.stack.RequestError as error:
            return error

    def create(self, headers: dict[str, str]) -> Any:
        return self.send("POST", CHARACTERS, json=SYNTHESIS, headers=headers)

    def give(self, operation: str, kind: str, *, commit: bool) -> Fault:
        method, arguments, _ = KINDS[kind]
        fault: Fault = getattr(self.fake.faults, method)(operation, **arguments, commit=commit)
        return fault

    def meets(self, met: Any, expected: int | str, method: str = "POST", path: str = CHARACTERS) -> None:
        """Check that *met* is a response, or the stack's own exception, and knows which request it belongs to."""
        kind = getattr(self.stack, expected) if isinstance(expected, str) else self.stack.Response
        status = None if isinstance(expected, str) else expected
        assert (type(met), type(met.request)) == (kind, self.stack.Request)
        assert (met.request.method, str(met.request.url)) == (method, self.fake.base_url + path)
        assert getattr(met, "status_code", None) == self.fake.calls.last.status == status

    def retries(self, headers: dict[str, str], *, replayed: bool) -> None:
        """Check that the same synthesis works now, as a replay or as the first of its kind."""
        met = self.create(headers)
        self.meets(met, 201)
        assert met.json()["id"] == self.fake.characters.last.id
        assert ("Aurous-Idempotent-Replayed" in met.headers) == replayed

    def happened(self, times: int) -> None:
        """Check how many syntheses took effect: rows, and credits that are held for them."""
        team = self.fake.team
        assert (len(self.fake.characters), team.credits, team.held_credits) == (times, 1000, PRICE * times)


@pytest.fixture(params=CLIENTS, ids=" ".join)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """Each kind of client; strict, so that a fault that was never met fails the test. Bad manners are the point."""
    stack, way = request.param
    with Aurous(now="2026-05-08T10:00:00Z", script="synthesizing! -> reviewing", pitfalls="off") as fake:
        yield Session(fake, import_module(stack), way)


commits = pytest.mark.parametrize("commit", [False, True], ids=["lost", "committed"])


@commits
@pytest.mark.parametrize("headers", [KEY, {}], ids=["key", "no key"])
@pytest.mark.parametrize("kind", KINDS)
def test_idem_3_a_retry_replays_what_a_fault_has_committed(
    session: Session, kind: str, headers: dict[str, str], *, commit: bool
) -> None:
    """The call happened if `commit` says so: its retry is then a replay with a key, and happens again without."""
    method, _, expected = KINDS[kind]
    fault = session.give("characters.create", kind, commit=commit)
    before = session.fake.clock.time()

    met = session.create(headers)

    session.meets(met, expected)
    assert (session.fake.calls.last.committed, fault.fired) == (commit, 1)
    session.happened(int(commit))
    assert session.fake.clock.time() - before == (PATIENCE if method == "delay" else 0)
    if method in {"status", "rate_limited"}:
        assert (met.json()["error"]["code"], met.headers["Retry-After"]) == (session.fake.calls.last.error_code, "3")
    if method == "malformed":
        assert met.headers["Content-Length"] == str(len(met.content))
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            met.json()
    if method == "delay" and commit and headers:  # idem-5
        assert session.create(headers).json()["error"]["code"] == "idempotency_key_in_use"
        session.fake.clock.advance(seconds=20)
    session.retries(headers, replayed=commit and bool(headers))
    session.happened(2 if commit and not headers else 1)
    assert fault.fired == 1
