"""Recordings in their forms, and what is wrong with them."""

from __future__ import annotations

import gzip
import json
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import AurousError
from pytest_aurous._reality.check import check_recordings
from pytest_aurous._reality.recording import find_files, read_recording
from tests.reality.story import Teller, told, write

URL: Final = "https://api.aurous-labs.com/v1/balance"
BODY: Final = '{"credits": 5}'


def entry(url: str = URL, at: str = "2026-05-08T10:00:00Z", **response: Any) -> dict[str, Any]:
    """Return an entry of HAR."""
    return {
        "startedDateTime": at,
        "request": {"method": "get", "url": url, "headers": [{"name": ":authority", "value": "x"}]},
        "response": {"status": 200, "headers": [], "content": {"text": BODY}, **response},
    }


def har(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a HAR file of somebody else."""
    file = folder / "browser.har"
    file.write_text(json.dumps({"log": {"creator": {"name": "browser"}, "entries": entries}}), encoding="utf-8")
    return file


def cassette(body: Any, *, status: Any = None, **headers: Any) -> dict[str, Any]:
    """Return a cassette of VCR.py with one interaction."""
    request = {"method": "GET", "uri": URL, "body": None, "headers": {"x-api-key": ["secret"], "Accept": "*/*"}}
    response = {"status": status or {"code": 200, "message": "OK"}, "headers": headers, "body": body}
    return {"interactions": [{"request": request, "response": response}], "version": 1}


def test_exchanges_are_put_in_order_of_time(tmp_path: Path) -> None:
    """Times may be in other zones, and the report says that the order was another."""
    late, early = "2026-05-08T12:00:01+02:00", "2026-05-08T10:00:00.500Z"
    recording = read_recording(har(tmp_path, entry(at=late), entry(at=early)))

    assert [exchange.number for exchange in recording.exchanges] == [2, 1]
    assert recording.notes == ["its exchanges were not in order of time"]
    assert recording.exchanges[0].headers == ()


def test_our_own_recordings_keep_their_order(tmp_path: Path) -> None:
    """A test may have moved its clock back."""
    entries = told("images")[:2]
    entries[1]["startedDateTime"] = "2020-01-01T00:00:00Z"

    assert [exchange.number for exchange in read_recording(write(tmp_path, entries)).exchanges] == [1, 2]


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"text": BODY}, BODY.encode()),
        ({"text": b64encode(BODY.encode()).decode(), "encoding": "base64"}, BODY.encode()),
        ({"text": b64encode(gzip.compress(BODY.encode())).decode(), "encoding": "base64"}, BODY.encode()),
        ({"text": b64encode(gzip.compress(BODY.encode())[:-9]).decode(), "encoding": "base64"}, None),
        ({"text": b64encode(b"\x1f\x8bnot gzip").decode(), "encoding": "base64"}, None),
        ({"size": 14}, None),
        ({"size": 0}, b""),
        ({"size": 14, "text": '{"cre', "mimeType": "application/json"}, None),
        ({"text": BODY, "_omitted": True}, None),
    ],
)
def test_a_body_is_read_in_each_form(tmp_path: Path, content: dict[str, Any], body: bytes | None) -> None:
    """As text, in Base64, compressed; one that was left out or cut off is reported."""
    recording = read_recording(har(tmp_path, entry(content=content)))

    assert recording.exchanges[0].body == body
    assert bool(recording.notes) == (body is None)


def test_a_request_body_that_was_left_out_is_reported(tmp_path: Path) -> None:
    """What depends on it cannot be told."""
    one = entry()
    one["request"]["bodySize"] = 20

    assert read_recording(har(tmp_path, one)).notes == ["exchange 1: the body of the request is missing"]


def test_a_foreign_host_is_reported_and_not_replayed(tmp_path: Path) -> None:
    """It is no part of the API; a fake on this machine is."""
    foreign, local = entry("https://www.example.org/v1/balance"), entry("http://127.0.0.1:8787/v1/balance")
    recording = read_recording(har(tmp_path, foreign, local, entry("data:text/plain,x")))

    assert recording.notes == [
        "exchange 1: www.example.org is not a host of the vendor",
        "exchange 3: no host is not a host of the vendor",
    ]
    assert check_recordings([recording]).verdicts.exchanges == 1


BROKEN: Final[dict[str, str | bytes]] = {
    "truncated.har": '{"log": {"entries": [',
    "other.har": "[]",
    "other.json": '{"log": {"entries": 3}}',
    "entry.har": '{"log": {"entries": [{"request": {}}]}}',
    "time.har": json.dumps({"log": {"entries": [entry(at="yesterday")]}}),
    "objects.yaml": "interactions: [!!python/object/apply:os.system [exit]]",
    "truncated.yaml": "interactions: [{",
    "binary.har": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    """With its name, and without constructing what it asks for."""
    content = BROKEN[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(AurousError, match=name):
        read_recording(tmp_path / name)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the reason of the system."""
    with pytest.raises(AurousError, match=r"absent\.har: No such file"):
        read_recording(tmp_path / "absent.har")


@pytest.mark.parametrize(
    ("interaction", "body"),
    [
        (cassette({"string": BODY}), BODY.encode()),
        (cassette({"base64_string": b64encode(BODY.encode()).decode()}), BODY.encode()),
        (cassette(BODY, status=200), BODY.encode()),
        (cassette({"string": "\x00\x01"}, **{"content-encoding": ["br"]}), None),
        (cassette({"string": BODY}, **{"content-encoding": "br"}), BODY.encode()),
        (cassette({}), b""),
    ],
)
def test_a_cassette_in_json_is_read(tmp_path: Path, interaction: dict[str, Any], body: bytes | None) -> None:
    """Each form of a body that VCR.py has written over time."""
    file = tmp_path / "cassette.json"
    file.write_text(json.dumps(interaction), encoding="utf-8")

    (exchange,) = read_recording(file).exchanges

    assert (exchange.body, exchange.status, exchange.at) == (body, 200, None)
    assert exchange.sent == {"x-api-key": "secret", "accept": "*/*"}


def test_a_cassette_in_yaml_is_read(tmp_path: Path) -> None:
    """Bytes are those of the file; the date of a response is the time of its request."""
    yaml = pytest.importorskip("yaml")
    content = cassette({"string": gzip.compress(BODY.encode())}, Date=["Fri, 08 May 2026 10:00:00 GMT"])
    file = tmp_path / "cassette.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")

    (exchange,) = read_recording(file).exchanges

    assert (exchange.body, exchange.at) == (BODY.encode(), 1_778_234_400)


