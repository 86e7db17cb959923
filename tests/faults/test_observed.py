"""The setting `observed`: differences as data, which the fake follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import Aurous, AurousError

if TYPE_CHECKING:
    from pathlib import Path

ROW = {"operation": "team.retrieve", "where": "body.name"}
GONE = {"operation": "images.retrieve", "where": "status", "what": "refusal"}


def observe(folder: Path, *rows: dict[str, Any]) -> Aurous:
    file = folder / "observed.json"
    file.write_text(json.dumps({"observed": rows}), encoding="utf-8")
    return Aurous(observed=str(file), pitfalls="off", strict="off")


def test_observed_differences_are_those_of_their_operation(tmp_path: Path) -> None:
    """In lists, in objects of objects, and in successful responses only."""
    rows: list[dict[str, Any]] = [
        {**ROW, "what": "left out"},
        {"operation": "team.retrieve", "where": "body.created_at", "what": "precision", "digits": 3},
        {"operation": "loras.list", "where": "body[].slug", "what": "left out"},
        {"operation": "pricing.retrieve", "where": "body.image.unit", "what": "added", "value": "credit"},
        {"operation": "pricing.retrieve", "where": "body.absent.unit", "what": "added", "value": "credit"},
        {"operation": "balance.retrieve", "where": "body.credits", "what": "precision", "digits": 3},
        {"operation": "images.output", "where": "body.x", "what": "left out"},
        {"operation": "characters.uploads.put", "where": "body.x", "what": "left out"},
        {"operation": "team.retrieve", "where": "status", "what": "refusal", "of": "404 x", "status": 1, "code": "y"},
        {**GONE, "of": "404 resource_not_found", "status": 410, "code": "image_gone"},
    ]
    aurous = observe(tmp_path, *rows)
    with aurous.client() as client:
        team = client.get("/v1/team").json()
        assert "name" not in team
        assert team["created_at"].endswith(".000Z")
        assert "slug" not in client.get("/v1/loras").json()[0]
        assert client.get("/v1/pricing").json()["image"]["unit"] == "credit"
        assert client.get("/v1/balance").json()["credits"] == 1000
        assert client.get("/v1/team", headers={"X-Api-Key": "x"}).json()["error"]["code"] == "invalid_api_key"
        gone = client.get("/v1/images/img_x")
        assert (gone.status_code, gone.json()["error"]["code"]) == (410, "image_gone")
        assert gone.json()["error"]["doc_url"] == "https://docs.aurous-labs.com/errors#image_gone"
        assert client.put("https://aurous.storage/characters/x/upload").status_code == 403
        image = aurous.images.add()
        assert client.get(f"/v1/images/{image.id}/output/0").content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"observed": [{"what": "left out"}]}',
        '{"observed": [3]}',
        '{"observed": [{"what": "a wish"}]}',
        '{"observed": [{"operation": "team.retrieve", "where": "body.x", "what": "added"}]}',
        '{"observed": [{"operation": "team.retrieve", "where": "body.x", "what": "added", "type": "integer"}]}',
    ],
)
def test_a_file_that_is_no_observation_is_refused(tmp_path: Path, content: str) -> None:
    """What is added has a value, or a type of JSON."""
    (tmp_path / "observed.json").write_text(content, encoding="utf-8")

    with pytest.raises(AurousError, match="observed"):
        Aurous(observed=str(tmp_path / "observed.json"))


@pytest.mark.parametrize("value", [3, ""])
def test_the_setting_observed_is_a_path(value: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(AurousError, match="is not a valid setting: expected the path"):
        Aurous(observed=value)
