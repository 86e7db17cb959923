"""The benchmark: every bar of the project, measured side by side in one run."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Final

import calls
import chart
import checking
import creation
import flow
import growth
import served
import size
import startup
import suites
from report import PUBLISHED, machine, write_report
from timing import Result

GROUPS: Final = {
    "calls": calls.measure,
    "flow": flow.measure,
    "growth": growth.measure,
    "size": size.measure,
    "suites": suites.measure,
    "startup": startup.measure,
    "creation": creation.measure,
    "checking": checking.measure,
    "served": served.measure,
}


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", nargs="*", help=f"only these: {', '.join(GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: good to see a landslide")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file")
    parser.add_argument("--publish", action="store_true", help="write the results and the charts of the documentation")
    options = parser.parse_args()
    if options.publish and (options.group or options.json):
        parser.error("--publish writes one file, of all groups")
    unknown = set(options.group) - set(GROUPS)
    if unknown:
        parser.error(f"no group is called {', '.join(sorted(unknown))}; groups: {', '.join(GROUPS)}")

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no server here writes a line for each request
    where = machine()
    print(f"{'':<58}{'measured':>11}{'quartiles':>18}{'bar':>8}")
    results: list[tuple[str, Result]] = []
    for name in options.group or GROUPS:
        for result in GROUPS[name](quick=options.quick):
            print(_line(result), flush=True)
            results.append((name, result))
    missed = [result.what for _, result in results if not result.passed]
    print(f"\n{len(missed)} missed" if missed else "\nevery bar holds")
    if options.json:
        write_report(options.json, where, results, quick=options.quick)
    if options.publish:
        write_report(PUBLISHED, where, results, quick=options.quick)
        chart.draw(PUBLISHED)
    return 1 if options.check and missed else 0


def _line(result: Result) -> str:
    digits = 3 if result.unit == "x" else 1
    spread = f"{result.low:.{digits}f} .. {result.high:.{digits}f}"
    measured = f"{result.value:.{digits}f} {result.unit:<2}"
    bar = "" if result.bar is None else f"{result.bar:g}"
    mark = "" if result.bar is None else "  ok" if result.passed else "  MISSED"
    return f"{result.what:<58}{measured:>11}{spread:>18}{bar:>8}{mark}"


if __name__ == "__main__":
    sys.exit(main())
