"""The processor time of a request to a served fake, beside an empty uvicorn application and pytest-httpserver.

``python benchmarks/served.py`` measures all in turns, several rounds, and prints the median of each.
It needs uvicorn; httptools and pytest-httpserver are measured where they are installed.

The other rows have names: ``python benchmarks/served.py log`` (what ``--log`` adds to a GET), ``har`` (``calls.har``
of 10,000 calls), ``slowest`` (another client's slowest GET while something large is read) and ``page`` (until Chromium,
by Playwright, shows a request or what a filter finds).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

ROUNDS: Final = 5
REQUESTS: Final = 1000
CLIENT: Final = """
import socket, sys
port, path, key, count = int(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4])
request = f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nX-Api-Key: {key}\\r\\n\\r\\n".encode()
wire = None
for number in range(count + 100):
    if number == 100:
        print("ready", flush=True)
        sys.stdin.readline()
    if wire is None:
        wire = socket.create_connection(("127.0.0.1", port), timeout=60)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.sendall(request)
    got = b""
    while b"\\r\\n\\r\\n" not in got:
        got += wire.recv(65536)
    head, _, body = got.partition(b"\\r\\n\\r\\n")
    head = head.lower()
    length = int(head.split(b"content-length:")[1].split(b"\\r\\n")[0])
    while len(body) < length:
        body += wire.recv(65536)
    if b"connection: close" in head:
        wire = wire.close()
"""
"""A client in a process of its own: only the server's time is measured."""


WATCHER: Final = """
import socket, sys
wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
wire.sendall(b"GET /__aurous__/events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
wire.recv(1 << 20)
print("ready", flush=True)
while wire.recv(1 << 20):
    pass
"""
"""What a page is to the server: it reads all events."""


POLLER: Final = """
import sys, threading, time
from http.client import HTTPConnection
port, key, slowest = int(sys.argv[1]), sys.argv[2], 0.0
def tell():
    global slowest
    for _ in sys.stdin:
        print(slowest, flush=True)
        slowest = 0.0
threading.Thread(target=tell).start()
wire = HTTPConnection("127.0.0.1", port)
while threading.active_count() > 1:
    began = time.perf_counter()
    wire.request("GET", "/v1/balance", headers={"X-Api-Key": key})
    wire.getresponse().read()
    slowest = max(slowest, time.perf_counter() - began)
    time.sleep(0.01)
"""
"""A client that says, for each line that it reads, how long its slowest GET since the last one has taken."""


