"""POST, GET and DELETE /v1/files: time-3, idem-7."""

import json
from collections.abc import Mapping
from io import BytesIO
from struct import pack
from typing import Any, Final

import httpx
import pytest
from PIL import Image

from pytest_aurous import AurousError
from tests.conftest import Api, Response

FILES: Final = "/v1/files"
HOUR: Final = 3600
DAY: Final = 24 * HOUR


def drawn(kind: str = "PNG", width: int = 37, height: int = 53) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), 1).save(out, kind)
    return out.getvalue()


PICTURE: Final = drawn()


def form(
    data: bytes | None = PICTURE, name: str = "look.png", headers: Mapping[str, str] | None = None, **fields: str
) -> dict[str, Any]:
    """What httpx would send: a file, and fields."""
    files = {} if data is None else {"file": (name, data)}
    boundary = {"Content-Type": "multipart/form-data; boundary=b0undary"}
    request = httpx.Request("POST", "https://x", headers=boundary, data=fields, files=files)
    content = request.read() if files else _fields_alone(fields)
    return {"content": content, "headers": {**boundary, **(headers or {})}}


def _fields_alone(fields: Mapping[str, str]) -> bytes:
    """A form without a file, which httpx would not send as multipart."""
    parts = [f'--b0undary\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{fields[one]}\r\n' for one in fields]
    return f"{''.join(parts)}--b0undary--\r\n".encode()


def send(api: Api, data: bytes = PICTURE, purpose: str = "reference", **sent: Any) -> Response:
    response = api.post(FILES, **form(data, purpose=purpose, **sent))
    assert response.status == 201, response.body
    return response


def keyed(key: str = "k") -> dict[str, str]:
    return {"Idempotency-Key": key}


WHOLE: Final = form(purpose="reference")


@pytest.mark.parametrize("purpose", ["reference", "first_frame", "last_frame"])
def test_file_1_time_3_the_whole_object(api: Api, purpose: str) -> None:
    """It has what its bytes are, what its sender said, if anything, and that it lives for 24 h."""
    assert send(api).json["metadata"] is None
    file = send(api, purpose=purpose, metadata='{"campaign": "launch-2026"}').json

    assert file["id"].startswith("file_")
    assert file == {
        "id": file["id"],
        "object": "file",
        "purpose": purpose,
        "mime_type": "image/png",
        "size_bytes": len(PICTURE),
        "width_px": 37,
        "height_px": 53,
        "url": file["url"],
        "expires_at": "2026-05-09T10:00:00Z",
        "created_at": "2026-05-08T10:00:00Z",
        "metadata": {"campaign": "launch-2026"},
    }
    assert api.get(f"{FILES}/{file['id']}").json == file


