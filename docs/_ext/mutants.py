"""The changes to our code that mutation testing has made, and those that no test notices."""

from __future__ import annotations

from typing import Any, Final

from rules import read_toml
from shared import DOCS, Generated

__all__ = ("DIRECTIVES",)

_FILE: Final = DOCS.parent / "tests" / "mutants.toml"


class SurvivingMutants(Generated):
    """The mutants that survive, each with its reason."""

    def _markdown(self) -> list[str]:
        lines = []
        for row in _told(self)["survivor"]:
            changes = " or ".join(f"`{becomes}`" if becomes else "nothing" for becomes in row["becomes"])
            lines.append(f"- `{row['module']}`: `{row['was']}` becomes {changes}<br>{row['why']}")
        return lines


def _told(directive: Generated) -> Any:
    directive.env.note_dependency(str(_FILE))
    return read_toml(_FILE)


DIRECTIVES: Final[dict[str, type[Generated]]] = {"surviving-mutants": SurvivingMutants}