def test_yaml_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the message says how to install it."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "cassette.yaml").write_text("interactions: []", encoding="utf-8")

    with pytest.raises(AurousError, match=r"pytest-aurous\[check\]"):
        read_recording(tmp_path / "cassette.yaml")


def test_a_cassette_without_times_is_checked(tmp_path: Path) -> None:
    """Its order is that of the file, and rate limits are not compared."""
    teller = Teller()
    teller.poll(teller.synthesize("Aurora"))
    interactions = [
        {
            "request": {
                "method": one["request"]["method"],
                "uri": one["request"]["url"],
                "body": one["request"].get("postData", {}).get("text"),
                "headers": {pair["name"]: [pair["value"]] for pair in one["request"]["headers"]},
            },
            "response": {
                "status": {"code": one["response"]["status"]},
                "headers": {pair["name"]: [pair["value"]] for pair in one["response"]["headers"]},
                "body": {"string": one["response"]["content"]["text"]},
            },
        }
        for one in teller.entries()
    ]
    file = tmp_path / "cassette.json"
    file.write_text(json.dumps({"interactions": interactions}), encoding="utf-8")
    result = check_recordings([read_recording(file)])

    assert result.verdicts.refuted == []
    assert result.verdicts.rules["get-1"].agreed == 3


def test_files_are_found_by_name_folder_and_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, in order; a name that leads nowhere is an error."""
    for name in ("b.har", "a.har", "notes.txt", "c.yaml"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert [file.name for file in find_files([str(tmp_path)])] == ["a.har", "b.har", "c.yaml"]
    assert [file.name for file in find_files([str(tmp_path / "*.har"), "a.har", "*.har"])][:2] == ["a.har", "b.har"]
    for absent in ("absent.har", "*.absent"):
        with pytest.raises(AurousError, match="there is no recording"):
            find_files([absent])
