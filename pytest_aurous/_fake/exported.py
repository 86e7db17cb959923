"""The state of a fake as JSON, to keep in a file, and back (version 1)."""

# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# (it walks through JSON of any form)

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from .._core.base.data import ULID
from .._core.base.errors import AurousError, hide_mistakes, see, version_of_package
from .._core.base.redaction import shortened
from .._core.engine.pipeline import App, Snapshot
from .._core.faults.collection import fault_kinds
from .._core.faults.fault import Counts
from .._core.resources import embeddings, files, models, styles, uploads, webhooks
from .._core.resources.characters.row import CharacterRow
from .._core.resources.chat.replies import NOTHING, ScriptedReply
from .._core.resources.chat.row import CompletionRow
from .._core.resources.generations.row import GenerationRow
from .._core.resources.team import TeamRow
from .._core.time.clock import FASTEST, Portable, placed, portable
from .._core.world.buckets import BUCKETS, Bucket
from .._core.world.codec import UnreadableStateError, read, written
from .._core.world.idempotency import Stored
from .._core.world.ids import CHOSEN
from .._core.world.keys import Grant
from .._core.world.ledger import Account
from .._core.world.outbox import Delivery
from .._core.world.runs import Run
from .._core.world.script import Plan
from .._core.world.state import Saved
from .._report.state import view

if TYPE_CHECKING:
    from .._core.faults.fault import Fault

__tracebackhide__ = hide_mistakes

VERSION: Final = 1
KIND: Final = "pytest-aurous export"
_ROWS: Final = {
    kind.__name__: kind
    for kind in (
        CharacterRow,
        CompletionRow,
        embeddings.EmbeddingRow,
        webhooks.EndpointRow,
        files.FileRow,
        GenerationRow,
        styles.LoraRow,
        models.ModelRow,
        TeamRow,
        uploads.UploadRow,
        styles.VideoLoraRow,
    )
}
_SECTIONS: Final[dict[str, tuple[Any, Any]]] = {
    "accounts": (str, Account),
    "buckets": (tuple[str, str], Bucket),
    "chat replies": (int, ScriptedReply),
    "chat streams": (str, int),
    CHOSEN: (str, str),
    "deliveries": (int, Delivery),
    "delivery numbers": (str, int),
    "faults": (int, Counts),
    "first keys": (str, str),
    "holds": (tuple[str, int], Decimal),
    "idempotency": (tuple[str, str], Stored),
    "ids": (str, tuple[int, int]),
    "keys": (str, Grant),
    "runs": (str, Run),
    "scripts": (tuple[str, str | None, str | None], Plan),
    "thresholds": (str, Decimal),
    "vectors": (str, tuple[float, ...]),
    "warned": (str, float),
    **{name: (str, kind) for name, kind in _ROWS.items()},
}
_LISTS: Final[dict[str, Any]] = {
    "poses": tuple[str, float, str | None],
    "due": tuple[float, int, str],
    "waiting": tuple[float, int],
}
_CHANCE: Final = tuple[int, tuple[int, ...], float | None]
_MORE: Final = see("reference/records.html#keep-a-state-in-a-file")


def export(app: App, snapshot: Snapshot | None = None) -> dict[str, Any]:
    """Return the state of a fake, or a snapshot of it, as JSON; ``left_out`` says what JSON cannot carry."""
    with app.world.lock:
        saved = (snapshot or app.snapshot()).world
        left: list[str] = []
        sections = {name: _pairs(name, section, left) for name, section in saved.sections.items()}
        faults = [_fault(fault, left) for fault in app.queue.among(saved.sections.get("faults", {}))]
        return {
            "kind": KIND,
            "version": VERSION,
            "generator": f"pytest-aurous {version_of_package()}",
            "team": app.world.default_team,
            "key": app.world.default_key,
            "clock": written(portable(saved.clock)),
            "sections": sections,
            "lists": {name: written(items) for name, items in saved.lists.items()},
            "chance": {name: written(state) for name, state in saved.chance.items()},
            "faults": [one for one in faults if one is not None],
            "left_out": left,
        }


