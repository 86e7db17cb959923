"""Compare a response with earlier ones of its recording: what is new, what was drawn again, what was charged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from .._core.base.data import as_list, as_object
from .._core.base.instants import instant_of
from .._facade import RECORDS
from .recording.histories import Histories, Sighting
from .recording.view import AT_REST, View
from .values import Point, Words

_GOOD: Final = ("reviewing", "ready")
_SECOND: Final = 1.0
"""Two instants that differ by less than this, in seconds, are the same: the API may round them to seconds."""
ORDER: Final = (Words("another order"), Words("the newest first"))
_NEW: Final = (Words("the old secret"), Words("a new secret"))
_DRAWN: Final = (Words("other pictures"), Words("new pictures of what was drawn again, and of nothing else"))


def points_of_earlier(view: View, histories: Histories) -> Iterator[Point]:
    """Yield what a response says against earlier responses of its recording."""
    yield from _secret(view, histories)
    for row in view.records:
        for point in _kept(view, row, histories):
            where = f"body.{'data[].' * bool(view.row.lists)}{point.where}"
            yield point._replace(where=where, record=str(row["id"]))
    if view.kind == "characters" and view.polls:
        for row in view.records:
            yield from _drawn(view, row, histories)
    if view.operation == "usage.events":
        yield from _events(view, histories)


def _kept(view: View, row: dict[str, Any], histories: Histories) -> Iterator[Point]:
    """Compare what never changes with the last response that shows a record, and the order of its instants."""
    before = histories.before(str(row["id"]), view.index)
    if before is not None:
        for name in RECORDS[view.kind].fixed:
            old, new = before.row.get(name), row.get(name)
            if type(old) is type(new) and old is not None:
                yield Point(name, "value", not _is_same(old, new), new, old)
    made = instant_of(row.get("created_at"))
    for name in [name for name in row if name.endswith("_at") and name != "created_at"]:
        then = instant_of(row[name])
        if made is not None and then is not None:
            yield Point(name, "instant", made - then >= _SECOND, row[name], Words("a time after created_at"))


def _is_same(old: Any, new: Any) -> bool:
    """Whether two values are equal, or the same instant; the API may have rounded it to seconds."""
    if old == new:
        return True
    then, now = instant_of(old), instant_of(new)
    return then is not None and now is not None and abs(now - then) < _SECOND


def _secret(view: View, histories: Histories) -> Iterator[Point]:
    """Compare a secret that was rotated with the last one (hook-2)."""
    shown = [one.row["secret"] for one in _before(view, view.record, histories) if one.row.get("secret")]
    if shown and view.operation.endswith(".rotate_secret"):
        yield Point("body.secret", "value", view.result.get("secret") == shown[-1], *_NEW)


def _drawn(view: View, row: dict[str, Any], histories: Histories) -> Iterator[Point]:
    """Compare the paths of refs with the last ones, after one run between (regen-2, resyn-2)."""
    record = str(row["id"])
    before = next((one for one in reversed(_before(view, record, histories)) if one.status in AT_REST), None)
    if view.row.lists or before is None or {row.get("status"), before.status} - {*_GOOD}:
        return
    runs = [
        one
        for one in histories[record].touched
        if one.row.reruns and one.succeeded and not one.replayed and before.view.index < one.index < view.index
    ]
    if len(runs) != 1:
        return
    old, new = before.pictures, Sighting(view, row).pictures
    if len(new) < len(as_list(row.get("refs"))):
        return  # two of the same pose: nothing says which was drawn again
    pose = runs[0].order.get("pose")
    changed = {name for name in new if new[name] != old.get(name)}
    wanted = {str(pose)} if pose else {*new}
    if old and new:
        yield Point("body.refs[].url", "pose" if pose else "poses", changed != wanted, *_DRAWN)


def _events(view: View, histories: Histories) -> Iterator[Point]:
    """Compare the order of usage events, and what each was charged with its record (usage-3)."""
    rows = [as_object(row) for row in as_list(view.result.get("data"))]
    made = [str(row.get("created_at")) for row in rows]
    yield Point("body.data", "order", any(one < two for one, two in pairwise(made)), *ORDER)
    for row in rows:
        shown = _before(view, str(row.get("id")), histories)
        asked = shown[-1].row.get("creation_request_id") if shown else None
        if asked is not None:
            yield Point("body.data[].request_id", "value", row.get("request_id") != asked, row.get("request_id"), asked)
        seen = [one for one in shown if one.row.get("completed_at")]
        cost = as_object(seen[-1].row.get("cost")).get("amount") if seen else None
        charged = row.get("credits_charged")
        if cost is not None:
            yield Point("body.data[].credits_charged", "value", charged != cost, charged, cost)


def rule_of_earlier(view: View, point: Point, histories: Histories) -> str:
    """Return the rule of a difference that is new in a response; else empty.

    A save drops refs (save-1), or a PATCH that was refused has changed something (patch-2).
    """
    before, field = histories.before(view.record, view.index), point.where.removeprefix("body.")
    if (
        view.polls
        and point.kind == "value"
        and any(
            one.edits and one.refused and one.index < view.index and one.order.get(field, point) == point.seen
            for one in histories[view.record].touched
        )
    ):
        return "patch-2"
    if not view.saves or (point.where, point.kind) != ("body.refs", "rows") or before is None:
        return ""
    return "save-1" if len(Sighting(view, view.result).pictures) < len(before.pictures) else ""


def _before(view: View, record: str, histories: Histories) -> list[Sighting]:
    sightings = histories[record].sightings if record in histories else []
    return [one for one in sightings if one.view.index < view.index]
