"""The public objects of a fake for who does not call them in Python: their classes, their arguments and their JSON."""

from __future__ import annotations

import json
from collections import abc
from functools import cache, singledispatch
from inspect import getattr_static
from math import isfinite
from typing import Any, Final, get_args, get_type_hints

from .._core.base import names
from .._core.base.instants import moment
from .._core.engine.pipeline import Snapshot
from .._core.faults.collection import Faults
from .._core.faults.fault import Fault
from .._core.resources.base.record import Live
from .._core.resources.chat.record import Chat
from .._core.resources.team import ApiKey
from .._core.time.clock import Clock
from .._core.world.outbox import Delivery
from .._core.world.script import Plan
from .._core.world.settings import AurousSettings
from .aurous import Aurous
from .calls import Calls
from .exported import export
from .limits import Limit
from .session import Session
from .team import Team
from .webhooks import Webhooks


class _Unpack:
    """`typing.Unpack`, which Python 3.10 does not have."""

    def __class_getitem__(cls, options: Any) -> Any:
        return options


_NAMES: Final[dict[str, Any]] = {
    **vars(abc),
    **vars(names),
    "AurousSettings": AurousSettings,
    "Plan": Plan,
    **{kind.__name__: kind for kind in (Calls, Clock, Faults, Snapshot, Webhooks)},
    "datetime": type(moment(0)),  # freezegun may have replaced the name
    "Unpack": _Unpack,
}
"""Names in annotations that modules import only for type checkers."""


def annotations_of(member: Any) -> dict[str, Any]:
    """Return the annotations of a public method, or of a `TypedDict` of options, as types."""
    return get_type_hints(member, localns=_NAMES)


def exported(aurous: Aurous, snapshot: str | None) -> dict[str, Any]:
    """Return the state of a fake, or of one of its snapshots, for `Aurous.import_`."""
    return export(aurous._session.app, None if snapshot is None else aurous._session.named(snapshot))


def say_place(added: Fault | Chat, place: str) -> None:
    """Say where a fault, or the newest reply of a chat, was added, if no line of a test did."""
    if isinstance(added, Fault):
        added._place = place
    else:
        added._place(place)


def session_of(aurous: Aurous) -> Session:
    return aurous._session


@cache
def class_at(*steps: str | None) -> type[Any]:
    """Return the class of the object that some steps lead to from a fake: the names of attributes, None for an item.

    Example:
        >>> class_at("chat", "completions", None).__name__
        'Completion'
    """
    found: Any = Aurous
    for step in steps:
        if step is None:  # the last argument, such as of Mapping[str, Limit]
            collections = (found, *getattr(found, "__orig_bases__", ()))
            found = next(parts[-1] for one in collections if (parts := get_args(one)))
        else:
            found = annotations_of(getattr_static(found, step).fget)["return"]
    return found  # type: ignore[no-any-return]


@singledispatch
def as_json(_: object) -> Any:
    """Return a public object of a fake as JSON, or a list of such; None for what has no form in JSON."""
    return None


@as_json.register(list)
def _(items: list[Any]) -> Any:
    return [as_json(item) for item in items]


@as_json.register(Live)
def _(record: Any) -> Any:
    found = record.json() if hasattr(record, "json") else {"id": record.id}
    return {**found, "status": record.status} if hasattr(record, "status") else found


@as_json.register(Team)
def _(team: Team) -> Any:
    return _fields(team, "id", "name", "api_key", "credits", "held_credits", "available_credits", "billing_mode")


@as_json.register(Fault)
def _(fault: Fault) -> Any:
    times = fault.times if isfinite(fault.times) else None
    return {**_fields(fault, "number", "kind", "operation", "fired"), "times": times}


@as_json.register(Delivery)
def _(delivery: Delivery) -> Any:
    found = _fields(
        delivery, "number", "event", "url", "at", "attempt", "status", "response_status", "headers", "fault"
    )
    error = None if delivery.error is None else repr(delivery.error)
    return {**found, "payload": json.loads(delivery.body), "error": error}


@as_json.register(ApiKey)
def _(key: ApiKey) -> Any:
    team = Team(key._world, key._world.keys.grant(key).team)
    return {"team": team.id, "number": team.keys.index(key), "key": str(key), **_fields(key, "scope", "ended")}


@as_json.register(Limit)
def _(limit: Limit) -> Any:
    return _fields(limit, "name", "capacity", "remaining", "overruns")


@as_json.register(Clock)
def _(clock: Clock) -> Any:
    return {"now": clock.now().isoformat(), **_fields(clock, "frozen", "speed")}


def _fields(thing: object, *names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}
