"""What it costs to have many characters."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from pytest_aurous import Aurous
from timing import Result, per_call, ratio, rounds

if TYPE_CHECKING:
    import httpx

__all__ = ("measure",)

FEW = 10
MANY = 10_000


class _Populated:
    """A fake with some characters, asked for the same number of them whatever their number."""

    def __init__(self, population: int) -> None:
        self.fake = Aurous()
        for _ in range(population):
            self.fake.characters.add()
        self.client: httpx.Client = self.fake.client()
        asked = [character.id for character in self.fake.characters][:: population // FEW]
        self._asked = cycle(asked)

    def get(self) -> httpx.Response:
        return self.client.get(f"/v1/characters/{next(self._asked)}")

    def page(self) -> httpx.Response:
        return self.client.get(f"/v1/characters?limit={FEW}")


def measure(*, quick: bool) -> list[Result]:
    """Measure a GET and a page among many characters beside the same among few."""
    few, many = _Populated(FEW), _Populated(MANY)
    count = 11 if quick else 61
    gets = rounds({"few": lambda: per_call(few.get, 200), "many": lambda: per_call(many.get, 200)}, count)
    pages = rounds({"few": lambda: per_call(few.page, 50), "many": lambda: per_call(many.page, 50)}, count)
    return [
        ratio(f"GET among {MANY:,} characters / among {FEW}", gets["many"], gets["few"], bar=1.1),
        ratio(f"one page of {FEW} among {MANY:,} / among {FEW}", pages["many"], pages["few"], bar=1.1),
    ]
