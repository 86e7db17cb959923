"""Send webhook deliveries to callables, ASGI and WSGI apps, and to URLs through the suite's own httpx."""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import signature
from typing import Any

import httpx

from .._world.outbox import PATIENCE, Delivery


def send(target: Any, delivery: Delivery, *, in_loop: bool) -> int | Awaitable[int | None] | None:
    """Send *delivery* to *target*, and return the status of the response, or an awaitable of it."""
    if target is None and in_loop:  # a server in this loop may have that URL
        return _apost(None, delivery)
    if target is None:
        with httpx.Client(timeout=PATIENCE) as client:
            return _post(client, delivery)
    takes = _arguments(target)
    if takes == _ASGI:
        return _apost(httpx.ASGITransport(target), delivery)
    if takes == _WSGI:
        with httpx.Client(transport=httpx.WSGITransport(target)) as client:
            return _post(client, delivery)
    status: int | Awaitable[int | None] | None = target(delivery)
    return status


_WSGI, _ASGI = 2, 3


def _arguments(target: Any) -> int:
    """Return how many arguments *target* requires: a callable takes one, WSGI two, ASGI three."""
    try:
        parameters = signature(target).parameters.values()
    except (TypeError, ValueError):  # a builtin, such as `list.append`
        return 1
    return sum(
        one.default is one.empty and one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD} for one in parameters
    )


def _post(client: httpx.Client, delivery: Delivery) -> int:
    return client.post(delivery.url, content=delivery.body, headers=delivery.headers).status_code


async def _apost(transport: httpx.AsyncBaseTransport | None, delivery: Delivery) -> int:
    async with httpx.AsyncClient(transport=transport, timeout=PATIENCE) as client:
        response = await client.post(delivery.url, content=delivery.body, headers=delivery.headers)
    return response.status_code