@pytest.mark.parametrize(("kind", "mime_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
@pytest.mark.parametrize("name", ["look.gif", "look"])
def test_file_1_type_and_size_are_read_from_the_bytes(api: Api, kind: str, mime_type: str, name: str) -> None:
    """Whatever the file is called, its bytes decide; and they come back whole, as what they are."""
    data = drawn(kind, 64, 48)
    file = send(api, data, name=name).json

    assert (file["mime_type"], file["width_px"], file["height_px"]) == (mime_type, 64, 48)
    assert file["size_bytes"] == len(data)
    got = api.get(file["url"], key=None)
    assert (got.status, got.headers["Content-Type"], got.body) == (200, mime_type, data)


@pytest.mark.parametrize(
    ("sent", "code", "param"),
    [
        (form(drawn("GIF"), purpose="reference"), "invalid_format", "file"),
        (form(b"", purpose="reference"), "invalid_format", "file"),
        (form(b"%PDF-1.7", purpose="reference"), "invalid_format", "file"),
        (form(PICTURE[:12], purpose="reference"), "invalid_format", "file"),
        (form(None, purpose="reference"), "missing_field", "file"),
        (form(), "missing_field", "purpose"),
        (form(purpose=""), "invalid_format", "purpose"),
        (form(purpose="mask"), "invalid_format", "purpose"),
        (form(purpose="reference", name="a.png", color="red", zoom="2"), "invalid_request", "color"),
        (form(purpose="reference", metadata="campaign"), "invalid_format", "metadata"),
        (form(purpose="reference", metadata="[1]"), "invalid_format", "metadata"),
        (form(purpose="reference", metadata=""), "invalid_format", "metadata"),
        (form(purpose="reference", metadata="[" * 100_000), "invalid_format", "metadata"),
        (form(purpose="reference", metadata='{"a": NaN}'), "invalid_format", "metadata"),
        (form(purpose="reference", metadata='{"a": 1e999}'), "invalid_format", "metadata"),
        (form(purpose="reference", metadata=r'{"a": "\ud800"}'), "invalid_format", "metadata"),
        ({"json": {"purpose": "reference"}, "headers": {"Content-Type": "application/json"}}, "invalid_format", None),
        ({"content": PICTURE, "headers": {"Content-Type": "image/png"}}, "invalid_format", None),
        ({"content": form(purpose="reference")["content"]}, "invalid_format", None),
        ({**WHOLE, "content": WHOLE["content"][:-20]}, "invalid_format", None),
        (
            {**WHOLE, "content": WHOLE["content"].replace(b"image/png", b"multipart/mixed; boundary=x")},
            "invalid_format",
            None,
        ),
        ({}, "invalid_format", None),
    ],
    ids=[
        *("gif", "empty", "no image", "cut", "no file", "no purpose", "empty purpose", "another purpose", "unknown"),
        *("metadata no json", "metadata a list", "metadata empty", "metadata too deep"),
        *("metadata not a number", "metadata infinite", "metadata half a character"),
        *("json", "bytes alone", "form without its type", "cut form", "form in a form", "nothing"),
    ],
)
@pytest.mark.parametrize("key", [None, "k"], ids=["", "keyed"])
def test_file_1_err_8_refuses_what_it_does_not_take(
    api: Api, sent: dict[str, Any], code: str, param: str | None, key: str | None
) -> None:
    """Each mistake has its code and names the part, with an idempotency key and without; nothing is stored."""
    sent = {**sent, "headers": {**sent.get("headers", {}), **(keyed(key) if key else {})}}

    api.refused("POST", FILES, status=400, code=code, param=param, **sent)
    assert len(api.aurous.files) == 0


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0)])
def test_file_1_what_has_no_area_is_no_picture(api: Api, width: int, height: int) -> None:
    """In a PNG, zero is an invalid value. How large a side may be: see `test_ends.py`."""
    data = PICTURE[:16] + pack(">II", width, height) + PICTURE[24:]

    api.refused("POST", FILES, status=400, code="value_out_of_range", param="file", **form(data, purpose="reference"))


@pytest.mark.parametrize("told", [{"größe": "groß", "n": [1, {"a": None}]}, {}, {"a" * 500: 2**80}], ids=str)
def test_file_1_metadata_come_back(api: Api, told: dict[str, Any]) -> None:
    """Any object, as it was sent."""
    file = send(api, metadata=json.dumps(told, ensure_ascii=False)).json

    assert file["metadata"] == told
    assert api.get(f"{FILES}/{file['id']}").json["metadata"] == told


@pytest.mark.parametrize("state", ["stored", "deleted", "expired", "unknown", "another team's"])
def test_file_2_delete_always_says_that_it_is_gone(api: Api, state: str) -> None:
    """Whatever the id is; and afterwards it is nobody's file of this team."""
    owner = api.aurous.teams.add() if state == "another team's" else None
    file = api.aurous.files.add(team=owner)
    url = file.url
    file_id = "file_x" if state == "unknown" else file.id
    if state == "deleted":
        api.delete(f"{FILES}/{file_id}")
    if state == "expired":
        api.clock.advance(seconds=DAY)

    response = api.delete(f"{FILES}/{file_id}")

    assert (response.status, response.json) == (200, {"deleted": True, "id": file_id, "object": "file"})
    api.refused("GET", f"{FILES}/{file_id}", status=404, code="resource_not_found")
    if state == "stored":
        assert api.refused("GET", url, key=None, status=404, code="resource_not_found")
        assert file.status == "deleted"
    if owner is not None:
        assert api.get(f"{FILES}/{file_id}", key=owner.api_key).status == 200


