"""What the modules of this folder share: paths, and a directive whose content is Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sphinx.util.docutils import SphinxDirective

import pytest_aurous

if TYPE_CHECKING:
    from docutils import nodes

__all__ = ("DOCS", "PACKAGE", "Generated")

DOCS: Final = Path(__file__).parents[1]
PACKAGE: Final = Path(pytest_aurous.__file__).parent


class Generated(SphinxDirective):
    """A directive whose content is Markdown that the code makes."""

    def _markdown(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        return self.parse_text_to_nodes("\n".join(self._markdown()))
