"""The pitfalls: one class for each, with the operations that it watches and the message that it shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Final, cast
from urllib.parse import parse_qs

from ..base.work import sender
from ..resources.base.endpoint import Context, Endpoint
from ..resources.catalog import CATALOG, ENDED_BADLY, ENDED_WELL
from ..wire import messages as say
from ..wire.call import Call
from ..wire.headers import idempotency_key
from ..wire.hosts import is_upload
from ..wire.refusal import ApiProblem
from ..wire.reply import Break, Reply

_STATUS: Final = b'"status":"'
_BAD_ENDS: Final = tuple(f'{status}"'.encode() for status in ENDED_BADLY)
_RELEASED: Final = ("chat_provider_", "embeddings_provider_")
"""How the codes of the errors begin that, as documented, cost nothing."""
_SDK_RETRY: Final = (
    " The OpenAI SDK has retried by itself, without a key: pass extra_headers={'Idempotency-Key': ...} with the "
    "request, or max_retries=0 to its client."
)
_WITHOUT_EFFECT: Final[Mapping[str, tuple[object, str]]] = {
    "max_completion_tokens": (None, "send max_tokens"),
    "n": (1, "there is one choice; send a request for each"),
    "logit_bias": ({}, "leave it out"),
    "parallel_tool_calls": (True, "the model may call several tools at once; expect it"),
    "functions": ([], "send tools"),
    "prediction": (None, "leave it out"),
    "modalities": (["text"], "there is only text"),
}
"""The fields of a chat that OpenAI's API has and this one ignores: the value that asks for nothing else, and advice."""
_NEVER_SENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_POLLS: Final = 3
"""One or two more looks at what has ended, such as for a message, are no loop."""
_AT_ONCE: Final = 1.0
"""Seconds within which several tasks or threads send requests at the same time."""
_SETTLED: Final = frozenset({200, 201, 202, 402})
"""Statuses that tell the client whether its order was placed. A replay has one of them, too."""
_BAD, _SERVER_ERROR, _FORBIDDEN, _NOT_FOUND, _OK = 400, 500, 403, 404, 200

_Attempt = tuple[str, str, str, bytes]
"""What all attempts of one request have in common: client, method, path with query, and body."""
_Moment = tuple[float, object]
"""When a client saw an outcome, and which of its tasks or threads did."""


def operations_where(fits: Callable[[Endpoint], object]) -> frozenset[str | None]:
    return frozenset(name for name, row in CATALOG.by_operation.items() if fits(row))


_PAID: Final = operations_where(lambda row: row.pays)
_POLLS_ONE: Final = operations_where(lambda row: row.shows_one)
_LOOKS: Final = frozenset({"characters.list", "characters.retrieve", "images.list"})
"""Reads that show whether a paid request took effect; the list of images shows videos, too."""


class Detector:
    """Called for each request to its operations: when it arrives, and when its outcome is known.

    A subclass overrides one method or several. It may store what it has seen; each fake has its own instance.

    Attributes:
        id: The id of the pitfall, and of its section on the page Pitfalls.
        message: What the client did, and what it should do instead.
        operations: Names of the operations that it watches; None for requests that no endpoint takes.
    """

    id: str
    message: str
    operations: Collection[str | None]

    def arrive(self, ctx: Context) -> bool:
        """Return whether sending this request is the pitfall; nothing has happened yet."""
        return False

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        """Return whether it is the pitfall, now that the *outcome* is known, which `ctx.call` does not have yet."""
        return False

    def abandon(self, ctx: Context) -> bool:
        """Return whether it is the pitfall that the client has closed the streamed response before its end."""
        return False

    def hint(self, call: Call) -> str:
        """Return what to say besides about this request, with a blank before it; empty by default."""
        return ""


class EarlySave(Detector):
    id = "early-save"
    message = (
        "save was refused while the character was synthesizing, and sent again without a poll in between that showed "
        "reviewing or ready. Do not poll with save: GET the character until it is reviewing, then save once."
    )
    operations = operations_where(lambda row: row.operation.startswith("characters."))

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def arrive(self, ctx: Context) -> bool:
        return ctx.call.operation == "characters.save" and ctx.record_id in self._refused

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.operation == "characters.save":
            if _status(outcome) == _BAD and getattr(ctx.world.row(ctx.record_id), "status", "") == "synthesizing":
                self._refused.add(ctx.record_id)
        elif self._refused and isinstance(outcome, Reply):
            shown = _statuses(outcome.body)
            self._refused -= {record for record, status in shown.items() if status in ENDED_WELL}
        return False


