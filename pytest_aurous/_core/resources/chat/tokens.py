"""Token counts: a plain estimate, the same each time (chat-4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Final

_BYTES: Final = 4
"""Bytes of UTF-8 for a token."""
_MESSAGE: Final = 4
"""Tokens of a message beside its content."""
IMAGE: Final = {"low": 512, "high": 1024, "auto": 1024, "xhigh": 2048}
"""Tokens of an image by its quality, as documented."""
_VIDEO: Final = 2048


def of_text(text: str) -> int:
    """Return the estimated tokens of a text: a token for each four bytes of UTF-8, rounded up."""
    return ceil(len(text.encode(errors="replace")) / _BYTES)


def first_of(text: str, count: int) -> str:
    """Return the beginning of a text that has at most that many tokens."""
    return text.encode(errors="replace")[: count * _BYTES].decode(errors="ignore")


def of_request(body: Mapping[str, Any]) -> int:
    """Return the estimated input tokens of a chat request: its messages, its tools and its schema."""
    quality = "xhigh" if body.get("vision_quality") == "xhigh" else ""
    messages = sum(_MESSAGE + _of_message(one, quality) for one in body["messages"])
    extra = [body[name] for name in ("tools", "response_format") if body.get(name)]
    return messages + sum(of_text(json.dumps(one)) for one in extra)


def _of_message(message: Mapping[str, Any], quality: str) -> int:
    calls = [[one["function"].get(name) for name in ("name", "arguments")] for one in message.get("tool_calls") or ()]
    return sum(_of_part(part, quality) for part in parts_of(message)) + (of_text(json.dumps(calls)) if calls else 0)


def parts_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the content of a message as parts; plain text is one part."""
    content: Any = message.get("content")
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def text_of(messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the texts in some messages, one below the other."""
    return "\n".join(part["text"] for message in messages for part in parts_of(message) if part["type"] == "text")


def _of_part(part: Mapping[str, Any], quality: str) -> int:
    if part["type"] == "text":
        return of_text(part["text"])
    if part["type"] == "image_url":
        return IMAGE[quality or part["image_url"].get("detail", "auto")]
    return _VIDEO
