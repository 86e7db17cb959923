"""The layers of the package, from the import contract in pyproject.toml."""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from rules import read_toml
from shared import DOCS, PACKAGE, Generated

__all__ = ("DIRECTIVES",)

_CONTRACT: Final = DOCS.parent / "pyproject.toml"


class Layers(Generated):
    """A table of the layers from the top down; each folder and module says in its docstring what it is."""

    def _markdown(self) -> list[str]:
        self.env.note_dependency(str(_CONTRACT))
        contracts = read_toml(_CONTRACT)["tool"]["importlinter"]["contracts"]
        (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
        lines = ["| layer | | |", "| --: | --- | --- |"]
        for number, layer in zip(range(len(layers), 0, -1), layers, strict=True):
            lines += [f"| {number} | `{name}` | {_purpose(name)} |" for name in re.split(r" [|:] ", layer)]
        return lines


def _purpose(name: str) -> str:
    folder, module = PACKAGE / name / "__init__.py", PACKAGE / f"{name}.py"
    text = (folder if folder.exists() else module).read_text(encoding="utf-8")
    return " ".join((ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].split())


DIRECTIVES: Final[dict[str, Any]] = {"layers": Layers}
