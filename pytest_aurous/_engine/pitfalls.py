"""Watches every call for pitfalls, and keeps what was seen."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .._frames import SENDERS, nearest_outside
from .._wire.call import Call
from .._wire.reply import Break, Reply
from ..errors import see
from .detectors import KINDS, Kind, shows_end

if TYPE_CHECKING:
    from .._framework.endpoint import Context

__all__ = ("Pitfall", "Pitfalls")

_FINE: Final = frozenset({("GET", 200), ("POST", 200), ("POST", 201)})


@dataclass(frozen=True)
class Pitfall:
    """One misuse.

    Attributes:
        id: Such as ``early-save``.
        message: What was done, and what to do instead.
        call: The call that did it.
        place: File and line of the code under test.
    """

    id: str
    message: str
    call: Call
    place: tuple[str, int]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two sightings the same misuse."""
        return self.id, self.call.method, self.call.path

    def __str__(self) -> str:
        where = see(f"reference/pitfalls.html#{self.id}")
        return f"[{self.id}] {self.message} ({self.call.method} {self.call.path})\n{where}"


class Pitfalls:
    """What was seen, each misuse once. Its callers hold the fake's lock."""

    __slots__ = ("_arrive", "_calm", "_known", "_leave", "seen")

    def __init__(self) -> None:
        self.seen: list[Pitfall] = []
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.seen.clear()
        self._known = set[tuple[str, str, str]]()
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was seen by half: time has gone back."""
        kinds = [kind() for kind in KINDS]
        self._arrive = [kind for kind in kinds if type(kind).arrive is not Kind.arrive]
        self._leave = [kind for kind in kinds if type(kind).leave is not Kind.leave]
        self._calm = True  # nobody knows of anything that could be repeated

    def back_to(self, seen: int) -> None:
        """Take back a call that did not happen: keep only so many as were *seen* before it."""
        del self.seen[seen:]
        self._known = {one.key for one in self.seen}
        self.begin_anew()

    def arrive(self, ctx: Context) -> None:
        """Look at a call before anything has happened: one that repeats something, or wipes what is gone afterwards."""
        if self._calm and ctx.call.method != "PATCH":
            return
        for kind in self._arrive:
            if kind.arrive(ctx):
                self._add(kind, ctx.call)

    def leave(self, ctx: Context, outcome: Reply | Break) -> None:
        """Look at it again, with its answer. Most calls simply go well, which tells no kind anything new."""
        call = ctx.call
        if (
            self._calm
            and isinstance(outcome, Reply)
            and (call.method, outcome.status) in _FINE
            and not call.query
            and not shows_end(outcome)
        ):
            return
        for kind in self._leave:
            if kind.leave(ctx, outcome):
                self._add(kind, call)
        self._calm = not any(kind.memory for kind in self._leave)

    def drop(self, call: Call) -> list[str]:
        """Remove what one call was seen to do, and return it."""
        dropped = [one for one in self.seen if one.call is call]
        self.seen[:] = [one for one in self.seen if one.call is not call]
        return [str(one) for one in dropped]

    def _add(self, kind: Kind, call: Call) -> None:
        sender = nearest_outside(SENDERS, sys._getframe())
        found = Pitfall(kind.id, kind.message, call, (sender.f_code.co_filename, sender.f_lineno))
        if found.key not in self._known:
            self._known.add(found.key)
            self.seen.append(found)
