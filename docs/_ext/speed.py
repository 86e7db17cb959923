"""What the benchmark measured: its published figures as a table and as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from shared import DOCS, draw, table

__all__ = ("speed_machine", "speed_plot", "speed_table")

_RESULTS: Final = DOCS.parent / "benchmarks" / "results.json"
_PICTURE: Final = "speed.svg"
_WIDTH: Final = 560
_LINE: Final = 42
_MOST: Final = 2.0
"""How many times the bar the picture shows."""


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


def speed_plot() -> None:
    """Print a picture with a line for each bar, and a dot on it for each version."""
    history = _history()
    lines: list[dict[str, Any]] = history[-1]["results"]
    parts = [_key(history)]
    for number, row in enumerate(lines):
        entries = [found for entry in history if (found := _row(entry, row["what"]))]
        parts.append(f'<g transform="translate(16 {_LINE * (number + 1)})">{_line(entries)}</g>')
    height = _LINE * (len(lines) + 1)
    (DOCS / "_static" / "made" / _PICTURE).unlink(missing_ok=True)  # unlike others, it is the same on each machine
    draw(
        _PICTURE,
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333">'
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="#fff"/>{"".join(parts)}</svg>\n',
        "For each row of the table a line with its bar in the middle, and a dot for each version",
    )


def _key(history: list[dict[str, Any]]) -> str:
    names = [entry["name"] for entry in history]
    texts = [f"{_dot(80 * place + 22, 22, last=name == names[-1])}" for place, name in enumerate(names)]
    texts += [f'<text x="{80 * place + 32}" y="26">{escape(name)}</text>' for place, name in enumerate(names)]
    legend = "left of the mark the bar holds; red: missed"
    return f'{"".join(texts)}<text x="{_WIDTH - 16}" y="26" text-anchor="end">{legend}</text>'


def _line(rows: list[dict[str, Any]]) -> str:
    """Return the line of one bar; the last of *rows* is the latest version."""
    width, last = _WIDTH - 32, rows[-1]
    dots = [
        _dot(width * min(_share(row), _MOST) / _MOST, 26, last=row is last, missed=not row["passed"]) for row in rows
    ]
    values = " → ".join(_number(row["value"]) for row in rows)
    return (
        f'<text y="12">{escape(last["what"])}</text>'
        f'<text x="{width}" y="12" text-anchor="end">{values}{escape(_unit(last))}</text>'
        f'<path d="M0 26H{width}" stroke="#ccc" stroke-width="2"/>'
        f'<path d="M{width / 2} 20v12" stroke="#333" stroke-width="2"/>{"".join(dots)}'
    )


def _dot(x: float, y: int, *, last: bool, missed: bool = False) -> str:
    color = "#888" if not last else "#c2410c" if missed else "#2563eb"
    return f'<circle cx="{x:.1f}" cy="{y}" r="5" stroke="{color}" stroke-width="2" fill="{color if last else "#fff"}"/>'


def _share(row: Mapping[str, Any]) -> float:
    """Return how much of its bar a figure takes: less is better."""
    return float(row["bar"] / row["value"] if row["at_least"] else row["value"] / row["bar"])


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
