"""The places where a fault can happen: the requests and the deliveries of the good day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from .._core.base.data import as_object, parsed
from .._core.wire.call import BY_ROUTE, Call
from .._facade import CATALOG, Delivery
from .charges import orders
from .compare import Key, keys_of

if TYPE_CHECKING:
    from .laws import Day

_AFTER_CALLS: Final = 1 << 32
"""Events come last: a fault of a delivery is found by its number among the events."""
_FIRST: Final = 2
"""So many requests of one line are broken before the last one: the first, and one that comes after it."""
DELETABLE: Final = frozenset(row.template for row in CATALOG.by_operation.values() if row.method == "DELETE")
"""The paths of records that can be deleted."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One request or one event of a run.

    Attributes:
        operation: The operation; for an event ``webhooks.`` and its name.
        occurrence: 1 for the first of that operation; of concurrent requests, in the order of their keys.
        number: Its position in the run.
        sees: What a read shows, to leave out repeated ones; None for anything else.
        shows: The status of the response, and that of a record that was read.
        is_call: Whether it is a request.
        is_event: Whether it is an event.
        met: Whether a fault has happened to it.
        changes: Whether the request changes something.
        patience: Whether the client has a read timeout.
        has_bucket: Whether the request spends from a rate bucket.
        has_body: Whether its response has a body that is sent at once.
        is_json: Whether that is JSON.
        events: How many events its response has, if it is a stream; else 0.
        pays: Whether it holds or spends credits.
        starts: Whether it starts work that takes time.
        succeeds: Whether that work succeeds as its script says.
        polls: Whether it reads a record with a status.
        deletable: Whether that record can be deleted.
        served: Whether it came over HTTP.
        signed: Whether the event was signed.
        followed: Whether another event follows.
        team: The name of its team, if there is more than one.
        key: What the request is, if it is found by that; None: it is found by its number.
        before: How many equal requests came before it.
    """

    operation: str
    occurrence: int
    number: int
    sees: tuple[object, ...] | None = None
    shows: tuple[object, ...] = (None,)
    is_call: bool = False
    is_event: bool = False
    met: bool = False
    changes: bool = False
    patience: bool = False
    has_bucket: bool = False
    has_body: bool = False
    is_json: bool = False
    events: int = 0
    pays: bool = False
    starts: bool = False
    succeeds: bool = False
    polls: bool = False
    deletable: bool = False
    served: bool = False
    signed: bool = False
    followed: bool = False
    team: str = ""
    key: Key | None = None
    before: int = 0

    def __str__(self) -> str:
        return f"{self.operation}#{self.occurrence}"

    @property
    def words(self) -> str:
        """The place in a sentence."""
        number = f"{self.event if self.is_event else self.operation} #{self.occurrence}"
        return f"{number} of {self.team}" if self.team else number

    @property
    def event(self) -> str:
        """The name of the event."""
        return self.operation.removeprefix("webhooks.")


def places_of(day: Day) -> list[Place]:
    """Return the places of a run in order: requests that change something, reads, events."""
    charged = {order.call.number for order in orders(day)}
    found: list[Place] = []
    calls = _counted(day.calls)
    for call, place in zip(calls, _numbered(calls), strict=True):
        starts, succeeds = call.number in day.starting, day.starting.get(call.number, False)
        team = day.end.teams.get(call.team or "", "")
        found.append(replace(place, pays=call.number in charged, starts=starts, succeeds=succeeds, team=team))
    if day.concurrent:
        found = _in_canonical_order(found, keys_of(calls))
    writes = [place for place in found if place.sees is None]
    reads = [place for place in found if place.sees is not None]
    return writes + reads + _events(day.deliveries)


def names_of_places(calls: Iterable[Call], deliveries: Iterable[Delivery]) -> list[str]:
    """Return the names of the places of some requests and deliveries, each counted from the first of its kind."""
    return [str(place) for place in (*_numbered(_counted(calls)), *_events(deliveries))]


def _counted(calls: Iterable[Call]) -> list[Call]:
    """Return the requests that the fake has served."""
    return [call for call in calls if call.operation is not None and call.fault != BY_ROUTE]


def _numbered(calls: Iterable[Call]) -> Iterator[Place]:
    seen: Counter[str] = Counter()
    for call in calls:
        seen[call.operation or ""] += 1
        yield _place(call, seen[call.operation or ""])


def _in_canonical_order(places: Sequence[Place], keys: Sequence[Key]) -> list[Place]:
    """Return places that are found by what they are, and numbered in the order of their keys."""
    before: Counter[Key] = Counter()
    seen: Counter[str] = Counter()
    found: list[Place] = []
    for place, key in zip(places, keys, strict=True):
        sees = place.sees and (key, *place.sees[1:])
        found.append(replace(place, key=key, before=before[key], sees=sees))
        before[key] += 1
    found.sort(key=lambda place: (place.key or (), place.before))
    for number, place in enumerate(found):
        seen[place.operation] += 1
        found[number] = replace(place, occurrence=seen[place.operation])
    return found


def _place(call: Call, occurrence: int) -> Place:
    row = CATALOG.by_operation[call.operation or ""]
    content = call.response.content if call.response is not None else b""
    status = _status(content) if row.polls else None
    estimate = row.operation.endswith(".estimate")
    return Place(
        operation=row.operation,
        occurrence=occurrence,
        number=call.number,
        sees=(f"{call.path}?{call.query}", call.status, status or content) if row.method == "GET" else None,
        shows=(call.status, status),
        is_call=True,
        met=call.fault is not None,
        changes=(call.committed or call.replayed) and not estimate,
        patience=call.patience is not None,
        has_bucket=not row.signed,
        has_body=bool(content) and not call.streamed,
        is_json=row.media_type == "application/json" and bool(content) and not call.streamed,
        events=call.events,
        polls=status is not None,
        deletable=row.template in DELETABLE,
        served=came_over_http(call),
    )


def came_over_http(call: Call) -> bool:
    """Whether a request came to `AurousServer`, and not from a client of this process."""
    return call.request.headers.get("host", call.host) != call.host


def event_id(delivery: Delivery) -> str:
    """Return what all deliveries of one event have in common."""
    return str(delivery.payload.get("id") or delivery.body)


def _events(deliveries: Iterable[Delivery]) -> list[Place]:
    events = {event_id(one): one for one in reversed(list(deliveries))}
    made = list(reversed(events.values()))
    seen: Counter[str] = Counter()
    found: list[Place] = []
    for number, one in enumerate(made, 1):
        seen[one.event] += 1
        found.append(
            Place(
                operation=f"webhooks.{one.event}",
                occurrence=seen[one.event],
                number=_AFTER_CALLS + number,
                is_event=True,
                met=one.fault is not None,
                signed=one.endpoint is not None,
                followed=number < len(made),
            )
        )
    return found


def telling(places: Sequence[Place], lines: Mapping[int, str]) -> tuple[list[Place], Counter[tuple[str, str]]]:
    """Return the places to break, and how many others there are of each operation and line.

    So the number of cases follows from the code, not from the data: of the requests of one operation that one line
    sends, and that show the same status, the first, the second and the last stand for all.

    Args:
        places: All places.
        lines: File and line that has sent each request, by its number.
    """
    groups: dict[tuple[object, ...], list[Place]] = {}
    for place in _without_repeats(places):
        groups.setdefault((place.operation, lines.get(place.number, ""), place.shows), []).append(place)
    kept: set[int] = set()
    others: Counter[tuple[str, str]] = Counter()
    for (operation, line, _), group in groups.items():
        few = [*group[:_FIRST], *group[_FIRST:][-1:]]
        kept |= {place.number for place in few}
        others[str(operation), str(line)] += len(group) - len(few)
    return [place for place in places if place.number in kept], +others


def _without_repeats(places: Sequence[Place]) -> Iterator[Place]:
    """Yield the places, and of reads that have seen the same only the first and the last."""
    last = {place.sees: place for place in places}
    first: set[object] = set()
    for place in places:
        if place.sees is None or place.sees not in first or last[place.sees] is place:
            yield place
        first.add(place.sees)


def _status(body: bytes) -> str | None:
    """Return the status that a response shows."""
    content = as_object(parsed(body))
    return str(content["status"]) if "status" in content else None
