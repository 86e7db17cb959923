"""Syntax diagrams of the grammar of scripts."""

from __future__ import annotations

from io import StringIO
from typing import Final

import railroad
from examples import code
from grammar import GRAMMAR, Choice, Maybe, Name, Part, Repeat, Row, Word
from shared import draw

__all__ = ("grammar",)

_STYLE: Final = """
svg { background: white; }
path { fill: none; stroke: #555; stroke-width: 1.6; }
rect { fill: #f3f4f6; stroke: #888; }
text { fill: #222; font: 14px monospace; text-anchor: middle; }
.terminal text { font-weight: bold; }
"""


def grammar() -> None:
    """Print each rule of the grammar as a diagram, and all of them as text."""
    for name, rule in GRAMMAR.items():
        print(f"\n`{name}`:")
        draw(f"grammar-{name}.svg", _drawn(rule), f"{name}: {rule}".replace("[", "(").replace("]", ")"))
    wide = max(map(len, GRAMMAR))
    code("text", "\n".join(f"{name:<{wide}} := {rule}" for name, rule in GRAMMAR.items()))


def _drawn(rule: Part) -> str:
    out = StringIO()
    railroad.Diagram(_item(rule)).writeStandalone(out.write, css=_STYLE)
    return out.getvalue()


def _item(part: Part) -> railroad.DiagramItem:
    match part:
        case Word(text):
            return railroad.Terminal(text)
        case Name(text):
            return railroad.NonTerminal(text)
        case Row(parts):
            return railroad.Sequence(*map(_item, parts))
        case Choice(parts):
            return railroad.Choice(0, *map(_item, parts))
        case Maybe(one):
            return railroad.Optional(_item(one))
        case Repeat(one, between):
            return railroad.OneOrMore(_item(one), _item(between))
