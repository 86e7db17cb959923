"""Uploads: up-1 to up-6, time-3, and the tickets that a test sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

from pytest_aurous import AurousError, AurousLookupError

if TYPE_CHECKING:
    from tests.conftest import Api, Response

INIT: Final = "/v1/characters/uploads/init"
CLASSIFY: Final = "/v1/characters/uploads/classify"
PNG: Final = {"filename": "a.png", "extension": "png", "content_type": "image/png"}
UNKNOWN: Final = "upl_01HXMQ7Z3K8Y2NABCDEFGHJKMR"


def init(api: Api, **changes: Any) -> Any:
    """Get a ticket."""
    response = api.post(INIT, json={**PNG, **changes})
    assert response.status == 201, response.body
    return response.json


def classify(api: Api, upload_id: str) -> Response:
    """Classify a picture."""
    return api.post(CLASSIFY, json={"upload_id": upload_id})


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [("jpeg", "image/jpeg"), ("jpg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")],
)
def test_up_1_takes_four_extensions(api: Api, extension: str, content_type: str) -> None:
    """Each documented extension goes with its one content type, which the PUT is told to send."""
    ticket = init(api, extension=extension, content_type=content_type)

    assert ticket["upload_headers"] == {"Content-Type": content_type}


@pytest.mark.parametrize(
    ("extension", "content_type"), [("jpeg", "image/png"), ("png", "image/jpeg"), ("webp", "image/png")]
)
def test_up_1_refuses_a_pair_that_disagrees(api: Api, extension: str, content_type: str) -> None:
    """An extension beside another's content type is a bad format."""
    body = {**PNG, "extension": extension, "content_type": content_type}
    response = api.refused("POST", INIT, json=body, status=400, code="invalid_format", param="content_type")

    assert extension in response.json["error"]["message"]
    assert content_type in response.json["error"]["message"]


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"filename": ""}, "value_out_of_range", "filename"),
        ({"filename": "x" * 121}, "value_out_of_range", "filename"),
        ({"filename": 1}, "invalid_format", "filename"),
        ({"extension": "gif"}, "invalid_format", "extension"),
        ({"extension": None}, "invalid_format", "extension"),
        ({"content_type": "image/gif"}, "invalid_format", "content_type"),
        ({"size": 10}, "invalid_request", "size"),
    ],
    ids=str,
)
def test_up_1_err_8_refuses_a_bad_body(api: Api, change: dict[str, Any], code: str, param: str) -> None:
    """A field that is wrong or unknown is refused by its name, and there is no ticket."""
    api.refused("POST", INIT, json={**PNG, **change}, status=400, code=code, param=param)


@pytest.mark.parametrize("field", ["filename", "extension", "content_type"])
def test_up_1_wants_all_three_fields(api: Api, field: str) -> None:
    """Each of the three fields is required."""
    body = {key: value for key, value in PNG.items() if key != field}

    api.refused("POST", INIT, json=body, status=400, code="missing_field", param=field)


@pytest.mark.parametrize("filename", ["x", "x" * 120])
def test_up_1_takes_a_filename_of_1_to_120(api: Api, filename: str) -> None:
    """The shortest and the longest filename are fine."""
    assert api.uploads[init(api, filename=filename)["upload_id"]].filename == filename


def test_up_2_answers_a_ticket(api: Api) -> None:
    """An init answers 201 with the id, the URL, the headers to send and when the URL dies: in 15 minutes."""
    ticket = init(api)

    assert list(ticket) == ["upload_id", "upload_url", "upload_headers", "expires_at"]
    prefix, _, ulid = ticket["upload_id"].partition("_")
    assert (prefix, len(ulid)) == ("upl", 26)
    assert ticket["expires_at"] == "2026-05-08T10:15:00Z"


def test_up_3_takes_the_bytes_without_a_key(api: Api) -> None:
    """The signed URL alone permits the PUT, which answers 200 and nothing."""
    ticket = init(api)
    upload = api.uploads[ticket["upload_id"]]
    assert upload.status == "waiting"

    response = api.put(ticket["upload_url"], content=b"picture", headers=ticket["upload_headers"])

    assert (response.status, response.body, upload.status, upload.size) == (200, b"", "uploaded", 7)


def test_up_3_takes_them_again(api: Api) -> None:
    """Until it dies the URL can be used twice: the later picture counts."""
    ticket = init(api)
    for content in (b"first", b"the second"):
        assert api.put(ticket["upload_url"], content=content).status == 200

    assert api.uploads[ticket["upload_id"]].size == 10


