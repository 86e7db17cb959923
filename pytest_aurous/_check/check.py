"""Check recordings, and return verdicts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from .._facade import load_rules, read_observed
from .compare import Comparer
from .recording.read import Recording
from .recording.survey import Survey
from .replay import Replay, Replayed
from .values import Point, id_of, name_of
from .verdict import Verdicts

_OFTEN: Final = 250
"""A terminal shows progress each so many exchanges, which take about a second."""


@dataclass
class Checked:
    """The result of a check."""

    verdicts: Verdicts
    notes: list[str] = field(default_factory=list[str])
    shared: bool = False
    by_fake: list[str] = field(default_factory=list[str])  # recordings of a fake, which say nothing about the real API
    left_out: int = 0  # how many exchanges and bodies are over a limit
    scripts: dict[str, str] = field(default_factory=dict[str, str])  # for each record what its pollers saw
    seeds: list[str] = field(default_factory=list[str])  # what was there before the recordings


def check_recordings(
    recordings: Iterable[Recording],
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Check recordings, each on a fake of its own; *progress* shows a line of how far a long one is."""
    checked = Checked(Verdicts(load_rules()))
    checked.shared = bool(settings and settings.get("shared"))
    for recording in recordings:
        checked.notes += [*recording.others, *(f"{recording.name}: {note}" for note in recording.notes)]
        checked.left_out += recording.left_out
        checked.by_fake += [recording.name] if recording.by_fake else []
        for _, some in groupby(recording.exchanges, attrgetter("restores")):  # where a test went back, another begins
            _check(checked, replace(recording, exchanges=list(some)), settings or {}, progress)
    return checked


def _check(
    checked: Checked, recording: Recording, settings: Mapping[str, Any], progress: Callable[[str], None]
) -> None:
    name = recording.name
    survey = Survey(recording, shared=bool(settings.get("shared")))
    checked.notes += [f"{name}: exchange {number}: recorded twice, and left out" for number in survey.twice]
    replay = Replay(survey, {name: value for name, value in settings.items() if name != "shared"})
    observed = read_observed(settings.get("observed"))
    comparer = Comparer(survey, replay.rates, replay.requests.bound.__setitem__)
    causes: dict[tuple[str, str], str] = {}
    for view in survey.views:
        if view.index and view.index % _OFTEN == 0:
            progress(f"{name}: {view.index} of {len(survey.views)} exchanges")
        if view.foreign:
            checked.notes.append(f"{name}: exchange {view.exchange.number} does not count: {view.foreign}")
        done = replay.step(view)
        places = {place for row in observed for place in _observed_places(done, row)}
        done.rules |= dict.fromkeys(places, "")  # there the fake says what was observed, and no rule
        points = comparer.points(done)
        if places:
            points = (point for point in points if not _is_observed(point, places))
        checked.verdicts.count(name, done, points, causes)
        replay.finish(done)
    checked.scripts |= {id_of(record): _script(steps) for record, steps in replay.adopter.scripts.items() if steps}
    checked.seeds += [f"{name}: {seed}" for seed in replay.adopter.notes]


def _observed_places(done: Replayed, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the places of a response that *row*, an observed difference, changes."""
    if row["operation"] != done.view.operation:
        return ()
    if row["what"] != "refusal":
        return (row["where"],)
    met = done.reply is not None and done.reply.status == row["status"] and row["of"].endswith(f" {done.code}")
    return ("status", "error.code") if met else ()


def _is_observed(point: Point, places: Collection[str]) -> bool:
    """Whether a point is a value that was observed, or in it: a file with observed differences has other texts."""
    inner = any(point.where.startswith((f"{place}.", f"{place}[")) for place in places)
    return inner or (point.kind == "value" and point.where in places)


def _script(steps: list[list[Any]]) -> str:
    last = len(steps) - 1
    return " -> ".join(
        f"{name_of(status)}*{polls}" if polls > 1 and number < last else name_of(status)
        for number, (status, polls) in enumerate(steps)
    )