class EndlessPoll(Detector):
    id = "endless-poll"
    message = (
        "polled three more times after a response had shown failed, expired, moderation_rejected, deleted or 404. "
        "Stop polling there: only another request changes that."
    )
    operations = operations_where(lambda row: "{id}" in row.template)

    def __init__(self) -> None:
        self._polls: dict[str, dict[object, int]] = {}

    def arrive(self, ctx: Context) -> bool:
        if ctx.record_id not in self._polls or ctx.call.operation not in _POLLS_ONE:
            return False
        polls, who = self._polls[ctx.record_id], _sender(ctx.call)
        if who not in polls:  # it has not seen the end yet
            return False
        polls[who] += 1
        return polls[who] == _POLLS

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.committed:  # the record may change again
            self._polls.pop(ctx.record_id, None)
        elif ctx.call.operation in _POLLS_ONE and isinstance(outcome, Reply):
            if outcome.status == _NOT_FOUND or _shows_end(outcome):
                self._polls.setdefault(ctx.record_id, {}).setdefault(_sender(ctx.call), 0)
            elif outcome.status == _OK:
                self._polls.pop(ctx.record_id, None)
        return False


class DoubleCharge(Detector):
    id = "double-charge"
    message = (
        "a paid POST without Idempotency-Key was sent again after its response was lost or was a 5xx: both may have "
        "been charged. Send your own Idempotency-Key with the first attempt, and the same key with each retry."
    )
    operations = _PAID | _LOOKS

    def __init__(self) -> None:
        self._lost: dict[_Attempt, _Moment] = {}

    def hint(self, call: Call) -> str:
        return _SDK_RETRY if call.incoming.get("x-stainless-retry-count", "0") != "0" else ""

    def arrive(self, ctx: Context) -> bool:
        moment = self._lost.get(_attempt(ctx.call)) if self._lost else None
        return moment is not None and not _was_beside(ctx.call, moment)

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.operation in _LOOKS:
            if self._lost and _status(outcome) == _OK:
                # The client has seen whether its order is there. The list of images shows videos, too.
                kept = f"{ctx.call.path}/"
                for attempt in list(self._lost):
                    if f"{attempt[2].replace('/v1/videos', '/v1/images')}/".startswith(kept):
                        del self._lost[attempt]
        elif idempotency_key(ctx.call.incoming) is None and _is_lost(ctx, outcome) and _is_paid(ctx):
            self._lost[_attempt(ctx.call)] = _moment(ctx)
        return False


class NewKeyPerAttempt(Detector):
    id = "new-key-per-attempt"
    message = (
        "a paid POST was sent again with another Idempotency-Key after its response was lost or was a 5xx: both may "
        "have been charged. Make the key before the first attempt, and send the same key with each retry."
    )
    operations = _PAID

    def __init__(self) -> None:
        self._lost: dict[_Attempt, dict[str, _Moment]] = {}

    def arrive(self, ctx: Context) -> bool:
        key = idempotency_key(ctx.call.incoming)
        lost = self._lost.get(_attempt(ctx.call), {}) if self._lost else {}
        if key is None or key in lost:
            return False
        return any(not _was_beside(ctx.call, moment) for moment in lost.values())

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        key = idempotency_key(ctx.call.incoming)
        if key is None or not _is_paid(ctx):
            return False
        if _is_lost(ctx, outcome):
            self._lost.setdefault(_attempt(ctx.call), {})[key] = _moment(ctx)
        elif _status(outcome) in _SETTLED:
            self._lost.pop(_attempt(ctx.call), None)
        return False


_TOLERANCE: Final = 0.5
"""Seconds: ``Retry-After`` has whole ones, and clocks of clients move a little while the clock of the fake stands."""


