"""Make twin.har: a recording of a twisted twin, in place of one of the real API.

The twin is a fake that differs from this one in four points. Run this file to make
the recording anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_aurous import Aurous
from pytest_aurous._report.har import har

FILE = Path(__file__).with_name("twin.har")
DIFFERENT = {"operation": "characters.retrieve", "where": "body.updated_at"}
NEW = {"operation": "images.retrieve", "where": "body.queue_position"}
POOR = {"generate": True, "attributes": {"age": 30}}


def twin(folder: str) -> Aurous:
    """Return the twin: two other readings, and two differences that no reading has."""
    observed = Path(folder, "observed.json")
    rows = [
        {**DIFFERENT, "what": "precision", "digits": 3},
        {**NEW, "what": "added", "value": 3},
    ]
    observed.write_text(json.dumps({"observed": rows}), encoding="utf-8")
    return Aurous(
        now="2026-07-01T09:00:00Z",
        readings={"create-4": "ready", "err-6": "global"},
        observed=str(observed),
        pitfalls="off",
    )


def record() -> str:
    """Return what a staging test would have recorded."""
    with TemporaryDirectory() as folder:
        aurous = twin(folder)
    client = aurous.client(headers={"User-Agent": "staging-tests"})

    def call(method: str, path: str, **options: object) -> dict[str, object]:
        response = client.request(method, path, **options)  # type: ignore[arg-type]
        aurous.clock.advance(seconds=2)
        found: dict[str, object] = response.json()
        return found

    call("GET", "/v1/balance")
    attributes = {"gender": "female", "age": 28}
    order = {"name": "Aurora", "generate": True, "attributes": attributes}
    character = call("POST", "/v1/characters", json=order)
    path = f"/v1/characters/{character['id']}"
    for _ in range(3):
        call("GET", path)
    call("POST", f"{path}/save")
    picture = {"prompt": "On a bench", "character_id": character["id"]}
    image = call("POST", "/v1/images", json=picture)
    for _ in range(3):
        call("GET", f"/v1/images/{image['id']}")
    call("GET", "/v1/balance")
    poor = {"X-Api-Key": aurous.teams.add(credits=1).api_key}
    call("POST", "/v1/characters", json={"name": "B", **POOR}, headers=poor)
    call("DELETE", path)
    call("GET", path)
    recording = har(aurous.calls)
    for entry in recording["log"]["entries"]:
        entry.pop("_place", None)  # the line of this file
    return json.dumps(recording, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    FILE.write_text(record(), encoding="utf-8")
