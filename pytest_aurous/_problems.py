"""What fails a test that did nothing wrong itself: a request that the API does not know, or a bug of ours."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import cast

from ._catalog import Catalog
from ._secrets import redacted
from ._stillness import package_of
from ._unmatched import explain
from ._wire import Call
from .errors import see

__all__ = ("Problem", "bug", "is_interruption", "late", "raised", "unmatched")


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


def is_interruption(error: BaseException) -> bool:
    """Whether a signal handler raised *error*: only such a function is called with a frame, the interrupted one."""
    return any(
        package_of(frame) != __package__
        and any(isinstance(value, FrameType) for value in _flat(frame.f_locals.values()))
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def _flat(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        yield from cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)


def late(call: Call, older: str, test: str, wrong: Iterable[str]) -> str:
    """Return the warning about a request that came from work which an *older* test began.

    Args:
        call: The request.
        older: Node id of the test that began the work.
        test: Node id of the test whose fake responded.
        wrong: What would have failed *test*.
    """
    thread = threading.current_thread().name
    said = "".join(f"{text}\n" for text in wrong)
    return (
        f"{thread}, a thread that {older} left behind, sent {call.method} {redacted(call.url)} while {test} ran, "
        f"whose fake responded. It fails neither test.\n{said}"
        f"Let {older} wait for its threads, or shut its pool down, before it ends. "
        "Start a thread that serves many tests in a session fixture.\n"
        f"{see('how-to/no-network.html#late-work')}"
    )
