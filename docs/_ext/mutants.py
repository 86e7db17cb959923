"""The changes to our code that mutation testing has made, and those that no test notices."""

from __future__ import annotations

from typing import Final

from rules import read_toml
from shared import DOCS

__all__ = ("surviving_mutants",)

_FILE: Final = DOCS.parent / "tests" / "mutants.toml"


def surviving_mutants() -> None:
    """Print the mutants that survive, each with its reason."""
    lines = []
    for row in read_toml(_FILE)["survivor"]:
        changes = " or ".join(f"`{becomes}`" if becomes else "nothing" for becomes in row["becomes"])
        lines.append(f"- `{row['module']}`: `{row['was']}` becomes {changes}<br>{row['why']}")
    print("\n" + "\n".join(lines) + "\n")
