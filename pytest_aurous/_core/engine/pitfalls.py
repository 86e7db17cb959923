"""Ask the detectors about each request, and keep the pitfalls that they see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..base.arguments import Hinting
from ..base.errors import see
from ..base.frames import Place
from ..resources.base.endpoint import Context
from ..resources.catalog import CATALOG
from ..wire.call import Call
from ..wire.reply import Break, Reply
from ..world.state import State
from .detectors import DETECTORS, Detector

_WATCHING: Final = {
    operation: tuple(kind for kind in DETECTORS if operation in kind.operations)
    for operation in (*CATALOG.by_operation, None)
}


@dataclass(frozen=True)
class Pitfall(Hinting):
    """One misuse of the API by the code under test that caused no error.

    Attributes:
        id: The id, such as ``early-save``.
        message: What the client did, and what it should do instead.
        call: The request.
    """

    id: str
    message: str
    call: Call

    @property
    def place(self) -> Place | None:
        """Where the code under test sent the request: file, line and function, as `Call.place`."""
        return self.call.place

    @property
    def key(self) -> tuple[str, object]:
        """What identifies a misuse: its line of code, or the request where no line is known. Each is kept once."""
        return self.id, self.place or (self.call.method, self.call.path)

    def __str__(self) -> str:
        where = see(f"reference/pitfalls.html#{self.id}")
        return f"[{self.id}] {self.message} ({self.call.method} {self.call.path})\n{where}"


class _Detectors(dict[type[Detector], Detector]):
    def __missing__(self, kind: type[Detector]) -> Detector:
        self[kind] = kind()
        return self[kind]


class Pitfalls:
    """The pitfalls that were seen, each misuse once. Callers hold the fake's lock."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.seen: list[Pitfall] = []
        self._detectors = _Detectors()

    def keep(self) -> Callable[[], None]:
        seen = self.seen[:]

        def back() -> None:
            self.seen[:] = seen

        return back

    def begin_anew(self) -> None:
        """Drop partial observations, after a restore or an interruption."""
        self._detectors.clear()

    def arrive(self, ctx: Context) -> None:
        for kind in _WATCHING[ctx.call.operation]:
            if self._detectors[kind].arrive(ctx):
                self._add(self._detectors[kind], ctx.call)

    def leave(self, ctx: Context, outcome: Reply | Break) -> None:
        for kind in _WATCHING[ctx.call.operation]:
            if self._detectors[kind].leave(ctx, outcome):
                self._add(self._detectors[kind], ctx.call)

    def abandon(self, ctx: Context) -> None:
        for kind in _WATCHING[ctx.call.operation]:
            if self._detectors[kind].abandon(ctx):
                self._add(self._detectors[kind], ctx.call)

    def drop(self, call: Call) -> list[str]:
        """Remove the pitfalls of one request, and return their texts."""
        dropped = [pitfall for pitfall in self.seen if pitfall.call is call]
        self.seen[:] = [pitfall for pitfall in self.seen if pitfall.call is not call]
        return [str(pitfall) for pitfall in dropped]

    def _add(self, detector: Detector, call: Call) -> None:
        found = Pitfall(detector.id, detector.message + detector.hint(call), call)
        if all(pitfall.key != found.key for pitfall in self.seen):
            self._state.append(self.seen, found)
