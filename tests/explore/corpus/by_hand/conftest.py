"""What the tests by hand share: the clients, and sleeps that take no time."""

import asyncio
import inspect
import time
from collections.abc import Callable
from importlib import import_module

import pytest
import trio

from by_hand.exchanges import twin

PUBLISHERS = [
    "conflict_orders_again",
    "double_save",
    "endless_poll",
    "except_pass",
    "forgotten_futures",
    "gathered_errors",
    "ignores_deleted",
    "ignores_retry_after",
    "missing_is_not_ready",
    "moves_on",
    "no_key",
    "order_not_persisted",
    "partial_json",
    "strict_fields",
]


@pytest.fixture(params=PUBLISHERS)
def publish(request: pytest.FixtureRequest) -> Callable[[str], object]:
    """Return a client that publishes a character."""
    module = import_module(f"clients.{request.param}")
    client, fresh = twin(request.param), getattr(module, "fresh", None)
    if fresh is not None:
        return lambda _: client(fresh())
    if inspect.iscoroutinefunction(client):
        if getattr(module, "BACKEND", "") == "trio":
            return lambda name: trio.run(client, name)
        return lambda name: asyncio.run(client(name))
    return lambda name: client(name)  # noqa: PLW0108 - it has a type then


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nothing sleep, and note how long it would have slept."""
    slept: list[float] = []

    def nap(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 1000, "it sleeps for ever"

    async def anap(seconds: float) -> None:
        nap(seconds)

    monkeypatch.setattr(time, "sleep", nap)
    monkeypatch.setattr(asyncio, "sleep", anap)
    monkeypatch.setattr(trio, "sleep", anap)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", "none")  # else each client reads all certificates, which takes longest here
    monkeypatch.setenv("AUROUS_API_KEY", "none")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    return slept
