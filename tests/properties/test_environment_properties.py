"""Variables that fakes, patches and the test itself set and unset in any order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous._handle.environment import Environment

NAME: Final = "AUROUS_API_KEY"
ENTERED: Final = st.tuples(st.just("enter or leave"), st.integers(0, 2))
PATCHED: Final = st.sampled_from([("patch", "x"), ("patch", "y"), ("unset", ""), ("undo", "")])
CHANGED: Final = st.sampled_from([("assign", "mine"), ("assign", "other"), ("clear", "")])
BEFORE: Final = st.sampled_from([{}, {NAME: "before"}, {NAME: "before", "OTHER": "1"}])


class Machine:
    """Does what it is told to one variable, and knows which fakes are entered.

    Without *keys* each has another key each time: of two with the same it cannot be told whose a patch has put back.
    """

    def __init__(self, before: dict[str, str], keys: Sequence[str] = ()) -> None:
        self.keys = keys
        self.used: list[str] = []
        self.variables = dict(before)
        self.environment = Environment(self.variables)
        self.inside: dict[int, AbstractContextManager[None]] = {}
        self.patches = pytest.MonkeyPatch()

    def do(self, what: str, value: str | int) -> None:
        """Do one thing."""
        if isinstance(value, int):
            if value in self.inside:
                self.inside.pop(value).__exit__(None, None, None)
            else:
                self.used.append(self.keys[value] if self.keys else f"key {len(self.used)}")
                self.inside[value] = self.environment.holding(**{NAME: self.used[-1]})
                self.inside[value].__enter__()
        elif what == "patch":
            self.patches.setitem(self.variables, NAME, value)
        elif what == "unset":
            self.patches.delitem(self.variables, NAME, raising=False)
        elif what == "undo":
            self.patches.undo()
        elif what == "assign":
            self.variables[NAME] = value
        else:
            self.variables.clear()

    def end(self) -> None:
        """Leave all that are entered, undo the patches, and end the test."""
        for one in list(self.inside):
            self.do("leave", one)
        self.patches.undo()
        self.environment.settle()


@given(BEFORE, st.lists(ENTERED), st.sampled_from([("a", "b", "c"), ("a", "b", "b"), ("a", "a", "a")]))
def test_fakes_alone(before: dict[str, str], steps: list[tuple[str, int]], keys: tuple[str, ...]) -> None:
    """The value is always that of who came last and has not gone; without any it is what it was before."""
    machine = Machine(before, keys)
    for step in steps:
        machine.do(*step)
        inside = list(machine.inside)
        assert machine.variables.get(NAME) == (keys[inside[-1]] if inside else before.get(NAME))


@given(BEFORE, st.lists(ENTERED | PATCHED))
def test_fakes_and_patches(before: dict[str, str], steps: list[tuple[str, str | int]]) -> None:
    """However fakes and patches are interleaved, in the end everything is as before."""
    machine = Machine(before)
    for step in steps:
        machine.do(*step)
    machine.end()
    assert machine.variables == before


@given(BEFORE, st.lists(ENTERED | CHANGED))
def test_what_the_test_itself_has_set(before: dict[str, str], steps: list[tuple[str, str | int]]) -> None:
    """Whoever leaves changes nothing where the test itself has set or cleared the variable meanwhile."""
    machine = Machine(before)
    for what, value in steps:
        current = machine.variables.get(NAME)
        leaves = value in machine.inside
        machine.do(what, value)
        if leaves and current not in machine.used:
            assert machine.variables.get(NAME) == current
    machine.end()
    assert machine.variables.get(NAME) not in machine.used


@given(BEFORE, st.lists(ENTERED | PATCHED | CHANGED))
def test_no_value_of_a_fake_stays(before: dict[str, str], steps: list[tuple[str, str | int]]) -> None:
    """Whatever happens, no value of a fake outlives it, and other variables are nobody's business."""
    machine = Machine(before)
    for step in steps:
        machine.do(*step)
    machine.end()
    assert machine.variables.get(NAME) not in machine.used
    if ("clear", "") not in steps:
        assert machine.variables.get("OTHER") == before.get("OTHER")


def test_contexts_close_in_order() -> None:
    """The usual way: an `ExitStack`."""
    variables: dict[str, str] = {}
    environment = Environment(variables)
    with ExitStack() as stack:
        for value in ("a", "b", "c"):
            stack.enter_context(environment.holding(A=value))
        assert variables == {"A": "c"}
    assert variables == {}
