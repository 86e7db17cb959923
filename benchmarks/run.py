"""The benchmark: every bar of the project, measured side by side in one run."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final

import calls
import creation
import growth
import size
import startup
import suites
from timing import Result

GROUPS: Final = {
    "calls": calls.measure,
    "growth": growth.measure,
    "size": size.measure,
    "suites": suites.measure,
    "startup": startup.measure,
    "creation": creation.measure,
}


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", nargs="*", help=f"only these: {', '.join(GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: good to see a landslide")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file")
    options = parser.parse_args()
    unknown = set(options.group) - set(GROUPS)
    if unknown:
        parser.error(f"no group is called {', '.join(sorted(unknown))}; groups: {', '.join(GROUPS)}")

    print(f"{'':<52}{'measured':>10}{'quartiles':>18}{'bar':>8}{'goal':>8}")
    results: list[Result] = []
    for name in options.group or GROUPS:
        for result in GROUPS[name](quick=options.quick):
            print(_line(result), flush=True)
            results.append(result)
    missed = [result.what for result in results if not result.passed]
    print(f"\n{len(missed)} missed" if missed else "\nevery bar holds")
    if options.json:
        options.json.write_text(json.dumps(_report(results), indent=2))
    return 1 if options.check and missed else 0


def _line(result: Result) -> str:
    digits = 3 if result.unit == "x" else 1
    spread = f"{result.low:.{digits}f} .. {result.high:.{digits}f}"
    measured = f"{result.value:.{digits}f} {result.unit:<2}"
    mark = "" if result.bar is None else "  ok" if result.passed else "  MISSED"
    return f"{result.what:<52}{measured:>10}{spread:>18}{_number(result.bar):>8}{_number(result.goal):>8}{mark}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _report(results: list[Result]) -> dict[str, object]:
    tools = ("pytest", "httpx", "respx", "pytest-httpx", "faker")
    return {
        "python": sys.version,
        "platform": platform.platform(),
        "versions": {tool: version(tool) for tool in tools},
        "results": [{**asdict(result), "passed": result.passed} for result in results],
    }


if __name__ == "__main__":
    sys.exit(main())
