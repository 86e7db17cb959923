"""One exchange after its replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ..._wire.reply import Reply
from ..recording.view import View


@dataclass
class Replayed:
    """One exchange after its replay.

    Attributes:
        view: The exchange.
        reply: The response of the fake; None if the request was not sent, or its response does not count.
        why: Why the exchange says nothing; empty if it does.
        ignored: The places that say nothing, because the fake was made to agree there.
        rules: For some places the rule that a difference refutes; empty: none.
        elsewhere: For some places the record or the order that another client may have changed, or an exchange that
            the recording has lost: one difference there proves nothing.
        agrees: The rules with which such places agree.
        inferred: What was assumed about the test or the operator.
        replays: Whether the fake returned a stored response.
        was: The status of the record in the path, before the request.
        code: The error code of the fake's response; empty without one.
        price: The credits that the fake has held or charged for the request.
    """

    view: View
    reply: Reply | None = None
    why: str = ""
    ignored: set[str] = field(default_factory=set[str])
    rules: dict[str, str] = field(default_factory=dict[str, str])
    elsewhere: dict[str, str] = field(default_factory=dict[str, str])
    agrees: set[str] = field(default_factory=set[str])
    inferred: list[str] = field(default_factory=list[str])
    replays: bool = False
    was: str = ""
    code: str = ""
    price: Decimal = Decimal(0)
