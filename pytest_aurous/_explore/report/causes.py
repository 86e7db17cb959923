"""What the cases of one mistake have in common, although they break different requests, at different lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from traceback import walk_tb
from typing import Final

from ..._core.base.chains import leaves
from ..._core.base.frames import SENDERS, package_of, short_path
from ..laws import Judged, charged_again, new_pitfalls

_WORDS: Final = re.compile(r"(?<=])|[A-Z0-9'\"]")
"""Ends the plain words of a reason, before what differs from case to case."""
_TWICE: Final = "double-charge"


def cause_of(judged: Judged, reasons: dict[str, str], operation: str) -> str:
    """Return the law, a place and the kind of reason, which all cases of one mistake share; empty if no law is broken.

    The place is the operation that was paid again, whatever was broken and whichever law has seen that; of an
    exception, the innermost function of the application; of a run without end, what it went on to request; else the
    operation that was broken.

    Args:
        judged: The case.
        reasons: The laws that it breaks, each with the reason.
        operation: What was broken.
    """
    if not reasons:
        return ""
    law, reason = next(iter(reasons.items()))
    day = judged.second if law == "recovers" and judged.second is not None else judged.bad
    if paid := _paid_again(judged, law, reason):
        return f"pays_once at {', '.join(paid)}: paid again"
    words = _WORDS.split(reason, maxsplit=1)[0].strip()
    if law == "ends" and day.calls:
        return f"{law} at {day.calls[-1].operation or day.calls[-1].path}: {reason.partition(':')[0]}"
    if day.error is not None and "raised" in words:
        return f"{law} at {_function(day.error) or operation}: {words}"
    if ", but " in reason:  # what the code returned says less than what it left
        words = _WORDS.split(reason.rpartition(", but ")[2], maxsplit=1)[0].strip()
    return f"{law} at {operation}: {words}"


def _paid_again(judged: Judged, law: str, reason: str) -> Sequence[str]:
    """Return the operations that were paid again, if that is what is wrong."""
    good, day = judged.good, judged.second if law == "recovers" and judged.second is not None else judged.bad
    if law == "pays_once" or (law == "recovers" and " paid " in reason):
        return charged_again(day, good)
    found = new_pitfalls(day, good)
    return [found[0].call.operation or ""] if law == "no_pitfall" and found and found[0].id == _TWICE else []


def _function(error: BaseException) -> str:
    """Return the innermost function of the application that an exception has left; empty if there is none."""
    frames = [frame for leaf in leaves(error) for frame, _ in walk_tb(leaf.__traceback__)]
    code = next((one.f_code for one in reversed(frames) if package_of(one) not in SENDERS), None)
    return f"{short_path(code.co_filename)} in {code.co_name}" if code is not None else ""
