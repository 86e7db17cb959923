"""What a call costs, beside respx and beside httpx itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import respx

from pytest_aurous import Aurous
from timing import Result, per_call, ratio, rounds, summary

__all__ = ("measure",)

ATTRIBUTES = {"gender": "female", "age": 34, "hair_color": "auburn", "eye_color": "green"}
CREATE = {"name": "Aurora the Adventurer", "generate": True, "attributes": ATTRIBUTES}
SCRIPT = "synthesizing*2 -> reviewing"


def measure(*, quick: bool) -> list[Result]:
    """Measure one GET, and create -> poll x3 -> save."""
    return [*_one_get(quick=quick), *_flow(quick=quick)]


def _one_get(*, quick: bool) -> list[Result]:
    times = 200
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
            return per_call(lambda: client.get(mine), times)

    def theirs() -> float:
        with respx.mock() as router:
            router.get(fake.base_url + path).respond(json=answer)
            return per_call(lambda: client.get(path), times)

    samples = rounds(
        {"ours": ours, "respx": theirs, "bare": lambda: per_call(lambda: bare.get(path), times)}, 11 if quick else 61
    )
    return [
        ratio("GET a character / respx, 1 static route", samples["ours"], samples["respx"], bar=0.9, goal=0.8),
        ratio("GET a character / bare MockTransport", samples["ours"], samples["bare"], bar=1.4),
        summary("  the GET itself", [value * 1e6 for value in samples["ours"]], "us"),
    ]


def _flow(*, quick: bool) -> list[Result]:
    times = 40
    client = httpx.Client(base_url="https://api.aurous-labs.com", headers={"X-Api-Key": "al_live_none"})
    created = Aurous().characters.add(status="reviewing").json()
    static = ["/v1/characters/char_1", "/v1/characters/char_2", "/v1/characters/char_3"]

    def ours() -> float:
        with Aurous(credits=1e9, script=SCRIPT) as fake:
            headers: dict[str, str] = {"X-Api-Key": fake.api_key}

            def flow() -> None:
                made = client.post("/v1/characters", json=CREATE, headers=headers).json()
                poll = f"/v1/characters/{made['id']}"
                _expect(client, [poll, poll, poll], f"{poll}/save", headers)

            return per_call(flow, times)

    def theirs() -> float:
        headers = {"X-Api-Key": "al_live_none"}
        with respx.mock(base_url="https://api.aurous-labs.com") as router:
            router.post("/v1/characters").respond(201, json=created)
            for path in static:
                router.get(path).respond(json=created)
            router.post("/v1/characters/char_1/save").respond(json=created)

            def flow() -> None:
                client.post("/v1/characters", json=CREATE, headers=headers).json()
                _expect(client, static, "/v1/characters/char_1/save", headers)

            return per_call(flow, times)

    contestants: dict[str, Callable[[], float]] = {"ours": ours, "respx": theirs}
    samples = rounds(contestants, 9 if quick else 41)
    return [
        ratio("create, poll x3, save / respx, 5 static routes", samples["ours"], samples["respx"], bar=1.0),
        summary("  the five calls together", [value * 1e6 for value in samples["ours"]], "us"),
    ]


def _expect(client: httpx.Client, polls: list[str], save: str, headers: dict[str, str]) -> None:
    status = [client.get(path, headers=headers).json()["status"] for path in polls][-1]
    assert status == "reviewing"
    assert client.post(save, headers=headers).status_code == httpx.codes.OK
