"""Pictures that the fake draws."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import httpx
from docutils import nodes
from shared import PACKAGE
from sphinx.util.docutils import SphinxDirective

from pytest_aurous import Aurous

__all__ = ("DIRECTIVES",)


class Drawn(SphinxDirective):
    """Pictures that the fake draws while the page is made: an output, and the refs of its character."""

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        for file in PACKAGE.rglob("*.py"):
            self.env.note_dependency(str(file))
        fake = Aurous(seed=7)
        character = fake.characters.add("Aurora", attributes={"age": 28})
        image = fake.images.add("Aurora on a bench by the lake", character=character, size="2k_3_2")
        refs = [(f"The ref {ref.pose}", _behind(fake, ref.url)) for ref in character.refs]
        row = nodes.container(classes=["drawn"])
        for alt, content in (("An output, with all that it stands for", image.picture()), *refs):
            uri = f"data:image/png;base64,{b64encode(content).decode()}"
            row += nodes.image(uri=uri, alt=alt, classes=["no-scaled-link"])
        return [row]


def _behind(fake: Aurous, url: str) -> bytes:
    """Download from a fake that was never entered, without a client, which would log it."""
    return fake.transport.handle_request(httpx.Request("GET", url)).read()


DIRECTIVES: Final = {"drawn": Drawn}
