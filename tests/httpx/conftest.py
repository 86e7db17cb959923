"""What the tests of clients share: each package, and each way to use one."""

from typing import Any, NamedTuple

import anyio
import pytest


class Wire(NamedTuple):
    """One kind of client: a package, and a way to run it."""

    stack: Any
    way: str

    def send(self, method: str, url: str, *, client: Any = None, key: str | None = None, **sent: Any) -> Any:
        """Send one request with a new client, with *key* if there is one, and read the response."""
        if key is not None:
            sent["headers"] = {"X-Api-Key": key, **sent.get("headers", {})}
        if self.way == "sync":
            with self.stack.Client(**(client or {})) as opened:
                return opened.request(method, url, **sent)

        async def main() -> Any:
            async with self.stack.AsyncClient(**(client or {})) as opened:
                return await opened.request(method, url, **sent)

        return anyio.run(main, backend=self.way)

    def get(self, url: str, **sent: Any) -> Any:
        return self.send("GET", url, **sent)

    def stream(self, method: str, url: str, found: list[bytes], most: int | None = None, **sent: Any) -> None:
        """Send one request, add at most that many pieces of the response to *found*, and close it."""
        if self.way == "sync":
            with self.stack.Client() as client, client.stream(method, url, **sent) as response:
                pieces = response.iter_raw()
                while len(found) != most and (piece := next(pieces, None)) is not None:
                    found.append(piece)
            return

        async def main() -> None:
            async with self.stack.AsyncClient() as client, client.stream(method, url, **sent) as response:
                pieces = response.aiter_raw()
                while len(found) != most and (piece := await anext(pieces, None)) is not None:
                    found.append(piece)

        anyio.run(main, backend=self.way)


@pytest.fixture(params=[f"{stack} {way}" for stack in ("httpx", "httpx2") for way in ("sync", "asyncio", "trio")])
def wire(request: pytest.FixtureRequest) -> Wire:
    name, way = request.param.split()
    stack = pytest.importorskip(name, reason="one of the two packages")
    if way == "trio":
        pytest.importorskip("trio", reason="one of the two backends")
    return Wire(stack, way)


@pytest.fixture(params=["httpx", "httpx2"])
def stack(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param, reason="one of the two packages")
