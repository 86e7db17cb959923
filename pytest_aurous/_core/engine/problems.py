"""Problems that fail a test, as the pipeline records them; `_report.unmatched` writes the texts."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Literal, NamedTuple, cast

from ..base.frames import PACKAGE, package_of
from ..wire.call import Call


class Problem(NamedTuple):
    """A request that fails the test.

    No endpoint takes it, this package failed, the ``when`` of a fault raised, or a reply of the test does not fit it.
    """

    call: Call
    kind: Literal["unmatched", "bug", "condition", "reply"]
    trace: str = ""


def is_interruption(error: BaseException) -> bool:
    """Whether a signal handler raised *error*."""
    return any(package != PACKAGE for package in signal_handlers(error))


def signal_handlers(error: BaseException) -> Iterator[str]:
    """Yield the packages of the signal handlers that raised *error*: only they take a frame, the interrupted one."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if any(isinstance(value, FrameType) for value in _flat(frame.f_locals.values())):
            yield package_of(frame)


def _flat(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        yield from cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
