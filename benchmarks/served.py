"""How many requests a second a served fake answers, beside other servers for tests. Wall time: here somebody waits."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from pytest_aurous import Aurous, AurousServer
from timing import Result, ratio, rounds, summary

__all__ = ("measure",)

CLIENTS = (1, 4)
REQUESTS = 400
OURS, THEIRS = "aurous_server", "pytest-httpserver"


@dataclass(frozen=True)
class _Target:
    url: str
    key: str = "none"
    forget: Callable[[], object] = lambda: None


def measure(*, quick: bool) -> list[Result]:
    """Measure one GET over HTTP, from one process and from several at once."""
    results: list[Result] = []
    with _servers() as targets:
        for count in CLIENTS:
            with _clients(count) as ask:
                samples = rounds({name: partial(ask, target) for name, target in targets.items()}, 5 if quick else 31)
            noun = "1 client" if count == 1 else f"{count} clients"
            results += [
                # A third of the time is three times the requests.
                ratio(f"a served GET, {noun} / {THEIRS}", samples[OURS], samples[THEIRS], bar=0.333),
                *(
                    summary(f"  {name}, {noun}", [1 / value for value in values], "/s")
                    for name, values in samples.items()
                ),
            ]
    return results


@contextmanager
def _clients(count: int) -> Iterator[Callable[[_Target], float]]:
    """Yield what asks a server by *count* processes at once, and returns the seconds that a request took."""
    command = [sys.executable, str(Path(__file__).with_name("load.py"))]
    client = partial(subprocess.Popen, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with ExitStack() as stack:
        processes = [stack.enter_context(client()) for _ in range(count)]
        each = REQUESTS // count

        def ask(target: _Target) -> float:
            for process in processes:
                print(target.url, target.key, each, file=process.stdin, flush=True)
            times = [process.stdout.readline().split() for process in processes if process.stdout]
            target.forget()
            starts, ends = zip(*[map(float, pair) for pair in times], strict=True)
            return float(max(ends) - min(starts)) / (each * count)

        yield ask


@contextmanager
def _servers() -> Iterator[dict[str, _Target]]:
    with Aurous() as fake, ExitStack() as stack:
        character = fake.characters.add()
        path = f"/v1/characters/{character.id}"
        server = stack.enter_context(AurousServer(fake))
        body = httpx.get(server.url + path, headers={"X-Api-Key": fake.api_key}).content
        yield {
            OURS: _Target(server.url + path, fake.api_key),
            "uvicorn alone, a constant answer": _Target(stack.enter_context(_uvicorn(body)) + path),
            THEIRS: stack.enter_context(_httpserver(path, character.json())),
            "moto server, an object of S3": stack.enter_context(_moto(body)),
        }


@contextmanager
def _httpserver(path: str, answer: dict[str, Any]) -> Iterator[_Target]:
    from pytest_httpserver import HTTPServer

    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request(path).respond_with_json(answer)
        yield _Target(server.url_for(path), forget=server.clear_log)


@contextmanager
def _moto(body: bytes) -> Iterator[_Target]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}/bench".format(*server.get_host_and_port())
    try:
        httpx.put(url).raise_for_status()
        httpx.put(f"{url}/one", content=body, headers={"x-amz-acl": "public-read"}).raise_for_status()
        yield _Target(f"{url}/one")
    finally:
        server.stop()


@contextmanager
def _uvicorn(body: bytes) -> Iterator[str]:
    """Serve one answer as we serve the fake: what is left to win on our side of uvicorn is the difference."""
    import uvicorn

    async def constant(_scope: object, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        await receive()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        constant, port=0, http="h11", loop="asyncio", ws="none", lifespan="off", log_level="critical", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
