"""What the benchmark measured: its published results as Markdown."""

from __future__ import annotations

import json
from typing import Any, Final

from shared import DOCS, table

__all__ = ("speed_machine", "speed_missed", "speed_table")

_RESULTS: Final = DOCS.parent / "benchmarks" / "results.json"


def speed_machine() -> None:
    """Print where and when it was measured, and with what."""
    report = _report()
    at = report["machine"]
    tools = ", ".join(f"{tool} {version}" for tool, version in report["versions"].items())
    print(f"\nMeasured on {at['date']}: {at['cpu']}, {at['cores']} cores, {at['os']}, {at['python']}.")
    print(f"The load average was {at['load']} when it began.\nWith {tools}.\n")
    if report["quick"]:
        print("**These are the numbers of a quick run, with few rounds: good for a landslide only.**\n")


def speed_table() -> None:
    """Print every row of the results."""
    rows = []
    for row in _report()["results"]:
        verdict = "" if row["bar"] is None else "holds" if row["passed"] else "**missed**"
        bar = "" if row["bar"] is None else f"{row['bar']:g}"
        name = row["what"].strip()
        quartiles = f"{_number(row['low'])} to {_number(row['high'])}"
        rows.append(
            (
                name if row["bar"] is None else f"**{name}**",
                f"{_number(row['value'])} {row['unit']}",
                quartiles,
                bar,
                verdict,
            )
        )
    table(["what", "measured", "quartiles", "bar", ""], rows)


def speed_missed() -> None:
    """Print the bars that do not hold."""
    missed = [row for row in _report()["results"] if not row["passed"]]
    lines = [f"- {row['what'].strip()}: {_number(row['value'])}, bar {row['bar']:g}" for row in missed]
    print("\n" + ("\n".join(lines) or "None.") + "\n")


def _report() -> Any:
    return json.loads(_RESULTS.read_text(encoding="utf-8"))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