def test_idem_7_the_bytes_are_not_compared(api: Api) -> None:
    """Another picture under the same key gives the first file again: purpose and metadata are what counts."""
    first = send(api, metadata='{"a": 1, "b": 2}', headers=keyed())

    again = send(api, drawn("JPEG", 9, 9), name="other.jpg", metadata='{"b":2,"a":1}', headers=keyed())

    assert again.json == first.json
    assert again.headers["Aurous-Idempotent-Replayed"] == "true"
    assert len(api.aurous.files) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"purpose": "last_frame", "metadata": '{"a": 1}'},
        {"purpose": "reference", "metadata": '{"a": 2}'},
        {"purpose": "reference", "metadata": "no json"},
        {"purpose": "reference"},
    ],
    ids=str,
)
def test_idem_7_another_purpose_or_other_metadata_are_a_conflict(api: Api, other: dict[str, Any]) -> None:
    """The same picture is no excuse."""
    send(api, metadata='{"a": 1}', headers=keyed())

    api.refused("POST", FILES, status=409, code="idempotency_key_in_use", **form(headers=keyed(), **other))


def test_idem_4_a_refused_file_can_be_sent_again(api: Api) -> None:
    """After a 4xx the key is free."""
    assert api.post(FILES, **form(b"", headers=keyed(), purpose="reference")).status == 400

    assert "Aurous-Idempotent-Replayed" not in send(api, headers=keyed()).headers


def test_a_live_file_is_what_a_get_shows(api: Api) -> None:
    """Made by a call or by the test, it has the attributes of the wire, and its bytes are at hand."""
    sent = send(api, metadata='{"a": 1}').json
    file = api.aurous.files.last

    assert file.id == sent["id"]
    assert file.json() == sent
    assert (file.url, file.data, file.metadata) == (sent["url"], PICTURE, {"a": 1})
    assert (file.purpose, file.mime_type, file.size_bytes) == ("reference", "image/png", len(PICTURE))
    assert repr(file) == f"<File {file.id} reference 37x53 stored>"


def test_files_add_makes_a_picture(api: Api) -> None:
    """Without data it is one of its own, which decodes."""
    file = api.aurous.files.add(purpose="last_frame", metadata={"a": 1})

    got = api.get(file.url, key=None)
    assert Image.open(BytesIO(got.body)).size == (file.width_px, file.height_px)
    assert (file.purpose, file.metadata, file.mime_type) == ("last_frame", {"a": 1}, "image/png")
    assert api.get(f"{FILES}/{file.id}").json == file.json()
    assert [one.id for one in api.aurous.files] == [file.id]


def test_files_add_takes_a_picture_and_a_team(api: Api) -> None:
    """Of any type that the API takes, for any team."""
    other = api.aurous.teams.add()
    file = api.aurous.files.add(drawn("JPEG", 9, 8), team=other)

    assert (file.mime_type, file.width_px, file.height_px) == ("image/jpeg", 9, 8)
    assert other.files.last == file
    assert len(api.aurous.files) == 0


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"purpose": "referense"}, "did you mean 'reference'"),
        ({"data": b"GIF89a"}, "PNG"),
        ({"data": drawn("PNG", 4097, 1)}, "4097x1"),
    ],
)
def test_files_add_refuses_what_the_api_would_not_take(api: Api, told: dict[str, Any], message: str) -> None:
    """The error says why, and nothing is stored."""
    with pytest.raises(AurousError, match=message):
        api.aurous.files.add(**told)
    assert len(api.aurous.files) == 0
