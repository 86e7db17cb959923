"""Measure what a suite feels of the fake, print each figure with its bar, and fail if one is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Final

import inside
import processes
from timing import Result

RESULTS: Final = Path(__file__).with_name("results.json")
LARGE: Final = 100
TOOLS: Final = ("pytest", "httpx", "respx", "pytest-httpx")


def main() -> int:
    """Measure, print, and return the exit status: 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: shows only large changes")
    parser.add_argument("--publish", metavar="NAME", help="keep the figures for the documentation, under this name")
    options = parser.parse_args()

    where = _machine()
    print(f"{'':<66}{'measured':>8}{'fastest':>9}{'quartiles':>17}{'bar':>9}")
    results: list[Result] = []
    for result in chain(processes.measure(quick=options.quick), inside.measure(quick=options.quick)):
        print(_line(result), flush=True)
        results.append(result)
    missed = sum(not result.passed for result in results)
    print(f"\n{missed} missed" if missed else "\nevery bar holds")
    if options.publish:
        _publish(options.publish, where, results)
    return 1 if missed else 0


def _line(result: Result) -> str:
    what = f"{result.what}{f', {result.unit}' if result.unit else ''}"
    spread = f"{_number(result.low)} .. {_number(result.high)}"
    bar = f"{'>=' if result.at_least else '<='} {result.bar:g}"
    verdict = "ok" if result.passed else "MISSED"
    return f"{what:<66}{_number(result.value):>8}{_number(result.fastest):>9}{spread:>17}{bar:>9}  {verdict}"


def _number(value: float) -> str:
    return f"{value:,.{2 if value < LARGE else 0}f}"


def _publish(name: str, where: dict[str, Any], results: Iterable[Result]) -> None:
    """Add the figures to the documentation, or replace figures of the same name."""
    history: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = [
        {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in asdict(result).items()}
        | {"passed": result.passed}
        for result in results
    ]
    entry = {"name": name, **where, "versions": {tool: version(tool) for tool in TOOLS}, "results": rows}
    history = [one for one in history if one["name"] != name] + [entry]
    RESULTS.write_text(json.dumps(history, indent=2) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    """Describe this machine by nothing that identifies it; called before the benchmark is its load."""
    cpus = Path("/proc/cpuinfo")
    names = [
        line.partition(": ")[2]
        for line in (cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else [])
        if line.startswith("model name")
    ]
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


if __name__ == "__main__":
    sys.exit(main())
