"""One exchange after its replay."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Final

from ..._core.wire.reply import Reply
from ..recording.survey import Survey
from ..recording.view import View
from ..values import Point
from .gaps import Gaps

SHARED: Final = "another client may have used this team"
"""Why something is not judged under ``--shared``."""


@dataclass
class Replayed:
    """One exchange after its replay.

    It goes from hand to hand, and each writes a part, in this order:

    1. `Replay.step` begins it, with what the rate headers say in *rules*; *why* ends it before a request is sent.
    2. `Requests.make` may set *why*, too, and *ignored*.
    3. Before the request, `Adopter.adopt` writes *agrees*, and `Replay` *was*, *drawn* and *ignored*. `Credits.prepare`
       judges credits by what came before, and writes *points*, *rules*, *doubts*, *agrees*, *inferred*, *ignored* and
       *aside*.
    4. With the response of the fake, `Replay` writes *reply*, *replays*, *code*, *price* and *streamed*;
       `Adopter.judge_deleted` adds to *rules*.
    5. The comparison adds to *rules*, *ignored*, *aside* and *inferred*, and writes *gone*. The verdict only reads.
    """

    view: View
    survey: Survey
    gaps: Gaps  # what has happened although no exchange has caused it
    reply: Reply | None = None  # of the fake; None if the request was not sent, or its response does not count
    why: str = ""  # it says nothing; empty if it does
    ignored: set[str] = field(default_factory=set[str])  # places that say nothing: the fake was made to agree there
    rules: dict[str, str] = field(default_factory=dict[str, str])  # which rule a difference at a place refutes, if any
    aside: dict[str, str] = field(default_factory=dict[str, str])  # why a difference at a place refutes nothing
    points: list[Point] = field(default_factory=list[Point])  # places that the replay itself has compared
    doubts: dict[str, str] = field(default_factory=dict[str, str])  # why it says nothing about a rule
    agrees: set[str] = field(default_factory=set[str])  # the rules with which such places agree
    inferred: list[str] = field(default_factory=list[str])  # about the time before it, or unseen ends of work
    replays: bool = False  # whether the fake returned a stored response
    was: str = ""  # the status of the record in the path, before the request
    code: str = ""  # of the fake's error; empty without one
    streamed: bytes = b""  # the events of the fake, if the recording has all of its own
    price: Decimal = Decimal(0)  # the credits that the fake has held or charged for the request
    first: View | None = None  # the first exchange with the same idempotency key, before this one
    gone: set[str] = field(default_factory=set[str])  # not in a list any more, although no request has deleted them
    drawn: str = ""  # the operation that has last ordered new pictures; empty if the creation did

    def set_aside(self, places: Iterable[str], why: str) -> None:
        """Let differences at these places refute nothing: a gap in the recording explains them."""
        self.aside |= dict.fromkeys(places, SHARED if self.survey.shared else why)

    def aside_at(self, where: str) -> str:
        """Return why a difference at a place refutes nothing; empty if it does."""
        found = (
            why for place, why in self.aside.items() if where == place or where.startswith((f"{place}.", f"{place}["))
        )
        return next(found, "")

    @property
    def outcome(self) -> str:
        """The outcome of the fake: its status, and the code of a refusal; empty without a response."""
        return "" if self.reply is None else f"{self.reply.status} {self.code}".rstrip()

    @property
    def param(self) -> str:
        """The parameter that the refusal of the fake names; empty without one."""
        body = self.reply.body if self.reply is not None and self.code else b'{"error": {}}'
        return str(json.loads(body)["error"].get("param") or "")

    @property
    def is_new(self) -> bool:
        """Whether a response is a stored one where the fake's is not."""
        good = self.reply is not None and self.reply.status < HTTPStatus.BAD_REQUEST
        return self.view.replayed and self.view.succeeded and good and not self.replays

    @property
    def record_at(self) -> str:
        """The place of the records that the response shows."""
        return "body.data[]" if self.view.row.lists else "body"
