"""The floors of the package, as the import contract of pyproject.toml has them."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any, Final

from docutils import nodes
from rooms import DOCS
from sphinx.util.docutils import SphinxDirective

__all__ = ("DIRECTIVES",)

_CONTRACT: Final = DOCS.parent / "pyproject.toml"


class Floors(SphinxDirective):
    """A house: its storeys are layers of the contract, in its order.

    The page says where a floor begins, what it is called and what is done there: `first room | name | words`.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        self.env.note_dependency(str(_CONTRACT))
        house = nodes.container(classes=["house"])
        layers, told = _layers(), [line.split(" | ") for line in self.content if line]
        starts = [_layer_of(layers, first) for first, *_ in told]
        if starts[:1] != [0] or starts != sorted(set(starts)):
            raise self.error("the floors do not begin at the top, or at no layer of pyproject.toml, or out of order")
        for (_, name, words), start, end in zip(told, starts, [*starts[1:], len(layers)], strict=True):
            floor = nodes.container(classes=["floor"])
            floor += nodes.paragraph("", "", nodes.strong(text=name))
            floor += [_storey(layer) for layer in layers[start:end]]
            floor += self.parse_text_to_nodes(words)
            house += floor
        return [house]


def _layers() -> list[str]:
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    contracts = toml.loads(_CONTRACT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return list(layers)


def _layer_of(layers: list[str], room: str) -> int:
    """Return the number of a room's layer, -1 where there is none."""
    return next((number for number, layer in enumerate(layers) if room in re.split(r" [|:] ", layer)), -1)


def _storey(layer: str) -> nodes.paragraph:
    """Show the rooms of one layer: what stands between two of them says whether they may know each other."""
    storey = nodes.paragraph(classes=["storey"])
    for text in re.split(r" ([|:]) ", layer):
        storey += nodes.inline(text=text, classes=["wall"]) if text in {"|", ":"} else nodes.literal(text=text)
        storey += nodes.Text(" ")
    return storey


DIRECTIVES: Final[dict[str, Any]] = {"floors": Floors}
