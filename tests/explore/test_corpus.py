"""The corpus: clients as teams write them, each with one mistake and its careful twin."""

from __future__ import annotations

from importlib import import_module

import pytest

from exploring import CLIENTS, explore
from pytest_aurous import Aurous

ORDINARY = {
    "except_pass",
    "gathered_errors",
    "no_key",
    "order_not_persisted",
    "page_is_the_last",
    "webhook_handled_twice",
}
"""These stay in the ordinary run."""
PAIRS = [pytest.param(name, marks=[] if name in ORDINARY else pytest.mark.nightly) for name in CLIENTS]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.aurous(pitfalls="off")
def test_a_careful_client_breaks_no_law(aurous: Aurous, name: str) -> None:
    """No fault makes careful code break a law."""
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
