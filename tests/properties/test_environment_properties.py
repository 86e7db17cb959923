"""Variables that fakes, patches and the test itself set and unset in any order."""

from collections.abc import Callable, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous._fake.environment import Environment

pytestmark = pytest.mark.slow

NAME: Final = "AUROUS_API_KEY"
ENTERED: Final = st.tuples(st.just("enter or leave"), st.integers(0, 2))
PATCHED: Final = st.sampled_from([("patch", "x"), ("patch", "y"), ("unset", ""), ("undo", "")])
CHANGED: Final = st.sampled_from([("assign", "mine"), ("assign", "other"), ("pop", ""), ("clear", "")])
BEFORE: Final = st.sampled_from([{}, {NAME: "before"}, {NAME: "before", "OTHER": "1"}])
KEYS: Final = st.sampled_from([("a", "b", "c"), ("a", "b", "b"), ("a", "a", "a")])


class Machine:
    """Does what it is told to one variable, and knows which fakes are entered.

    Without *keys* each has another key each time: of two with the same it cannot be told whose a patch has put back.
    Patches and changes are only made while a fake is entered.
    """

    def __init__(self, before: dict[str, str], keys: Sequence[str] = ()) -> None:
        self.keys = keys
        self.used: list[str] = []
        self.variables = dict(before)
        self.environment = Environment(self.variables)
        self.inside: dict[int, Callable[[], None]] = {}
        self.patches = pytest.MonkeyPatch()

    def do(self, what: str, value: str | int) -> None:
        if isinstance(value, int):
            if value in self.inside:
                self.inside.pop(value)()
            else:
                self.used.append(self.keys[value] if self.keys else f"key {len(self.used)}")
                self.inside[value] = self.environment.hold(**{NAME: self.used[-1]})
        elif what == "undo":
            self.patches.undo()
        elif not self.inside:
            return
        elif what == "patch":
            self.patches.setitem(self.variables, NAME, value)
        elif what == "unset":
            self.patches.delitem(self.variables, NAME, raising=False)
        elif what == "assign":
            self.variables[NAME] = value
        elif what == "pop":
            self.variables.pop(NAME, None)
        else:
            self.variables.clear()

    def end(self) -> None:
        """Leave all that are entered, undo the patches, and end the test."""
        for leave in self.inside.values():
            leave()
        self.patches.undo()
        self.environment.settle()


@given(BEFORE, st.lists(ENTERED), KEYS)
def test_fakes_alone(before: dict[str, str], steps: list[tuple[str, int]], keys: tuple[str, ...]) -> None:
    """The value is set by whoever came last and has not gone; after all have gone, it is what it was before."""
    machine = Machine(before, keys)
    for step in steps:
        machine.do(*step)
        inside = list(machine.inside)
        assert machine.variables.get(NAME) == (keys[inside[-1]] if inside else before.get(NAME))


@given(BEFORE, st.lists(ENTERED | CHANGED), KEYS)
def test_fakes_and_changes(before: dict[str, str], steps: list[tuple[str, str | int]], keys: tuple[str, ...]) -> None:
    """Whatever the code under test does to the variable, it is as before as soon as no fake is entered."""
    machine = Machine(before, keys)
    for step in steps:
        machine.do(*step)
        if not machine.inside:
            assert machine.variables.get(NAME) == before.get(NAME)
    machine.end()
    assert machine.variables.get(NAME) == before.get(NAME)
    if ("clear", "") not in steps:
        assert machine.variables == before


@given(BEFORE, st.lists(ENTERED | PATCHED))
def test_fakes_and_patches(before: dict[str, str], steps: list[tuple[str, str | int]]) -> None:
    """However fakes, and patches that were made after the first fake, are interleaved, the end is as the beginning.

    Patches are undone once: a patch that is made after that may have found what a fake has restored of an earlier one.
    """
    machine = Machine(before)
    undone = False
    for what, value in steps:
        if not undone or isinstance(value, int):
            machine.do(what, value)
        undone = undone or what == "undo"
    machine.end()
    assert machine.variables == before


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