def _pairs(name: str, section: dict[Any, Any], left: list[str]) -> list[list[Any]]:
    """Write a section as pairs of keys and values, and note in *left* what cannot be written."""
    pairs: list[list[Any]] = []
    for key, value in section.items():
        plain = value
        if name == "deliveries":
            plain = replace(value, error=None, under_way=False)
        if name == "chat replies":
            if not isinstance(value.when, str | dict | None):
                left.append(f"{value!r}, because its when= is neither text nor a dict")
                continue
            plain = value._replace(json=[] if value.json is NOTHING else [value.json])
        pairs.append([written(key), written(plain)])
    return pairs


def _fault(fault: Fault, left: list[str]) -> dict[str, Any] | None:
    """Write a fault as the call that adds it; None if its condition is a function."""
    method, arguments = fault.made
    if callable(arguments.get("when")):
        left.append(f"{fault!r}, because its when= is a function")
        return None
    until = fault.until if isfinite(fault.until) else None
    return {"number": fault.number, "method": method, "arguments": written(arguments), "met": fault.met, "until": until}


def import_(app: App, exported: object) -> None:
    """Go to an exported state, whose team and key become the default ones; if anything is wrong, change nothing."""
    try:
        content = _of_this_version(exported)
        own = app.world
        text = json.dumps(content).replace(content["team"], own.default_team).replace(content["key"], own.default_key)
        content = json.loads(text)
        _put(content, rehearsal := App(app.world.settings, own.default_key))
        _check(rehearsal)
    except UnreadableStateError as problem:
        raise _refused(str(problem)) from None
    except (AurousError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise _refused(f"it contradicts itself ({type(error).__name__}: {shortened(str(error), 100)})") from None
    with app.world.lock:
        _put(content, app)


def _refused(why: str) -> AurousError:
    return AurousError(
        f"This cannot be imported: {why}. Nothing has changed. Expected what aurous.export() returned.\n{_MORE}"
    )


def _of_this_version(exported: object) -> dict[str, Any]:
    """Return an export of this version, in which nothing but the state is still unknown."""
    content = cast("dict[str, Any]", exported)
    if not isinstance(exported, dict) or content.get("kind") != KIND:
        raise UnreadableStateError(f"it is not an export, whose 'kind' is {KIND!r}")
    if content.get("version") != VERSION or isinstance(content["version"], bool):
        version = shortened(repr(content.get("version")), 40)
        raise UnreadableStateError(f"it is of version {version}, and this pytest-aurous reads version {VERSION}")
    for name, kind in {"clock": dict, "sections": dict, "lists": dict, "chance": dict, "faults": list}.items():
        if not isinstance(content.get(name), kind):
            raise UnreadableStateError(f"{name} is missing or has another type")
    for name, pattern in (("team", f"team_{ULID}"), ("key", r"[!-~]{8,}")):
        if not isinstance(content.get(name), str) or not re.fullmatch(pattern, content[name]):
            raise UnreadableStateError(f"{name} is missing or has another form")
    return content


def _put(content: dict[str, Any], app: App) -> None:
    """Go to a state, whose faults get new numbers: this fake's own faults keep theirs, for its snapshots."""
    queue = app.queue
    first = queue.newest
    state = app.world.state
    clock = read(content["clock"], Portable, "clock")
    if not 0 < clock.speed <= FASTEST:
        raise UnreadableStateError(f"clock: its speed is {clock.speed:g}")
    saved = Saved(
        {name: _section(name, pairs, first) for name, pairs in content["sections"].items()},
        {name: _list(name, items) for name, items in content["lists"].items()},
        {name: read(random, _CHANCE, name) for name, random in content["chance"].items()},
        placed(clock),
    )
    faults = [read(fault, _Fault, "faults") for fault in content["faults"]]
    counts = saved.sections.get("faults", {})
    numbers = {fault.number + first for fault in faults}
    if not numbers <= counts.keys():
        raise UnreadableStateError("faults: the state has others")
    saved.sections["faults"] = {number: counts[number] for number in counts if number in numbers}
    for kind in _ROWS.values():
        app.world.table(kind)
    for name in saved.sections:
        state.section(name)
    for name in saved.lists:
        state.sequence(name)
    for fault in faults:
        if fault.method not in fault_kinds() or not isinstance(fault.arguments, dict):
            raise UnreadableStateError(f"faults: {shortened(fault.method, 40)!r} is not a fault")
        made = queue.bring(fault.number + first, partial(getattr(app.faults, fault.method), **fault.arguments))
        made.met = fault.met
        made.until = inf if fault.until is None else fault.until
    state.restore(saved)
    app.world.journal.restores += 1
    app.pitfalls.begin_anew()


class _Fault(NamedTuple):
    number: int
    method: str
    arguments: Any
    met: int
    until: float | None


def _section(name: str, pairs: Any, first: int) -> dict[Any, Any]:
    """Read a section; *first* is added to the numbers of faults."""
    if name not in _SECTIONS or not isinstance(pairs, list):
        raise UnreadableStateError(f"{shortened(name, 40)}: the state has no such section")
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):  # noqa: PLR2004 - a pair
        raise UnreadableStateError(f"{name}: not a list of pairs")
    key_type, kind = _SECTIONS[name]
    found = {read(key, key_type, name): read(value, kind, f"{name}.{key}") for key, value in pairs}
    if name == "faults":
        return {number + first: counts for number, counts in found.items()}
    if name == "chat replies":
        return {number: one._replace(json=one.json[0] if one.json else NOTHING) for number, one in found.items()}
    for delivery in found.values() if name == "deliveries" else ():
        delivery.met = tuple(number + first for number in delivery.met)
    return found


