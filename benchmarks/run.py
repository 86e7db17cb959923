"""Measure what a suite feels of the fake, print each figure with its bar, and fail if a bar is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, Final

import calls
import counting
import suites
import times
from timing import Result

RESULTS: Final = Path(__file__).with_name("results.json")
LARGE: Final = 100
TOOLS: Final = ("pytest", "httpx", "respx", "pytest-httpx")


def main() -> int:
    """Measure, print, and return the exit status: 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds of what is timed: shows only large changes")
    parser.add_argument("--counts", action="store_true", help="only what is counted, which no busy machine changes")
    parser.add_argument("--publish", metavar="NAME", help="keep the figures for the documentation, under this name")
    options = parser.parse_args()

    if options.publish and not counting.VALGRIND:
        parser.error("the published figures count instructions: install valgrind")

    where = _machine()
    print(f"{'':<70}{'measured':>10}{'quartiles':>17}{'bar':>9}")
    results: list[Result] = []
    timed = () if options.counts else times.measure(quick=options.quick)
    for result in chain(calls.measure(), suites.measure(), timed):
        print(_line(result), flush=True)
        results.append(result)
    verdicts = Counter(result.passed for result in results)
    print(f"\n{verdicts[True]} bars hold, {verdicts[False]} are missed")
    if verdicts[None]:
        print(f"{verdicts[None]} are not judged: they have no bar, or one for instructions, which valgrind counts.")
    if options.publish:
        _publish(options.publish, where, results)
    return 1 if verdicts[False] else 0


def _line(result: Result) -> str:
    what = f"{result.what}{f', {result.unit}' if result.unit else ''}"
    spread = " .. ".join(map(_number, result.quartiles or ()))
    bar = "" if result.bar is None else f"{'>=' if result.at_least else '<='} {result.bar:g}"
    verdict = {True: "ok", False: "MISSED", None: "not judged"}[result.passed]
    return f"{what:<70}{_number(result.value):>10}{spread:>17}{bar:>9}  {verdict}"


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