def measured(port: int, path: str, key: str, after: Callable[[], object] = bool) -> float:
    """Return the microseconds of processor time that a request takes in this process, with what is done *after* all."""
    command = [sys.executable, "-c", CLIENT, str(port), path, key, str(REQUESTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdout.readline()
        began = time.process_time()
        client.stdin.write("\n")
        client.stdin.flush()
        client.wait(60)
        after()
        return (time.process_time() - began) / REQUESTS * 1e6


async def empty(_: Any, receive: Any, send: Any) -> None:
    """Respond to any request with two bytes."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def of_uvicorn(parser: str) -> float:
    """Measure the empty application."""
    import uvicorn

    wire = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    wire.bind(("127.0.0.1", 0))
    wire.listen()
    options: dict[str, Any] = {"http": parser, "log_level": "critical", "lifespan": "off", "loop": "asyncio"}
    config = uvicorn.Config(empty, access_log=False, server_header=False, date_header=False, ws="none", **options)
    threading.Thread(target=uvicorn.Server(config).run, args=([wire],), daemon=True).start()
    return measured(wire.getsockname()[1], "/", "none")


def of_fake(parser: str) -> tuple[float, float]:
    """Measure a GET of a character, without and with a client that watches: in turns, the median of each."""
    if parser == "h11":
        sys.modules["uvicorn.protocols.http.httptools_impl"] = None  # type: ignore[assignment]
    from pytest_aurous import Aurous, AurousServer

    aurous = Aurous(strict="off", pitfalls="off")
    alone: list[float] = []
    watched: list[float] = []
    with AurousServer(aurous) as server:
        get = server.port, f"/v1/characters/{aurous.characters.add().id}", str(aurous.api_key)
        for _ in range(ROUNDS):
            alone.append(measured(*get))
            with subprocess.Popen([sys.executable, "-c", WATCHER, str(server.port)], stdout=subprocess.PIPE) as watcher:
                assert watcher.stdout is not None
                watcher.stdout.readline()
                watched.append(measured(*get))
                watcher.kill()
    return median(alone), median(watched)


def of_httpserver() -> float:
    """Measure pytest-httpserver."""
    found: Any = import_module("pytest_httpserver")
    with found.HTTPServer() as server:
        server.expect_request("/v1/balance").respond_with_json({"credits": 1000})
        return measured(server.port, "/v1/balance", "none")


def of_log() -> None:
    """Print what a GET of a character costs without and with ``--log``, in turns, and how many times as much."""
    from pytest_aurous import Aurous, AurousServer
    from pytest_aurous._core.wire.har import HarWriter, har
    from pytest_aurous._serve import command

    spent: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * ROUNDS):
        aurous, stack = Aurous(strict="off", pitfalls="off"), ExitStack()
        with TemporaryDirectory() as folder, AurousServer(aurous) as server, stack:
            file = Path(folder, "log.har")
            if logs := number % 2 == 1:
                file.write_text(json.dumps(har([])))
                command.follow(stack, server._asgi.control, partial(command.log, file, writer=HarWriter()))
            path = f"/v1/characters/{aurous.characters.add().id}"
            spent[logs].append(measured(server.port, path, str(aurous.api_key), stack.close))
    without, logged = median(spent[False]), median(spent[True])
    print(f"a GET {without:.0f} us, with --log {logged:.0f} us: {logged / without:.1f} times as much")


def of_har() -> None:
    """Print the processor time of ``calls.har`` of 10,000 calls."""
    with busy(10_000) as (server, _):
        began = time.process_time()
        server._asgi.control.respond("GET", "/__aurous__/calls.har")
        print(f"calls.har of 10,000 calls: {time.process_time() - began:.1f} s of processor time")


def of_slowest() -> None:
    """Print the slowest GET of another client while one large thing after the other is read."""
    for calls, chats in ((9_000, 0), (0, 900)):
        with busy(calls, chats) as (server, client):
            arguments = [sys.executable, "-c", POLLER, str(server.port), str(server.aurous.api_key)]
            with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as poller:
                assert poller.stdin is not None
                assert poller.stdout is not None
                for name in ("nothing", "present", "completions", "log", "session.py", "calls.har", "trace"):
                    client.get(f"/__aurous__/{name}" if name != "nothing" else "/v1/balance")
                    poller.stdin.write("\n")
                    poller.stdin.flush()
                    slowest = float(poller.stdout.readline())
                    print(f"{calls or chats:6} {'calls' if calls else 'chats'}, {name:<12} {slowest * 1000:5.0f} ms")
                poller.stdin.close()


def of_page() -> None:
    """Print how long Chromium takes to show a request, and what a filter by a word of a body finds."""
    from playwright.sync_api import expect, sync_playwright

    for records, calls in ((100, 0), (5_000, 0), (0, 10_000)):
        with (
            busy(calls) as (server, client),
            sync_playwright() as play,
            play.chromium.launch(executable_path=which("chromium")) as browser,
        ):
            for number in range(records):
                server.aurous.characters.add(f"Aurora {number}")
            tab = browser.new_page()
            tab.set_default_timeout(60_000)
            tab.goto(f"{server.url}/__aurous__/")
            tab.locator(".page-head").wait_for()
            for number in range(4):
                path, began = f"/v1/nothing/{number}", time.perf_counter()
                client.get(path)
                expect(tab.locator(".pane.call h2")).to_have_text(f"GET {path}", timeout=60_000)
                what = "the first request" if number == 0 else "a request"
                print(f"{records:6} records, {calls:6} calls: {what} shown after {time.perf_counter() - began:.1f} s")
            if calls:
                began = time.perf_counter()
                tab.get_by_role("searchbox").fill("selene")
                expect(tab.locator(".calls .missing", has_text="Searching")).to_be_visible()
                said = time.perf_counter() - began
                expect(tab.locator(".calls li")).to_have_count(1, timeout=60_000)
                print(
                    f"a word of a body: searching after {said:.1f} s, found after {time.perf_counter() - began:.1f} s"
                )


@contextmanager
def busy(calls: int, chats: int = 0) -> Iterator[tuple[Any, Any]]:
    """Send so many GETs and orders, and chats of 60 kB, to a served fake; yield its server and a client."""
    import httpx

    from pytest_aurous import Aurous, AurousServer

    aurous, text = Aurous(strict="off", pitfalls="off"), "a portrait of her hair " * 2600
    own = {"X-Api-Key": str(aurous.api_key)}
    chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": text}]}
    with (
        AurousServer(aurous) as server,
        httpx.Client(base_url=server.url, headers=own, timeout=120, trust_env=False) as client,
    ):
        for number in range(calls):
            order = {"name": "Selene" if number == calls // 2 else f"Aurora {number}", "generate": True}
            client.post("/v1/characters", json=order) if number % 10 == 0 else client.get("/v1/balance")
        for _ in range(chats):
            client.post("/v1/chat/completions", json=chat)
        yield server, client


ROWS: Final = {"log": of_log, "har": of_har, "slowest": of_slowest, "page": of_page}


def main(arguments: list[str]) -> None:
    """Measure one thing in this process, or all of them in turns in others."""
    if arguments and arguments[0] in ROWS:
        ROWS[arguments[0]]()
        return
    if arguments:
        what, _, parser = arguments[0].partition(" ")
        print(of_httpserver() if not parser else of_uvicorn(parser) if what == "uvicorn" else of_fake(parser))
        return
    parsers = ["h11", *(["httptools"] if find_spec("httptools") else [])]
    things = [f"{what} {parser}" for parser in parsers for what in ("uvicorn", "fake")]
    things += ["httpserver"] if find_spec("pytest_httpserver") else []
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for thing in things:
            run = subprocess.run(
                [sys.executable, __file__, thing], capture_output=True, text=True, check=True, timeout=600
            )
            for name, spent in zip((thing, f"watched {thing}"), run.stdout.strip("()\n").split(", "), strict=False):
                found.setdefault(name, []).append(float(spent))
    for thing, times in found.items():
        base = found.get(f"uvicorn {thing.split()[-1]}")
        ratio = f"  {median(times) / median(base):.1f} times the empty application" if base else ""
        print(f"{thing:<24} {median(times):6.0f} us{ratio}")


if __name__ == "__main__":
    main(sys.argv[1:])
