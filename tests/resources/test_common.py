"""What holds for every operation: auth-3, auth-5, auth-7, ver-1, ver-2, ver-4, err-8, rate-1, time-1."""

from fnmatch import fnmatchcase
from typing import Final

import pytest

from pytest_aurous._core.resources.base.endpoint import Endpoint
from pytest_aurous._core.world.buckets import BUCKETS as SIZES
from tests.conftest import Api, Response
from tests.resources.test_refusals import BODIES, KEYED, path_of

START: Final = 1_778_234_400  # 2026-05-08T10:00:00Z
BUCKETS: Final = {  # the contract's table: burst, seconds that one token takes, what spends them: the first that fits
    "characters_get": (240, 0.5, "characters.list characters.retrieve"),
    "characters_synthesize": (12, 10, "characters.create characters.resynthesize characters.regenerate_ref"),
    "characters_post": (60, 2, "characters.*"),
    "webhooks_test": (30, 2, "webhook_endpoints.test"),  # the burst is assumed
    "estimate_post": (240, 0.5, "*.estimate"),
    "reads": (1200, 0.1, "*.list *.retrieve usage.events"),
    "images_post": (120, 1, "images.*"),
    "videos_post": (120, 1, "videos.*"),
    "files_post": (60, 2, "files.*"),
    "webhooks_post": (10, 6, "webhook_endpoints.*"),
    "chat_post": (120, 1, "chat.*"),
    "embeddings_post": (240, 0.5, "embeddings.*"),
}
RATES: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def rates(response: Response) -> tuple[int, ...]:
    """Limit, remaining and reset."""
    return tuple(int(response.headers[name]) for name in RATES)


def test_ver_4_resources_carry_their_version(api: Api) -> None:
    """A character shows the version of its creation, from the create response on."""
    character = api.synthesize()

    responses = [
        api.get(f"/v1/characters/{character.id}").json,
        api.get("/v1/characters").json["data"][0],
        api.post(f"/v1/characters/{character.id}/save").json,
    ]

    assert {response["aurous_version"] for response in responses} == {"2026-05-15"}


@pytest.mark.parametrize("character_id", ["%2e%2e", "char%201", "%F0%9F%8E%A8", "'", "%00", "x" * 500])
def test_err_8_any_segment_may_be_an_id(api: Api, character_id: str) -> None:
    """Whatever stands in the place of an id is an id that is not known."""
    api.refused("GET", f"/v1/characters/{character_id}", status=404, code="resource_not_found")

    assert api.app.problems == []


@pytest.mark.parametrize("row", KEYED, ids=lambda row: row.operation)
def test_ver_2_ver_1_auth_3_auth_5_rate_1_each_operation(api: Api, row: Endpoint) -> None:
    """It needs a key, one that may write unless it is a GET; shows the version that is applied; spends its tokens."""
    body = BODIES.get(row.operation)
    bucket, burst, seconds = next(
        (bucket, burst, seconds)
        for bucket, (burst, seconds, spenders) in BUCKETS.items()
        if any(fnmatchcase(row.operation, one) for one in spenders.split())
    )
    path = path_of(api, row)
    narrow = api.team.add_key("read")
    assert SIZES[bucket] == (burst, 60 / seconds)
    api.refused(row.method, path, json=body, key=None, status=401, code="missing_api_key")
    if row.method != "GET":
        api.refused(row.method, path, json=body, key=narrow, status=403, code="missing_scope")

    for spent, headers in enumerate(({}, {"Aurous-Version": "2026-05-15"}), 1):
        key = narrow if row.method == "GET" else api.aurous.api_key
        response = api.send(row.method, path, json=body, key=key, headers=headers)
        assert response.status not in {401, 403}
        assert response.headers["Aurous-Version"] == "2026-05-15"
        assert rates(response) == (burst, burst - spent, START + max(1, int(spent * seconds)))
        assert api.aurous.calls.last.operation == row.operation


NAMED: Final = {
    "save-4 unknown": "characters.save",
    "patch-3 unknown": "characters.update",
    "del-3 unknown": "characters.delete",
}
NAMES: Final = {operation: name for name, operation in NAMED.items()}
WITH_ID: Final = [row for row in KEYED if "{id}" in row.template and not row.operation.startswith("chat.")]


@pytest.mark.parametrize("row", WITH_ID, ids=lambda row: NAMES.get(row.operation, row.operation))
def test_auth_7_save_4_patch_3_del_3_what_is_another_teams_never_was(api: Api, row: Endpoint) -> None:
    """An unknown id, one that was deleted and another team's have the same response, and theirs lives on."""
    family = row.template.split("/")[2]
    theirs, own = (getattr(team, family) for team in (api.aurous.teams.add(), api.team))
    there = theirs.add("House") if family.endswith("loras") else theirs.add()
    ids = ["nobody", there.id]
    if family in {"characters", "files", "webhook_endpoints"}:
        ids.append(own.add().id)
        assert api.delete(f"/v1/{family}/{ids[-1]}").status == 200

    found: set[tuple[int, str]] = set()
    for one in ids:
        response = api.send(row.method, row.template.format(id=one), json=BODIES.get(row.operation))
        text = response.body.decode().replace(one, "")
        found.add((response.status, text.partition('"request_id"')[0]))

    assert len(found) == 1
    assert found.pop()[0] == (200 if row.operation in {"files.delete", "webhook_endpoints.delete"} else 404)
    assert theirs.last == there
