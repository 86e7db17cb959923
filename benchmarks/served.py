"""The processor time of a request to a served fake, beside an empty uvicorn application and pytest-httpserver.

``python benchmarks/served.py`` measures all in turns, several rounds, and prints the median of each.
It needs uvicorn; httptools and pytest-httpserver are measured where they are installed.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from statistics import median
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


def measured(port: int, path: str, key: str) -> float:
    """Return the microseconds of processor time that a request takes in this process."""
    command = [sys.executable, "-c", CLIENT, str(port), path, key, str(REQUESTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdout.readline()
        began = time.process_time()
        client.stdin.write("\n")
        client.stdin.flush()
        client.wait(60)
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


def main(arguments: list[str]) -> None:
    """Measure one thing in this process, or all of them in turns in others."""
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
