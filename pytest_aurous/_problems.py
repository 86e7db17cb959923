"""What fails a test that did nothing wrong itself: a request that the API does not know, or a bug of ours."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from ._catalog import Catalog
from ._journal import redacted
from ._unmatched import explain
from ._wire import Call
from .errors import see

__all__ = ("Problem", "bug", "raised", "unmatched")


@dataclass(frozen=True)
class Problem:
    """Something that fails the test: an unmatched request, or a bug of ours.

    Attributes:
        call: The call that met it.
        text: What to tell the author.
        unmatched: Whether it is the former.
    """

    call: Call
    text: str
    unmatched: bool


def unmatched(catalog: Catalog, call: Call, base_url: str) -> Problem:
    """Return the problem of a call that no endpoint takes."""
    return Problem(call, explain(catalog, call, base_url), unmatched=True)


def bug(call: Call) -> Problem:
    """Return the problem of the exception that is being handled, which is ours."""
    text = (
        f"pytest-aurous itself failed while it answered {call.method} {redacted(call.url)}; "
        "the client was given a 500.\n"
        f"Please report this with the test that shows it.\n{traceback.format_exc()}"
    )
    return Problem(call, text, unmatched=False)


def raised(call: Call) -> Problem:
    """Return the problem of the exception that is being handled, which a function of the test raised."""
    text = (
        f"when= of a fault raised while {call.method} {redacted(call.url)} was looked at; the call met no fault.\n"
        f"{traceback.format_exc()}{see('reference/faults.html')}"
    )
    return Problem(call, text, unmatched=False)
