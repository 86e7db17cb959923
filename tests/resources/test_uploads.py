"""Uploads: up-1 to up-6, time-3, and the tickets that a test sees."""

from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from pytest_aurous import AurousError
from tests.conftest import TICKET, Api, Response

INIT: Final = "/v1/characters/uploads/init"
CLASSIFY: Final = "/v1/characters/uploads/classify"
UNKNOWN: Final = "upl_01HXMQ7Z3K8Y2NABCDEFGHJKMR"


def init(api: Api, **changes: Any) -> Any:
    response = api.post(INIT, json={**TICKET, **changes})
    assert response.status == 201, response.body
    return response.json


def classify(api: Api, upload_id: str) -> Response:
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
    body = {**TICKET, "extension": extension, "content_type": content_type}
    api.refused("POST", INIT, json=body, status=400, code="invalid_format", param="content_type")


@pytest.mark.parametrize("field", ["filename", "extension", "content_type"])
def test_up_1_wants_all_three_fields(api: Api, field: str) -> None:
    body = {key: value for key, value in TICKET.items() if key != field}

    api.refused("POST", INIT, json=body, status=400, code="missing_field", param=field)


def test_up_2_a_ticket_says_where_and_until_when(api: Api) -> None:
    """The response to an init has the id, the URL, the headers to send and when the URL dies: in 15 minutes."""
    ticket = init(api)

    assert list(ticket) == ["upload_id", "upload_url", "upload_headers", "expires_at"]
    prefix, _, ulid = ticket["upload_id"].partition("_")
    assert (prefix, len(ulid)) == ("upl", 26)
    assert ticket["expires_at"] == "2026-05-08T10:15:00Z"


def test_up_3_takes_the_bytes_without_a_key(api: Api) -> None:
    """The signed URL alone permits the PUT, again and again: the later picture counts."""
    ticket = init(api)
    upload = api.uploads[ticket["upload_id"]]
    assert upload.status == "waiting"

    for content in (b"picture", b"the later one"):
        response = api.put(ticket["upload_url"], content=content, headers=ticket["upload_headers"])
        assert (response.status, response.body, upload.status, upload.size) == (200, b"", "uploaded", len(content))


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


def test_up_4_the_upload_host_is_another(api: Api) -> None:
    """The upload URL leads to a host of its own, which takes nothing but signed PUTs."""
    url = urlsplit(init(api)["upload_url"])

    assert (url.scheme, url.netloc) == ("https", "aurous.storage")
    api.refused("PUT", f"https://api.aurous-labs.com{url.path}?{url.query}", status=404, code="resource_not_found")
    api.refused("GET", f"https://aurous.storage{url.path}?{url.query}", status=405, code="method_not_allowed")


@pytest.mark.parametrize("pose", ["portrait", "front", "side", "back", "other"])
def test_up_5_finds_the_pose_that_the_test_said(api: Api, pose: str) -> None:
    """For the next picture, or for the ticket that it adds; ``other`` is a pose, too."""
    api.uploads.pose(pose, confidence=0.5)

    for upload in (api.uploads.add(), api.uploads.add(pose=pose, confidence=0.5)):
        response = classify(api, upload.id)
        assert response.status == 200
        assert response.json == {"upload_id": upload.id, "pose": pose, "confidence": 0.5}


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


@pytest.mark.parametrize("what", ["unknown", "another team's", "consumed", "not sent yet"])
def test_up_6_auth_7_refuses_a_dead_ticket(api: Api, what: str) -> None:
    """A ticket that is unknown, consumed or still without a picture is invalid; another team's is a 404."""
    upload_id = UNKNOWN
    if what == "another team's":
        upload_id = api.aurous.teams.add().uploads.add().id
    elif what == "consumed":
        upload_id = api.uploads.add(pose="front").id
        api.post("/v1/characters", json={"name": "Aurora", "upload_ids": [upload_id]})
    elif what == "not sent yet":
        upload_id = init(api)["upload_id"]

    status, code = (404, "resource_not_found") if what == "another team's" else (400, "upload_invalid")
    api.refused("POST", CLASSIFY, json={"upload_id": upload_id}, status=status, code=code, param="upload_id")


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
    "arguments",
    [{"pose": "fornt"}, {"pose": "front", "confidence": 1.5}, {"pose": "front", "confidence": -0.1}],
)
@pytest.mark.parametrize("verb", ["add", "pose"])
def test_an_impossible_pose_is_the_tests_error(api: Api, verb: str, arguments: dict[str, Any]) -> None:
    """A pose or a confidence that classify could not find is refused where it was given."""
    with pytest.raises(AurousError, match=r"uploads\."):
        getattr(api.uploads, verb)(**arguments)

    assert len(api.uploads) == 0
