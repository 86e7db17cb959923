"""The layers of the package, from the import contract in pyproject.toml."""

from __future__ import annotations

import ast
import re
from typing import Final

from rules import read_toml
from shared import DOCS, PACKAGE, table

__all__ = ("layers",)

_CONTRACT: Final = DOCS.parent / "pyproject.toml"


def layers() -> None:
    """Print the layers from the top down; each folder and module says in its docstring what it is."""
    contracts = read_toml(_CONTRACT)["tool"]["importlinter"]["contracts"]
    (names,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    numbered = zip(range(len(names), 0, -1), names, strict=True)
    rows = [(number, f"`{name}`", _purpose(name)) for number, layer in numbered for name in re.split(r" [|:] ", layer)]
    table(["layer", "name", "what it is"], rows)


def _purpose(name: str) -> str:
    folder, module = PACKAGE / name / "__init__.py", PACKAGE / f"{name}.py"
    text = (folder if folder.exists() else module).read_text(encoding="utf-8")
    return " ".join((ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].split())
