"""One class for each pitfall: what it looks at, and what to say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast
from urllib.parse import parse_qs

from .. import _messages as say
from .._wire import Break, Call, Reply
from .scene import Scene

__all__ = ("KINDS", "Kind")

_NEVER_SENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_POLLS: Final = 3
_BAD, _SERVER_ERROR, _FORBIDDEN, _NOT_FOUND, _OK = 400, 500, 403, 404, 200


class Kind:
    """A detector: looks at each call when it arrives, and when it is answered."""

    id = ""
    message = ""

    def arrive(self, call: Call, scene: Scene) -> bool:
        """Whether the arrival of *call* is the misuse."""
        del call, scene
        return False

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        """Whether it is, now that its answer is known."""
        del call, scene, outcome
        return False


class EarlySave(Kind):
    """Save used as a poll."""

    id = "early-save"
    message = (
        "save was refused while the character was synthesizing, and sent again without a poll in between that showed "
        "reviewing or ready. Save is no poll: GET the character until it is reviewing, then save once."
    )

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def arrive(self, call: Call, scene: Scene) -> bool:
        return call.operation == "characters.save" and scene.record in self._refused

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if call.operation == "characters.save":
            if call.status == _BAD and getattr(scene.row(scene.record), "status", "") == "synthesizing":
                self._refused.add(scene.record)
        elif self._refused and isinstance(outcome, Reply):
            shown = _statuses(outcome.body)
            self._refused -= {one for one in self._refused if shown.get(one) in {"reviewing", "ready"}}
        return False


class EndlessPoll(Kind):
    """Polls of what will never come."""

    id = "endless-poll"
    message = (
        "polled three times more after the client had been shown failed, deleted or 404. "
        "Stop there: nothing but another call changes that."
    )

    def __init__(self) -> None:
        self._over: dict[str, int] = {}

    def arrive(self, call: Call, scene: Scene) -> bool:
        if not self._over or scene.record not in self._over or not (call.operation or "").endswith(".retrieve"):
            return False
        self._over[scene.record] += 1
        return self._over[scene.record] == _POLLS

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if isinstance(outcome, Reply) and (call.operation or "").endswith(".retrieve") and scene.record:
            shown = outcome.body.partition(b'"status":"')[2]
            if call.status == _NOT_FOUND or shown.startswith((b'failed"', b'deleted"')):
                self._over.setdefault(scene.record, 0)
            elif call.status == _OK:
                self._over.pop(scene.record, None)
        elif call.committed:  # it may go on now
            self._over.pop(scene.record, None)
        return False


class DoubleCharge(Kind):
    """A paid call repeated without a key."""

    id = "double-charge"
    message = (
        "a paid POST without Idempotency-Key was sent again after its answer was lost or was a 5xx: both may have been "
        "charged. Send an Idempotency-Key of your own with the first attempt, and the same with each retry."
    )

    def __init__(self) -> None:
        self._lost: set[tuple[str, str, bytes]] = set()

    def arrive(self, call: Call, scene: Scene) -> bool:
        return bool(self._lost) and not scene.keyed and (scene.key, call.path, scene.body) in self._lost and scene.paid

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if isinstance(outcome, Break):
            lost = call.committed or outcome.error not in _NEVER_SENT
        else:
            lost = outcome.status >= _SERVER_ERROR
        if lost and scene.paid and not scene.keyed:
            self._lost.add((scene.key, call.path, scene.body))
        return False


class EarlyRetry(Kind):
    """``Retry-After`` not honoured."""

    id = "early-retry"
    message = (
        "the same call was sent again before the Retry-After that it was given had passed on the clock. "
        "Wait for as many seconds as it says."
    )

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, str, bytes], float] = {}

    def arrive(self, call: Call, scene: Scene) -> bool:
        return bool(self._until) and call.at < self._until.pop(_same(call, scene), 0.0)

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if isinstance(outcome, Reply) and outcome.status >= _BAD:
            for name, value in outcome.headers:
                if name.lower() == "retry-after" and value.isdigit():
                    self._until[_same(call, scene)] = call.at + int(value)
        return False


class WipingPatch(Kind):
    """A PATCH that means one attribute and loses the others."""

    id = "wiping-patch"
    message = (
        "a PATCH replaces attributes as a whole, and this one dropped some that were set. "
        "GET the character, change its attributes, and send them all."
    )

    def __init__(self) -> None:
        self._before: Mapping[str, Any] = {}

    def arrive(self, call: Call, scene: Scene) -> bool:
        if call.operation == "characters.update":
            self._before = getattr(scene.row(scene.record), "attributes", None) or {}
        return False

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if call.operation != "characters.update" or not call.committed:
            return False
        sent = json.loads(scene.body).get("attributes")
        return sent is not None and any(name not in sent for name, value in self._before.items() if value is not None)


class StaleUrl(Kind):
    """A URL kept for too long."""

    id = "stale-url"
    message = "a signed URL was used after it had expired. Do not store URLs: read the record again for a fresh one."

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if call.error_code == "output_expired":
            return True
        return call.status == _FORBIDDEN and isinstance(outcome, Reply) and say.EXPIRED.encode() in outcome.body


class LeakedKey(Kind):
    """The key sent to where it is not wanted."""

    id = "leaked-key"
    message = (
        "the API key was sent to the upload host, which is not to see it. "
        "PUT with a client of its own, with the upload_headers alone."
    )

    def arrive(self, call: Call, scene: Scene) -> bool:
        return scene.upload and not {"x-api-key", "authorization"}.isdisjoint(call.incoming)


class MadeUpCursor(Kind):
    """A cursor that is a guess."""

    id = "made-up-cursor"
    message = (
        "a cursor was sent that no answer ever gave. Page with the next_cursor of the page before, "
        "or with the id of one of its rows."
    )

    def leave(self, call: Call, scene: Scene, outcome: Reply | Break) -> bool:
        if not call.query or not (call.operation or "").endswith(".list"):
            return False
        sent = parse_qs(call.query)
        cursors = [*sent.get("starting_after", []), *sent.get("ending_before", [])]
        return any(scene.row(one) is None and not _was_given(one, scene.earlier[: call.number - 1]) for one in cursors)


KINDS: Final = (EarlySave, EndlessPoll, DoubleCharge, EarlyRetry, WipingPatch, StaleUrl, LeakedKey, MadeUpCursor)


def _same(call: Call, scene: Scene) -> tuple[str, str, str, bytes]:
    return scene.key, call.method, call.path + call.query, scene.body


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


def _was_given(cursor: str, earlier: Sequence[Call]) -> bool:
    """Whether an answer told *cursor*, and did not only quote it in a refusal."""
    return any(one.error_code is None and one.answer_may_hold(cursor.encode()) for one in reversed(earlier))
