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

    Attributes:
        view, survey: The exchange, and its recording.
        gaps: What has happened although no exchange has caused it.
        reply: The response of the fake; None if the request was not sent, or its response does not count.
        why: Why the exchange says nothing; empty if it does.
        ignored: The places that say nothing, because the fake was made to agree there.
        rules: For some places the rule that a difference refutes; empty: none.
        aside: For some places why a difference there refutes nothing: a gap in the recording explains it.
        points: Places that the replay itself has compared.
        doubts: Rules that the exchange would be about, and why it says nothing about them.
        agrees: The rules with which such places agree.
        inferred: What was assumed about the time before the recording, or about unseen ends of work.
        replays: Whether the fake returned a stored response.
        was: The status of the record in the path, before the request.
        code: The error code of the fake's response; empty without one.
        gone: The records that a list does not show any more, although no request has deleted them.
        drawn: The operation that has last ordered new pictures of the record; empty if its creation did.
        first: The first exchange with the same idempotency key, before this one.
        streamed: The events of the fake, where it has sent some and the recording has them to their end.
        price: The credits that the fake has held or charged for the request.
    """

    view: View
    survey: Survey
    gaps: Gaps
    reply: Reply | None = None
    why: str = ""
    ignored: set[str] = field(default_factory=set[str])
    rules: dict[str, str] = field(default_factory=dict[str, str])
    aside: dict[str, str] = field(default_factory=dict[str, str])
    points: list[Point] = field(default_factory=list[Point])
    doubts: dict[str, str] = field(default_factory=dict[str, str])
    agrees: set[str] = field(default_factory=set[str])
    inferred: list[str] = field(default_factory=list[str])
    replays: bool = False
    was: str = ""
    code: str = ""
    streamed: bytes = b""
    price: Decimal = Decimal(0)
    first: View | None = None
    gone: set[str] = field(default_factory=set[str])
    drawn: str = ""

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
