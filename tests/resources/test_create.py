"""POST /v1/characters: create-1 to create-7. The bounds and types of fields: see `test_refusals.py`."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.conftest import SYNTHESIS, TICKET, Api, price

AURORA: Final = {
    "gender": "female",
    "age": 28,
    "ethnicity": "east-asian",
    "hair_color": "black",
    "hair_style": "shoulder-length straight",
    "eye_color": "brown",
    "body_type": "athletic",
    "additional_details": "small scar above right eyebrow; warm smile",
}
PRICE: Final = price("/v1/characters", **SYNTHESIS)


def refuse(api: Api, body: Any, code: str, param: str | None, status: int = 400) -> None:
    """Create in vain."""
    api.refused("POST", "/v1/characters", json=body, status=status, code=code, param=param)


def test_the_object_has_the_documented_fields(api: Api) -> None:
    """A character has exactly the fields of the contract, in their order, each of its type."""
    response = api.post(
        "/v1/characters", json={"name": "Aurora the Adventurer", "generate": True, "attributes": AURORA}
    )

    assert response.status == 201
    made = response.json
    assert made == {
        "id": made["id"],
        "object": "character",
        "name": "Aurora the Adventurer",
        "status": "synthesizing",
        "refs": [],
        "created_at": "2026-05-08T10:00:00Z",
        "updated_at": "2026-05-08T10:00:00Z",
        "attributes": AURORA,
        "error_message": None,
        "aurous_version": "2026-05-15",
    }
    prefix, _, ulid = made["id"].partition("_")
    assert (prefix, len(ulid)) == ("char", 26)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Aurora"},
        {"name": "Aurora", "generate": False},
        {"name": "Aurora", "attributes": {"age": 28}},
        {**SYNTHESIS, "upload_ids": ["upl_01HXMQ7Z3K8Y2NABCDEFGHJKMR"]},
    ],
    ids=["neither", "generate: false alone", "attributes alone", "both"],
)
def test_create_1_takes_exactly_one_flow(api: Api, body: dict[str, Any]) -> None:
    """Both of `upload_ids` and ``generate: true``, or neither, is an invalid combination."""
    refuse(api, body, "parameter_invalid_combination", None)


@pytest.mark.parametrize("count", [1, 6])
def test_create_2_makes_a_ready_character_of_uploads(api: Api, count: int) -> None:
    """The upload flow gets 201 with ``ready`` and one ref per ticket, and costs nothing."""
    tickets = [api.uploads.add() for _ in range(count)]

    body = {"name": "Aurora", "generate": False, "upload_ids": [ticket.id for ticket in tickets]}
    response = api.post("/v1/characters", json=body)

    assert (response.status, response.json["status"], response.json["attributes"]) == (201, "ready", None)
    assert [ref["pose"] for ref in response.json["refs"]] == ["other"] * count
    assert len({ref["url"] for ref in response.json["refs"]}) == count
    assert {ticket.status for ticket in tickets} == {"consumed"}
    assert api.money() == (1000, 0)
    assert api.poll(api.characters.last, 3) == ["ready"] * 3


def test_create_2_keeps_the_order_and_the_classified_poses(api: Api) -> None:
    """A ref has the pose that classify found, ``other`` where nobody asked, in the order of the tickets."""
    api.uploads.pose("side")
    api.uploads.pose("front")
    side, plain, front = (api.uploads.add() for _ in range(3))
    for ticket in (side, front):
        api.post("/v1/characters/uploads/classify", json={"upload_id": ticket.id})

    body = {"name": "Aurora", "upload_ids": [front.id, plain.id, side.id], "attributes": AURORA}
    response = api.post("/v1/characters", json=body)

    assert [ref["pose"] for ref in response.json["refs"]] == ["front", "other", "side"]
    assert response.json["attributes"] == AURORA


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a good one"])
@pytest.mark.parametrize("what", ["unknown", "expired", "consumed", "never sent", "listed twice"])
def test_create_3_refuses_a_bad_ticket_and_consumes_none(api: Api, what: str, beside: bool) -> None:  # noqa: FBT001
    """One bad ticket spoils the create, and the good ones beside it can be used afterwards."""
    tickets: list[str] = []
    if what == "unknown":
        tickets = ["upl_01HXMQ7Z3K8Y2NABCDEFGHJKMR"]
    elif what == "expired":
        tickets = [api.uploads.add().id]
        api.clock.advance(seconds=24 * 3600)
    elif what == "consumed":
        tickets = [api.uploads.add().id]
        assert api.post("/v1/characters", json={"name": "Aurora", "upload_ids": tickets}).status == 201
    elif what == "never sent":
        tickets = [api.post("/v1/characters/uploads/init", json=TICKET).json["upload_id"]]
    else:
        tickets = [api.uploads.add().id] * 2
    good = api.uploads.add()

    listed = [good.id, *tickets] if beside else tickets
    refuse(api, {"name": "Aurora", "upload_ids": listed}, "upload_invalid", "upload_ids")

    assert good.status == "uploaded"
    assert api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [good.id]}).status == 201


def test_create_3_auth_7_does_not_know_another_teams_ticket(api: Api) -> None:
    ticket = api.aurous.teams.add().uploads.add()

    refuse(api, {"name": "Aurora", "upload_ids": [ticket.id]}, "resource_not_found", "upload_ids", status=404)

    assert ticket.status == "uploaded"


@pytest.mark.parametrize("attributes", [{}, {"attributes": {}}], ids=["missing", "empty"])
def test_create_4_needs_something_to_draw(api: Api, attributes: dict[str, Any]) -> None:
    refuse(api, {"name": "Aurora", "generate": True, **attributes}, "missing_field", "attributes")


def test_create_5_counts_what_others_hold(make_api: Callable[..., Api]) -> None:
    """Held credits are not available twice, and the last ones are enough."""
    api = make_api(credits=PRICE)
    first = api.synthesize("synthesizing! -> failed ; synthesizing! -> reviewing")
    refuse(api, SYNTHESIS, "insufficient_credits", None, status=402)

    first.advance()

    assert api.post("/v1/characters", json=SYNTHESIS).status == 201


@pytest.mark.parametrize(("name", "code"), [({}, "missing_field"), ({"name": "\ud800"}, "invalid_format")])
def test_create_6_wants_a_name(api: Api, name: dict[str, Any], code: str) -> None:
    """One that can be written."""
    refuse(api, {"generate": True, "attributes": {"age": 28}, **name}, code, "name")


def test_create_6_takes_any_name(api: Api) -> None:
    """It comes back as it was sent, whatever its script."""
    assert api.post("/v1/characters", json={**SYNTHESIS, "name": "Zoë 🎨 \u202e"}).json["name"] == "Zoë 🎨 \u202e"


def test_create_7_echoes_the_clients_reference(api: Api) -> None:
    """A `client_reference_id` is on the create response and on every later one."""
    reference = "order-4711"
    response = api.post("/v1/characters", json={**SYNTHESIS, "client_reference_id": reference})

    assert response.json["client_reference_id"] == reference
    assert api.get(f"/v1/characters/{response.json['id']}").json["client_reference_id"] == reference
    assert api.get("/v1/characters").json["data"][0]["client_reference_id"] == reference


def test_create_7_shows_no_reference_where_none_was_sent(api: Api) -> None:
    """The field is only there if the create sent one."""
    assert "client_reference_id" not in api.post("/v1/characters", json=SYNTHESIS).json
