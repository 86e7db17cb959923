"""One class for each pitfall: what it looks at, and what to say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs

from .._wire import messages as say
from .._wire.call import Call
from .._wire.headers import idempotency_key
from .._wire.hosts import is_upload
from .._wire.reply import Break, Reply

if TYPE_CHECKING:
    from .._framework.endpoint import Context

__all__ = (
    "KINDS",
    "Kind",
    "Same",
    "keyed",
    "paid",
    "polls",
    "same",
    "shows_end",
)

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
    return ctx.row is not None and not ctx.row.free and ctx.row.accepts_key(ctx)


def polls(ctx: Context) -> bool:
    """Whether the call looks at one record."""
    return bool(ctx.record) and (ctx.call.operation or "").endswith(".retrieve")


def shows_end(reply: Reply) -> bool:
    """Whether an answer shows a record that nothing comes of any more."""
    at = reply.body.find(_STATUS)
    return at >= 0 and reply.body.startswith((b'failed"', b'deleted"'), at + len(_STATUS))


_NEVER_SENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_POLLS: Final = 3
_SETTLED: Final = frozenset({200, 201, 202, 402})
"""Responses that say whether an order was placed; a replay has one of them too."""
_BAD, _SERVER_ERROR, _FORBIDDEN, _NOT_FOUND, _OK = 400, 500, 403, 404, 200


class Kind:
    """A detector: looks at a call when it arrives, and when it is answered.

    Attributes:
        id: Of the pitfall.
        message: What to say of it.
        memory: What it knows of calls before, a collection.
    """

    id = ""
    message = ""
    memory: Any = ()

    def arrive(self, ctx: Context) -> bool:
        """Whether the arrival of *call* is the misuse."""
        del ctx
        return False

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        """Whether it is, now that its answer is known: the *outcome*; the call itself has not got it yet."""
        del ctx, outcome
        return False


class EarlySave(Kind):
    """Save used as a poll."""

    id = "early-save"
    message = (
        "save was refused while the character was synthesizing, and sent again without a poll in between that showed "
        "reviewing or ready. Save is no poll: GET the character until it is reviewing, then save once."
    )

    def __init__(self) -> None:
        self.memory: set[str] = set()

    def arrive(self, ctx: Context) -> bool:
        return ctx.call.operation == "characters.save" and ctx.record in self.memory

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.operation == "characters.save":
            if _status(outcome) == _BAD and getattr(ctx.world.row(ctx.record), "status", "") == "synthesizing":
                self.memory.add(ctx.record)
        elif self.memory and isinstance(outcome, Reply):
            shown = _statuses(outcome.body)
            self.memory -= {one for one, status in shown.items() if status in {"reviewing", "ready"}}
        return False


class EndlessPoll(Kind):
    """Polls of what will never come."""

    id = "endless-poll"
    message = (
        "polled three times more after the client had been shown failed, deleted or 404. "
        "Stop there: nothing but another call changes that."
    )

    def __init__(self) -> None:
        self.memory: dict[str, int] = {}

    def arrive(self, ctx: Context) -> bool:
        if ctx.record not in self.memory or not polls(ctx):
            return False
        self.memory[ctx.record] += 1
        return self.memory[ctx.record] == _POLLS

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.committed:  # it may go on now
            self.memory.pop(ctx.record, None)
        elif isinstance(outcome, Reply) and (outcome.status == _NOT_FOUND or shows_end(outcome)):
            if polls(ctx):
                self.memory.setdefault(ctx.record, 0)
        elif self.memory and _status(outcome) == _OK and polls(ctx):
            self.memory.pop(ctx.record, None)
        return False


class DoubleCharge(Kind):
    """A paid call repeated without a key."""

    id = "double-charge"
    message = (
        "a paid POST without Idempotency-Key was sent again after its answer was lost or was a 5xx: both may have been "
        "charged. Send an Idempotency-Key of your own with the first attempt, and the same with each retry."
    )

    def __init__(self) -> None:
        self.memory: set[Same] = set()

    def arrive(self, ctx: Context) -> bool:
        return bool(self.memory) and same(ctx.call) in self.memory and paid(ctx) and not keyed(ctx.call)

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if _lost(ctx, outcome) and paid(ctx) and not keyed(ctx.call):
            self.memory.add(same(ctx.call))
        return False


class NewKeyPerAttempt(Kind):
    """A paid call repeated with another key."""

    id = "new-key-per-attempt"
    message = (
        "a paid POST was sent again with another Idempotency-Key after its response was lost or was a 5xx: both may "
        "have been charged. Make the key before the first attempt, and send the same key with each retry."
    )

    def __init__(self) -> None:
        self.memory: dict[Same, set[str]] = {}

    def arrive(self, ctx: Context) -> bool:
        key = idempotency_key(ctx.call.incoming)
        return bool(self.memory) and key is not None and key not in self.memory.get(same(ctx.call), {key})

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        key = idempotency_key(ctx.call.incoming)
        if key is None or not paid(ctx):
            return False
        if _lost(ctx, outcome):
            self.memory.setdefault(same(ctx.call), set()).add(key)
        elif _status(outcome) in _SETTLED:  # the client knows what became of its order
            self.memory.pop(same(ctx.call), None)
        return False


class EarlyRetry(Kind):
    """``Retry-After`` not honoured."""

    id = "early-retry"
    message = (
        "the same call was sent again before the Retry-After that it was given had passed on the clock. "
        "Wait for as many seconds as it says."
    )

    def __init__(self) -> None:
        self.memory: dict[Same, float] = {}

    def arrive(self, ctx: Context) -> bool:
        return bool(self.memory) and ctx.call.at < self.memory.pop(same(ctx.call), 0.0)

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if isinstance(outcome, Reply) and outcome.status >= _BAD:
            for name, value in outcome.headers:
                if name.lower() == "retry-after" and value.isdigit():
                    self.memory[same(ctx.call)] = ctx.call.at + int(value)
        return False


class WipingPatch(Kind):
    """A PATCH that means one attribute and loses the others."""

    id = "wiping-patch"
    message = (
        "a PATCH replaces attributes as a whole, and this one dropped some that were set. "
        "GET the character, change its attributes, and send them all."
    )

    def __init__(self) -> None:
        self.memory: Mapping[str, Any] = {}

    def arrive(self, ctx: Context) -> bool:
        if ctx.call.operation == "characters.update":
            self.memory = getattr(ctx.world.row(ctx.record), "attributes", None) or {}
        return False

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        before, self.memory = self.memory, {}
        if not before or ctx.call.operation != "characters.update" or not ctx.call.committed:
            return False
        sent = json.loads(ctx.call.content).get("attributes")
        return sent is not None and any(name not in sent for name, value in before.items() if value is not None)


class StaleUrl(Kind):
    """A URL kept for too long."""

    id = "stale-url"
    message = "a signed URL was used after it had expired. Do not store URLs: read the record again for a fresh one."

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.error_code == "output_expired":
            return True
        return isinstance(outcome, Reply) and outcome.status == _FORBIDDEN and say.EXPIRED.encode() in outcome.body


class LeakedKey(Kind):
    """The key sent to where it is not wanted."""

    id = "leaked-key"
    message = (
        "the API key was sent to the upload host, which is not to see it. "
        "PUT with a client of its own, with the upload_headers alone."
    )

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        del outcome
        return is_upload(ctx.call.host) and not {"x-api-key", "authorization"}.isdisjoint(ctx.call.incoming)


class MadeUpCursor(Kind):
    """A cursor that is a guess."""

    id = "made-up-cursor"
    message = (
        "a cursor was sent that no answer ever gave. Page with the next_cursor of the page before, "
        "or with the id of one of its rows."
    )

    def __init__(self) -> None:
        self._found: set[str] = set()

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if not ctx.call.query or not (ctx.call.operation or "").endswith(".list"):
            return False
        sent = parse_qs(ctx.call.query)
        cursors = [*sent.get("starting_after", []), *sent.get("ending_before", [])]
        if ctx.call.path in self._found or all(ctx.world.row(one) or _was_given(one, ctx) for one in cursors):
            return False
        self._found.add(ctx.call.path)  # each is reported once: the journal is not looked through for it again
        return True


KINDS: Final = (
    EarlySave,
    EndlessPoll,
    DoubleCharge,
    NewKeyPerAttempt,
    EarlyRetry,
    WipingPatch,
    StaleUrl,
    LeakedKey,
    MadeUpCursor,
)


def _lost(ctx: Context, outcome: Reply | Break) -> bool:
    """Whether the client cannot know if the call took effect: no response, though it was sent, or a 5xx."""
    if isinstance(outcome, Break):
        return ctx.call.committed or outcome.error not in _NEVER_SENT
    return outcome.status >= _SERVER_ERROR


def _status(outcome: Reply | Break) -> int | None:
    return outcome.status if isinstance(outcome, Reply) else None


def _statuses(body: bytes) -> dict[str, str]:
    """Return the status of each record that an answer shows."""
    shown: Any = None
    with suppress(ValueError):
        shown = json.loads(body)
    if not isinstance(shown, dict):
        return {}
    told = cast("dict[str, Any]", shown)
    rows: list[dict[str, Any]] = told["data"] if told.get("object") == "list" else [told]
    return {row["id"]: row["status"] for row in rows if "id" in row and "status" in row}


def _was_given(cursor: str, ctx: Context) -> bool:
    """Whether an answer before told *cursor*, and did not only quote it in a refusal."""
    earlier = ctx.world.journal.entries[: ctx.call.number - 1]
    return any(one.error_code is None and one.response_may_contain(cursor.encode()) for one in reversed(earlier))
