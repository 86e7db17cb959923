"""What is counted: each function does the same thing a number of times, in a process of its own.

There are two kinds of GET. A user's: the route returns ``json=``, and the client reads `response.json()`. And one whose
routes return the ready bytes and the headers of the fake, and whose client reads nothing: what is left is the fake.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import respx

from pytest_aurous import Aurous
from pytest_aurous._trace.recorder import Recorder

__all__ = ("ORDER", "SCRIPT", "flow_aurous", "flow_respx", "get_aurous", "get_mock_transport", "get_respx")

SCRIPT: Final = "synthesizing*2 -> reviewing"
ORDER: Final = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


@contextmanager
def get_aurous() -> Generator[Callable[[], httpx.Response], None, None]:
    """Yield a function that sends a GET of a character to the fake."""
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        yield lambda: client.get(path)


@contextmanager
def get_respx(*, ready: bool = True) -> Generator[Callable[[], httpx.Response], None, None]:
    """Yield the same for a static route of respx, which returns the fake's *ready* bytes and headers, or ``json=``."""
    with get_aurous() as get:
        sent = get()
    base_url = str(sent.request.url.join("/"))
    with respx.mock(base_url=base_url) as routes, httpx.Client(base_url=base_url, headers=_key(sent)) as client:
        path = sent.request.url.path  # as long as for the fake, since httpx looks at each character
        routes.get(path).respond(**_returned(sent, ready=ready))
        yield lambda: client.get(path)


@contextmanager
def get_mock_transport(*, ready: bool = True) -> Generator[Callable[[], httpx.Response], None, None]:
    """Yield the same for the bare `httpx.MockTransport`."""
    with get_aurous() as get:
        sent = get()
    returned = _returned(sent, ready=ready)

    def respond(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, **returned)

    with httpx.Client(
        base_url=sent.request.url.join("/"), headers=_key(sent), transport=httpx.MockTransport(respond)
    ) as client:
        path = sent.request.url.path
        yield lambda: client.get(path)


@contextmanager
def flow_aurous() -> Generator[Callable[[], None], None, None]:
    """Yield a function that creates a character, polls until it is there, and saves it."""
    with Aurous(script=SCRIPT) as fake, fake.client() as client:
        yield lambda: _publish(client)


@contextmanager
def flow_respx() -> Generator[Callable[[], None], None, None]:
    """Yield a function that sends the same requests to routes that return ``json=`` as the fake does."""
    with Aurous(script=SCRIPT) as fake, fake.client() as client:
        _publish(client)
        responses = [call.response for call in fake.calls if call.response]
    created, *polls, saved = [httpx.Response(sent.status, json=sent.json) for sent in responses]
    path = f"/v1/characters/{created.json()['id']}"
    headers = {"X-Api-Key": fake.api_key}
    with respx.mock(base_url=fake.base_url) as routes, httpx.Client(base_url=fake.base_url, headers=headers) as client:
        routes.post("/v1/characters").mock(return_value=created)
        routes.get(path).mock(side_effect=cycle(polls))
        routes.post(f"{path}/save").mock(return_value=saved)
        yield lambda: _publish(client)


def _publish(client: httpx.Client) -> None:
    """Create a character, poll until it is there, and save it."""
    path = f"/v1/characters/{client.post('/v1/characters', json=ORDER).json()['id']}"
    while client.get(path).json()["status"] == "synthesizing":
        pass
    client.post(f"{path}/save").raise_for_status()


def _returned(sent: httpx.Response, *, ready: bool) -> dict[str, Any]:
    return {"headers": sent.headers, "content": sent.content} if ready else {"json": sent.json()}


def _key(sent: httpx.Response) -> dict[str, str]:
    return {"X-Api-Key": sent.request.headers["X-Api-Key"]}


def _repeat(get: Callable[[], httpx.Response], times: int) -> None:
    for _ in range(times):
        assert get().is_success  # a refusal would be fast, too


def _read(get: Callable[[], httpx.Response], times: int) -> None:
    for _ in range(times):
        assert get().json()["status"] == "ready"


def aurous(times: int) -> None:
    """Send GETs to the fake."""
    with get_aurous() as get:
        _repeat(get, times)


def read_aurous(times: int) -> None:
    """Send GETs to the fake, and read the responses."""
    with get_aurous() as get:
        _read(get, times)


def read_static_route(times: int) -> None:
    """Send GETs to a route of respx that returns ``json=``, and read the responses."""
    with get_respx(ready=False) as get:
        _read(get, times)


def read_mock_transport(times: int) -> None:
    """Send GETs to a `httpx.MockTransport` that returns ``json=``, and read the responses."""
    with get_mock_transport(ready=False) as get:
        _read(get, times)


def static_route(times: int) -> None:
    """Send GETs to a static route of respx."""
    with get_respx() as get:
        _repeat(get, times)


def mock_transport(times: int) -> None:
    """Send GETs to `httpx.MockTransport`."""
    with get_mock_transport() as get:
        _repeat(get, times)


def publish(times: int) -> None:
    """Send the requests of the publish flow to the fake."""
    with flow_aurous() as flow:
        for _ in range(times):
            flow()


def static_publish(times: int) -> None:
    """Send the requests of the publish flow to static routes of respx."""
    with flow_respx() as flow:
        for _ in range(times):
            flow()


def traced(times: int) -> None:
    """Send GETs to a fake that is traced."""
    with Aurous() as fake, fake.client() as client:
        path = f"/v1/characters/{fake.characters.add().id}"
        Recorder(fake._session.handle)
        _repeat(lambda: client.get(path), times)


def other_records(times: int) -> None:
    """Send GETs of 100 characters that were not asked for before."""
    with Aurous() as fake, fake.client() as client:
        paths = iter([f"/v1/characters/{fake.characters.add().id}" for _ in range(100)])
        _read(lambda: client.get(next(paths)), times)


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


def asserted(times: int) -> None:
    """Assert that 1,000 calls were made."""
    with Aurous() as fake, fake.client() as client:
        for _ in range(1_000):
            client.post("/v1/characters", json=ORDER)
        for _ in range(times):
            fake.assert_called("characters.create", times=1_000)


def recorded(times: int, see: Callable[[Path], object] = str) -> None:
    """Write a recording of publish flows."""
    from pytest_aurous._core.wire.har import write_har  # what one subject needs, the others do not load

    with Aurous(script=SCRIPT) as fake, fake.client() as client, TemporaryDirectory() as folder:
        for _ in range(times):
            _publish(client)
        see(write_har(Path(folder), "flows", fake.calls))


def checked(times: int) -> None:
    """Write the same recording, and check it."""
    from pytest_aurous._check.check import check_recordings
    from pytest_aurous._check.recording.read import read_recording

    def check(file: Path) -> None:
        assert check_recordings([read_recording(file)]).verdicts.exchanges == 5 * times

    recorded(times, check)


if __name__ == "__main__":
    gc.disable()
    name, *numbers = sys.argv[1:]
    globals()[name](*map(int, numbers))
