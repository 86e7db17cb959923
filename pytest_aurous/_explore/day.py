"""One bad day, chosen by the test: `BadDay`, and how to play it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from .._core.base.arguments import Check
from .._core.base.errors import AurousError, choices, hide_mistakes, nearest, see, shown
from .._facade import CATALOG, Handle
from . import places
from .compare import Identities
from .ids import read_id, wrong_with
from .kinds import KINDS, Scene
from .places import Place, names_of_places
from .runs.run import ExploredRun, ignore, noting_runs, present_run

__tracebackhide__ = hide_mistakes

_PAGE: Final = "reference/exploring.html#a-bad-day"
_USUAL_EVENTS: Final = 6
"""A stream breaks in the middle, and nothing says how long it will be."""
_MOST_REQUESTS: Final = 1_000
"""Besides polls of work in progress; fewer than in an exploration, because Hypothesis plays a failing day often."""


class BadDay:
    """The faults of one bad day, each with its place, as in ``characters.create#1 lost``. A value.

    The place is the n-th request of an operation, or the n-th event of a kind, such as
    ``webhooks.character.completed#1``. `Aurous.day` plays it.

    Args:
        *faults: Texts of a place and a fault; none for a good day.

    Attributes:
        faults: These texts.
        seen: A function that gets the places of its requests and events once it was played, for strategies.

    Raises:
        AurousError: If a place or a fault does not exist, or the fault cannot happen there.

    Example:
        >>> from pytest_aurous import BadDay
        >>> BadDay("characters.create#1 lost", "characters.retrieve#2 unavailable")
        BadDay("characters.create#1 lost", "characters.retrieve#2 unavailable")
    """

    __slots__ = ("_plan", "faults", "seen")

    def __init__(self, *faults: str) -> None:
        self.seen: Callable[[list[str]], object] = ignore
        self._plan = tuple(map(_read, faults))
        self.faults: tuple[str, ...] = tuple(f"{place} {kind}" for place, kind in self._plan)
        places = [str(place) for place, _ in self._plan]
        if len(set(places)) < len(places):
            raise AurousError(
                f"{self!r} has two faults at one place, and a request meets one: give each its own place.\n{see(_PAGE)}"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BadDay) and self.faults == other.faults

    def __hash__(self) -> int:
        return hash(self.faults)

    def __repr__(self) -> str:
        return f"BadDay({', '.join(f'{chr(34)}{fault}{chr(34)}' for fault in self.faults)})"

    @property
    def __name__(self) -> str:
        """The faults as text: pytest takes it for the id of a parameter."""
        return ", ".join(self.faults) or "good day"


def faults_at(operation: str) -> list[str]:
    traits = _place(operation, 1).traits
    return [name for name, kind in KINDS.items() if kind.where in traits]


def _read(text: str) -> tuple[Place, str]:
    check = Check("BadDay", _PAGE)
    if wrong := wrong_with(check.text("faults", text, "characters.create#1 lost")):
        raise AurousError(f"BadDay({text!r}): {wrong}\n{see(_PAGE)}")
    where, _, kind = read_id(text).partition(" ")
    operation, _, number = where.partition("#")
    if kind not in (possible := faults_at(operation)):
        raise check.refuse(
            "faults", text, f"a fault that can happen there: {choices(possible)}{nearest(kind, possible)}"
        )
    return _place(operation, int(number)), kind


def _place(operation: str, occurrence: int) -> Place:
    """Return a place with all that can be true there; what is not so on the day, the fault does not meet."""
    row = CATALOG.by_operation.get(operation)
    if row is None:
        traits = frozenset({places.EVENTS, places.SIGNED, places.FOLLOWED})
        return Place(operation=operation, occurrence=occurrence, traits=traits)
    changes = row.method != "GET" and not operation.endswith(".estimate")
    possible = {
        **dict.fromkeys((places.ANY, places.LET_IN, places.OWN, places.TURNS, places.WHOLE), True),
        **dict.fromkeys((places.WRITES, places.OWN_WRITES, places.BODIES), changes),
        **dict.fromkeys((places.PAID, places.STARTS, places.SUCCEEDS), row.pays),
        places.LIMITED: not row.signed,
        places.JSON: row.media_type == "application/json",
        places.STREAMS: row.streams,
        places.POLLS: row.shows_one and row.template in places.DELETABLE,
    }
    events = _USUAL_EVENTS if row.streams else 0
    return Place(operation=operation, occurrence=occurrence, traits=places.those(possible), events=events)


@contextmanager
def play(fake: Handle, day: BadDay) -> Generator[None, None, None]:
    """Let the faults of *day* happen in the block, whose sleeps are skipped and whose clock moves with them alone."""
    Check("day", _PAGE).instance("day", day, BadDay, 'a day such as BadDay("characters.create#1 lost").')
    if present_run() is not None:
        raise AurousError(
            f"day({shown(day)}) was entered while another day is played or explored. Play one at a time; a day can "
            f"have several faults.\n{see(_PAGE)}"
        )
    with noting_runs(), fake.stopped_time():
        with fake.lock:
            run = ExploredRun(fake, _MOST_REQUESTS)
            since = fake.happening()
            scene = Scene(fake, run, Identities())
            scene.begin(day._plan)
        try:
            with run.running():
                yield
        finally:
            with fake.lock:
                scene.end()
                for repair in run.repairs:  # the credits are back, as the faults are gone
                    repair()
                found = since()
                day.seen(names_of_places(found.calls, found.deliveries))
            if run.stopped:
                raise AurousError(
                    f"The block of day({shown(day)}) does not end: it {run.stopped}.\n{see(_PAGE)}"
                ) from None
