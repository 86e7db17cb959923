"""Recordings in their forms, and what is wrong with them."""

import gzip
import json
import sys
import zlib
from base64 import b64encode
from functools import reduce
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.check import check_recordings
from pytest_aurous._check.recording.read import find_files, read_recording, read_recordings
from pytest_aurous._check.sanitize import Sanitizer
from tests.check.story import Entries, Teller, check_files, command, told, write
from tests.conftest import needs_links

URL: Final = "https://api.aurous-labs.com/v1/balance"
BODY: Final = '{"credits": 5}'


def entry(url: str = URL, at: str = "2026-05-08T10:00:00Z", **response: Any) -> dict[str, Any]:
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
    request = {"method": "GET", "uri": URL, "body": None, "headers": {"x-api-key": ["secret"], "Accept": "*/*"}}
    response = {"status": status or {"code": 200, "message": "OK"}, "headers": headers, "body": body}
    return {"interactions": [{"request": request, "response": response}], "version": 1}


def test_exchanges_are_put_in_order_of_time(tmp_path: Path) -> None:
    """Times may be in other zones, or have none, which is UTC; the report says that the order was another."""
    late, early = "2026-05-08T12:00:01+02:00", "2026-05-08T10:00:00.5000000"
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
        ({"text": b64encode(gzip.compress(BODY.encode(), mtime=0)).decode(), "encoding": "base64"}, BODY.encode()),
        ({"text": b64encode(gzip.compress(BODY.encode(), mtime=0)[:-9]).decode(), "encoding": "base64"}, None),
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


@pytest.mark.parametrize(
    ("data", "coding", "body"),
    [
        (b"\x1b\x0d\x00", "br", None),
        (BODY.encode(), "br", BODY.encode()),
        (b"\x1b\x0d\x00", "gzip, br", None),
        (BODY.encode(), "gzip, deflate", BODY.encode()),
        (gzip.compress(gzip.compress(BODY.encode(), mtime=0), mtime=0), "gzip, gzip", BODY.encode()),
        (reduce(lambda body, _: gzip.compress(body, mtime=0), range(3), BODY.encode()), "gzip", None),
        (zlib.compress(BODY.encode()), "Deflate", BODY.encode()),
        (zlib.compress(BODY.encode())[2:-4], "deflate", BODY.encode()),
        (b"\x78\x9cnone", "deflate", None),
        (b"\xff\xff", "deflate", None),
    ],
)
def test_a_compression_of_the_network_may_be_in_the_file(
    tmp_path: Path, data: bytes, coding: str, body: bytes | None
) -> None:
    """Also a repeated one. Python cannot decompress Brotli; most tools have done so already."""
    content = {"text": b64encode(data).decode(), "encoding": "base64", "mimeType": "application/json"}
    one = entry(content=content, headers=[{"name": "Content-Encoding", "value": coding}])

    assert read_recording(har(tmp_path, one)).exchanges[0].body == body


FAVICON: Final = "https://api.aurous-labs.com/favicon.ico"
MINE: Final = "http://localhost:3000/v1/things"
APP: Final = "http://127.0.0.1:8787/index.html"


def test_a_foreign_host_is_reported_and_not_replayed(tmp_path: Path) -> None:
    """It is no part of the API; below /v1/, a fake on this machine is, which shows its headers."""
    others = [entry(url) for url in ("https://www.example.org/v1/balance", "data:text/plain,x", FAVICON, MINE, APP)]
    local = entry("http://127.0.0.1:8787/v1/balance")
    local["response"]["headers"].append({"name": "Aurous-Version", "value": "2026-05-15"})
    recording = read_recording(har(tmp_path, *others, local))

    assert recording.notes == ["5 of 6 exchanges are not with the API, and left out"]
    assert check_recordings([recording]).verdicts.exchanges == 1


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """With its name, and the reason, which may be that of the system."""
    (tmp_path / "binary.har").write_bytes(b"\xff\xfe\x00 interactions")
    for name, why in {"absent.har": "No such file", "binary.har": "Save it as UTF-8"}.items():
        with pytest.raises(AurousError, match=f"{name}: .*{why}"):
            read_recording(tmp_path / name)


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


