"""Functions that a copied test brings along: their source is part of it, so they know no other of this package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def told(lines: Iterator[str], events: int = -1) -> tuple[str, list[list[str]], Any]:
    """Return the text, the tool calls and the usage of a stream, or of so many of its events."""
    text, calls, usage = "", dict[int, list[str]](), None
    while events and (line := next(lines, None)) is not None:
        if not line.startswith("data:"):
            continue
        events -= 1
        try:
            chunk: dict[str, Any] = json.loads(line[5:])
        except ValueError:  # the mark of the end, or an event that was cut
            continue
        usage = chunk.get("usage") or usage
        for delta in (choice["delta"] for choice in chunk.get("choices", ())):
            text += delta.get("content") or ""
            for one in delta.get("tool_calls") or ():
                called = calls.setdefault(one["index"], ["", ""])
                called[0] += one["function"].get("name") or ""
                called[1] += one["function"].get("arguments") or ""
    return text, list(calls.values()), usage


def receiver(*statuses: int) -> Any:
    """Return what receives webhooks, and responds with these statuses; with 0, it does not respond."""
    left = iter(statuses)

    def receive(_: object) -> int:
        status = next(left)
        if not status:
            raise ConnectionError("no response")
        return status

    return receive
