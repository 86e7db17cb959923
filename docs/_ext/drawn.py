"""Pictures that the fake draws."""

from __future__ import annotations

import httpx
from shared import draw

from pytest_aurous import Aurous

__all__ = ("drawn",)


def drawn() -> None:
    """Print pictures that the fake draws: an output, and the refs of its character."""
    fake = Aurous(seed=7)
    character = fake.characters.add("Aurora", attributes={"age": 28})
    image = fake.images.add("Aurora on a bench by the lake", character=character, size="2k_3_2")
    draw("output.png", image.picture(), "An output, with all that it stands for")
    for ref in character.refs:
        draw(f"ref-{ref.pose}.png", _behind(fake, ref.url), f"The ref {ref.pose}")


def _behind(fake: Aurous, url: str) -> bytes:
    """Download from a fake that was never entered, without a client, which would log it."""
    return fake.transport.handle_request(httpx.Request("GET", url)).read()
