"""The places where a fault can happen: the requests and the deliveries of the good day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from .._core.base.data import as_object, parsed
from .._core.base.frames import helpers_of, shown_line
from .._core.wire.call import BY_ROUTE, Call
from .._facade import CATALOG, Delivery
from .charges import orders
from .compare import Key, keys_of

if TYPE_CHECKING:
    from .laws import Day

_FIRST: Final = 2
"""So many requests of one line are broken before the last one: the first, and one that comes after it."""
DELETABLE: Final = frozenset(row.template for row in CATALOG.by_operation.values() if row.method == "DELETE")
"""The paths of records that can be deleted."""

# The traits of places, in plain words: a fault can happen to those that have its trait.
ANY: Final = "requests"
LET_IN: Final = "requests that the API lets in"
OWN: Final = "requests in this process"
WRITES: Final = "requests that change something"
OWN_WRITES: Final = "requests that change something, in this process"
BODIES: Final = "requests with a body"
TURNS: Final = "requests that change something, and the first read of each operation"
LIMITED: Final = "requests with a rate bucket"
WHOLE: Final = "requests whose response has a body, and is no stream"
JSON: Final = "requests whose response is JSON"
STREAMS: Final = "streams"
PAID: Final = "requests that cost credits"
STARTS: Final = "requests that start work"
SUCCEEDS: Final = "requests that start work which succeeds"
POLLS: Final = "polls of a record that can be deleted"
EVENTS: Final = "webhook deliveries"
FOLLOWED: Final = "webhook deliveries before another one"
SIGNED: Final = "signed webhook deliveries"
MET: Final = "requests and deliveries that meet a fault of the test itself"
PATIENT: Final = "requests of a client with a read timeout"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One request or one event of a run."""

    operation: str
    occurrence: int  # 1 for the first of that operation; of concurrent requests, in the order of their keys
    traits: frozenset[str]
    sees: tuple[object, ...] | None = None  # what a read shows, to leave out repeated ones; None for anything else
    shows: tuple[object, ...] = (None,)  # the status of the response, and that of a record that was read
    events: int = 0  # of its response, if it is a stream
    team: str = ""
    line: str = ""  # file and line of the code under test that sends the request; empty if that is not known
    key: Key | None = None  # what the request is, if it is found by that; None: it is found by its number
    before: int = 0  # how many equal requests came before it

    def __str__(self) -> str:
        return f"{self.operation}#{self.occurrence}"

    @property
    def words(self) -> str:
        return f"{self.event} #{self.occurrence}{self.team and f' of {self.team}'}"

    @property
    def repeats(self) -> bool:
        """Whether it is a later one of equal reads side by side, of which another run may have fewer."""
        return self.key is not None and self.before > 0 and self.sees is not None

    @property
    def event(self) -> str:
        return self.operation.removeprefix("webhooks.")


def those(traits: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(name for name, has in traits.items() if has)


def places_of(day: Day) -> list[Place]:
    """Return the places of a run: the requests in order, then the events."""
    charged = {order.call.number for order in orders(day)}
    helpers = helpers_of((call.stack, call.operation) for call in day.calls)
    found: list[Place] = []
    requests = _requests(day.calls)
    for call, place in requests:
        works = day.starting.get(call.number, ())
        succeeds = any(work.succeeds for work in works)
        work = those({PAID: call.number in charged, STARTS: bool(works), SUCCEEDS: succeeds})
        team, line = day.end.teams.get(call.team or "", ""), shown_line(call.stack, helpers)
        found.append(replace(place, traits=place.traits | work, team=team, line=line))
    if day.concurrent:
        found = _in_canonical_order(found, keys_of([call for call, _ in requests], keyed=True))
    # Of those that were queued, only a fault keeps one from being made.
    return found + _events(one for one in day.deliveries if one.headers or one.fault)


def names_of_places(calls: Iterable[Call], deliveries: Iterable[Delivery]) -> list[str]:
    """Return the names of the places of some requests and deliveries, each counted from the first of its kind."""
    return [str(place) for place in (*(place for _, place in _requests(calls)), *_events(deliveries))]


def _requests(calls: Iterable[Call]) -> list[tuple[Call, Place]]:
    seen: Counter[str] = Counter()
    found: list[tuple[Call, Place]] = []
    for call in calls:
        if call.operation is not None and call.fault != BY_ROUTE:
            seen[call.operation] += 1
            found.append((call, _place(call, seen[call.operation])))
    return found


def _in_canonical_order(places: Sequence[Place], keys: Sequence[Key]) -> list[Place]:
    """Return places that are found by what they are, and numbered in the order of their keys.

    Threads and tasks that work side by side send their requests in another order each time.
    """
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
    status = as_object(parsed(content)).get("status") if row.shows_one else None
    changes = (call.committed or call.replayed) and not row.operation.endswith(".estimate")
    let_in, own = call.status not in {401, 403}, not came_over_http(call)
    whole = bool(content) and not call.streamed
    traits = {
        ANY: True,
        LET_IN: let_in,
        OWN: own,
        WRITES: changes,
        OWN_WRITES: changes and own,
        BODIES: bool(call.content),
        TURNS: changes or occurrence == 1,
        LIMITED: let_in and not row.signed,
        WHOLE: whole,
        JSON: whole and row.media_type == "application/json",
        STREAMS: call.events > 0,
        POLLS: status is not None and row.template in DELETABLE,
        MET: call.fault is not None,
        PATIENT: call.patience is not None,
    }
    return Place(
        operation=row.operation,
        occurrence=occurrence,
        traits=those(traits),
        sees=(f"{call.path}?{call.query}", call.status, status or content) if row.method == "GET" else None,
        shows=(call.status, status),
        events=call.events,
    )


def came_over_http(call: Call) -> bool:
    """Whether a request came to `AurousServer`, and not from a client of this process."""
    return call.request.headers.get("host", call.host) != call.host


def event_id(delivery: Delivery) -> str:
    return str(delivery.payload.get("id") or delivery.body)


def _events(deliveries: Iterable[Delivery]) -> list[Place]:
    """Return the events in the order of their first deliveries."""
    first: dict[str, Delivery] = {}
    for one in deliveries:
        first.setdefault(event_id(one), one)
    seen: Counter[str] = Counter()
    found: list[Place] = []
    for number, one in enumerate(first.values(), 1):
        seen[one.event] += 1
        followed, met = number < len(first), one.fault is not None
        traits = those({EVENTS: True, SIGNED: one.endpoint is not None, FOLLOWED: followed, MET: met})
        found.append(Place(operation=f"webhooks.{one.event}", occurrence=seen[one.event], traits=traits))
    return found


def telling(places: Sequence[Place]) -> tuple[list[Place], Counter[tuple[str, str]]]:
    """Return the places to break, and how many others there are of each operation and line.

    So the number of cases follows from the code, not from the data: of the requests of one operation that one line
    sends, and that show the same status, the first, the second and the last stand for all. Of reads that have seen the
    same, only the first and the last count.
    """
    last = {place.sees: place for place in places}
    seen: set[object] = set()
    groups: dict[tuple[object, ...], list[Place]] = {}
    for place in places:
        if place.sees is None or place.sees not in seen or last[place.sees] is place:
            groups.setdefault((place.operation, place.line, place.shows), []).append(place)
        seen.add(place.sees)
    kept: set[Place] = set()
    others: Counter[tuple[str, str]] = Counter()
    for group in groups.values():
        few = [*group[:_FIRST], *group[_FIRST:][-1:]]
        kept.update(few)
        others[group[0].operation, group[0].line] += len(group) - len(few)
    return [place for place in places if place in kept], +others
