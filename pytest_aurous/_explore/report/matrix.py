"""What a trace shows of an exploration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..kinds import KINDS
from ..laws import LAWS
from .result import Exploration


def matrix(explorations: Sequence[Exploration]) -> dict[str, Any] | None:
    """Return the matrix of the last exploration, and for each case its requests; None if there is no exploration."""
    if not explorations:
        return None
    exploration = explorations[-1]
    headline, *_ = exploration.table().split("\n")
    single = [case for case in exploration.cases if " + " not in case.id]
    return {
        "headline": headline,
        "remarks": list(exploration.remarks),
        "laws": {law.name: law.letter for law in LAWS.values()},
        "faults": [name for name in KINDS if any(case.fault == name for case in single)],
        "rows": list(exploration.places),
        "start": exploration.start,
        "good_day": {"credits": exploration.good_day.credits, "calls": list(exploration.good_day.rows)},
        "cases": {case.id: {**case.json(), "timeline": None, "calls": list(case.rows)} for case in exploration.cases},
    }