def test_a_cassette_of_an_older_version_is_read(tmp_path: Path) -> None:
    """Of httpx it had the status and the content under other names, and forms without the bytes of their files."""
    form = cassette({}, **{"content-type": ["application/json"]})
    (one,) = form["interactions"]
    headers = {"Content-Type": ["multipart/form-data; boundary=x"], "Content-Length": ["400"]}
    one["request"] |= {"method": "POST", "body": FORM.format("PNG"), "headers": headers}
    one["response"] = {"status_code": 201, "http_version": "HTTP/1.1", "headers": {}, "content": BODY}
    file = tmp_path / "cassette.json"
    file.write_text(json.dumps(form), encoding="utf-8")

    recording = read_recording(file)
    (exchange,) = recording.exchanges
    assert (exchange.status, exchange.body, exchange.content) == (201, BODY.encode(), None)
    assert recording.notes == ["exchange 1: the body of the request is missing"]


def test_a_cassette_in_yaml_is_read(tmp_path: Path) -> None:
    """Bytes come from the file; the date of a response is the time of its request."""
    yaml = pytest.importorskip("yaml")
    content = cassette({"string": gzip.compress(BODY.encode())}, Date=["Fri, 08 May 2026 10:00:00 GMT"])
    for name in ("cassette.yaml", "cassette"):  # without a name, VCR.py adds no suffix
        file = tmp_path / name
        file.write_text(yaml.safe_dump(content), encoding="utf-8")

        (exchange,) = read_recording(file).exchanges

        assert (exchange.body, exchange.at) == (BODY.encode(), 1_778_234_400)


def test_yaml_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "cassette.yaml").write_text("interactions: []", encoding="utf-8")

    with pytest.raises(AurousError, match="the extra check: install it"):
        read_recording(tmp_path / "cassette.yaml")


def vcr(folder: Path, entries: Entries) -> Path:
    """Write entries of HAR as a cassette of VCR.py, which has no times where a server sends none."""
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
        for one in entries
    ]
    file = folder / "cassette.json"
    file.write_text(json.dumps({"interactions": interactions}), encoding="utf-8")
    return file


@pytest.mark.parametrize("begin", [0, 4])
def test_a_cassette_without_times_is_checked(tmp_path: Path, begin: int) -> None:
    """It takes its order from the file and its clock from its records, and rate limits are not compared."""
    teller = Teller()
    teller.aurous.clock.advance(seconds=400 * 86400)
    teller.call("GET", "/v1/balance")
    teller.poll(teller.synthesize("Aurora"))
    teller.call("GET", "/v1/usage", params={"start_time": "2027-06-12T00:00:00Z"})
    teller.call("GET", "/v1/characters")
    cassette = read_recording(vcr(tmp_path, teller.entries()[begin:]))
    result = check_recordings([cassette])

    assert result.verdicts.refuted == []
    assert result.verdicts.rules["usage-1"].agreed == 1

    sanitized = tmp_path / "sanitized.har"
    sanitized.write_text(json.dumps(Sanitizer().har(cassette)), encoding="utf-8")
    again = check_files([sanitized])
    assert [one.agreed for one in again.verdicts] == [one.agreed for one in result.verdicts]
    assert again.verdicts.refuted == []


def test_a_cassette_without_times_and_records_is_checked(tmp_path: Path) -> None:
    teller = Teller()
    teller.call("GET", "/v1/balance")
    assert check_files([vcr(tmp_path, teller.entries())]).verdicts.rules["cred-1"].agreed == 1


def test_a_redirect_does_nothing(tmp_path: Path) -> None:
    """What it asked for happens when the client has followed it; the report says that it does not count."""
    entries = told("characters")
    for number in (25, 8, 1):  # a DELETE, a save, a create
        entries.insert(number, {**entries[number], "response": QUIRKS["a redirect to https"]})
    result = check_files([write(tmp_path, entries)])

    assert result.verdicts.refuted == []
    assert "exchange 2 does not count: 301, a redirect to api.aurous-labs.com" in result.notes[0]
    assert len(result.notes) == 3


def test_a_key_that_was_left_out_is_not_refused_for_good(tmp_path: Path) -> None:
    """In a recording without keys, a refusal may be of another key than the other requests use."""
    entries = told("account")[:7]
    for one in entries:
        one["request"]["headers"] = [pair for pair in one["request"]["headers"] if pair["name"] != "x-api-key"]
    result = check_files([write(tmp_path, entries)])

    assert result.verdicts.refuted == []
    assert result.verdicts.rules["auth-3"].agreed == 2