class EarlyRetry(Detector):
    id = "early-retry"
    message = (
        "the same request was sent again before the Retry-After of its response had passed on the clock. "
        "Wait for as many seconds as it says."
    )
    operations = operations_where(lambda _: True)

    def __init__(self) -> None:
        self._refused: dict[_Attempt, tuple[float, _Moment]] = {}

    def arrive(self, ctx: Context) -> bool:
        if not self._refused or (attempt := _attempt(ctx.call)) not in self._refused:
            return False
        until, moment = self._refused[attempt]
        if _was_beside(ctx.call, moment):
            return False
        del self._refused[attempt]
        return ctx.call.at < until - _TOLERANCE

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if isinstance(outcome, Reply) and outcome.status >= _BAD:
            for name, value in outcome.headers:
                if name.lower() == "retry-after" and value.isdigit():
                    self._refused[_attempt(ctx.call)] = ctx.call.at + int(value), _moment(ctx)
        return False


class WipingPatch(Detector):
    id = "wiping-patch"
    message = (
        "a PATCH replaces attributes as a whole, and this one dropped some that were set. "
        "GET the character, change its attributes, and send them all."
    )
    operations = ("characters.update",)

    def __init__(self) -> None:
        self._before: dict[Context, Mapping[str, Any]] = {}

    def arrive(self, ctx: Context) -> bool:
        self._before[ctx] = getattr(ctx.world.row(ctx.record_id), "attributes", None) or {}
        return False

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        before = self._before.pop(ctx, {})
        if not before or not ctx.call.committed:
            return False
        sent = json.loads(ctx.call.content).get("attributes")
        if sent is None:
            return False
        return any(sent.get(name) is None for name, value in before.items() if value is not None)


class StaleUrl(Detector):
    id = "stale-url"
    message = "a signed URL was used after it had expired. Do not store URLs: read the record again for a fresh one."
    operations = operations_where(lambda row: row.signed or "410 output_expired" in row.errors)

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if ctx.call.error_code == "output_expired":
            return True
        return isinstance(outcome, Reply) and outcome.status == _FORBIDDEN and say.EXPIRED.encode() in outcome.body


class LeakedKey(Detector):
    id = "leaked-key"
    message = (
        "the API key was sent to the upload host, which must not see it. "
        "PUT with a separate client, and send only the upload_headers."
    )
    operations = operations_where(lambda row: row.host == "upload") | {None}

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        return is_upload(ctx.call.host) and not {"x-api-key", "authorization"}.isdisjoint(ctx.call.incoming)


class MadeUpCursor(Detector):
    id = "made-up-cursor"
    message = (
        "no response has contained the cursor that was sent. Page with the next_cursor of the page before, "
        "or with the id of one of its rows."
    )
    operations = operations_where(lambda row: row.lists)

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        if not ctx.call.query or ctx.call.path in self._reported:  # do not search the journal for it again
            return False
        sent = parse_qs(ctx.call.query)
        cursors = [*sent.get("starting_after", []), *sent.get("ending_before", [])]
        if all(ctx.world.row(cursor) or _was_shown(cursor, ctx) for cursor in cursors):
            return False
        self._reported.add(ctx.call.path)
        return True


class UnreadStream(Detector):
    id = "unread-stream"
    message = (
        "a stream was closed before its end: what had been sent was charged, and the text is not complete. "
        "Read each stream to [DONE]; to stop one, POST its cancel, which responds with the charge."
    )
    operations = operations_where(lambda row: row.streams)

    def abandon(self, ctx: Context) -> bool:
        return True


class StringBatch(Detector):
    id = "string-batch"
    message = (
        "a list of texts was sent again as the input of an embedding, after it had been refused: a request has one "
        "vector. Send one request for each text."
    )
    operations = ("embeddings.create", "embeddings.estimate")

    def __init__(self) -> None:
        self._refused = False

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        again, self._refused = self._refused, self._refused or ctx.call.error_code == "embeddings_batch_not_supported"
        return again and ctx.call.error_code == "embeddings_batch_not_supported"


class Base64Floats(Detector):
    id = "base64-floats"
    message = (
        "the npm package openai asked for an embedding in base64, and decodes the response as such. The API returns "
        "floats, so the code gets zeros, a quarter as many, and no error. Pass encoding_format: 'float'."
    )
    operations = ("embeddings.create",)

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        of_npm = ctx.call.incoming.get("x-stainless-lang") == "js"
        return of_npm and _status(outcome) == _OK and ctx.body.get("encoding_format") == "base64"


