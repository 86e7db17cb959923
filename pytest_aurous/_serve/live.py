"""What the page shows: the steps of a tape in the form of a trace, briefly for all, completely for a chosen one.

`Hub` sends those that follow to each page, in batches.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from .._core.base.errors import DOCS, version_of_package
from .._core.base.redaction import SECRET, protecting, redacted, redacted_json
from .._core.wire.call import secret_of
from .._facade import Aurous, View, as_json, difference, state_machines
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
_QUIET: Final = 15.0
"""Seconds without a step after which a comment is sent: proxies close connections that are quiet for longer."""
_LONGEST_BODY: Final = 64 * 1024
"""The most bytes of a body as text: a chat with its tools is long."""
_OUTCOME: Final = ("status", "error_code", "fault", "replayed", "committed", "quiet")


class LiveTrace:
    """A tape as the page reads it, in JSON without keys and secrets."""

    def __init__(self, aurous: Aurous, tape: Tape) -> None:
        self._aurous = aurous
        self._tape = tape
        self._app = aurous._session.app
        self._cleaned: dict[str, dict[str, tuple[Any, dict[str, Any]]]] = {}
        self.automatic: dict[str, float] = {}

    def trace(self, url: str, limit: int = MOST, *, full: bool = False) -> str:
        """Return the last steps, at most *limit*, with the state before the first of them and the present one."""
        tape, app = self._tape, self._app
        with app.world.lock:
            first = max(tape.dropped, tape.last - limit) + 1
            steps = tape.after(first - 1, limit)
            builder = self._builder()
            with protecting(self._app.world.default_key):
                if full:
                    whole = [self._whole(builder, *one) for one in tape.views(first)]
                    told = _json(_clean(whole, builder.secret))
                else:
                    told = self.briefs(steps)
                state = tape.state.present()
                found = {
                    "version": VERSION,
                    "generator": f"pytest-aurous {version_of_package()}",
                    "docs": DOCS,
                    "live": True,
                    "url": url,
                    "test": {
                        "id": "pytest-aurous serve",
                        "outcome": "served",
                        "duration": 0,
                        "seed": app.world.settings.seed,
                    },
                    "base_url": app.world.settings.base_url,
                    "settings": settings_of(app),
                    "ended": app.world.clock.time(),
                    "machines": state_machines(),
                    "pictures": small_pictures(state["records"].values()),
                    "rules": written_rules(builder),
                    "keep": tape.keep,
                    **self.now(),
                }
                start = self._clean_view(tape.view_before(first))
                return with_steps({**_clean(found), "start": start, "state": self._clean_view(state)}, told)

    def present(self) -> str:
        """Return the state now."""
        with self._app.world.lock, protecting(self._app.world.default_key):
            state = self._clean_view(self._tape.state.present())
            accounts = self._app.world.accounts
            spent = {team: float(account.spent) for team, account in accounts.items()}
            return _json({"version": VERSION, "state": state, "spent": spent, **_clean(self.now())})

    def now(self) -> dict[str, Any]:
        """Return what each batch of events says of the present."""
        world = self._app.world
        spent = sum((float(account.spent) for account in world.accounts.values()), 0.0)
        return {
            "began": self._tape.began,
            "now": world.clock.time(),
            "clock": as_json(self._aurous.clock),
            "credits": spent,
            "last": self._tape.last,
            "dropped": self._tape.dropped,
            "snapshots": self.snapshots(),
        }

    def snapshots(self) -> list[dict[str, Any]]:
        """Return the snapshots that have a name."""
        names = list(self._aurous.snapshots)
        return [
            {"name": redacted(name, SECRET), "at": self.automatic.get(name), "automatic": name in self.automatic}
            for name in names
        ]

    def briefs(self, steps: Iterable[Taped]) -> str:
        """Return steps briefly, as a list."""
        return f"[{','.join([self._brief(step) for step in steps])}]"

    def _brief(self, step: Taped) -> str:
        call = step.call
        if call is None:
            return self._between(step) if step.part is None else self._sent(step, step.part)
        response, seen = call._reply, self._app.pitfalls.seen
        quiet = not [1 for change in step.changes if change[0] not in _UNSEEN]
        pitfalls = [{"id": one.id} for one in seen if one.call is call] if seen else []
        funds = {} if quiet else self._tape.state.money(step.changes)
        sent = _sent(call.operation, call.method, call.path, call.query, call.team, secret_of([call]))
        outcome = _outcome(call.status, call.error_code, call.fault, call.replayed, call.committed, quiet)
        more = _fields({"pitfalls": pitfalls, "money": funds}) if pitfalls or funds else ""
        body = crc32(response.body) if response is not None else 0
        own = f'"seq":{step.seq},"number":{call.number},"at":{step.at},"arrived":{call.at},"body":{body}'
        return f'{{"kind":"call","brief":true,{own}{sent}{outcome}{more}}}'

    def _sent(self, step: Taped, part: Part) -> str:
        text = part.content.decode(errors="replace")
        told = {
            "kind": "between",
            "brief": True,
            "quiet": False,
            "seq": step.seq,
            "at": step.at,
            "notes": [*step.notes, _note_of(part)],
            "money": self._tape.state.money(step.changes),
            "part": {"of": part.of, "text": text, "ended": part.ended},
        }
        return _json(_clean(told, secret_of([part.call])))

    def _between(self, step: Taped) -> str:
        with self._app.world.lock, protecting(self._app.world.default_key):
            _, before, after = next(self._tape.views(step.seq))
            whole = self._whole(self._builder(), step, before, after)
            return _json(_clean({**whole, "before": difference(after, before)}))

    def step(self, seq: int) -> str | None:
        """Return one step completely, with the state around it; None if it is not kept."""
        tape = self._tape
        with self._app.world.lock:
            found = tape.after(seq - 1, 1)
            if not found or found[0].seq != seq:
                return None
            builder = self._builder()
            with protecting(self._app.world.default_key):
                first = self._first(found[0])
                steps = list(islice(tape.views(first), seq - first + 1))
                (_, before, _), (one, _, after) = steps[0], steps[-1]
                if one.part is not None:  # the request, as far as its response has been sent
                    one = one._replace(seq=one.part.of, call=one.part.call)
                whole = self._whole(builder, one, before, after)
                told = _clean({"step": whole, "rules": written_rules(builder)}, builder.secret)
                told |= {"before": self._clean_view(before), "after": self._clean_view(after)}
            return _json({"version": VERSION, **told, "pictures": small_pictures(after["records"].values())})

    def _first(self, step: Taped) -> int:
        """Return the first of the parts of a stream that precede a part directly: the page shows them as one step."""
        first = step.seq
        for one in islice(reversed(self._tape.steps), self._tape.last - step.seq + 1, None):
            if step.part is None or one.part is None or one.part.of != step.part.of:
                break
            first = one.seq
        return first

    def _builder(self) -> Builder:
        calls = (step.call for step in self._tape.steps if step.call is not None)
        return Builder(self._app, calls, _LONGEST_BODY)

    def _whole(self, builder: Builder, step: Taped, before: View, after: View) -> dict[str, Any]:
        notes = step.notes if step.part is None else (*step.notes, _note_of(step.part))
        recorded = RecordedStep(step.call, step.at, step.events, difference(before, after), notes)
        action = step.action and {**step.action._asdict(), "python": step.action.python()}
        return {**builder.step(recorded), "seq": step.seq, "brief": False, "action": action}

    def _clean_view(self, found: View) -> View:
        """Return a state without secrets. What is as it was the last time is known, so a large state costs little."""
        cleaned: dict[str, dict[str, tuple[Any, dict[str, Any]]]] = {}
        for section, values in found.items():
            known, cleaned[section] = self._cleaned.get(section, {}), {}
            for key, value in values.items():
                last = known.get(key)
                same = last is not None and (last[0] is value or last[0] == value)
                cleaned[section][key] = last if last is not None and same else (value, _clean({key: value}))
        self._cleaned = cleaned
        return {
            name: {key: value for _, one in values.values() for key, value in one.items()}
            for name, values in cleaned.items()
        }


class Hub:
    """Wakes those who wait for the next step of a tape; while nobody waits, a step costs nothing."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._waiting: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}
        self._last: tuple[int, int, str] = (-1, -1, "")
        control.tape.on_step.append(self._wake)

    def _wake(self, _: object) -> None:
        while self._waiting:
            future, loop = self._waiting.popitem()
            loop.call_soon_threadsafe(_finish, future)

    async def step(self, seconds: float) -> None:
        """Wait for the next step, at most so long."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting[future] = loop
        await asyncio.wait([future], timeout=seconds)
        self._waiting.pop(future, None)

    async def stream(self, after: int, closing: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Yield the bytes of the stream, from the step after *after* on, until the server stops."""
        tape = self._control.tape
        yield b"retry: 1000\n\n"
        while not closing():
            if tape.last <= after:
                waited = asyncio.get_running_loop().time()
                while tape.last <= after and not closing():
                    await self.step(1.0)
                    if asyncio.get_running_loop().time() - waited > _QUIET:
                        waited += _QUIET
                        yield b": nothing new\n\n"
                continue
            after, text = self._batch(after)
            yield text.encode()
            await asyncio.sleep(PAUSE)

    def _batch(self, after: int) -> tuple[int, str]:
        """Return the next steps as one event, and the last of them; clients at the same position share it."""
        control = self._control
        if self._last[:2] == (after, control.tape.last):
            *_, text = self._last
            return min(after + BATCH, control.tape.last), text
        missed = max(0, control.tape.dropped - after)
        steps = control.tape.after(after, BATCH)
        last = steps[-1].seq
        told = {"version": 1, **control.live.now(), "last": last, "missed": missed}
        text = f"id: {last}\nevent: steps\ndata: {with_steps(told, control.live.briefs(steps))}\n\n"
        if last == control.tape.last:
            self._last = (after, last, text)
        return last, text


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def with_steps(told: Mapping[str, Any], steps: str) -> str:
    """Return *told* as JSON, with `LiveTrace.briefs` in it."""
    return f'{_json(told)[:-1]},"steps":{steps}}}'


def _note_of(part: Part) -> str:
    """Return what was sent of a stream, and how it ended."""
    how = f", {part.ended}" if part.ended else ""
    return f"stream of call {part.call.number}: {part.events} event{'' if part.events == 1 else 's'}{how}"


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _fields(told: Mapping[str, Any]) -> str:
    """Return more fields for an object in JSON."""
    return f",{_json(told)[1:-1]}"


def _clean(told: Any, secret: str = SECRET) -> Any:
    return redacted_json(told, more=secret)


# Requests have most of what they say in common: it is written once. The caches have room for the paths and outcomes of
# a large suite, and the page of a longer session is only a little slower.


@lru_cache(maxsize=4096)
def _sent(operation: str | None, method: str, path: str, query: str, team: str, secret: str) -> str:
    shown = {name: redacted(text, secret) for name, text in (("path", path), ("query", query))}
    return _fields({"operation": operation, "method": method, **shown, "team": team})


@lru_cache(maxsize=1024)
def _outcome(*values: str | int | None) -> str:
    return _fields(dict(zip(_OUTCOME, values, strict=True)))