def test_files_are_found_by_name_folder_and_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, in order; a name that leads nowhere is an error."""
    for name in ("b.har", "a.har", "notes.txt", "c.yaml", "D.HAR"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert [file.name for file in find_files([str(tmp_path)])] == ["D.HAR", "a.har", "b.har", "c.yaml"]
    assert [file.name for file in find_files(["[ab].har", "?.yaml"])] == ["a.har", "b.har", "c.yaml"]
    assert [file.name for file in find_files([str(tmp_path / "*.har"), "a.har", "*.har"])][:2] == ["a.har", "b.har"]
    (tmp_path / "empty").mkdir()
    wanted = {
        "absent.har": "there is no such file",
        "*.absent": "there is no such file",
        "empty": "the folder contains",
    }
    for absent, why in wanted.items():
        with pytest.raises(AurousError, match=why):
            find_files([absent])


QUIRKS: Final[dict[str, Any]] = {
    "a response that never came": {"status": 0, "headers": [], "content": {"size": 0}},
    "one that a proxy numbers": {"status": -999, "statusText": "NO RESPONSE", "headers": []},
    "one that is absent": None,
    "a body that a browser did not keep": {
        "status": 200, "headers": [],
        "content": {"mimeType": "application/json", "size": 77, "comment": "Response bodies are not included."},
    },
    "a body without a size": {"status": 200, "headers": [], "content": {"mimeType": "application/json"}},
    "an unknown size": {"status": 200, "headers": None, "content": {"size": -1}},
    "a redirect to https": {"status": 301, "headers": [{"name": "Location", "value": URL}], "content": {}},
    "a redirect to no address": {"status": 301, "headers": [{"name": "Location", "value": "//[x"}], "content": {}},
    "the page of a proxy": {
        "status": 200, "headers": [{"name": "Content-Type", "value": "text/html"}],
        "content": {"text": "<html>", "mimeType": "text/html"},
    },
}  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS)
def test_what_browsers_and_proxies_write_refutes_nothing(tmp_path: Path, quirk: str) -> None:
    """Responses that failed, bodies that were not kept, requests of their own."""
    own: list[dict[str, Any]] = [{"method": method, "url": URL, "headers": []} for method in ("OPTIONS", "CONNECT")]
    others = [{**entry(), "request": request} for request in own]
    verdicts = check_files([har(tmp_path, {**entry(), "response": QUIRKS[quirk]}, *others)]).verdicts

    assert (verdicts.refuted, verdicts.uncovered) == ([], {})
    assert {one.rule for one in verdicts if one.agreed} <= {"cred-1"}  # its status is all that may be there


PNG: Final = b"\x89PNG\r\n\x1a\n\xff"
FORM: Final = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n{}\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("post", "size", "content"),
    [
        ({"text": '{"a": 1}', "mimeType": "application/json"}, -1, b'{"a": 1}'),
        ({"text": '{"a": 1}', "mimeType": "application/json"}, 0, b'{"a": 1}'),
        ({"text": '{"a', "mimeType": "application/json"}, 8, None),
        ({"text": "", "mimeType": ""}, -1, b""),
        ({"params": [{"name": "purpose", "value": "reference"}], "mimeType": "multipart/form-data"}, 300, None),
        ({"params": [{"name": "purpose"}], "mimeType": "multipart/form-data"}, -1, None),
        ({"text": FORM.format(""), "mimeType": "multipart/form-data; boundary=x"}, 5000, None),
        ({"text": FORM.format("\ufffdPNG"), "mimeType": "multipart/form-data; boundary=x"}, -1, None),
        ({"text": PNG.decode("latin-1"), "mimeType": "image/png"}, len(PNG), PNG),
        ({"text": b64encode(PNG).decode(), "encoding": "base64", "mimeType": "image/png"}, len(PNG), PNG),
        (None, 300, None),
        (None, 0, b""),
    ],
)
def test_a_request_body_is_read_as_each_tool_writes_it(tmp_path: Path, post: Any, size: int, content: Any) -> None:
    """As parameters, without the bytes of its file, with a character for each byte, or with an unknown size."""
    one = entry()
    one["request"] |= {"method": "POST", "bodySize": size} | ({} if post is None else {"postData": post})

    assert read_recording(har(tmp_path, one)).exchanges[0].content == content


@pytest.mark.parametrize("at", [{"size": 0, "mimeType": "application/json"}, {"size": -1}, {"size": 77}])
def test_a_recording_without_bodies_refutes_nothing(tmp_path: Path, at: dict[str, Any]) -> None:
    """Browsers leave them out, or forget them; lengths in headers show that they were there."""
    entries = told("characters") + told("images") + told("account")
    for one in entries:
        one["response"]["content"] = dict(at)
        if one["request"].pop("postData", None):
            one["request"]["bodySize"] = -1
            length = {"name": "content-length", "value": "9"}
            one["request"]["headers"] = [*one["request"]["headers"], length]
    result = check_files([write(tmp_path, entries)], {"shared": True})  # three fakes, one after the other

    assert (result.verdicts.refuted, result.verdicts.uncovered) == ([], {})
    assert result.verdicts.rules["create-1"].word == "cannot tell"
    assert "recorded.har: exchange 2: the body of the request is missing" in result.notes


def test_headers_of_a_proxy_are_nothing_of_the_vendor(tmp_path: Path) -> None:
    """Neither headers of the connection nor headers that a proxy has added; nor is its port a part of the host."""
    entries = told("images")[:6]
    for one in entries:
        one["request"]["url"] = one["request"]["url"].replace("aurous-labs.com/", "aurous-labs.com:443/")
        one["request"]["headers"] += [
            {"name": name, "value": "x"}
            for name in (":method", ":authority", "Via", "X-Forwarded-For", "Proxy-Connection", "Proxy-Authorization")
        ]
        one["response"]["headers"] += [
            {"name": name, "value": "x"} for name in (":status", "Via", "X-Cache", "Proxy-Agent", "Alt-Svc", "Server")
        ]
    verdicts = check_files([write(tmp_path, entries)]).verdicts

    assert (verdicts.refuted, verdicts.uncovered) == ([], {})


def test_what_is_no_recording_is_listed_in_a_folder_and_refused_by_name(tmp_path: Path) -> None:
    """A truncated recording is refused in both cases; so is a recording without an exchange of the API."""
    other, foreign = tmp_path / "package.json", tmp_path / "foreign.har"
    other.write_text('{"name": "x"', encoding="utf-8")
    har(tmp_path, entry("https://gateway.example/aurous/v1/balance")).rename(foreign)
    har(tmp_path, entry())
    files = find_files([str(tmp_path)])

    (recording,) = read_recordings(files)
    assert len(recording.others) == 2
    assert any("no exchange with the API. For a gateway, pass --base-url URL" in text for text in recording.others)
    assert len(read_recordings(files, base_url="https://gateway.example/aurous")) == 2
    for file in (other, foreign):
        with pytest.raises(AurousError, match=file.name):
            read_recordings(files, {file})
    with pytest.raises(AurousError, match="none of the 2 files is a recording"):
        read_recordings([other, foreign])

    (tmp_path / "cut.har").write_text('{"log": {"entries": [', encoding="utf-8")
    with pytest.raises(AurousError, match=r"cut\.har: line 1: truncated"):
        read_recordings(find_files([str(tmp_path)]))


def test_bodies_may_be_in_files_of_their_own(tmp_path: Path) -> None:
    """Beside the recording, below it, or in one archive with it, as Playwright writes them; they are no other files."""
    one, name = entry(), "resources/6e.json"
    one["response"]["content"] = {"_file": name, "mimeType": "application/json", "size": 14}
    file = har(tmp_path, one)
    (tmp_path / "resources").mkdir()
    (tmp_path / name).write_text(BODY, encoding="utf-8")
    (recording,) = read_recordings(find_files([str(tmp_path)]))
    assert (recording.exchanges[0].body, recording.others, recording.notes) == (BODY.encode(), [], [])

    for folder in ("", "session/"):
        archive = tmp_path / "page.zip"
        with ZipFile(archive, "w") as writer:
            writer.write(file, f"{folder}har.har")
            writer.writestr(f"{folder}{name}", BODY)
        assert read_recording(archive).exchanges[0].body == BODY.encode()


@needs_links
def test_a_body_outside_the_folder_of_a_recording_is_not_read(tmp_path: Path) -> None:
    """It is private; a body that is not there, and a name that no file can have, are a missing body as well."""
    (tmp_path / "private.json").write_text(BODY, encoding="utf-8")
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "link.json").symlink_to(tmp_path / "private.json")
    names = ("../private.json", str(tmp_path / "private.json"), "link.json", "resources", "absent.json", "a\0b", "")
    entries = [entry(content={"_file": name, "mimeType": "application/json", "size": 14}) for name in names]

    assert [one.body for one in read_recording(har(folder, *entries)).exchanges] == [None] * len(names)

    with ZipFile(folder / "page.zip", "w") as writer:
        writer.write(folder / "browser.har", "har.har")
    assert [one.body for one in read_recording(folder / "page.zip").exchanges] == [None] * len(names)


@pytest.mark.parametrize(("content", "why"), [(b"PK", "not a zip"), (None, "an archive without a HAR file")])
def test_an_archive_that_is_no_recording_is_refused(tmp_path: Path, content: bytes | None, why: str) -> None:
    archive = tmp_path / "page.zip"
    if content is None:
        with ZipFile(archive, "w") as writer:
            writer.writestr("body.json", "{}")
    else:
        archive.write_bytes(content)
    with pytest.raises(AurousError, match=f"page.zip: .*{why}"):
        read_recording(archive)


def test_the_malformed_part_of_an_entry_is_named(tmp_path: Path) -> None:
    headers, good = [{"name": 3}], told("characters")[0]
    request, response = good["request"], good["response"]
    for entry, why in (
        (3, r"request\.method has another"),
        ({**good, "request": None}, r"it has no request\.url"),
        ({**good, "time": float("inf")}, r"time has another type or form"),
        ({**good, "time": 10**400}, r"time has another type or form"),
        ({**good, "request": "x"}, r"request\.method has another type or form"),
        ({**good, "request": {**request, "url": []}}, r"request\.url has another"),
        ({**good, "request": {**request, "headers": 3}}, r"a part of it has another|request\.headers has another"),
        ({**good, "request": {**request, "headers": ["x"]}}, r"request\.headers has another"),
        ({**good, "request": {**request, "headers": headers}}, r"request\.headers has another"),
        ({**good, "response": {**response, "status": "many"}}, r"response\.status has another"),
        ({**good, "startedDateTime": "soon"}, "startedDateTime has another"),
        ({**good, "response": {**response, "content": {"text": "a", "encoding": "base64"}}}, r"response\.content has"),
    ):
        with pytest.raises(AurousError, match=f"exchange 2 cannot be read: ({why})"):
            read_recording(write(tmp_path, [good, entry]))  # type: ignore[list-item]


def test_many_notes_that_are_alike_are_one_with_a_count(tmp_path: Path) -> None:
    """A folder with a file for each test: the text has the first of them and says how many, the JSON has all."""
    entries: list[Any] = told("characters")[:3]
    del entries[2]["response"]["content"]["text"]
    folder = tmp_path / "hars"
    folder.mkdir()
    for number in range(130):
        write(folder, entries).rename(folder / f"test_{number:03}.har")
        (folder / f"other_{number:03}.har").write_text("{}", encoding="utf-8")
    result = tmp_path / "result"
    printed = command(0, folder, "--json", result)
    assert len(printed.splitlines()) < 15
    text = " ".join(printed.split())
    assert text.count(".har") == text.count("129 others like it") == 3
    notes = json.loads(result.read_text(encoding="utf-8"))["notes"]
    for note in ("is a recording of a fake", "exchange 3: the body of the response is missing", "neither a HAR file"):
        assert sum(note in one for one in notes) == 130
    for file in folder.glob("test_*"):
        file.unlink()
    assert len(command(2, folder).splitlines()) == 3


def test_a_recording_of_a_fake_is_called_so(tmp_path: Path) -> None:
    """It agrees with itself, which proves nothing; a proxy may have written it, with a key of the fake."""
    file = write(tmp_path, told("characters")[:3])
    text = "recorded.har is a recording of a fake, not of the real API: what agrees there proves nothing."
    assert " ".join(command(0, file).split()).startswith(f"No rule is refuted. {text}")

    content = json.loads(file.read_text(encoding="utf-8").replace("key-1", "al_live_fa4e0123"))
    content["log"]["creator"]["name"] = "Proxy"
    file.write_text(json.dumps(content), encoding="utf-8")
    out = command(0, file, "--json", tmp_path / "result", "--quiet")
    assert text in json.loads((tmp_path / "result").read_text(encoding="utf-8"))["notes"]
    assert "; recordings of a fake, which prove nothing: 1" in out

    content["log"]["entries"] = json.loads(json.dumps(content["log"]["entries"]).replace("al_live_fa4e0123", "key-1"))
    file.write_text(json.dumps(content), encoding="utf-8")
    assert command(0, file).startswith("No rule is refuted.\n\n")
