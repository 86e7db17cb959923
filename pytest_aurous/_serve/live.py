"""What the page shows: the steps of a tape in the form of a trace, briefly for all, and completely for a chosen one."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# (it walks through JSON of any form)

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from .._base.errors import DOCS
from .._base.redaction import protecting, redacted, redacted_json
from .._base.version import version_of_package
from .._report.recorder import Step
from .._report.state import difference, money, view
from .._report.trace.data import SECRET, Builder, settings_of, written_rules
from .._report.trace.pictures import small_pictures
from .._resources.base.rules import load_rules
from .._wire.call import Call
from .._world.keys import sent_key
from .actions import of_clock

if TYPE_CHECKING:
    from .._fake.aurous import Aurous
    from .tape import Tape, Taped

VERSION: Final = 1
MOST: Final = 5_000
_UNSEEN: Final = frozenset({"buckets", "runs", "ids", "keys"})
"""Sections whose changes no response of a poll shows."""


class LiveTrace:
    """A tape as the page reads it."""

    def __init__(self, aurous: Aurous, tape: Tape) -> None:
        self._aurous = aurous
        self._tape = tape
        self._app = aurous._session.app
        self.automatic: dict[str, float] = {}

    def trace(self, url: str, limit: int = MOST, *, full: bool = False) -> dict[str, Any]:
        """Return the last steps, at most *limit*, with the state before the first of them and the present one."""
        tape, app = self._tape, self._app
        with app.world.lock:
            first = max(tape.dropped, tape.last - limit) + 1
            builder = Builder(app, load_rules(), (step.call for step in tape.steps if step.call is not None))
            steps = [self._whole(builder, *one) for one in tape.views(first)] if full else self.briefs(first - 1, limit)
            start = tape.view_before(first)
            world = view(app, {})
            return self._clean(
                {
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
                    "settings": settings_of(app.world.settings),
                    "began": tape.began,
                    "ended": app.world.clock.time(),
                    "machines": builder.machines(),
                    "pictures": small_pictures(world["records"].values()),
                    "rules": written_rules(builder),
                    "start": start,
                    "state": world,
                    "steps": steps,
                    "keep": tape.keep,
                    **self.now(),
                }
            )

    def now(self) -> dict[str, Any]:
        """Return what each batch of events says of the present."""
        world = self._app.world
        spent = sum((float(account.spent) for account in world.accounts.values()), 0.0)
        return {
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
        return [{"name": name, "at": self.automatic.get(name), "automatic": name in self.automatic} for name in names]

    def briefs(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Return the steps that follow *after*, briefly."""
        return [self._brief(step) for step in self._tape.after(after, limit)]

    def _brief(self, step: Taped) -> dict[str, Any]:
        call = step.call
        if call is None:
            with self._app.world.lock:
                ((_, before, after),) = self._tape.views_of(step)
            told: dict[str, Any] = {
                "seq": step.seq,
                "kind": "between",
                "brief": False,
                "at": step.at,
                "events": [{"kind": how, "seconds": seconds} for how, seconds in step.events],
                "changes": difference(before, after),
                "before": difference(after, before),
                "notes": list(step.notes),
                "action": step.action and {**step.action._asdict(), "python": step.action.python()},
            }
            return self._clean(told)
        response = call._reply
        return {
            "seq": step.seq,
            "kind": "call",
            "brief": True,
            "number": call.number,
            "operation": call.operation,
            "method": call.method,
            "path": _shown(call.path),
            "query": _shown(call.query),
            "at": step.at,
            "arrived": call.at,
            "status": call.status,
            "error_code": call.error_code,
            "fault": call.fault,
            "replayed": call.replayed,
            "committed": call.committed,
            "team": call.team,
            "pitfalls": [{"id": one.id} for one in self._app.pitfalls.seen if one.call is call],
            "quiet": all(name in _UNSEEN for name, *_ in step.changes),
            "body": crc32(response.body) if response is not None else 0,
            "money": {key: money(after) for name, key, _, after in step.changes if name == "accounts"},
        }

    def step(self, seq: int) -> dict[str, Any] | None:
        """Return one step completely, with the state around it; None if it is not kept."""
        tape = self._tape
        with self._app.world.lock:
            found = tape.after(seq - 1, 1)
            if not found or found[0].seq != seq:
                return None
            builder = Builder(self._app, load_rules(), (one.call for one in tape.steps if one.call is not None))
            ((one, before, after),) = tape.views_of(found[0])
            step = self._whole(builder, one, before, after)
            pictures = small_pictures(after["records"].values())
            told = {"version": VERSION, "step": step, "before": before, "after": after}
            return self._clean({**told, "rules": written_rules(builder), "pictures": pictures})

    def _whole(self, builder: Builder, step: Taped, before: Any, after: Any) -> dict[str, Any]:
        recorded = Step(step.call, step.at, step.events, difference(before, after), step.notes)
        action = step.action and {**step.action._asdict(), "python": step.action.python()}
        return {**builder.step(recorded), "seq": step.seq, "brief": False, "action": action}

    def _clean(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return it without keys and secrets."""
        with _protected(self._app.world.default_key, self._tape):
            cleaned: dict[str, Any] = redacted_json(told, more=SECRET)
        return cleaned


@contextmanager
def _protected(key: str, tape: Tape) -> Generator[None, None, None]:
    keys = {key, *(sent_key(_headers(step.call)) for step in tape.steps if step.call is not None)}
    with ExitStack() as stack:
        for one in keys:
            stack.enter_context(protecting(one))
        yield


def _headers(call: Call) -> Mapping[str, str]:
    return {name.lower(): value for name, value in reversed(call._headers)}


@lru_cache(maxsize=4096)  # requests have most of their paths in common
def _shown(text: str) -> str:
    return redacted(text, SECRET) if text else text
