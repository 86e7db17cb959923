"""Schemathesis asks a served fake what its OpenAPI document allows, and much that it does not."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._core.engine.pipeline import Snapshot
from pytest_aurous._core.resources.catalog import CATALOG
from pytest_aurous._core.resources.openapi import document

Known = dict[str, dict[str, Any]]

ROWS: Final = CATALOG.by_operation
OPERATIONS: Final[dict[str, Any]] = {
    one.definition.raw["operationId"]: one
    for one in (found.ok() for found in schemathesis.openapi.from_dict(document()).get_all_operations())
}
REPEATABLE: Final = settings(
    max_examples=8,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(name="served", scope="module")
def _served() -> Iterator[AurousServer]:
    with AurousServer(Aurous(now="2026-05-08T10:00:00Z", pitfalls="off", strict="off")) as server:
        yield server


@pytest.fixture(name="known", scope="module")
def _known(served: AurousServer) -> Known:
    """For each operation what leads to its good response: ids, signed URLs, bodies."""
    fake = served.aurous
    character, image, video = fake.characters.add(status="reviewing"), fake.images.add(), fake.videos.add()
    ids = {
        "characters": character.id,
        "images": image.id,
        "videos": video.id,
        "files": fake.files.add().id,
        "loras": fake.loras.last.id,
        "video_loras": fake.video_loras.last.id,
        "webhook_endpoints": fake.webhook_endpoints.add().id,
        "generations": image.id,
        "chat": fake.chat.completions.add().id,
        "video-generations": video.id,
    }
    bodies: dict[str, dict[str, Any]] = {
        "characters.create": {"name": "Aurora", "generate": True, "attributes": {"age": 28}},
        "characters.update": {"name": "Nova"},
        "characters.regenerate_ref": {"pose": "front"},
        "characters.uploads.init": {"filename": "a.png", "extension": "png", "content_type": "image/png"},
        "characters.uploads.classify": {"upload_id": fake.uploads.add().id},
        "images.create": {"prompt": "A cat"},
        "images.estimate": {"prompt": "A cat"},
        "videos.create": {"video_lora_id": ids["video_loras"]},
        "videos.estimate": {"video_lora_id": ids["video_loras"]},
        "files.create": {"file": image.picture(), "purpose": "reference"},
        "webhook_endpoints.create": {"url": "https://receiver.example/webhooks", "events": ["*"]},
        "webhook_endpoints.test": {"event_type": "image.completed"},
        "chat.create": {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]},
        "embeddings.create": {"model": "aurous-embed-vision-1.0", "input": "Hi"},
        "embeddings.estimate": {"model": "aurous-embed-vision-1.0", "input": "Hi"},
    }
    with fake.client() as client:
        ticket = client.post("/v1/characters/uploads/init", json=bodies["characters.uploads.init"]).json()
        body = {**bodies["chat.create"], "stream": True}
        client.send(client.build_request("POST", "/v1/chat/completions", json=body), stream=True)  # and nobody reads it
    since = {"query": {"start_time": "2026-05-01T00:00:00Z"}}
    found: Known = {name: {} for name in ROWS}
    for name, row in ROWS.items():
        if "{id}" in row.template:
            found[name]["path_parameters"] = {"id": ids[row.template.split("/")[2]], "n": "0"}
    for name, body in bodies.items():
        found[name]["body"] = body
    return found | {
        "characters.uploads.put": _parts_of("characters.uploads.put", ticket["upload_url"]),
        "chat.cancel": {"path_parameters": {"id": fake.chat.completions.last.id}},
        "images.cancel": {"path_parameters": {"id": fake.images.add(status="pending").id}},
        "images.output": _parts_of("images.output", image.json()["output_urls"][0]),
        "videos.output": _parts_of("videos.output", video.json()["output_video_url"]),
        "storage.get": _parts_of("storage.get", character.json()["refs"][0]["url"]),
        "usage.list": since,
        "usage.events": since,
    }


def _parts_of(operation: str, url: str) -> dict[str, Any]:
    """Return the parameters of a URL that the API gave."""
    parts = urlsplit(url)
    pairs = zip(ROWS[operation].template.split("/"), parts.path.split("/"), strict=True)
    path = {name[1:-1]: value for name, value in pairs if name.startswith("{")}
    return {"path_parameters": path, "query": dict(parse_qsl(parts.query))}


@pytest.fixture(name="snapshot", scope="module")
def _snapshot(served: AurousServer, known: Known) -> Snapshot:
    """The world that each example meets."""
    return served.aurous.snapshot()


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_fake_answers_as_its_document_says(
    served: AurousServer, known: Known, snapshot: Snapshot, name: str
) -> None:
    """No crash, and no status, header, media type or body that is not documented; the good response is reached, too."""
    fake, operation = served.aurous, OPERATIONS[name]
    seen: set[int] = set()

    def ask(case: Any) -> None:
        fake.restore(snapshot)
        response = case.call_and_validate(
            served.url,
            headers={"X-Api-Key": fake.api_key},
            excluded_checks=[positive_data_acceptance],  # which fields exclude each other is not in the document
        )
        seen.add(response.status_code)

    @REPEATABLE
    @given(operation.as_strategy() | operation.as_strategy(schemathesis.GenerationMode.NEGATIVE))
    def ask_anything(case: Any) -> None:
        ask(case)

    ask_anything()
    ask(operation.Case(**known[name]))
    assert ROWS[name].status in seen
