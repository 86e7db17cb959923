"""Sanitized recordings have nothing in them that is private."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import Aurous
from pytest_aurous._content.pictures import measure, picture
from pytest_aurous._reality.blank import blank
from pytest_aurous._reality.check import check_files, check_recordings
from pytest_aurous._reality.files import read_recording
from pytest_aurous._reality.recording import Exchange
from pytest_aurous._reality.sanitize import Sanitizer
from pytest_aurous._report.har import har
from tests.reality.story import Teller, refuted, write

CANARIES: Final = {
    "a name": "Wilhelmina Canary",
    "a prompt": "a canary in a coal mine",
    "an address": "canary@mine.example",
    "a secret": "whsec_canary0123456789",
    "a token": "canarytoken0123",
    "a key of metadata": "canary-field",
    "a file name": "canary.png",
    "a key": "al_live_canary0123456789canary",
    "a host": "canary.internal.example",
    "a user agent": "canary-client/7",
    "a cookie": "session=canarycookie",
    "broken JSON": '{"canary',
}
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x08CANARY\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00\xff\xdaCANARY"


def private(folder: Path) -> dict[str, Any]:
    """Return a recording with every canary, sanitized."""
    teller = Teller(api_key=CANARIES["a key"])
    call, headers = teller.call, {"User-Agent": CANARIES["a user agent"], "Cookie": CANARIES["a cookie"]}
    body = {"name": CANARIES["a name"], "generate": True, "attributes": {"additional_details": CANARIES["a prompt"]}}
    call("POST", "/v1/characters", json=body, headers=headers)
    call("POST", "/v1/characters", content=CANARIES["broken JSON"], headers={"Idempotency-Key": CANARIES["a token"]})
    call("POST", "/v1/images", json={"prompt": CANARIES["a prompt"], "webhook_url": f"https://{CANARIES['a host']}/x"})
    call("POST", "/v1/webhook_endpoints", json={
        "url": f"https://{CANARIES['a host']}/{CANARIES['an address']}", "events": ["*"],
        "metadata": {CANARIES["a key of metadata"]: CANARIES["an address"]}})  # fmt: skip
    file = (CANARIES["a file name"], picture([CANARIES["a name"]], 64, 64, ""), "image/png")
    metadata = json.dumps({CANARIES["a key of metadata"]: CANARIES["a name"]})
    call("POST", "/v1/files", files={"file": file}, data={"purpose": "reference", "metadata": metadata})
    call("POST", "/v1/files", files={"file": file}, data={"purpose": "reference", "metadata": CANARIES["broken JSON"]})
    call("GET", f"/v1/files/{CANARIES['a token']}?token={CANARIES['a token']}")
    call("GET", "/v1/team", headers={"Aurous-Version": CANARIES["a token"]})
    call("GET", "/v1/team", headers={"X-Api-Key": "", "Authorization": f"Bearer {CANARIES['a key']}"})
    call("POST", "/v1/generations", json={})
    entries = teller.entries()
    entries[0]["request"]["headers"].append({"name": "x-api-key", "value": CANARIES["a key"]})
    entries[2]["response"]["content"]["text"] = json.dumps({"secret": CANARIES["a secret"], CANARIES["an address"]: 1})
    entries[3]["response"]["headers"].append({"name": "location", "value": f"https://{CANARIES['a host']}/x"})
    secret = f"/v1/files/{CANARIES['a name']}?token={CANARIES['a token']}"
    entries[4]["response"]["headers"].append({"name": "location", "value": secret})
    return Sanitizer().har(read_recording(write(folder, entries)))


def test_no_canary_survives(tmp_path: Path) -> None:
    """Neither in URLs nor in headers, forms and bodies."""
    text = json.dumps(private(tmp_path), ensure_ascii=False)

    assert "canary" not in text.lower()
    assert "Q0FOQVJZ" not in text  # in Base64
    assert [name for name, canary in CANARIES.items() if canary in text] == []


def test_the_shape_stays(tmp_path: Path) -> None:
    """Lengths, types, words of the API, ids, times and numbers are what they were; equal texts stay equal."""
    entries = private(tmp_path)["log"]["entries"]
    sent = json.loads(entries[0]["request"]["postData"]["text"])
    got = json.loads(entries[0]["response"]["content"]["text"])

    assert len(sent["name"]) == len(CANARIES["a name"])
    assert sent["name"][10] == " "
    assert (got["name"], got["attributes"]) == (sent["name"], sent["attributes"])
    assert (got["object"], got["status"], got["id"][:5]) == ("character", "synthesizing", "char_")
    assert got["created_at"] == "2026-05-08T10:00:00Z"
    keys = {pair["value"] for one in entries for pair in one["request"]["headers"] if pair["name"] == "x-api-key"}
    assert "key-1" in keys


def test_different_texts_stay_different() -> None:
    """Also where they differ in one digit; the same text is the same again."""
    mask = Sanitizer()
    texts = ["order-1", "order-2", "Aurora", "Borea", "", "  ", "order-1"]

    masked = [mask.mask(text) for text in texts]

    assert masked[0] == masked[-1]
    assert len(set(masked)) == len(set(texts))
    assert [len(text) for text in masked] == [len(text) for text in texts]


@pytest.mark.parametrize(
    "data",
    [
        picture(["CANARY"], 64, 32, ""),
        JPEG,
        b"RIFF\x1c\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x1f\x00\x00CANARY",
        b"CANARY",
        b"\xff\xd8\xff\xe0\x00\x01CANARY",
    ],
    ids=["png", "jpeg", "webp", "other", "broken jpeg"],
)
def test_a_picture_shows_nothing(data: bytes) -> None:
    """It has the type, the size and the length that it had."""
    plain = blank(data)

    assert (len(plain), measure(plain)) == (len(data), measure(data))
    assert b"CANARY" not in plain
    assert b"IDAT" not in plain[40:]


def test_what_another_tool_wrote_is_sanitized_too(tmp_path: Path) -> None:
    """A response that was lost, a body that was left out, an exchange without a time, a fault."""
    with Aurous(pitfalls="off", strict="off") as aurous:
        aurous.faults.timeout("*")
        client = aurous.client()
        with pytest.raises(Exception, match="time"):
            client.get("/v1/balance")
        client.put("https://aurous.storage/characters/x/upload", content=b"\x89PNG CANARY")
        entries = har(aurous.calls)["log"]["entries"]
    entries[1]["request"]["postData"]["_omitted"] = True
    log = Sanitizer().har(read_recording(write(tmp_path, entries)))["log"]

    assert log["entries"][0]["response"]["status"] == 0
    assert log["entries"][0]["_fault"] == "timeout (read)"
    assert log["entries"][1]["request"]["postData"]["_omitted"]


def test_bodies_of_other_sizes_stay_complete(tmp_path: Path) -> None:
    """Other letters and numbers may have fewer bytes; a body is still no truncated one."""
    teller = Teller()
    call = teller.call
    call("POST", "/v1/characters", content=json.dumps({"name": "Z\u00f6e \U0001f3a8"}))  # escaped
    call("POST", "/v1/characters", json={"name": "Z\u00f6e \U0001f3a8"})
    form = {"files": {"file": ("me.png", picture(["me"], 64, 64, ""), "image/png")}}
    file = call("POST", "/v1/files", data={"purpose": "reference", "metadata": '{"phone": 4915123456}'}, **form)
    call("GET", f"/v1/files/{file['id']}")
    original = read_recording(write(tmp_path, teller.entries()))
    out = tmp_path / "sanitized.har"
    out.write_text(json.dumps(Sanitizer().har(original)), encoding="utf-8")

    assert read_recording(out).notes == []
    again = check_files([out])
    assert [one.agreed for one in again.verdicts] == [one.agreed for one in check_recordings([original]).verdicts]
    assert refuted(again) == []


def test_numbers_of_a_user_become_others() -> None:
    """Equal ones stay equal; flags stay."""
    mask = Sanitizer()
    data = {"metadata": {"phone": 4915123456, "again": 4915123456, "other": 7.5, "vip": True}, "size_bytes": 4915123456}
    masked = mask.value("", data)

    assert masked["size_bytes"] == 4915123456
    assert list(masked["metadata"].values()) == [1, 1, 2, True]


@pytest.mark.parametrize("body", [b"", b"--x\r\nCANARY", b"CANARY: --x--"])
def test_a_form_that_is_none_is_masked_as_text(body: bytes) -> None:
    """Whatever stands in it, and whatever its boundary is."""
    headers = (("content-type", "multipart/form-data; boundary=canary"),)
    exchange = Exchange(1, "POST", "https://api.aurous-labs.com/v1/files", headers, body or b"CANARY")
    entry = Sanitizer().entry(exchange)

    assert b"CANARY" not in b64decode(entry["request"]["postData"]["text"])
    assert "canary" not in json.dumps(entry)
