"""A client in a process of its own: each line on standard input is a server, and how often to ask it."""

from __future__ import annotations

import sys
import time
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

PATIENCE = 10.0


def main() -> None:
    """Ask until standard input ends, and say of each line when the asking began and ended."""
    for line in sys.stdin:
        url, key, times = line.split()
        address = urlsplit(url)
        if address.hostname != "127.0.0.1":
            raise SystemExit(f"{url} is not this machine")
        # It keeps its connection; to a server that hangs up after each answer it connects again.
        connection = HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        _ask(connection, address.path, key)
        start = time.monotonic()
        for _ in range(int(times)):
            _ask(connection, address.path, key)
        print(start, time.monotonic(), flush=True)
        connection.close()


def _ask(connection: HTTPConnection, path: str, key: str) -> None:
    connection.request("GET", path, headers={"X-Api-Key": key})
    response = connection.getresponse()
    response.read()
    if response.status != 200:  # noqa: PLR2004 - OK
        raise HTTPException(f"{path}: {response.status}")


if __name__ == "__main__":
    main()
