"""Draws the charts of the documentation from the published results: one for the light theme, one for the dark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from report import PUBLISHED

__all__ = ("draw",)

HOME: Final = Path(__file__).parents[1] / "docs" / "explanation"
TEXT: Final = {"light": "#24292f", "dark": "#d0d3d6"}
SHARES: Final = "Measured, as a share of what is allowed (1 is the bar)"
OURS, OTHERS, MISSED = "#3b82c4", "#8a9099", "#cf5f3f"  # seen on white and on black


@dataclass(frozen=True)
class _Bar:
    what: str
    value: float
    label: str
    colour: str


def draw(results: Path = PUBLISHED) -> None:
    """Draw one panel for what has a bar, one for a single call, and one for what is served."""
    rows: list[dict[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["results"]
    panels = {
        SHARES: [_share(row) for row in rows if row["bar"]],
        "One call: microseconds of CPU time (less is better)": _shown(rows, "calls", "us"),
        "Served: requests a second (more is better)": _shown(rows, "served", "/s"),
    }
    for theme, colour in TEXT.items():
        _write(HOME / f"speed-{theme}.svg", panels, colour)


def _share(row: dict[str, Any]) -> _Bar:
    unit = "" if row["unit"] == "x" else f" {row['unit']}"
    label = f"{row['value']:.3g} of {row['bar']:g}{unit}"
    return _Bar(row["what"], row["value"] / row["bar"], label, OURS if row["passed"] else MISSED)


def _shown(rows: list[dict[str, Any]], group: str, unit: str) -> list[_Bar]:
    return [
        _Bar(row["what"], row["value"], f"{row['value']:,.0f}", OURS if "aurous" in row["what"] else OTHERS)
        for row in rows
        if (row["group"], row["unit"]) == (group, unit)
    ]


def _write(file: Path, panels: Mapping[str, Sequence[_Bar]], colour: str) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The same numbers make the same bytes; text stays text.
    same: Any = {"svg.hashsalt": "pytest-aurous", "svg.fonttype": "none", "font.size": 9}
    same |= {"text.color": colour, "xtick.color": colour, "ytick.color": colour}
    with mpl.rc_context(same):
        heights = [len(bars) for bars in panels.values()]
        figure = Figure(figsize=(8, 0.24 * sum(heights) + 0.7 * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)
        for place, (title, bars) in zip(axes[:, 0], panels.items(), strict=True):
            _panel(place, title, bars, colour)
        figure.savefig(file, transparent=True, metadata={"Date": None})


def _panel(place: Any, title: str, bars: Sequence[_Bar], colour: str) -> None:
    drawn = place.barh(
        [bar.what.strip() for bar in bars], [bar.value for bar in bars], color=[bar.colour for bar in bars]
    )
    place.bar_label(drawn, [bar.label for bar in bars], padding=4)
    place.set_title(title, loc="left", fontweight="bold", fontsize=10)
    place.invert_yaxis()
    place.margins(x=0.2, y=0.01)
    place.tick_params(length=0)
    place.xaxis.set_visible(False)
    place.spines[:].set_visible(False)
    if title == SHARES:
        place.axvline(1, color=colour, linewidth=1, linestyle=":")


if __name__ == "__main__":
    draw()
