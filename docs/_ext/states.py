"""Diagrams of states, drawn from the machine itself. Where a state stands, and what an edge is called, is said here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_aurous._script import Lifecycle

__all__ = ("draw_states",)

_PLACES: Final = {
    "images": {
        "pending": (210, 70),
        "processing": (210, 180),
        "failed": (65, 290),
        "succeeded": (210, 290),
        "cancelled": (355, 290),
    },
}
_WORDS: Final = {"processing": "begins", "failed": "fails", "succeeded": "done", "cancelled": "cancel"}
_STARTS: Final = {"images": "create"}
_TITLES: Final = {"images": "The states of an image or a video, and what leads from one to the next"}
_WIDE, _HIGH = 120, 34


def draw_states(lifecycle: Lifecycle) -> str:
    """Return the SVG of a machine whose edges lead downwards.

    Raises:
        KeyError: If the machine has a state that has no place here.
    """
    name = lifecycle.resource
    places = {status: _PLACES[name][status] for status in lifecycle.edges}
    left, top = places[lifecycle.start]
    lines = [_arrow(name, left, top - 46, left, top - _HIGH // 2 - 2), _text("note", left, top - 54, _STARTS[name])]
    for status, following in lifecycle.edges.items():
        for after in following:
            lines += _edge(name, places[status], places[after], _WORDS[after])
    for status, (x, y) in places.items():
        box = f'x="{x - _WIDE // 2}" y="{y - _HIGH // 2}" width="{_WIDE}" height="{_HIGH}" rx="6"'
        lines += [f"<rect {box}/>", _text("state", x, y + 5, status)]
    height = max(y for _, y in places.values()) + _HIGH
    head = f'<svg class="states" viewBox="0 0 420 {height}" role="img" aria-labelledby="states-of-{name}"'
    tip = f'<marker id="tip-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    return "\n".join(
        [
            f'{head} xmlns="http://www.w3.org/2000/svg">',
            f'<title id="states-of-{name}">{_TITLES[name]}</title>',
            f'<defs>{tip}<path d="M0 0 L8 4 L0 8 z"/></marker></defs>',
            *lines,
            "</svg>",
        ]
    )


def _edge(name: str, start: tuple[int, int], end: tuple[int, int], word: str) -> list[str]:
    """Draw a line from the lower side of a state to the upper side of another, with a word beside it."""
    (x, y), (to_x, to_y) = start, end
    side = (to_x > x) - (to_x < x)
    straight = abs(to_y - y) < 150  # an edge that passes a row keeps to the outside
    x += side * (30 if straight else 52)
    to_x -= side * (15 if straight else -25)
    y, to_y = y + _HIGH // 2, to_y - _HIGH // 2 - 2
    away = 26 if side == 0 else 24
    return [
        _arrow(name, x, y, to_x, to_y),
        _text("note", (x + to_x) // 2 + (side or 1) * away, (y + to_y) // 2 + 4, word),
    ]


def _arrow(name: str, x: int, y: int, to_x: int, to_y: int) -> str:
    return f'<path d="M{x} {y} L{to_x} {to_y}" marker-end="url(#tip-{name})"/>'


def _text(kind: str, x: int, y: int, text: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{text}</text>'
