"""Clients with the defaults of httpx share one SSL context, which takes longer to make than most tests."""

import ssl
from typing import Any

import certifi
import pytest

from pytest_aurous import Aurous

pytestmark = pytest.mark.lowest


def contexts(stack: Any, count: int, **options: Any) -> int:
    """Return how many SSL contexts that many clients have."""
    return len({stack.HTTPTransport(**options)._pool._ssl_context for _ in range(count)})


def test_clients_with_the_defaults_share_a_context(stack: Any) -> None:
    """Sync and async ones, while a fake intercepts, and in the next test, too."""
    with Aurous():
        assert contexts(stack, 3) == 1
        first = stack.HTTPTransport()._pool._ssl_context
    with Aurous():
        assert stack.AsyncHTTPTransport()._pool._ssl_context is first
    assert stack.HTTPTransport()._pool._ssl_context is not first


def test_another_context_is_made_for_each_client(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the client asks for one, it gets it; and if a variable does, all clients share that."""
    own = ssl.create_default_context()
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with Aurous():
        first = stack.HTTPTransport()._pool._ssl_context
        assert contexts(stack, 2, verify=False) == 2
        assert stack.HTTPTransport(verify=own)._pool._ssl_context is own
        monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
        assert contexts(stack, 2) == 1
        assert stack.HTTPTransport()._pool._ssl_context is not first
