"""Errors of pytest-aurous itself, in the middle of an exploration."""

from contextlib import suppress
from functools import partial
from operator import itemgetter
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousError
from pytest_aurous._explore import explorer
from pytest_aurous._facade import Handle

ITSELF = r"plore\(\): pytest-aurous itself failed(.*\n)*Please report this(.*\n)*TypeError: 'NoneType'"


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [(explorer, "judge", None), (explorer, "plans_of", None), (Handle, "work_begun", lambda _: None)],
)
def test_an_error_of_ours_names_itself(
    fake: Aurous, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, instead: Any
) -> None:
    """Also one that happens during a request, and that the code under test catches."""

    def run() -> None:
        with suppress(TypeError):
            client.get("/v1/balance")

    monkeypatch.setattr(module, name, instead)
    with pytest.raises(AurousError, match=ITSELF):
        fake.explore(run, faults="greased")
    monkeypatch.undo()
    assert fake.explore(run, faults="greased").cases


@pytest.mark.parametrize("argument", ["fresh", "may_return"])
def test_an_error_of_the_test_stays_as_it_is(fake: Aurous, client: httpx.Client, argument: str) -> None:
    """Also if it is raised by a builtin, which has no frame."""
    arguments: dict[str, Any] = {argument: itemgetter("mine") if argument == "may_return" else partial({}.pop, "mine")}

    def run() -> dict[str, int]:
        client.get("/v1/balance")
        return {}

    with pytest.raises(KeyError, match="mine"):
        fake.explore(run, faults="greased", **arguments)
