"""The corpus: clients as teams write them, each with one mistake and its careful twin."""

from importlib import import_module
from pathlib import Path

import pytest

from exploring import CLIENTS, PROGRAMS, explore, explore_program, interleave_program, mistakes, seen_by
from programs.base import Program
from pytest_aurous import Aurous

ORDINARY = {
    "except_pass",
    "gathered_errors",
    "order_not_persisted",
    "page_is_the_last",
    "webhook_handled_twice",
}
"""These are explored on each change."""
PAIRS = [pytest.param(one, marks=pytest.mark.slow if one in ORDINARY else pytest.mark.nightly) for one in CLIENTS]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.aurous(pitfalls="off")
def test_a_careful_client_breaks_no_law(aurous: Aurous, name: str) -> None:
    exploration = explore(aurous, name, "careful")

    assert not exploration.broken, exploration.report()
    assert len(exploration.cases) > 8


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.aurous(pitfalls="off")
def test_each_mistake_is_found(aurous: Aurous, name: str) -> None:
    """The cases that the mistake is known for break the laws that it is known for, and no case breaks another one."""
    wanted = import_module(f"clients.{name}").FOUND

    exploration = explore(aurous, name, "careless")

    found = {case.id: case.broken for case in exploration.broken}
    assert {case: set(found.get(case, ())) for case in wanted} == {case: set(laws) for case, laws in wanted.items()}
    assert {law for laws in found.values() for law in laws} == {law for laws in wanted.values() for law in laws}


# Programs written from the documentation alone: what sees their mistakes, and whether careful code is accused


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore::pytest_aurous.AurousPitfallWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_careful_program_breaks_no_law(name: str, tmp_path: Path) -> None:
    program = import_module(f"programs.{name}").Careful

    explorations = [explore_program(program(tmp_path), asserted=True), interleave_program(program(tmp_path))]

    for exploration in filter(None, explorations):
        assert not exploration.broken, exploration.report()
        assert len(exploration.cases) > 3


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore::pytest_aurous.AurousPitfallWarning")
@pytest.mark.parametrize(
    "mistake", [pytest.param(each, id=f"{each.__module__}.{each.__name__}") for each in mistakes()]
)
def test_a_mistake_is_seen_by_what_is_said(mistake: type[Program], tmp_path: Path) -> None:
    """What sees it is what should, or what the program says; and it breaks the law that it is known for."""
    seen, found = seen_by(mistake, tmp_path)

    assert seen == (mistake.in_fact or mistake.seen_by), found
    assert {case: law for case, law in mistake.found.items() if law not in found.get(case, ())} == {}
