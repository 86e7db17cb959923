"""What a detector of pitfalls asks about a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._headers import idempotency_key
from .._reply import Reply
from .._wire import Call

if TYPE_CHECKING:
    from .._endpoint import Context

__all__ = ("Same", "keyed", "paid", "polls", "same", "shows_end")

_STATUS: Final = b'"status":"'

Same = tuple[str, str, str, bytes]
"""What two attempts have in common: client, method, address and body."""


def same(call: Call) -> Same:
    """Return what another attempt of the same client would share; it is known by its API key, as far as it can be."""
    client = call.incoming.get("x-api-key") or call.incoming.get("authorization", "")
    return client, call.method, call.path + call.query, call.content


def keyed(call: Call) -> bool:
    """Whether the call brought an ``Idempotency-Key``."""
    return idempotency_key(call.incoming) is not None


def paid(ctx: Context) -> bool:
    """Whether the call costs credits and would honour an ``Idempotency-Key``."""
    return ctx.row is not None and not ctx.row.free and ctx.row.honours_key(ctx)


def polls(ctx: Context) -> bool:
    """Whether the call looks at one record."""
    return bool(ctx.record) and (ctx.call.operation or "").endswith(".retrieve")


def shows_end(reply: Reply) -> bool:
    """Whether an answer shows a record that nothing comes of any more."""
    at = reply.body.find(_STATUS)
    return at >= 0 and reply.body.startswith((b'failed"', b'deleted"'), at + len(_STATUS))
