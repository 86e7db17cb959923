"""What the benchmark measured: its published figures as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from shared import DOCS, table

__all__ = ("speed_machine", "speed_table")

_RESULTS: Final = DOCS.parent / "benchmarks" / "results.json"


def speed_machine() -> None:
    """Print where and when the latest figures were measured, and with what."""
    last = _history()[-1]
    tools = ", ".join(f"{tool} {version}" for tool, version in last["versions"].items())
    print(f"\nMeasured on {last['date']}: {last['cpu']}, {last['cores']} cores, {last['python']}, {tools}.")
    print(f"The load average was {last['load']} when it began.\n")


def speed_table() -> None:
    """Print a row for each bar, with the figures of each version that was measured."""
    history = _history()
    rows: list[tuple[str, ...]] = []
    for row in history[-1]["results"]:
        bar = f"{'>=' if row['at_least'] else '<='} {_figure(row, 'bar')}"
        values = [_value(_row(entry, row["what"])) for entry in history]
        spread = f"{_number(row['low'])} to {_number(row['high'])}"
        rows.append((row["what"], bar, *values, spread, _number(row["fastest"])))
    table(["what", "bar", *(entry["name"] for entry in history), "its quartiles", "its fastest rounds"], rows)


def _history() -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = json.loads(_RESULTS.read_text(encoding="utf-8"))
    return history


def _row(entry: Mapping[str, Any], what: str) -> dict[str, Any] | None:
    return next((row for row in entry["results"] if row["what"] == what), None)


def _value(row: Mapping[str, Any] | None) -> str:
    """Return a figure, in bold where it misses its bar."""
    if row is None:
        return ""
    return _figure(row, "value") if row["passed"] else f"**{_figure(row, 'value')}**"


def _figure(row: Mapping[str, Any], name: str) -> str:
    return f"{row[name]:g}{_unit(row)}" if name == "bar" else f"{_number(row[name])}{_unit(row)}"


def _unit(row: Mapping[str, Any]) -> str:
    return f" {row['unit']}" if row["unit"] else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
