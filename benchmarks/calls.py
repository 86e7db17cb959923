"""What one GET costs, beside respx, httpx itself, and other fakes with one call of theirs."""

from __future__ import annotations

from typing import Any

import httpx
import respx

from neighbours import neighbours
from pytest_aurous import Aurous
from timing import Result, per_call, ratio, rounds, summary

__all__ = ("measure",)

TIMES = 200


def measure(*, quick: bool) -> list[Result]:
    """Measure one GET of a character, and its neighbours, all in the same rounds."""
    with Aurous() as fake:
        character = fake.characters.add()
        path = f"/v1/characters/{character.id}"
        answer = character.json()
        body = httpx.get(fake.base_url + path, headers={"X-Api-Key": fake.api_key}).content
    options: dict[str, Any] = {"base_url": fake.base_url, "headers": {"X-Api-Key": fake.api_key}}
    client = httpx.Client(**options)
    json_header = {"Content-Type": "application/json"}
    constant = httpx.MockTransport(lambda _: httpx.Response(200, headers=json_header, content=body))
    bare = httpx.Client(transport=constant, **options)

    def ours() -> float:
        with Aurous(api_key=fake.api_key) as fresh:
            mine = f"/v1/characters/{fresh.characters.add().id}"
            assert client.get(mine).status_code == httpx.codes.OK  # a refusal would be fast, too
            return per_call(lambda: client.get(mine), TIMES)

    def theirs() -> float:
        with respx.mock() as router:
            router.get(fake.base_url + path).respond(json=answer)
            return per_call(lambda: client.get(path), TIMES)

    contestants = {
        "aurous, everything on": ours,
        "httpx, bare MockTransport": lambda: per_call(lambda: bare.get(path), TIMES),
        "respx, 1 static route": theirs,
    }
    with neighbours(path, answer, TIMES) as others:
        samples = rounds({**contestants, **others}, 11 if quick else 61)
    mine, floor, static, *_ = samples.values()
    return [
        ratio("GET a character / respx, 1 static route", mine, static, bar=1.0),
        ratio("GET a character / bare MockTransport", mine, floor, bar=1.4),
        *(summary(f"  {name}", [value * 1e6 for value in values], "us") for name, values in samples.items()),
    ]
