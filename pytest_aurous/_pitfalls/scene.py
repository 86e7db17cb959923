"""What a detector of pitfalls can know beside the call itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .._wire import Call

__all__ = ("Scene",)


class Scene(NamedTuple):
    """What a detector can know beside the call.

    Attributes:
        record: The id in the path, or nothing.
        row: Finds any row ever made by its id.
        paid: Whether the call costs credits and would honour an ``Idempotency-Key``.
        key: The API key that came along: the client, as far as anybody can tell.
        keyed: Whether it brought one.
        upload: Whether it went to the upload host.
        body: The body that was sent.
        earlier: The calls before it.
    """

    record: str
    row: Callable[[str], Any]
    paid: bool
    key: str
    keyed: bool
    upload: bool
    body: bytes
    earlier: Sequence[Call]
