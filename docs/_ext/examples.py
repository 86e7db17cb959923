"""Code of the examples as Markdown. An excerpt is complete: it has the imports, fixtures and helpers that it uses."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path
from textwrap import dedent
from typing import Final, TypeAlias

from shared import DOCS

__all__ = ("code", "example", "file", "include", "lines", "message", "only", "source", "wrong_and_right")

_Imports: TypeAlias = dict[str, "set[str]"]


def example(path: str, *names: str, title: str = "") -> None:
    """Print a file below `docs`, or what these names of its top level need, as a block of Python."""
    text = source(DOCS / path, names) if names else (DOCS / path).read_text(encoding="utf-8")
    code("python", text, title)


def wrong_and_right(pitfall: str) -> None:
    """Print what the two tests of a pitfall do: of each the part before its assertions."""
    file = DOCS / "examples" / "test_pitfalls.py"
    text, name = file.read_text(encoding="utf-8"), f"test_{pitfall.replace('-', '_')}"
    parts = {}
    for word, test in (("wrong", name), ("right", f"{name}_mended")):
        (body,) = re.findall(rf'^def {test}\(.*?"""\n(.*?)(?=^\S|\Z)', text, re.MULTILINE | re.DOTALL)
        parts[word] = dedent(body.strip("\n").split("\n\n")[-2])
    code("python", "\n\n".join(f"# {word}\n{part}" for word, part in parts.items()))


def only(path: str, *names: str) -> None:
    """Print these names of a module below `docs` alone: what is new in a file that a page has shown."""
    module = _Module(DOCS / path)
    code("python", "\n\n\n".join(module.text(module.nodes[name]) for name in names))


def file(path: str, language: str) -> None:
    """Print a file below `docs` as a block of code."""
    code(language, (DOCS / path).read_text(encoding="utf-8"))


def message(name: str) -> None:
    """Print what a message says; `tests/test_messages.py` provokes it, and writes its file."""
    file(f"../tests/messages/{name}.txt", "text")


def include(path: str) -> None:
    """Print the Markdown of a file."""
    print("\n" + (DOCS / path).read_text(encoding="utf-8").strip() + "\n")


def lines(pattern: str) -> int:
    """Return how many lines are not blank, in the files of `docs/beside` whose names fit.

    Raises:
        FileNotFoundError: If there is none.
    """
    files = list((DOCS / "beside").glob(pattern))
    if not files:
        raise FileNotFoundError(f"nothing in docs/beside is called {pattern}")
    return sum(1 for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def code(language: str, text: str, title: str = "") -> None:
    """Print a block of code, after its title if it has one."""
    head = f"\n`{title}`:\n" if title else ""
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    print(f"{head}\n```{language}\n{lines}\n```\n")


def source(file: Path, names: tuple[str, ...]) -> str:
    """Return the code of some names of a module, and of whatever of the module they use.

    A parameter is the fixture of that name, of the module or of the `conftest.py` beside it.

    Raises:
        LookupError: If the module has no such name.
    """
    module = _Module(file)
    fixtures = _Module(file.with_name("conftest.py")) if file.with_name("conftest.py").exists() else None
    if unknown := [name for name in names if name not in module.nodes]:
        raise LookupError(f"{file.name} has no {', '.join(unknown)}")
    wanted = [(module, name) for name in (*module.silent(names), *names)]
    nodes: dict[tuple[str, int], str] = {}
    imports: _Imports = defaultdict(set)
    seen: set[tuple[_Module, str]] = set()
    while wanted:
        one = wanted.pop()
        if one in seen:
            continue
        seen.add(one)
        owner, name = one
        if name in owner.imports:
            where, what = owner.imports[name]
            imports[where].add(what)
            continue
        node = owner.nodes[name]
        # Fixtures of the conftest come first, as what a test needs stands above it.
        nodes[(str(owner is module), node.lineno)] = owner.text(node)
        wanted += [(owner, used) for used in _names(node) if used in owner.nodes or used in owner.imports]
        wanted += [
            (home, argument)
            for argument in _parameters(node)
            for home in (module, fixtures)
            if home is not None and argument in home.nodes
        ]
    body = [nodes[at] for at in sorted(nodes)]
    return _joined(_import_lines(imports, file.parent), body)


class _Module:
    """The names at the top level of a file: what is imported, and what is defined."""

    def __init__(self, file: Path) -> None:
        self._lines: Final = file.read_text(encoding="utf-8").splitlines()
        self.nodes: Final[dict[str, ast.stmt]] = {}
        self.imports: Final[dict[str, tuple[str, str]]] = {}
        self._read(ast.parse("\n".join(self._lines)).body)

    def _read(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.Import):
                self.imports |= {(alias.asname or alias.name): ("", ast.unparse(alias)) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                self.imports |= {
                    alias.asname or alias.name: (node.module or "", ast.unparse(alias)) for alias in node.names
                }
            elif isinstance(node, ast.If):  # TYPE_CHECKING
                self._read(node.body)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.nodes[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self.nodes |= {
                    name.id: node for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
                }

    def silent(self, names: tuple[str, ...]) -> list[str]:
        """Return the names that pytest uses for these, although none of them names them."""
        automatic = [name for name, node in self.nodes.items() if "autouse=True" in ast.unparse(node)]
        runs_async = any(isinstance(self.nodes[name], ast.AsyncFunctionDef) for name in names)
        marks = ("anyio_backend", "pytestmark") if runs_async else ("pytestmark",)
        return automatic + [name for name in marks if name in self.nodes]

    def text(self, node: ast.stmt) -> str:
        """Return the lines of a node, from the comment or the decorator above it to what follows a constant."""
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) - 1
        while first and self._lines[first - 1].startswith("#"):
            first -= 1
        return "\n".join(self._lines[first : node.end_lineno])


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _parameters(node: ast.AST) -> set[str]:
    return {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}


def _import_lines(imports: _Imports, folder: Path) -> list[str]:
    """Return the imports as ruff sorts them: the standard library, other packages, our own."""
    groups: dict[int, list[tuple[bool, str, str]]] = {0: [], 1: [], 2: []}
    for where, names in imports.items():
        if where:
            groups[_group(where, folder)].append(
                (True, where, f"from {where} import {', '.join(sorted(names, key=_order))}")
            )
        else:
            for name in names:
                groups[_group(name, folder)].append((False, name, f"import {name}"))
    blocks = ["\n".join(line for _, _, line in sorted(group)) for group in groups.values() if group]
    return ["\n\n".join(blocks)] if blocks else []


def _order(name: str) -> tuple[int, str]:
    """Sort constants first, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _group(module: str, folder: Path) -> int:
    top = module.partition(".")[0].partition(" ")[0]
    if top in sys.stdlib_module_names:
        return 0
    return 2 if top == "pytest_aurous" or (folder / f"{top}.py").exists() else 1


def _joined(imports: list[str], body: list[str]) -> str:
    """Join the parts as a formatter does: two lines around what is indented, one before a constant."""
    text = "\n\n".join(imports)
    before = text
    for part in dict.fromkeys(body):
        tall = "\n    " in part or "\n    " in before
        text += ("\n\n\n" if tall else "\n" if before and before not in imports else "\n\n") + part if text else part
        before = part
    return text
