"""Syntax diagrams of the grammar of scripts."""

from __future__ import annotations

from html import escape
from io import StringIO
from typing import Any, Final

import railroad
from docutils import nodes
from grammar import GRAMMAR, Choice, Maybe, Name, Part, Repeat, Row, Word
from sphinx.util.docutils import SphinxDirective

__all__ = ("DIRECTIVES",)


class Grammar(SphinxDirective):
    """Each rule as a diagram, and all of them as text."""

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        out: list[nodes.Node] = []
        for name, rule in GRAMMAR.items():
            figure = nodes.container(classes=["grammar"], ids=[f"grammar-{name}"])
            figure += nodes.paragraph("", "", nodes.literal(text=name))
            figure += nodes.raw("", _drawn(name, rule), format="html")
            out.append(figure)
        wide = max(map(len, GRAMMAR))
        text = "\n".join(f"{name:<{wide}} := {rule}" for name, rule in GRAMMAR.items())
        return [*out, nodes.literal_block(text, text, language="text")]


def _drawn(name: str, rule: Part) -> str:
    diagram = railroad.Diagram(_item(rule))
    diagram.format(10, 2, 10, 2)
    diagram.attrs |= {
        "role": "group",
        "aria-label": escape(f"{name}: {rule}"),
        "style": f"max-width: {diagram.attrs['width']}px",
    }
    out = StringIO()
    diagram.writeSvg(out.write)
    return out.getvalue()


def _item(part: Part) -> railroad.DiagramItem:
    match part:
        case Word(text):
            return railroad.Terminal(text)
        case Name(text):
            return railroad.NonTerminal(text, href=f"#grammar-{text}" if text in GRAMMAR else None)
        case Row(parts):
            return railroad.Sequence(*map(_item, parts))
        case Choice(parts):
            return railroad.Choice(0, *map(_item, parts))
        case Maybe(one):
            return railroad.Optional(_item(one))
        case Repeat(one, between):
            return railroad.OneOrMore(_item(one), _item(between))


DIRECTIVES: Final[dict[str, Any]] = {"grammar": Grammar}
