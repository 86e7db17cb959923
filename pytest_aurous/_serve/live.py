"""What the page shows: the steps of a tape in the form of a trace, briefly for all, completely for a chosen one.

`Hub` sends those that follow to each page, in batches.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import islice
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, cast
from zlib import crc32

from .._core.base.redaction import SECRET, protecting, redacted, remembering
from .._core.wire.call import reply_to, secret_of
from .._facade import View, difference, state_machines
from .._fake.aurous import Aurous
from .._fake.objects import as_json
from .._trace.data import Builder, settings_of, written_rules
from .._trace.page import small_pictures
from .._trace.recorder import RecordedStep

if TYPE_CHECKING:
    from .control import Control
    from .tape import Part, Tape, Taped

VERSION: Final = 1
MOST: Final = 5_000
_UNSEEN: Final = frozenset({"buckets", "runs", "ids", "keys"})
"""Sections whose changes no response of a poll shows."""
BATCH: Final = 500
"""The most steps of one event, so that a page that comes late draws something soon."""
PAUSE: Final = 0.1
"""Seconds between two batches: a page shows no more often, however many requests come."""
_STREAMS: Final = 4
"""The most streams of one browser, which opens six connections to a server: the others are for what its pages ask."""
_QUIET: Final = 15.0
"""Seconds without a step after which a comment is sent: proxies close connections that are quiet for longer."""
_TOLD: Final = 8
"""So many states are known that pages have: each page asks for what has changed since the last that it read."""
_LONGEST_BODY: Final = 64 * 1024
"""The most bytes of a body as text: a chat with its tools is long."""
_SHORT: Final = 256
"""Redacted texts with fewer characters are remembered; longer ones are prompts and bodies, which seldom repeat."""
_TEXTS: Final = 1 << 16
"""How many redacted texts are remembered: enough for 10,000 records."""
_BRIEFLY: Final = ("number", "operation", "method", "team", "status", "error_code", "fault", "replayed", "committed")
"""What a brief request says as it is."""


class LiveTrace:
    """A tape as the page reads it, in JSON without keys and secrets."""

    def __init__(self, aurous: Aurous, tape: Tape) -> None:
        self._aurous = aurous
        self._tape = tape
        self._fake = tape.fake
        self._server = token_hex(8)  # a server that was started again may have the same clock, and as many steps
        self._redacted = lru_cache(_TEXTS)(redacted)
        self._told: deque[tuple[str, View, str]] = deque(maxlen=_TOLD)
        self.automatic: dict[str, float] = {}

    def trace(self, url: str, limit: int = MOST) -> str:
        """Return the last steps, at most *limit*, with the state before the first of them and the present one."""
        tape, fake = self._tape, self._fake
        with fake.lock:  # briefly: other clients wait
            first = max(tape.dropped, tape.last - limit) + 1
            steps, before, state = tape.after(first - 1, limit), next(tape.states(first)), tape.state.present()
            found = {
                "version": VERSION,
                "live": True,
                "url": url,
                "test": {"id": "a served fake"},
                "base_url": fake.settings.base_url,
                "settings": settings_of(self._fake),
                "machines": state_machines(),
                "rules": {},
                "keep": tape.keep,
                **self.now(),
            }
        secret = secret_of(tape.witnesses())
        told = self._clean({**found, "start": before, "state": state}, secret)
        told |= {"name": self._name(state, secret), "pictures": _pictures(state)}
        return as_text({**told, "steps": [self._brief(step, secret) for step in steps]})

    def present(self, since: str = "") -> str:
        """Return the state now; for a page that has the state called *since*, what has changed in it."""
        with self._fake.lock:  # briefly: other clients wait
            unusual = self._fake.settings.unusual("start", "responses", "address")
            settings = {name: set_as_json(value) for name, value in unusual.items()}
            state, now = self._tape.state.present(), {**self.now(), "settings": settings}
            spent = {team: float(account.spent) for team, account in self._fake.accounts.items()}
        secret = secret_of(self._tape.witnesses())  # with another one, what was told may have to be redacted
        known = next((view for name, view, hidden in [*self._told] if (name, hidden) == (since, secret)), None)
        new = {"state": state} if known is None else {"changes": difference(known, state)}
        told = {**self._clean({**new, **now}, secret), "spent": spent, "name": self._name(state, secret)}
        (changed,) = new.values()
        return as_text({"version": VERSION, **told, "pictures": _pictures(changed)})

    def _name(self, state: View, secret: str) -> str:
        """Return the name of a state that is told without a *secret*."""
        self._told.append((name := token_hex(8), state, secret))
        return name

    def now(self) -> dict[str, Any]:
        """Return what each batch of events says of the present."""
        fake = self._fake
        spent = sum((float(account.spent) for account in fake.accounts.values()), 0.0)
        return {
            "server": self._server,
            "began": self._tape.began,
            "now": fake.clock.time(),
            "clock": as_json(self._aurous.clock),
            "credits": spent,
            "last": self._tape.last,
            "dropped": self._tape.dropped,
            "snapshots": self.snapshots(),
        }

    def snapshots(self) -> list[dict[str, Any]]:
        auto = self.automatic
        names = self._aurous.snapshots
        return [{"name": redacted(one, SECRET), "at": auto.get(one), "automatic": one in auto} for one in names]

    def after(self, seq: int, limit: int) -> dict[str, Any]:
        """Return the steps that follow *seq*, at most *limit* of them, with the present."""
        tape = self._tape
        with self._fake.lock:
            told = {"version": VERSION, **self.now(), "missed": max(0, tape.dropped - seq)}
            steps = tape.after(seq, limit)
        secret = secret_of(tape.witnesses())
        return {**self._clean(told, secret), "steps": [self._brief(step, secret) for step in steps]}

    def _brief(self, step: Taped, secret: str) -> Any:
        call = step.call
        if call is None:
            return self._whole(step)[0]["step"] if step.part is None else self._sent(step, step.part, secret)
        quiet = all(change[0] in _UNSEEN for change in step.changes)
        return {
            "kind": "call",
            "brief": True,
            "quiet": quiet,
            "seq": step.seq,
            "at": step.at,
            "arrived": call.at,
            "body": crc32(reply_to(call).body),
            "money": {} if quiet else self._tape.state.money(step.changes),
            "pitfalls": [{"id": one.id} for one in self._fake.pitfalls_of(call)],
            **{name: getattr(call, name) for name in _BRIEFLY},
            **self._clean({"path": call.path, "query": call.query}, secret),
        }

    def _sent(self, step: Taped, part: Part, secret: str) -> Any:
        told = {
            "kind": "between",
            "brief": True,
            "quiet": False,
            "seq": step.seq,
            "at": step.at,
            "notes": [*step.notes, _note_of(part)],
            "money": self._tape.state.money(step.changes),
            "part": {"of": part.of, "text": part.content.decode(errors="replace"), "ended": part.ended},
        }
        return self._clean(told, secret)

    def step(self, seq: int, *, states: bool = True) -> str | None:
        """Return one step completely, as in `_whole`, with its pictures; None if it is not kept."""
        tape = self._tape
        with self._fake.lock:
            if not tape.dropped < seq <= tape.last:
                return None
            told, shown = self._whole(tape.after(seq - 1, 1)[0], states=states)
        return as_text({"version": VERSION, **told, "pictures": _pictures(shown)})

    def _whole(self, step: Taped, *, states: bool = False) -> tuple[dict[str, Any], View]:
        """Return a step with the *states* around it, or with what was before of what it has changed, and what shows."""
        tape, notes = self._tape, step.notes
        calls = [one.call for one in tape.after(0, tape.keep) if one.call is not None]
        builder = Builder(self._fake, calls, _LONGEST_BODY)
        with self._fake.lock, protecting(self._fake.default_key):
            before, after = islice(tape.states(step.seq), 2)
            if (part := step.part) is not None:  # the request, as far as it is responded to: all parts are one step
                before, notes = next(tape.states(part.of + 1)), (*notes, _note_of(part))
                step = step._replace(seq=part.of, call=part.call)
            recorded = RecordedStep(step.call, step.at, step.events, difference(before, after), notes)
            action = step.action and {**step.action._asdict(), "python": step.action.python()}
            whole = {**builder.step(recorded), "seq": step.seq, "brief": False, "action": action}
        found = {"step": whole, "rules": written_rules(builder)}
        if states:
            found |= {"before": before, "after": after}
        else:
            whole["before"] = difference(after, before)
        return self._clean(found, secret_of(tape.witnesses())), after if states else recorded.changes

    def _clean(self, told: Any, secret: str) -> Any:
        """Return JSON without keys and secrets; records and requests have most of their short texts in common."""

        def clean(text: str) -> str:
            return (self._redacted if len(text) < _SHORT else redacted)(text, secret)

        with protecting(self._fake.default_key):
            return remembering(clean)(told)


class Hub:
    """Wakes those who wait for the next step of a tape; while nobody waits, a step costs nothing."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._streams: dict[str, list[object]] = {}
        control.tape.on_step.append(self._wake)

    def _wake(self, _: object) -> None:
        while self._waiting:
            event, loop = self._waiting.popitem()
            loop.call_soon_threadsafe(event.set)

    async def step(self, seconds: float) -> None:
        """Wait for the next step, at most so long."""
        event = asyncio.Event()
        self._waiting[event] = asyncio.get_running_loop()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        self._waiting.pop(event, None)

    async def stream(self, after: int, ended: Callable[[], bool], browser: str) -> AsyncIterator[bytes]:
        """Yield the bytes of the stream, from the step after *after* on, until it has *ended*.

        It also ends when its *browser* has opened too many since: its page comes again, and so they take turns.
        """
        control, loop = self._control, asyncio.get_running_loop()
        sent, mine, streams = loop.time(), object(), self._streams.setdefault(browser, [])
        streams.append(mine)
        self._wake(None)
        try:
            yield b"retry: 1000\n\n"
            first = True  # also without a step, it says which server this is
            while not ended() and mine in streams[-_STREAMS:]:
                if first or after < control.tape.last:
                    told = control.live.after(after, BATCH)
                    first, sent = False, loop.time()
                    after = told["steps"][-1]["seq"] if told["steps"] else after
                    yield f"id: {after}\nevent: steps\ndata: {as_text({**told, 'last': after})}\n\n".encode()
                    await asyncio.sleep(PAUSE)
                    continue
                await self.step(1.0)
                if loop.time() - sent > _QUIET:
                    sent = loop.time()
                    yield b": nothing new\n\n"
        finally:
            streams.remove(mine)


def _pictures(found: View) -> dict[str, str]:
    """Return the pictures of the records of a state, or of those that have changed in it."""
    return small_pictures([one for one in found.get("records", {}).values() if one is not None])


def _note_of(part: Part) -> str:
    """Return what was sent of a stream, and how it ended."""
    how = f", {part.ended}" if part.ended else ""
    return f"stream of call {part.call.number}: {part.events} event{'' if part.events == 1 else 's'}{how}"


def set_as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: str(one) for name, one in cast("dict[str, Any]", value).items()}
    return value.isoformat() if isinstance(value, datetime) else value


def as_text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
