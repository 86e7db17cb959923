"""What the page shows: the steps of a tape in the form of a trace, briefly for all, and completely for a chosen one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from .._core.base.data import View
from .._core.base.errors import DOCS, version_of_package
from .._core.base.redaction import SECRET, protecting, redacted, redacted_json
from .._core.wire.call import secret_of
from .._facade import state_machines
from .._report.state import Written, difference, money, view
from .._trace.data import Builder, settings_of, written_rules
from .._trace.page import small_pictures
from .._trace.recorder import RecordedStep
from .actions import of_clock

if TYPE_CHECKING:
    from .._fake.aurous import Aurous
    from .tape import Tape, Taped

VERSION: Final = 1
MOST: Final = 5_000
_UNSEEN: Final = frozenset({"buckets", "runs", "ids", "keys"})
"""Sections whose changes no response of a poll shows."""
_OUTCOME: Final = ("status", "error_code", "fault", "replayed", "committed", "quiet")


class LiveTrace:
    """A tape as the page reads it, in JSON without keys and secrets."""

    def __init__(self, aurous: Aurous, tape: Tape) -> None:
        self._aurous = aurous
        self._tape = tape
        self._app = aurous._session.app
        self._written: Written = {}
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
                    whole = [self._whole(builder, *one) for one in tape.views(first, self._written)]
                    told = _json(_clean(whole, builder.secret))
                else:
                    told = self.briefs(steps)
                state = view(app, self._written)
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
                start = self._clean_view(tape.view_before(first, self._written))
                return with_steps({**_clean(found), "start": start, "state": self._clean_view(state)}, told)

    def present(self) -> str:
        """Return the state now."""
        with self._app.world.lock, protecting(self._app.world.default_key):
            state = self._clean_view(view(self._app, self._written))
            return _json({"version": VERSION, "state": state, **_clean(self.now())})

    def now(self) -> dict[str, Any]:
        """Return what each batch of events says of the present."""
        world = self._app.world
        spent = sum((float(account.spent) for account in world.accounts.values()), 0.0)
        return {
            "began": self._tape.began,
            "now": world.clock.time(),
            "clock": of_clock(self._aurous.clock),
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
            return self._between(step)
        response, seen = call._reply, self._app.pitfalls.seen
        quiet = not [1 for change in step.changes if change[0] not in _UNSEEN]
        pitfalls = [{"id": one.id} for one in seen if one.call is call] if seen else []
        funds = {} if quiet else {key: money(after) for name, key, _, after in step.changes if name == "accounts"}
        sent = _sent(call.operation, call.method, call.path, call.query, call.team, secret_of([call]))
        outcome = _outcome(call.status, call.error_code, call.fault, call.replayed, call.committed, quiet)
        more = _fields({"pitfalls": pitfalls, "money": funds}) if pitfalls or funds else ""
        body = crc32(response.body) if response is not None else 0
        own = f'"seq":{step.seq},"number":{call.number},"at":{step.at},"arrived":{call.at},"body":{body}'
        return f'{{"kind":"call","brief":true,{own}{sent}{outcome}{more}}}'

    def _between(self, step: Taped) -> str:
        with self._app.world.lock, protecting(self._app.world.default_key):
            _, before, after = next(self._tape.views(step.seq, self._written))
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
                one, before, after = next(tape.views(seq, self._written))
                whole = self._whole(builder, one, before, after)
                told = _clean({"step": whole, "rules": written_rules(builder)}, builder.secret)
                told |= {"before": self._clean_view(before), "after": self._clean_view(after)}
            return _json({"version": VERSION, **told, "pictures": small_pictures(after["records"].values())})

    def _builder(self) -> Builder:
        return Builder(self._app, (step.call for step in self._tape.steps if step.call is not None))

    def _whole(self, builder: Builder, step: Taped, before: View, after: View) -> dict[str, Any]:
        recorded = RecordedStep(step.call, step.at, step.events, difference(before, after), step.notes)
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


def with_steps(told: Mapping[str, Any], steps: str) -> str:
    """Return *told* as JSON, with `LiveTrace.briefs` in it."""
    return f'{_json(told)[:-1]},"steps":{steps}}}'


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _fields(told: Mapping[str, Any]) -> str:
    """Return more fields for an object in JSON."""
    return f",{_json(told)[1:-1]}"


def _clean(told: Any, secret: str = SECRET) -> Any:
    return redacted_json(told, more=secret)


# Requests have most of what they say in common: it is written once.


@lru_cache(maxsize=4096)
def _sent(operation: str | None, method: str, path: str, query: str, team: str, secret: str) -> str:
    shown = {name: redacted(text, secret) for name, text in (("path", path), ("query", query))}
    return _fields({"operation": operation, "method": method, **shown, "team": team})


@lru_cache(maxsize=1024)
def _outcome(*values: str | int | None) -> str:
    return _fields(dict(zip(_OUTCOME, values, strict=True)))
