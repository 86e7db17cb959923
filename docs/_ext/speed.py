"""What the benchmark measured: its published results as tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

_RESULTS: Final = Path(__file__).parents[2] / "benchmarks" / "results.json"


class _FromResults(SphinxDirective):
    """A directive whose content is Markdown that is made of the results."""

    def _markdown(self, report: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        self.env.note_dependency(str(_RESULTS))
        return self.parse_text_to_nodes("\n".join(self._markdown(json.loads(_RESULTS.read_text(encoding="utf-8")))))


class SpeedMachine(_FromResults):
    """Where and when it was measured, and with what."""

    def _markdown(self, report: dict[str, Any]) -> list[str]:
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


class SpeedTable(_FromResults):
    """Every row of the results."""

    def _markdown(self, report: dict[str, Any]) -> list[str]:
        lines = ["| what | measured | quartiles | bar | |", "| --- | --: | --: | --: | --- |"]
        for row in report["results"]:
            verdict = "" if row["bar"] is None else "holds" if row["passed"] else "**missed**"
            bar = "" if row["bar"] is None else f"{row['bar']:g}"
            name = row["what"].strip()
            what = name if row["bar"] is None else f"**{name}**"
            quartiles = f"{_number(row['low'])} to {_number(row['high'])}"
            lines.append(f"| {what} | {_number(row['value'])} {row['unit']} | {quartiles} | {bar} | {verdict} |")
        return lines


class SpeedMissed(_FromResults):
    """The bars that do not hold."""

    def _markdown(self, report: dict[str, Any]) -> list[str]:
        missed = [row for row in report["results"] if not row["passed"]]
        return [f"- {row['what'].strip()}: {_number(row['value'])}, bar {row['bar']:g}" for row in missed] or ["None."]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("speed-machine", SpeedMachine)
    app.add_directive("speed-table", SpeedTable)
    app.add_directive("speed-missed", SpeedMissed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
