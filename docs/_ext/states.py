"""Diagrams of states, drawn from the machines themselves. Only what an edge is called is said here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from html import escape
from typing import TYPE_CHECKING, Any, Final

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from pytest_aurous._resources.catalog import LIFECYCLES

if TYPE_CHECKING:
    from pytest_aurous._world.script import Lifecycle

__all__ = ("DIRECTIVES",)

_BAD_ENDS: Final = {"failed": "fails", "cancelled": "cancel", "expired": "times out", "moderation_rejected": "rejected"}
_GENERATION: Final = {
    "": {"pending": "create"},
    "pending": {"processing": "begins", **_BAD_ENDS},
    "processing": {"succeeded": "done", **_BAD_ENDS},
}
_WORDS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "characters": {
        "": {"ready": "create from\nuploads", "synthesizing": "create,\ngenerate: true"},
        "synthesizing": {"reviewing": "drawn", "ready": "published\nby itself", "failed": "fails", "deleted": "delete"},
        "reviewing": {"ready": "save", "synthesizing": "draw\nagain", "deleted": "delete"},
        "ready": {"ready": "save", "synthesizing": "draw\nagain", "deleted": "delete"},
        "failed": {"synthesizing": "draw\nagain", "deleted": "delete"},
        "deleted": {},
    },
    "images": _GENERATION,
    "videos": _GENERATION,
}
"""For each machine and status what leads to each of the next; the status "" is before there is a record."""

_STYLE: Final = """\
bgcolor=transparent; nodesep=0.3; ranksep=0.4;
node [shape=box, style=rounded, fontname=Courier, fontsize=14, height=0.4, margin="0.1,0.05"];
edge [fontname=Helvetica, fontsize=12, arrowsize=0.7];"""


class States(SphinxDirective):
    """The machine of some resources, which have to be equal, as a diagram."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        names = self.arguments[0].split()
        first, *others = (LIFECYCLES[name] for name in names)
        if any(other.edges != first.edges or other.start != first.start for other in others):
            raise self.error(f"the machines of {' and '.join(names)} differ: draw each of them")
        return [nodes.raw("", self._draw(first, names), format="html")]

    def _draw(self, machine: Lifecycle, names: list[str]) -> str:
        edges = self._edges(machine)
        ident = f"states-{self.env.new_serialno('states')}"
        told = "; ".join(
            f"{start or 'nothing'} to {end}, {' '.join(word.split())}" for (start, end), word in edges.items()
        )
        head = (
            f'role="img" aria-labelledby="{ident}-title" aria-describedby="{ident}-desc">'
            f'<title id="{ident}-title">The states of {" and ".join(names)}</title>'
            f'<desc id="{ident}-desc">{escape(told)}.</desc>'
        )
        return _picture(_graph(machine, edges), head)

    def _edges(self, machine: Lifecycle) -> dict[tuple[str, str], str]:
        """Return the words of each edge; the page cannot be made where they do not fit the machine."""
        words = _WORDS[machine.resource]
        told = {(start, end): word for start, ends in words.items() for end, word in ends.items()}
        there = {(start, end) for start, ends in machine.edges.items() for end in ends}
        wrong = there ^ {edge for edge in told if edge[0]}
        if wrong or machine.start not in words[""]:
            raise self.error(f"states.py has words for other edges than {machine.resource} has: {sorted(wrong)}")
        return told


def _graph(machine: Lifecycle, edges: dict[tuple[str, str], str]) -> str:
    doors = [f'"to {end}"' for start, end in edges if not start]
    lines = [f"{{rank=same; node [style=invis, shape=point, width=0.01]; {'; '.join(doors)}}}"]
    for (start, end), word in edges.items():
        label = word.replace("\n", " \\n ")
        again = " class=again" if start and end == machine.start else ""
        lines.append(f'"{start or f"to {end}"}" -> "{end}" [label=" {label} "{again}]')
    lines += [f'"{status}"' for status in machine.edges]
    return "\n".join(["digraph {", _STYLE, *lines, "}"])


def _picture(graph: str, head: str) -> str:
    """Lay out a graph, and leave its colours to the style sheet."""
    program = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    run = subprocess.run(  # noqa: S603 - a tool of the docs' own environment
        [program or "graphviz-pure", "-Tsvg"], input=graph, capture_output=True, encoding="utf-8", check=True
    )
    svg = run.stdout[run.stdout.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?|<title>.*?</title>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:id|fill|stroke|font-family|font-size|xmlns:xlink|xml:space)="[^"]*"', "", svg)
    svg = re.sub(r'width="([\d.]+)pt" height="[\d.]+pt"', r'class="states" style="max-width: \1px"', svg, count=1)
    return svg.replace(">", f" {head}", 1)


DIRECTIVES: Final[dict[str, Any]] = {"states": States}