def test_up_3_a_picture_has_bytes(api: Api) -> None:
    """A PUT of nothing is taken, and leaves the ticket waiting."""
    ticket = init(api)
    assert api.put(ticket["upload_url"]).status == 200

    api.refused(
        "POST",
        CLASSIFY,
        json={"upload_id": ticket["upload_id"]},
        status=400,
        code="upload_invalid",
        param="upload_id",
    )
    assert api.uploads.last.status == "waiting"


def test_up_3_time_3_the_url_lives_15_minutes(api: Api) -> None:
    """One second before its time the URL still works; at its time it is a 403."""
    ticket = init(api)
    api.clock.advance(seconds=15 * 60 - 1)
    assert api.put(ticket["upload_url"], content=b"x").status == 200

    api.clock.advance(seconds=1)

    response = api.refused("PUT", ticket["upload_url"], key=None, content=b"late", status=403, code="missing_scope")
    assert "expired" in response.json["error"]["message"]


@pytest.mark.parametrize("damage", ["another ticket's", "cut off", "a later date", "none", "nonsense"])
def test_up_3_refuses_a_wrong_signature(api: Api, damage: str) -> None:
    """A URL whose signature was not made for it is a 403, and a key does not help."""
    url, other = init(api)["upload_url"], init(api)["upload_url"]
    base, _, signature = url.partition("signature=")
    stamp, _, check = signature.partition("-")
    damaged = {
        "another ticket's": base + "signature=" + other.partition("signature=")[2],
        "cut off": url[:-1],
        "a later date": f"{base}signature={int(stamp, 16) + 3600:x}-{check}",
        "none": base.rstrip("?"),
        "nonsense": f"{base}signature=zz",
    }[damage]

    response = api.refused("PUT", damaged, key=api.aurous.api_key, content=b"x", status=403, code="missing_scope")

    assert "signature" in response.json["error"]["message"]


def test_up_4_the_upload_host_is_another(api: Api) -> None:
    """The upload URL leads to a host of its own, which takes nothing but signed PUTs."""
    url = urlsplit(init(api)["upload_url"])

    assert (url.scheme, url.netloc) == ("https", "aurous.storage")
    api.refused("PUT", f"https://api.aurous-labs.com{url.path}?{url.query}", status=404, code="resource_not_found")
    api.refused("GET", f"https://aurous.storage{url.path}?{url.query}", status=405, code="method_not_allowed")


@pytest.mark.parametrize("pose", ["portrait", "front", "side", "back", "other"])
def test_up_5_finds_the_pose_that_the_test_said(api: Api, pose: str) -> None:
    """Classify answers the id, the pose and how sure it is; ``other`` is a response too."""
    api.uploads.pose(pose, confidence=0.5)

    response = classify(api, api.uploads.add().id)

    assert (response.status, response.json) == (
        200,
        {"upload_id": api.uploads.last.id, "pose": pose, "confidence": 0.5},
    )


def test_up_5_says_the_same_each_time(api: Api) -> None:
    """What was found once is found again, whatever the next pictures show."""
    api.uploads.pose("front", times=2)
    api.uploads.pose("back", confidence=1)
    tickets = [api.uploads.add() for _ in range(3)]

    first = [classify(api, ticket.id).json for ticket in tickets]
    again = [classify(api, ticket.id).json for ticket in tickets[::-1]]

    assert [found["pose"] for found in first] == ["front", "front", "back"]
    assert [found["confidence"] for found in first] == [0.92, 0.92, 1]
    assert again == first[::-1]


def test_up_5_is_seeded_otherwise(api: Api) -> None:
    """Where the test said nothing, classify finds one of the five poses, with a confidence from 0 to 1."""
    found = [classify(api, api.uploads.add().id).json for _ in range(40)]

    assert {one["pose"] for one in found} == {"portrait", "front", "side", "back", "other"}
    assert all(0 <= one["confidence"] <= 1 for one in found)


def test_up_5_the_same_bytes_have_the_same_pose(api: Api) -> None:
    """However many pictures come before; under another seed, they may have another one."""
    found: list[tuple[str, float]] = []
    for content in (b"one", b"two", b"three", b"four", b"five", b"one", b"two", b"three", b"four", b"five"):
        ticket = init(api)
        assert api.put(ticket["upload_url"], content=content).status == 200
        result = classify(api, ticket["upload_id"]).json
        found.append((result["pose"], result["confidence"]))

    assert found[:5] == found[5:]
    assert len(set(found)) > 1


def test_up_5_a_pose_that_the_test_has_set_stays_with_the_bytes(api: Api) -> None:
    """Another ticket for the same picture gets it again, unless the test sets another one."""
    found = list[str]()
    for poses in (["side"], [], ["back"]):
        for pose in poses:
            api.uploads.pose(pose)
        ticket = init(api)
        assert api.put(ticket["upload_url"], content=b"two").status == 200
        found.append(classify(api, ticket["upload_id"]).json["pose"])

    assert found == ["side", "side", "back"]


