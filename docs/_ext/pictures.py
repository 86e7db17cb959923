"""Pictures: diagrams of states, drawn from the machines themselves, and what the fake draws."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from textwrap import fill
from typing import Final

import httpx
from shared import PACKAGE, draw

from pytest_aurous import Aurous
from pytest_aurous._core.resources.catalog import LIFECYCLES
from pytest_aurous._core.world.script import Lifecycle

__all__ = ("drawn", "states", "storeys")

_DOORS: Final[dict[str, dict[str, str]]] = {
    "characters": {"ready": "create from\nuploads", "synthesizing": "create,\ngenerate: true"},
    "images": {"pending": "create"},
}
"""For each machine how a record comes to its first status."""

_STYLE: Final = """\
bgcolor=white; nodesep=0.3; ranksep=0.4;
node [shape=box, style="rounded,filled", fillcolor="#f3f4f6", color="#888888",
  fontname=Courier, fontsize=14, height=0.4];
edge [fontname=Helvetica, fontsize=12, arrowsize=0.7, color="#555555"];"""


def states(*names: str) -> None:
    """Print a picture of the machine of some resources, which have to be equal.

    Raises:
        ValueError: If they are not.
    """
    first, *others = (LIFECYCLES[name] for name in names)
    if any(other.statuses != first.statuses for other in others):
        raise ValueError(f"the machines of {' and '.join(names)} differ: draw each of them")
    draw(
        f"states-{'-'.join(names)}.svg", _picture(_graph(first, _edges(first))), f"The states of {' and '.join(names)}"
    )


def drawn() -> None:
    """Print pictures that the fake draws: an output, and the refs of its character."""
    fake = Aurous(seed=7)
    character = fake.characters.add("Aurora", attributes={"age": 28})
    image = fake.images.add("Aurora on a bench by the lake", character=character, size="2k_3_2")
    draw("output.png", image.picture(), "An output, with all that it stands for")
    for ref in character.refs:
        draw(f"ref-{ref.pose}.png", _behind(fake, ref.url), f"The ref {ref.pose}")


def _edges(machine: Lifecycle) -> dict[tuple[str, str], str]:
    """Return the words of each edge."""
    named = {("", status): word for status, word in _DOORS[machine.resource].items()}
    for start, one in machine.statuses.items():
        named |= {(start, end): fill(word, 9) for end, word in one.next.items()}
    return named


def _graph(machine: Lifecycle, edges: dict[tuple[str, str], str]) -> str:
    doors = [f'"to {end}"' for start, end in edges if not start]
    lines = [f"{{rank=same; node [style=invis, shape=point, width=0.01]; {'; '.join(doors)}}}"]
    for (start, end), word in edges.items():
        label = word.replace("\n", " \\n ")
        again = " style=dashed" if start and end == machine.start else ""
        lines.append(f'"{start or f"to {end}"}" -> "{end}" [label=" {label} "{again}]')
    lines += [f'"{status}"' for status in machine.edges]
    return "\n".join(["digraph {", _STYLE, *lines, "}"])


def _picture(graph: str) -> str:
    program = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    run = subprocess.run(  # noqa: S603 - a tool of the docs' own environment
        [program or "graphviz-pure", "-Tsvg"],
        input=graph,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return run.stdout


def _behind(fake: Aurous, url: str) -> bytes:
    """Download from a fake that was never entered, without a client, which would log it."""
    return fake.transport.handle_request(httpx.Request("GET", url)).read()


_ENTRANCES: Final = ("plugin", "_cli")
_UPSTAIRS: Final = ("_explore", "_check", "_serve", "_trace")
_DOWNSTAIRS: Final = ("_report", "_httpx")
_CORE: Final = ("engine", "faults", "resources", "world", "time", "wire", "base")


def storeys() -> None:
    """Print a picture of the package: its folders on two storeys, and arrows for the imports between them.

    An arrow that follows from others is left out, so that the picture shows the shortest ways down.
    """
    lines = [
        _cluster("entrances", _ENTRANCES),
        _cluster("upstairs: the instruments", _UPSTAIRS),
        '"_fake" [label="_fake: the public objects", fillcolor="#fde68a"]',
        '"_facade" [label="_facade: the door", fillcolor="#fde68a"]',
        _cluster("downstairs: the fake", _DOWNSTAIRS),
        _cluster("_core: the API in plain Python", [f"_core/{name}" for name in _CORE]),
        *(f'"{start}" -> "{end}"' for start, end in sorted(_shortest(_imports()))),
    ]
    graph = "\n".join(["digraph {", _STYLE, *lines, "}"])
    draw("storeys.svg", _picture(graph), "The folders of the package, on two storeys", up="docs/")


def _cluster(title: str, names: Sequence[str]) -> str:
    nodes = "; ".join(f'"{name}"' for name in names)
    return f'subgraph "cluster {title}" {{label="{title}"; fontname=Helvetica; color="#bbbbbb"; {nodes}}}'


def _imports() -> set[tuple[str, str]]:
    """Return which folder imports which when it runs; what is imported for annotations alone does not count."""
    found: set[tuple[str, str]] = set()
    for file in PACKAGE.rglob("*.py"):
        place = file.relative_to(PACKAGE).parts
        tree = ast.parse(file.read_text(encoding="utf-8"))
        unread = {id(node) for test in ast.walk(tree) if _is_for_types(test) for node in ast.walk(test)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level and id(node) not in unread:
                target = (*place[: len(place) - node.level], *(node.module or "").split("."))
                found.add((_folder(place), _folder(target)))
    nodes = {*_ENTRANCES, *_UPSTAIRS, "_fake", "_facade", *_DOWNSTAIRS, *(f"_core/{name}" for name in _CORE)}
    return {(start, end) for start, end in found if start != end and {start, end} <= nodes}


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _folder(place: Sequence[str]) -> str:
    return "/".join(place[: 2 if place[0] == "_core" else 1]).removesuffix(".py")


def _shortest(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the arrows without those that follow from others."""
    below: dict[str, set[str]] = {start: {end for first, end in arrows if first == start} for start, _ in arrows}

    def leads(start: str, goal: str, passed: frozenset[str]) -> bool:
        ends = below.get(start, set()) - passed
        return goal in ends or any(leads(end, goal, passed | {end}) for end in ends)

    return {
        (start, end)
        for start, end in arrows
        if not any(leads(other, end, frozenset({start, other})) for other in below[start] - {end})
    }
