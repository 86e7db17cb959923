"""Mutation testing: mutmut changes the code of the core in small ways, and counts the changes that no test notices.

Run as ``tox -e mutation``, which takes hours. For a part of the core, name it as ``only_mutate`` in ``pyproject.toml``.
``mutants.toml`` has the reasons of those that may survive, and how many others of each module were known to survive.
One more fails the run, and so does a number that is larger than needed. A module without a number was never measured:
there, one in ten may survive.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_REASONS: Final = Path(__file__).with_name("mutants.toml")
_MUTMUT: Final = str(Path(sys.executable).with_name("mutmut"))
_NOTICED: Final = {"killed", "timeout"}  # a change that makes the tests run for ever is noticed, too


def _lines(*arguments: str) -> list[str]:
    """Ask mutmut, and return the lines of its response."""
    command = [_MUTMUT, *arguments]
    asked = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")  # noqa: S603 - a tool of ours
    return asked.stdout.splitlines()


def _statuses() -> dict[str, str]:
    lines = _lines("results", "--all", "true")
    return dict(line.strip().split(": ", 1) for line in lines if line.startswith("    "))


def _change(name: str) -> tuple[str, str, str]:
    """Return the module of a mutant, the lines that it changed, and what they became."""
    lines = _lines("show", name)[3:]  # after the names of the files
    was, becomes = ("\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return _module(name), was, becomes


def _module(name: str) -> str:
    return name.removeprefix("pytest_aurous.").rpartition(".")[0]


def main() -> int:
    """Run all mutants; return 1 if the file says something else than the run."""
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    told = toml.loads(_REASONS.read_text(encoding="utf-8"))
    reasons = {(row["module"], row["was"], becomes) for row in told["survivor"] for becomes in row["becomes"]}
    shutil.rmtree("mutants", ignore_errors=True)  # what mutmut remembers of another run knows nothing of new tests
    # With a pattern mutmut first runs the tests by their ids: one that cannot be found would look like one that failed.
    command = [_MUTMUT, "run", "--max-children", str(os.cpu_count()), "*"]
    subprocess.run(command, check=True)  # noqa: S603 - a tool of ours
    statuses = {name: status for name, status in _statuses().items() if status != "not checked"}
    survivors = [name for name, status in statuses.items() if status not in _NOTICED]
    unexplained = [(name, change) for name in survivors if (change := _change(name)) not in reasons]
    made, alive = Counter(map(_module, statuses)), Counter(_module(name) for name, _ in unexplained)
    print(*(f"{name} ({statuses[name]}):\n- {was}\n+ {becomes}" for name, (_, was, becomes) in unexplained), sep="\n\n")
    problems = [problem for module in made if (problem := _problem(module, alive[module], made[module], told["known"]))]
    print(*problems, sep="\n")
    return bool(problems)


def _problem(module: str, alive: int, made: int, known: dict[str, int]) -> str:
    """Say what is wrong with the number of a module's survivors; nothing if it is as it should be."""
    told = f"{module}: {alive} of {made} mutants survive without a reason"
    if module not in known:
        return f"{told}: more than one in ten of a module that was never measured" if alive > made / 10 else ""
    if alive > known[module]:
        return f"{told}, {known[module]} were known: write a test, or a reason into mutants.toml"
    return f"{told}: write this number into mutants.toml" if alive < known[module] else ""


if __name__ == "__main__":
    raise SystemExit(main())
