"""Programs written from the documentation alone: what sees their mistakes, and whether careful code is accused."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from exploring import PROGRAMS, explore_program, interleave_program, mistakes, seen_by

if TYPE_CHECKING:
    from pathlib import Path

    from programs.base import Program

pytestmark = [pytest.mark.nightly, pytest.mark.filterwarnings("ignore::pytest_aurous.AurousPitfallWarning")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_careful_program_breaks_no_law(name: str, tmp_path: Path) -> None:
    """No fault makes it break a law, except in the cases that are known as false alarms."""
    program = import_module(f"programs.{name}").Careful

    explorations = [explore_program(program(tmp_path), asserted=True), interleave_program(program(tmp_path))]

    for exploration in filter(None, explorations):
        assert {case.id for case in exploration.broken} == set(program.false_alarms), exploration.report()
        assert len(exploration.cases) > 3


@pytest.mark.parametrize(
    "mistake", [pytest.param(each, id=f"{each.__module__}.{each.__name__}") for each in mistakes()]
)
def test_a_mistake_is_seen_by_what_is_said(mistake: type[Program], tmp_path: Path) -> None:
    """What sees it is what should, or what the program says; and it breaks the law that it is known for."""
    seen, found = seen_by(mistake, tmp_path)

    assert seen == (mistake.in_fact or mistake.seen_by), found
    assert {case: law for case, law in mistake.found.items() if law not in found.get(case, ())} == {}
