"""What a page says of the files that run with other tools."""

from __future__ import annotations

from typing import Final

from docutils import nodes
from shared import DOCS
from sphinx.util.docutils import SphinxRole

__all__ = ("ROLES",)

_BESIDE: Final = DOCS / "beside"


class Lines(SphinxRole):
    """How many lines are not blank, in the files whose names fit."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the node."""
        files = list(_BESIDE.glob(self.text))
        for file in files:
            self.env.note_dependency(str(file))
        lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not lines:
            raise FileNotFoundError(f"nothing in {_BESIDE} is called {self.text}")
        return [nodes.Text(str(len(lines)))], []


ROLES: Final = {"lines": Lines()}
