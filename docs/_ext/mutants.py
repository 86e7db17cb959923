"""The changes to our code that mutation testing has made, and those that no test notices."""

from __future__ import annotations

from typing import Any, Final

from rooms import DOCS, Generated
from rules import read_toml

__all__ = ("DIRECTIVES",)

_FILE: Final = DOCS.parent / "tests" / "mutants.toml"


class Mutants(Generated):
    """How many mutants each room has, and how many of them survive."""

    def _markdown(self) -> list[str]:
        lines = ["| room | mutants | killed | survivors |", "| --- | --- | --- | --- |"]
        for room, count in _told(self)["counted"].items():
            made, left = count["mutants"], count["survivors"]
            lines.append(f"| `{room}` | {made} | {made - left} | {left} |")
        return lines


class SurvivingMutants(Generated):
    """The mutants that survive, each with its reason."""

    def _markdown(self) -> list[str]:
        lines = []
        for row in _told(self)["survivor"]:
            changes = " or ".join(f"`{becomes}`" if becomes else "nothing" for becomes in row["becomes"])
            lines.append(f"- `{row['room']}`: `{row['was']}` becomes {changes}<br>{row['why']}")
        return lines


def _told(directive: Generated) -> Any:
    directive.env.note_dependency(str(_FILE))
    return read_toml(_FILE)


DIRECTIVES: Final[dict[str, type[Generated]]] = {"mutants": Mutants, "surviving-mutants": SurvivingMutants}
