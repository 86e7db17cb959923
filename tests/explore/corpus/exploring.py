"""How the clients of the corpus are explored."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from programs.base import MAY_RAISE, Program, Seen
from pytest_aurous import Aurous, AurousExplorationError, Exploration

CLIENTS: Final = sorted(
    file.stem for file in (Path(__file__).parent / "clients").glob("*.py") if file.stem not in {"common", "receiving"}
)
"""One module for each mistake.

``careless`` and ``careful`` are the twins, and ``FOUND`` maps the ids of cases to the laws that ``careless`` must break
there. The rest is optional: ``fresh``, ``prepare`` (prepares the fake), ``scene`` (makes what is explored of a twin),
and ``MAY_RAISE``.
"""


def explore(aurous: Aurous, name: str, twin: str) -> Exploration:
    """Explore a twin with all laws."""
    module: Any = import_module(f"clients.{name}")
    aurous.script("synthesizing*2 -> reviewing")
    aurous.team.credits = 100
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        prepare(aurous)
    client = getattr(module, twin)
    fresh = getattr(module, "fresh", None)
    run = client if fresh is not None else lambda: client("Aurora")
    if hasattr(module, "scene"):
        run = module.scene(aurous, client)
    terms: Any = {"may_raise": getattr(module, "MAY_RAISE", MAY_RAISE), "fresh": fresh}
    try:
        if not inspect.iscoroutinefunction(client):
            return aurous.explore(run, **terms)

        async def test() -> Exploration:
            return await aurous.aexplore(run, **terms)

        return asyncio.run(test())
    except AurousExplorationError as error:
        return error.exploration


PROGRAMS: Final = sorted(file.stem for file in (Path(__file__).parent / "programs").glob("*.py") if file.stem != "base")
"""One module for each program: the class ``Careful``, and a subclass for each mistake."""


def mistakes() -> list[type[Program]]:
    modules = [import_module(f"programs.{name}") for name in PROGRAMS]
    return [each for module in modules for each in vars(module).values() if _is_mistake(each, module.Careful)]


def seen_by(program: type[Program], folder: Path) -> tuple[Seen, dict[str, tuple[str, ...]]]:
    """Return what sees a mistake first, with the laws that its cases break.

    A law that sees it is tried with the faults that show it, and with all faults if something else sees it.
    """
    by_law = (program.in_fact or program.seen_by) == "a law"
    shown_by = ", ".join(sorted({fault for case in program.found for fault in re.findall(r"#\d+ (\w+)", case)}))
    ways: dict[Seen, Callable[[], Exploration | None]] = {
        "a law": lambda: explore_program(program(folder), faults=(by_law and shown_by) or "*"),
        "an assertion": lambda: explore_program(program(folder), asserted=True),
        "two workers": lambda: interleave_program(program(folder)),
    }
    for seen, explored in ways.items():
        exploration = explored()
        broken = exploration.broken if exploration else ()
        found = {case.id: case.broken for case in broken}
        if found:
            return seen, found
    return "nothing", {}


def explore_program(program: Program, *, asserted: bool = False, faults: str = "*") -> Exploration:
    """Explore a program with all laws.

    Args:
        program: What to explore.
        asserted: Whether to assert what the laws cannot know.
        faults: The faults to try.
    """
    terms: Any = {"may_raise": MAY_RAISE, "fresh": program.fresh, "faults": faults}

    def run(state: Any) -> Any:
        try:
            result = program.run(state)
        except Exception:
            if asserted:
                program.check(state, returned=False)
            raise
        if asserted:
            program.check(state, returned=True)
        return result

    with _prepared(program) as aurous:
        return _explored(lambda: aurous.explore(run, **terms))


def interleave_program(program: Program) -> Exploration | None:
    """Interleave two workers of a program; None if it has only one."""
    workers = program.workers()
    if workers is None:
        return None
    with _prepared(program) as aurous:
        return _explored(lambda: aurous.interleave(*workers, fresh=program.fresh, patience=2))


def _prepared(program: Program) -> Aurous:
    # Lax: a model that may say the same thing to each run says it once on the good day.
    aurous = Aurous(credits=100, seed=3, pitfalls="off", strict="off")
    aurous.script("synthesizing*2 -> reviewing")
    program.prepare(aurous)
    return aurous


def _explored(run: Callable[[], Exploration]) -> Exploration:
    try:
        return run()
    except AurousExplorationError as error:
        return error.exploration


def _is_mistake(value: Any, careful: type[Program]) -> bool:
    return isinstance(value, type) and issubclass(value, careful) and value is not careful
