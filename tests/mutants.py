"""Mutation testing: mutmut changes the code in small ways, and a change that no test notices needs its reason.

Run as ``tox -e mutation``. The reasons are in ``mutants.toml``.
A survivor without a reason fails the run, and so does a reason that nothing needs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
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
    """Return what became of each mutant, by its name."""
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
    shutil.rmtree("mutants", ignore_errors=True)  # what mutmut remembers of another run knows nothing of new tests
    # With a pattern mutmut first runs the tests by their ids: one that cannot be found would look like one that failed.
    subprocess.run([_MUTMUT, "run", "--max-children", "1", "*"], check=True)  # noqa: S603 - a tool of ours
    statuses = _statuses()
    survivors = [name for name, status in statuses.items() if status not in _NOTICED]
    changes = {name: _change(name) for name in survivors}
    reasons = {(row["module"], row["was"], becomes) for row in told["survivor"] for becomes in row["becomes"]}
    problems = [
        f"{name} ({statuses[name]}) needs a test, or a reason in mutants.toml:\n- {was}\n+ {becomes}"
        for name, (module, was, becomes) in changes.items()
        if (module, was, becomes) not in reasons
    ]
    problems += [
        f"mutants.toml has a reason that nothing needs: {reason}" for reason in reasons - set(changes.values())
    ]
    print(*problems, sep="\n\n")
    return bool(problems)


if __name__ == "__main__":
    raise SystemExit(main())