def _list(name: str, items: Any) -> list[Any]:
    kind = _LISTS.get(name) or (str if name.partition(" ")[0] in _ROWS else None)
    if kind is None or not isinstance(items, list):
        raise UnreadableStateError(f"{shortened(name, 40)}: the state has no such list")
    return [read(item, kind, name) for item in items]


def _check(app: App) -> None:
    """Look for what the state of a fake never has."""
    world = app.world
    teams = world.accounts.keys()
    for name, kind in _ROWS.items():
        table = world.table(kind)
        for row_id, row in table.rows.items():
            _hold(row.id == row_id and row.team in {*teams, ""}, f"{name} {row_id} has another id or no team")
        for team in {*teams, ""}:
            living = table.living(team)
            right = all(one in table.rows and table.rows[one].team == team for one in living)
            in_order = not team or living == sorted(set(living), key=table.order)
            _hold(right and in_order, f"{name}: the living of {team or 'all'}")
    keys = world.keys
    for team in teams:
        _hold(team in world.table(TeamRow), f"there is no team {team}")
        _hold(keys.grant(keys.first(team)).team == team, f"the first key of {team} is not its own")
    _hold(world.default_key in keys.of(world.default_team), "its team and its key do not belong together")
    for record, run in world.runs.by_record.items():
        right = (
            run.resource in world.runs.machines and 0 <= run.current < len(run.steps) and world.row(record) is not None
        )
        _hold(right, f"the run of {record} does not fit")
    for number, delivery in world.outbox.entries.items():
        known = delivery.endpoint is None or delivery.endpoint in world.table(webhooks.EndpointRow)
        _hold(delivery.number == number and known, f"delivery {number} does not fit")
    for team, name in world.state.section("buckets"):
        bucket = world.buckets.get(team, name, 0)
        _hold(team in teams and name in BUCKETS and bucket.capacity > 0 and bucket.rate > 0, f"the bucket {name}")
    view(app, {})


def _hold(right: bool, what: str) -> None:  # noqa: FBT001 - a condition
    if not right:
        raise UnreadableStateError(f"it contradicts itself: {shortened(what, 100)}")
