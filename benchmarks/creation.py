"""What it costs to make things: a character, a ready client."""

from __future__ import annotations

from pytest_aurous import Aurous
from timing import Result, per_call, rounds, summary

__all__ = ("measure",)


def measure(*, quick: bool) -> list[Result]:
    """Measure `characters.add()` with everything, and the life of a client as the fixture leads it."""

    def add() -> float:
        return per_call(Aurous().characters.add, 200)

    with Aurous() as fake:

        def client() -> None:
            with fake.client():
                pass

        samples = rounds({"add": add, "client": lambda: per_call(client, 100)}, 11 if quick else 61)
    return [
        summary("characters.add()", [value * 1e6 for value in samples["add"]], "us", bar=100),
        summary("aurous_client", [value * 1e6 for value in samples["client"]], "us", bar=100),
    ]
