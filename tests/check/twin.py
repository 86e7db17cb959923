"""Twisted twins: the fake, served, with differences that a probe can see."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._core.base.instants import moment
from pytest_aurous._core.engine.pipeline import App
from pytest_aurous._core.wire.call import Call
from pytest_aurous._core.wire.reply import Break, Reply

KEY: Final = f"al_live_{'0123456789abcdef' * 4}"
"""The key of the check: of the form of a real one."""
READER: Final = f"al_live_{'fedcba9876543210' * 4}"


def seeded(**settings: Any) -> Aurous:
    """Return a fake with records of several days, on the real clock."""
    aurous = Aurous(pitfalls="off", strict="off", **settings)
    world = aurous._session.app.world
    world.keys.issue(world.default_team, "full", KEY)
    world.keys.issue(world.default_team, "read", READER)
    now = aurous.clock.time()

    def days_ago(days: float) -> None:
        aurous.clock.freeze(moment(now - days * 86_400.0))

    days_ago(9)
    aurous.images.add()
    days_ago(3)
    aurous.images.add()
    aurous.characters.add(status="reviewing")
    aurous.characters.add(status="failed")
    days_ago(0.1)
    aurous.images.add()
    aurous.videos.add()
    aurous.images.add(status="failed")
    aurous.characters.add(status="ready")
    aurous.webhook_endpoints.add(url="https://receiver.example/a")
    aurous.clock.restore((0.0, None, 1.0, 0.0))
    return aurous


def same(_call: Call, reply: Reply) -> Reply:
    """Change nothing."""
    return reply


class Twin:
    """A served fake that changes its responses.

    Attributes:
        url: Where it is.
        change: How it changes a response.
        calls: The method and the path of each request, and the API key that was sent.
    """

    def __init__(self, aurous: Aurous) -> None:
        self.aurous = aurous
        self.change: Callable[[Call, Reply], Reply | Break] = same
        self.calls: list[tuple[str, str, str]] = []
        self._app: App = aurous._session.app
        self._first = aurous.snapshot()
        self.server = AurousServer(aurous)
        self.server._asgi._fake.respond = self.handle
        self.url: str = self.server.url
        self.world = self._app.world

    def handle(self, call: Call) -> Reply | Break:
        self.calls.append((call.method, call.path, call.incoming.get("x-api-key", "")))
        outcome = self._app.handle(call)
        assert isinstance(outcome, Reply)
        return self.change(call, outcome)

    def begin(self) -> None:
        """Forget what was before."""
        self.aurous.restore(self._first)
        self.change = same
        self.calls.clear()


@contextmanager
def serving(**settings: Any) -> Generator[Twin]:
    twin = Twin(seeded(**settings))
    with twin.server:
        yield twin


def at(operation: str, change: Callable[[Reply], Reply]) -> Any:
    """Change the successes of an operation."""
    return lambda call, reply: change(reply) if (call.operation, reply.status) == (operation, 200) else reply


def body(change: Callable[[Any], object]) -> Callable[[Reply], Reply]:
    def twist(reply: Reply) -> Reply:
        content = json.loads(reply.body)
        change(content)
        return reply.with_body(json.dumps(content).encode())

    return twist


def error(**parts: Any) -> Callable[[Reply], Reply]:
    """Change parts of an error; a code gets its address."""
    if "code" in parts:
        parts["doc_url"] = f"https://docs.aurous-labs.com/errors#{parts['code']}"
    return body(lambda content: content["error"].update(parts))


def status(number: int) -> Callable[[Reply], Reply]:
    return lambda reply: reply._replace(status=number)


def header(name: str, value: str) -> Callable[[Reply], Reply]:
    """Set a header."""

    def twist(reply: Reply) -> Reply:
        kept = (pair for pair in reply.headers if pair[0].lower() != name)
        return reply._replace(headers=(*kept, (name, value)))

    return twist


def whole(number: int, content: Any, kind: str = "application/json") -> Callable[[Reply], Reply]:
    """Send another response."""
    text = (content if isinstance(content, str) else json.dumps(content)).encode()
    return lambda reply: status(number)(header("content-type", kind)(reply.with_body(text)))
