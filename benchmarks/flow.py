"""What five calls of one flow cost, beside five static routes of respx."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import respx

from pytest_aurous import Aurous
from timing import Result, per_call, ratio, rounds, summary

__all__ = ("measure",)

ATTRIBUTES = {"gender": "female", "age": 34, "hair_color": "auburn", "eye_color": "green"}
CREATE = {"name": "Aurora the Adventurer", "generate": True, "attributes": ATTRIBUTES}
SCRIPT = "synthesizing*2 -> reviewing"


def measure(*, quick: bool) -> list[Result]:
    """Measure create -> poll x3 -> save."""
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
