"""What has happened during a recording although no exchange of it has caused it: the recording lacks exchanges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from ..recording.histories import History
from ..recording.survey import Survey
from ..recording.view import AT_REST, STYLES, instant_of
from ..words import id_of

_CLOSE: Final = 2.0
"""Seconds within which two times count as the same."""


def first_gap(survey: Survey, tokens: Mapping[int, str]) -> str:
    """Return the first thing that an exchange which is not in a recording must have caused; empty without one.

    Args:
        survey: The recording.
        tokens: For each exchange before which other requests took tokens, that in words.
    """
    found = [(index, why) for index, why in tokens.items()] if survey.timed else []
    for record, history in survey.histories.items() if survey.timed else ():
        found += _gaps(survey, record, history)
    for view in survey.views if survey.timed else ():
        made = instant_of(view.result.get("created_at"))
        if view.replayed and survey.unknown_attempt(view) and made is not None and made > survey.views[0].at:
            found.append((view.index, f"before exchange {view.exchange.number}, its key was used"))
    return min(found, default=(0, ""))[1]


def _gaps(survey: Survey, record: str, history: History) -> Iterator[tuple[int, str]]:
    first = history.sightings[0] if history.sightings else None
    made = instant_of(first.row.get("created_at")) if first is not None else None
    unmade = first is not None and history.created is None and history.kind not in STYLES and not first.view.replayed
    refused = (view for view in survey.views if view.refused and view.creates and view.kind == history.kind)
    unmade = unmade and not any(abs(view.at - (made or 0)) <= _CLOSE for view in refused)  # it was made all the same
    if first is not None and unmade and made is not None and made > survey.views[0].at:
        yield first.view.index, f"before exchange {first.view.exchange.number}, {id_of(record)} was created"
    if history.kind == "generations":
        cancelled = next((one.view for one in history.sightings if one.status == "cancelled"), None)
        known = cancelled is None or any(view.cancels and view.index <= cancelled.index for view in history.touched)
        if cancelled is not None and not known and unmade is False and record not in survey.undecided:
            yield cancelled.index, f"before exchange {cancelled.exchange.number}, {id_of(record)} was cancelled"
    if history.kind != "characters":
        return
    for one, other in pairwise(history.sightings):
        orders = [view for view in history.touched if view.exchange.method != "GET" and not view.refused]
        caused = any(one.view.index < view.index <= other.view.index for view in orders)
        moved = one.row.get("updated_at") != other.row.get("updated_at")
        shown = other.view.polls and not other.view.replayed and not one.view.replayed
        if moved and shown and not caused and one.status in AT_REST and record not in survey.undecided:
            between = f"between exchange {one.view.exchange.number} and {other.view.exchange.number}"
            yield other.view.index, f"{between}, {id_of(record)} was changed"
