"""The last requests and actions of a fake, each with what it has changed, cheaply: what nobody reads is not written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from .._core.base.redaction import keys_in
from .._core.base.work import MONOTONIC
from .._core.wire.call import Call, secrets_of
from .._facade import Change, View
from .._fake.aurous import Aurous
from .._fake.objects import session_of
from .._trace.recorder import StepWatcher

if TYPE_CHECKING:
    from .actions import Action

KEEP: Final = 10_000
_PAUSE: Final = 0.1
"""Seconds between two steps of a stream: nobody sees more."""


class Part(NamedTuple):
    """What was sent of a streamed response since the last step about it.

    Attributes:
        of: The step of its request.
        content: The bytes, which are whole events, but at the end.
        events: How many events had been sent.
        ended: How the stream has ended; empty while it goes on.
    """

    of: int
    call: Call
    content: bytes = b""
    events: int = 0
    ended: str = ""


class Taped(NamedTuple):
    """One request, one action, or what happened in between.

    Attributes:
        seq: Its number, which no reset begins anew.
        began: The clock before it, in epoch seconds.
        at: The clock after it.
        events: What moved the clock before it.
        changes: What has changed in the state.
        notes: What has happened, in words.
        streams: The streams that were open: the step of each request, and how many events had been sent.
    """

    seq: int = 0
    call: Call | None = None
    action: Action | None = None
    part: Part | None = None
    began: float = 0.0
    at: float = 0.0
    events: tuple[tuple[str, float], ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    streams: tuple[tuple[int, int], ...] = ()


class Tape(StepWatcher):
    """Watches one fake, and keeps its last steps.

    Attributes:
        keep: How many steps and requests it has.
        loaded: The actions that made the state of the start, before the first step and after each reset.
        on_step: What is called after each step, under the lock of the fake.
        streams: The streams that are open, each with what no step has yet, and the real time of its last step.
    """

    def __init__(self, aurous: Aurous, keep: int = KEEP) -> None:
        super().__init__(session_of(aurous).handle)
        self.keep = keep
        self.last = 0
        self.loaded: list[Action] = []
        self.on_step: list[Callable[[Taped], object]] = []
        self.steps: deque[Taped] = deque(maxlen=keep)
        self.streams: dict[Call, tuple[Part, float]] = {}
        self._unsaid: tuple[Change, ...] = ()
        self._searched = 0
        self._secrets: dict[str, Call] = {}
        with self.fake.lock:
            self.began = self.fake.clock.time()
            self.state = self.fake.follow()
            self._watching = ExitStack()
            self._watching.enter_context(self.fake.watched(self))
            self._watching.callback(self.state.stop)

    @property
    def dropped(self) -> int:
        return self.last - len(self.steps)

    def stop(self) -> None:
        with self.fake.lock:
            self._watching.close()

    def arrive(self, call: Call) -> None:  # noqa: ARG002 - whichever it is
        """Record what happened before a request."""
        if self.state.moved or self._events:
            self.note(None)

    def leave(self, call: Call) -> None:
        self._add(Taped(call=call, began=call.at, changes=self.state.changes()))
        if call.streamed:
            self.streams[call] = Part(self.last, call), MONOTONIC()
        self.fake.journal.forget(self.keep)

    def resume(self, call: Call) -> None:  # noqa: ARG002 - whichever it is
        """Record what happened before the next part of a stream."""
        if self.state.moved:
            self.note(None)

    def sent(self, call: Call, part: bytes) -> None:
        """Record what was sent of a stream: its end, and else at most every tenth of a second."""
        self._unsaid += self.state.changes()
        before, told = self.streams.pop(call, (Part(0, call), 0.0))
        now = before._replace(content=before.content + part, events=call.events, ended=call.ended)
        if now.ended or (part.endswith(b"\n\n") and MONOTONIC() - told >= _PAUSE):
            self._add(Taped(part=now, began=self.fake.clock.time()))
            now, told = Part(before.of, call), MONOTONIC()
        if not call.ended:
            self.streams[call] = now, told

    def note(self, action: Action | None, began: float | None = None) -> None:
        """Record what has happened since the last step, without a request."""
        with self.fake.lock:
            self.fake.runs.settle()
            changes = self.state.changes() if self.state.moved else ()
            # Buckets refill by themselves, whenever time passes: that alone is no step.
            if action is not None or self._events or any(change[0] != "buckets" for change in changes):
                began = self.fake.clock.time() if began is None else began
                self._add(Taped(action=action, began=began, changes=changes))

    def _add(self, step: Taped) -> None:
        events, notes = self._happened()
        changes, self._unsaid = self._unsaid + step.changes, ()
        self.last += 1
        streams = tuple([(part.of, call.events) for call, (part, _) in self.streams.items()])
        step = step._replace(seq=self.last, at=self.fake.clock.time(), events=events, changes=changes, notes=notes)
        step = step._replace(streams=streams)
        self.steps.append(step)
        for call_back in self.on_step:
            call_back(step)

    # What the steps look like

    def after(self, seq: int, limit: int) -> list[Taped]:
        """Return the steps that follow *seq*, at most *limit* of them, the oldest first."""
        with self.fake.lock:
            start = max(0, seq - self.dropped)
            return list(islice(self.steps, start, start + limit))

    def witnesses(self) -> list[Call]:
        """Return the first request with each secret that no form gives away: what they sent is shown nowhere."""
        with self.fake.lock:
            steps, self._searched = self.after(self._searched, self.keep), self.last
            for call in [step.call for step in steps if step.call is not None]:
                for secret in secrets_of([call]):
                    if secret not in self._secrets and not keys_in(secret):
                        self._secrets[secret] = call
            return [*self._secrets.values()][-self.keep :]

    def states(self, seq: int) -> Iterator[View]:
        """Yield the state before a step, and after it and each later one. Hold the fake's lock."""
        steps = self.after(seq - 1, self.keep)
        return self.state.views([(step.began, step.at, step.changes) for step in steps])