def test_up_5_finds_what_the_ticket_was_made_with(api: Api) -> None:
    """A ticket that a test made with a pose is classified already."""
    upload = api.uploads.add(pose="side", confidence=0.7)

    assert classify(api, upload.id).json == {"upload_id": upload.id, "pose": "side", "confidence": 0.7}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_field"),
        ({"upload_id": 7}, "invalid_format"),
        ({"upload_id": ["upl_1"]}, "invalid_format"),
    ],
    ids=str,
)
def test_up_5_err_8_wants_one_id(api: Api, body: dict[str, Any], code: str) -> None:
    """The id is required, and text."""
    api.refused("POST", CLASSIFY, json=body, status=400, code=code, param="upload_id")


@pytest.mark.parametrize("what", ["unknown", "expired", "consumed", "not sent yet"])
def test_up_6_time_3_refuses_a_dead_ticket(api: Api, what: str) -> None:
    """A ticket that is unknown, 24 h old, consumed or still without a picture is invalid; the message has its id."""
    upload_id = UNKNOWN
    if what == "expired":
        upload_id = api.uploads.add().id
        api.clock.advance(seconds=24 * 3600)
    elif what == "consumed":
        upload_id = api.uploads.add(pose="front").id
        api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [upload_id]})
    elif what == "not sent yet":
        upload_id = init(api)["upload_id"]

    response = api.refused(
        "POST", CLASSIFY, json={"upload_id": upload_id}, status=400, code="upload_invalid", param="upload_id"
    )

    assert upload_id in response.json["error"]["message"]


def test_up_6_time_3_a_ticket_lives_24_hours(api: Api) -> None:
    """One second before its time a ticket still serves, though its URL is long dead."""
    upload = api.uploads.add()
    api.clock.advance(seconds=24 * 3600 - 1)

    assert classify(api, upload.id).status == 200
    assert api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [upload.id]}).status == 201


def test_up_6_auth_7_does_not_know_another_teams_ticket(api: Api) -> None:
    """Another team's ticket is a 404."""
    upload = api.aurous.teams.add().uploads.add()

    api.refused(
        "POST",
        CLASSIFY,
        json={"upload_id": upload.id},
        status=404,
        code="resource_not_found",
        param="upload_id",
    )


def test_the_whole_upload_flow(api: Api) -> None:
    """From the first ticket to the published character, with nothing but what the API answered."""
    api.uploads.pose("front")
    ticket = init(api)
    api.put(ticket["upload_url"], content=b"picture", headers=ticket["upload_headers"])
    pose = classify(api, ticket["upload_id"]).json["pose"]

    made = api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [ticket["upload_id"]]}).json

    assert (made["status"], [ref["pose"] for ref in made["refs"]]) == ("ready", [pose])
    assert len(api.uploads) == 0


def test_a_ticket_tells_where_it_stands(api: Api) -> None:
    """A ticket is ``waiting``, ``uploaded``, ``consumed`` or ``expired``; the consumed ones are not listed."""
    waiting, uploaded, consumed = api.uploads[init(api)["upload_id"]], api.uploads.add(), api.uploads.add()
    api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [consumed.id]})

    assert [one.status for one in (waiting, uploaded, consumed)] == ["waiting", "uploaded", "consumed"]
    assert list(api.uploads) == [waiting, uploaded]
    assert api.uploads[consumed.id] == consumed
    assert repr(uploaded) == f"<Upload {uploaded.id} 'picture.png' uploaded>"

    api.clock.advance(seconds=24 * 3600)
    assert [one.status for one in (waiting, uploaded, consumed)] == ["expired", "expired", "consumed"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"pose": "fornt"},
            "pose='fornt'): expected 'portrait', 'front', 'side', 'back' or 'other'; did you mean 'front'?",
        ),
        ({"pose": "front", "confidence": 1.5}, "confidence=1.5"),
        ({"pose": "front", "confidence": -0.1}, "confidence=-0.1"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "pose"])
def test_an_impossible_pose_is_the_tests_error(api: Api, verb: str, arguments: dict[str, Any], told: str) -> None:
    """A pose or a confidence that classify could not answer is refused where it was given."""
    with pytest.raises(AurousError) as caught:
        getattr(api.uploads, verb)(**arguments)

    assert told in str(caught.value)
    assert len(api.uploads) == 0


def test_a_ticket_that_never_was_is_not_found(api: Api) -> None:
    """Asking for an unknown ticket names the collection."""
    with pytest.raises(AurousLookupError, match=r"uploads\['upl_1'\]"):
        api.uploads["upl_1"]
