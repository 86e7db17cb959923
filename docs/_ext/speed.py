"""What the benchmark measured: its published results as tables."""

from __future__ import annotations

import json
from typing import Any, Final

from shared import DOCS, Generated

__all__ = ("DIRECTIVES",)

_RESULTS: Final = DOCS.parent / "benchmarks" / "results.json"


class SpeedMachine(Generated):
    """Where and when it was measured, and with what."""

    def _markdown(self) -> list[str]:
        report = _report(self)
        at = report["machine"]
        tools = ", ".join(f"{tool} {version}" for tool, version in report["versions"].items())
        lines = [
            f"Measured on {at['date']}: {at['cpu']}, {at['cores']} cores, {at['os']}, {at['python']}.",
            f"The load average was {at['load']} when it began.",
            f"With {tools}.",
        ]
        if report["quick"]:
            lines += ["", "**These are the numbers of a quick run, with few rounds: good for a landslide only.**"]
        return lines


class SpeedTable(Generated):
    """Every row of the results."""

    def _markdown(self) -> list[str]:
        lines = ["| what | measured | quartiles | bar | |", "| --- | --: | --: | --: | --- |"]
        for row in _report(self)["results"]:
            verdict = "" if row["bar"] is None else "holds" if row["passed"] else "**missed**"
            bar = "" if row["bar"] is None else f"{row['bar']:g}"
            name = row["what"].strip()
            what = name if row["bar"] is None else f"**{name}**"
            quartiles = f"{_number(row['low'])} to {_number(row['high'])}"
            lines.append(f"| {what} | {_number(row['value'])} {row['unit']} | {quartiles} | {bar} | {verdict} |")
        return lines


class SpeedMissed(Generated):
    """The bars that do not hold."""

    def _markdown(self) -> list[str]:
        missed = [row for row in _report(self)["results"] if not row["passed"]]
        return [f"- {row['what'].strip()}: {_number(row['value'])}, bar {row['bar']:g}" for row in missed] or ["None."]


def _report(directive: Generated) -> Any:
    directive.env.note_dependency(str(_RESULTS))
    return json.loads(_RESULTS.read_text(encoding="utf-8"))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


DIRECTIVES: Final[dict[str, type[Generated]]] = {
    "speed-machine": SpeedMachine,
    "speed-table": SpeedTable,
    "speed-missed": SpeedMissed,
}