class IgnoredField(Detector):
    id = "ignored-field"
    message = "a chat request has what this API ignores and OpenAI's does not, so the response is not as it asks:"
    operations = ("chat.create",)

    def __init__(self) -> None:
        self._told = False

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        # Once a test: an application sends the same fields with each request, from many lines.
        told, self._told = self._told, self._told or (_status(outcome) == _OK and bool(_ignored(ctx.body)))
        return self._told and not told

    def hint(self, call: Call) -> str:
        return f" {', '.join(f'{name} ({_WITHOUT_EFFECT[name][1]})' for name in _ignored(json.loads(call.content)))}."


class KeyOnStream(Detector):
    id = "key-on-stream"
    message = (
        "an Idempotency-Key was sent with stream: true, which ignores it: a second attempt is a second charge. "
        "Send the key only with requests that are not streamed."
    )
    operations = operations_where(lambda row: row.streams)

    def leave(self, ctx: Context, outcome: Reply | Break) -> bool:
        return ctx.stream is not None and idempotency_key(ctx.call.incoming) is not None


# A request that is several pitfalls reports them in this order.
DETECTORS: Final[tuple[type[Detector], ...]] = (
    EarlySave,
    EndlessPoll,
    DoubleCharge,
    NewKeyPerAttempt,
    EarlyRetry,
    WipingPatch,
    StaleUrl,
    LeakedKey,
    MadeUpCursor,
    UnreadStream,
    StringBatch,
    KeyOnStream,
    Base64Floats,
    IgnoredField,
)


def _ignored(body: Mapping[str, Any]) -> list[str]:
    return [name for name, (usual, _) in _WITHOUT_EFFECT.items() if body.get(name) not in (None, usual)]


def _attempt(call: Call) -> _Attempt:
    client = call.incoming.get("x-api-key") or call.incoming.get("authorization", "")
    return client, call.method, call.path + call.query, call.content


def _sender(call: Call) -> object:
    """Return the task or thread that sends a request; None if it came over HTTP, where each has a task of its own."""
    return None if call.incoming.get("host", call.host) != call.host else sender()


def _moment(ctx: Context) -> _Moment:
    return ctx.world.clock.time(), _sender(ctx.call)


def _was_beside(call: Call, moment: _Moment) -> bool:
    """Return whether another task sent a request beside the request with that outcome, instead of retrying it."""
    at, who = moment
    return call.at - at < _AT_ONCE and _sender(call) != who


def _is_paid(ctx: Context) -> bool:
    """Return whether this request costs credits, which some operations do only with certain bodies."""
    try:
        return ctx.endpoint is not None and ctx.endpoint.accepts_key(ctx)
    except ApiProblem:  # refused before anything read its body, which is malformed
        return False


def _is_lost(ctx: Context, outcome: Reply | Break) -> bool:
    """Return whether the client cannot know if the request took effect: it got a 5xx, or no response."""
    if isinstance(outcome, Break):
        return ctx.call.committed or outcome.error not in _NEVER_SENT
    code = ctx.call.error_code or ""
    of_the_fake = code == "internal_error" and ctx.call.fault is None
    return outcome.status >= _SERVER_ERROR and not of_the_fake and not code.startswith(_RELEASED)


def _shows_end(reply: Reply) -> bool:
    """Return whether a response shows a record that has come to a bad end."""
    at = reply.body.find(_STATUS)
    return at >= 0 and reply.body.startswith(_BAD_ENDS, at + len(_STATUS))


def _status(outcome: Reply | Break) -> int | None:
    return outcome.status if isinstance(outcome, Reply) else None


def _statuses(body: bytes) -> dict[str, str]:
    content: Any = None
    with suppress(ValueError):
        content = json.loads(body)
    if not isinstance(content, dict):
        return {}
    shown = cast("dict[str, Any]", content)
    rows: list[dict[str, Any]] = shown["data"] if shown.get("object") == "list" else [shown]
    return {row["id"]: row["status"] for row in rows if "id" in row and "status" in row}


def _was_shown(cursor: str, ctx: Context) -> bool:
    """Return whether an earlier response contained *cursor*; a refusal that quotes it does not count."""
    journal = ctx.world.journal
    earlier = journal.entries[: ctx.call.number - 1 - journal.dropped]
    return journal.dropped > 0 or any(
        call.error_code is None and call.response_may_contain(cursor.encode()) for call in reversed(earlier)
    )
