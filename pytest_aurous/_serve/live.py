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
from functools import lru_cache, partial
from itertools import islice
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, cast
from zlib import crc32

from .._core.base.redaction import SECRET, protecting, redacted, redacted_json, remembering
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
_BRIEFLY: Final = ("number", "operation", "method", "team", "status", "error_code", "fault", "replayed", "committed")
"""What a brief request says as it is."""


class LiveTrace:
    """A tape as the page reads it, in JSON without keys and secrets."""

    def __init__(self, aurous: Aurous, tape: Tape) -> None:
        self._aurous = aurous
        self._tape = tape
        self._fake = tape.fake
        self._server = token_hex(8)  # a server that was started again may have the same clock, and as many steps
        self._cleaned: dict[tuple[str, str, str], tuple[Any, dict[str, Any]]] = {}
        self._told: deque[tuple[str, View, str]] = deque(maxlen=_TOLD)
        self.automatic: dict[str, float] = {}

    def trace(self, url: str, limit: int = MOST) -> str:
        """Return the last steps, at most *limit*, with the state before the first of them and the present one."""
        tape, fake = self._tape, self._fake
        with protecting(fake.default_key):
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
            told = {**_clean(found), "start": self._clean_view(before), "state": self._clean_view(state)}
            told["name"] = self._name(state, secret_of(self._tape.witnesses()))
            told["pictures"] = small_pictures(state["records"].values())
        return as_text({**told, "steps": [self._brief(step) for step in steps]})

    def present(self, since: str = "") -> str:
        """Return the state now; for a page that has the state called *since*, what has changed in it."""
        with self._fake.lock:  # briefly: other clients wait
            state, now = self._tape.state.present(), {**self.now(), "settings": self._settings()}
            spent = {team: float(account.spent) for team, account in self._fake.accounts.items()}
        with protecting(self._fake.default_key):
            secret = secret_of(self._tape.witnesses())  # with another one, what was told may have to be redacted
            known = next((view for name, view, hidden in [*self._told] if (name, hidden) == (since, secret)), None)
            changes = state if known is None else difference(known, state)
            new = {"state": self._clean_view(state)} if known is None else {"changes": _clean(changes, secret)}
            told = {**new, "spent": spent, **_clean(now), "name": self._name(state, secret)}
        return as_text({"version": VERSION, **told, "pictures": _pictures(changes)})

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

    def _settings(self) -> dict[str, Any]:
        unusual = self._fake.settings.unusual("start", "responses", "address")
        return {name: set_as_json(value) for name, value in unusual.items()}

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
        return {**told, "steps": [self._brief(step) for step in steps]}

    def _brief(self, step: Taped) -> Any:
        call = step.call
        if call is None:
            return self._between(step) if step.part is None else self._sent(step, step.part)
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
            **{name: _shown(getattr(call, name), secret_of([call])) for name in ("path", "query")},
        }

    def _sent(self, step: Taped, part: Part) -> Any:
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
        return _clean(told, secret_of([part.call]))

    def _between(self, step: Taped) -> Any:
        builder = self._builder()
        with self._fake.lock:
            before, after = islice(self._tape.states(step.seq), 2)
            whole = self._whole(builder, step, before, after)
        with protecting(self._fake.default_key):
            changes = {
                name: self._clean_view(one, part=True)
                for name, one in (("changes", whole.pop("changes")), ("before", difference(after, before)))
            }
            return {**_clean(whole, builder.secret), **changes}

    def step(self, seq: int, *, states: bool = True) -> str | None:
        """Return one step completely; None if it is not kept.

        With the *states* around it; else with what was before it of what it has changed.
        """
        tape = self._tape
        with self._fake.lock:
            if not tape.dropped < seq <= tape.last:
                return None
            builder = self._builder()
            with protecting(self._fake.default_key):
                one = tape.after(seq - 1, 1)[0]
                before, after = islice(tape.states(seq), 2)
                if one.part is not None:  # the request, as far as its response has been sent: all parts are one step
                    before = next(tape.states(one.part.of + 1))
                    one = one._replace(seq=one.part.of, call=one.part.call)
                whole = self._whole(builder, one, before, after)
                told = _clean({"step": whole, "rules": written_rules(builder)}, builder.secret)
                changed = after if states else difference(before, after)
                if states:
                    told |= {"before": self._clean_view(before), "after": self._clean_view(after)}
                else:
                    told["step"]["before"] = _clean(difference(after, before), builder.secret)
            return as_text({"version": VERSION, **told, "pictures": _pictures(changed)})

    def _builder(self) -> Builder:
        calls = [step.call for step in self._tape.after(0, self._tape.keep) if step.call is not None]
        return Builder(self._fake, calls, _LONGEST_BODY)

    def _whole(self, builder: Builder, step: Taped, before: View, after: View) -> dict[str, Any]:
        notes = step.notes if step.part is None else (*step.notes, _note_of(step.part))
        recorded = RecordedStep(step.call, step.at, step.events, difference(before, after), notes)
        action = step.action and {**step.action._asdict(), "python": step.action.python()}
        return {**builder.step(recorded), "seq": step.seq, "brief": False, "action": action}

    def _clean_view(self, found: View, *, part: bool = False) -> View:
        """Return a state, or a *part* of one, without secrets; what is as it was in the last state costs little."""
        secret = secret_of(self._tape.witnesses())
        clean = remembering(partial(redacted, more=secret))  # records have most of their texts in common
        known, fresh = self._cleaned, dict[tuple[str, str, str], tuple[Any, dict[str, Any]]]()
        if not part:
            self._cleaned = fresh  # other threads may do the same
        cleaned: View = {}
        for section, values in found.items():
            cleaned[section] = {}
            for key, value in values.items():
                last = known.get((section, key, secret))
                same = last is not None and (last[0] is value or last[0] == value)
                new = last if last is not None and same else (value, clean({key: value}))
                fresh[section, key, secret] = new
                cleaned[section].update(new[1])
        return cleaned


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


def _clean(told: Any, secret: str = SECRET) -> Any:
    return redacted_json(told, more=secret)


_shown: Final = lru_cache(maxsize=4096)(redacted)
"""Redacts a path or a query; there is room for those of a large suite, since most requests have one of a few."""
