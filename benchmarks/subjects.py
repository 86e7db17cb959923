"""What is counted: each function does the same thing a number of times, in a process of its own."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import httpx
import respx

from pytest_aurous import Aurous
from pytest_aurous._report.recorder import Recorder

__all__ = ("get_aurous", "get_mock_transport", "get_respx")


@contextmanager
def get_aurous() -> Generator[Callable[[], httpx.Response], None, None]:
    """Yield a function that sends a GET of a character to the fake."""
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        yield lambda: client.get(path)


@contextmanager
def get_respx() -> Generator[Callable[[], httpx.Response], None, None]:
    """Yield the same for a static route of respx, with the body and the headers of the fake."""
    with get_aurous() as get:
        sent = get()
    base_url = str(sent.request.url.join("/"))
    with respx.mock(base_url=base_url) as routes, httpx.Client(base_url=base_url, headers=_key(sent)) as client:
        path = sent.request.url.path  # as long as for the fake, since httpx looks at each character
        routes.get(path).respond(headers=sent.headers, content=sent.content)
        yield lambda: client.get(path)


@contextmanager
def get_mock_transport() -> Generator[Callable[[], httpx.Response], None, None]:
    """Yield the same for the bare `httpx.MockTransport`."""
    with get_aurous() as get:
        sent = get()

    def respond(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=sent.headers, content=sent.content)

    with httpx.Client(
        base_url=sent.request.url.join("/"), headers=_key(sent), transport=httpx.MockTransport(respond)
    ) as client:
        path = sent.request.url.path
        yield lambda: client.get(path)


def _key(sent: httpx.Response) -> dict[str, str]:
    return {"X-Api-Key": sent.request.headers["X-Api-Key"]}


def _repeat(get: Callable[[], httpx.Response], times: int) -> None:
    for _ in range(times):
        assert get().is_success  # a refusal would be fast, too


def aurous(times: int) -> None:
    """Send GETs to the fake."""
    with get_aurous() as get:
        _repeat(get, times)


def static_route(times: int) -> None:
    """Send GETs to a static route of respx."""
    with get_respx() as get:
        _repeat(get, times)


def mock_transport(times: int) -> None:
    """Send GETs to `httpx.MockTransport`."""
    with get_mock_transport() as get:
        _repeat(get, times)


def traced(times: int) -> None:
    """Send GETs to a fake that is traced."""
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        Recorder(fake._session.app)
        _repeat(lambda: client.get(path), times)


def other_records(times: int) -> None:
    """Send GETs of 100 characters that were not asked for before."""
    with Aurous() as fake, fake.client() as client:
        paths = iter([f"/v1/characters/{fake.characters.add().id}" for _ in range(100)])
        _repeat(lambda: client.get(next(paths)), times)


def filtered(times: int, rows: int) -> None:
    """List the characters with a status that no character has."""
    with Aurous() as fake, fake.client() as client:
        for _ in range(rows):
            fake.characters.add()
        _repeat(lambda: client.get("/v1/characters", params={"status": "failed"}), times)


def last(times: int) -> None:
    """Look at the last of 10,000 characters."""
    with Aurous() as fake:
        for _ in range(10_000):
            fake.characters.add()
        for _ in range(times):
            assert fake.characters.last.id


if __name__ == "__main__":
    gc.disable()
    name, *numbers = sys.argv[1:]
    globals()[name](*map(int, numbers))
