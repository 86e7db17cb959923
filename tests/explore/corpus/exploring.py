"""How the clients of the corpus are explored."""

from __future__ import annotations

import asyncio
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import httpx
import trio

from clients.common import PublishError
from pytest_aurous import Aurous, AurousExplorationError, Exploration

CLIENTS: Final = sorted(
    file.stem for file in (Path(__file__).parent / "clients").glob("*.py") if file.stem not in {"common", "receiving"}
)
"""One module for each mistake.

``careless`` and ``careful`` are the twins, and ``FOUND`` maps the ids of cases to the laws that ``careless`` must break
there. The rest is optional: ``fresh``, ``prepare`` (prepares the fake), ``scene`` (makes what is explored of a twin),
``SCRIPT``, ``CREDITS``, ``MAY_RAISE`` and ``BACKEND`` (the event loop of coroutine functions).
"""


def explore(aurous: Aurous, name: str, twin: str, faults: str = "*") -> Exploration:
    """Explore a twin with all laws."""
    module: Any = import_module(f"clients.{name}")
    aurous.script(getattr(module, "SCRIPT", "synthesizing*2 -> reviewing"))
    aurous.team.credits = getattr(module, "CREDITS", 100)
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        prepare(aurous)
    client = getattr(module, twin)
    fresh = getattr(module, "fresh", None)
    run = client if fresh is not None else lambda: client("Aurora")
    if hasattr(module, "scene"):
        run = module.scene(aurous, client)
    terms: Any = {
        "may_raise": getattr(module, "MAY_RAISE", (PublishError, httpx.HTTPError)),
        "fresh": fresh,
        "faults": faults,
    }
    try:
        if not inspect.iscoroutinefunction(client):
            return aurous.explore(run, **terms)

        async def test() -> Exploration:
            return await aurous.aexplore(run, **terms)

        return trio.run(test) if getattr(module, "BACKEND", "asyncio") == "trio" else asyncio.run(test())
    except AurousExplorationError as error:
        return error.exploration
