"""Sanitized recordings have nothing in them that is private."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import Aurous
from pytest_aurous._check.recording.read import read_recording
from pytest_aurous._check.sanitize import Sanitizer
from pytest_aurous._core.resources.catalog import CATALOG
from pytest_aurous._core.resources.content.pictures import blank, measure, picture
from pytest_aurous._core.wire.exchange import Exchange
from pytest_aurous._core.wire.har import har
from tests.check.story import CHAT, Entries, Teller, checked, complete, sanitized, told, write
from tests.conftest import TICKET

JPEG: Final = b"\xff\xd8\xff\xe0\x00\x08CANARY\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00\xff\xdaCANARY"
URL: Final = "https://api.aurous-labs.com/v1/balance"
INLINE: Final = b64encode(picture(["CANARY"], 64, 64, "")).decode()
URLS: Final = {
    "an inline picture": f"data:image/png;base64,{INLINE}",
    "an inline picture of another type": "data:image/x-canary;name=canary,canary",
    "an inline film": "data:video/mp4;base64,canary",
    "a space": "https://canary.example/a canary.png",
    "two lines": "https://canary.example/a\ncanary.png",
    "a user and a port": "https://canary:canary@canary.example:8443/canary",
    "a public address": "https://8.8.8.8/canary.png",
    "a public address of IPv6": "https://[2001:4860:4860::8888]/canary.png",
    "a private address": "https://192.168.0.1:8443/canary.png",
    "a private address of IPv6": "https://[fd00::1]/canary.png",
    "a private name": "https://canary.local/canary.png",
    "an unclosed bracket": "https://[canary/canary.png",
    "no host": "https:///canary.png",
    "another scheme": "s3://canary/canary.png",
    "a file of the team": "file_01KRMEXM017R6QKY9FRGVYXRJ9",
}
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "a local reference": {"$defs": {"Canary": {"type": "string"}}, "$ref": "#/$defs/Canary"},
    "a name with a slash": {"$defs": {"canary/a~b": {"type": "string"}}, "$ref": "#/$defs/canary~1a~0b"},
    "a reference to nothing": {"$ref": "#/$defs/Canary"},
    "an external reference": {"$ref": "https://canary.example/schema"},
    "a property": {
        "type": "object",
        "properties": {"canary": {"type": "string", "minLength": 2}},
        "required": ["canary"],
    },
}
Asked = list[tuple[str, dict[str, Any]]]


def chat(content: Any, **more: Any) -> Asked:
    return [("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": content}], **more})]


def with_url(kind: str, url: str) -> Asked:
    """Return requests with the URL of a picture, or of a film, wherever there may be one."""
    parts = [{"type": "text", "text": "A"}, {"type": kind, kind: {"url": url}}]
    return [
        *chat(parts),
        *chat(parts, stream=True),
        ("/v1/embeddings", {"model": "aurous-embed-vision-1.0", "input": parts}),
        ("/v1/images", {"prompt": "A", "reference_image_urls": [url]}),
        ("/v1/images", {"prompt": "A", "webhook_url": url}),
    ]


CALLED: Final = {"type": "function", "function": {"name": "canary", "parameters": SCHEMAS["a property"]}}
ASKED: Final[dict[str, Asked]] = {
    **{
        f"{name}, as {kind}": with_url(kind, url)
        for name, url in URLS.items()
        for kind in ("image_url", "video_url")[: 1 + ("film" in name)]
    },
    **{
        name: chat("A", response_format={"type": "json_schema", "json_schema": {"name": "canary", "schema": schema}})
        for name, schema in SCHEMAS.items()
    },
    "a function": chat("A", tools=[CALLED], tool_choice={"type": "function", "function": {"name": "canary"}}),
    "any function": chat("A", tools=[CALLED], tool_choice="auto"),
    "nothing but blanks": [("/v1/images", {"prompt": "\u3000\u3000"})],
    "the detail of a picture": chat(
        [{"type": "image_url", "image_url": {"url": "https://a.example", "detail": "canary"}}]
    ),
    "another ratio": [("/v1/videos", {"video_lora_id": "canary", "ratio": "2:1"})],
    "letters of several bytes": [("/v1/characters", {"name": "Z\u00f6e \U0001f3a8"})],
}
CHUNK: Final = (
    '{"id":"cmp_01KRMEXM01W0ZF368ME385SNM3","object":"chat.completion.chunk",'
    '"choices":[{"index":0,"delta":%s,"finish_reason":%s}]}'
)


def said(text: str, kind: str = "application/json", status: int = 200) -> dict[str, Any]:
    """Return a response with a text, in each form in which tools write it."""
    headers = [{"name": "content-type", "value": kind}] if kind else []
    return {"status": status, "headers": headers, "content": {"text": text, "mimeType": kind}}


def events(*data: str) -> dict[str, Any]:
    return said("".join(f"data: {one}\n\n" for one in data), "text/event-stream; charset=utf-8")


ODD: Final[dict[str, dict[str, Any]]] = {
    "a web page": said("<!DOCTYPE html><p>Canary"),
    "a web page that says so": said("<html>Canary", "text/html"),
    "no JSON": said("canary"),
    "null": said("null"),
    "text": said("canary", "text/plain"),
    "JSON without a type": said('{"credits": 5, "Canary": 1}', ""),
    "an error that says that it is a picture": said('{"error": {"code": "expired"}}', "image/png", 403),
    "a code of a foreign page": said(
        '{"error": {"code": "new", "doc_url": "https://canary.example/canary#new"}}', status=402
    ),
    "a new header": {"headers": [{"name": "x-aurous-mood", "value": "canary"}], "content": {"text": "{}"}},
    "a stream": events(CHUNK % ('{"content":"Can"}', "null"), CHUNK % ('{"content":"ary"}', '"stop"'), "[DONE]"),
    "a stream of a refusal": events(CHUNK % ('{"refusal":"Canary"}', '"stop"'), "[DONE]"),
    "a stream without an end": events(CHUNK % ('{"content":"Canary"}', "null")),
    "a stream with what is no JSON": events("canary", '"canary"', CHUNK % ("{}", '"stop"')),
    "a stream with other lines": said(": canary\r\nevent: canary\r\ndata: [DONE]\r\n\r\n", "text/event-stream"),
}


def keeps_verdicts(folder: Path, entries: Entries) -> str:
    """Sanitize a recording, fail if that changes what a check says of it, and return what was written."""
    safe = sanitized(folder, entries)
    assert complete(checked(folder, safe)) == complete(checked(folder, entries))
    return json.dumps(safe, ensure_ascii=False)


@pytest.mark.parametrize("name", ASKED)
def test_a_sanitized_request_keeps_its_verdicts(tmp_path: Path, name: str) -> None:
    """What is invalid stays invalid, what is inline, public or private stays that, and nothing of a user is left."""
    teller = Teller()
    for path, sent in ASKED[name]:
        teller.call("POST", path, json=sent)
    text = keeps_verdicts(tmp_path, teller.entries())

    assert "anary" not in text
    assert INLINE[40:80] not in text


@pytest.mark.parametrize("name", ODD)
def test_a_sanitized_response_keeps_its_verdicts(tmp_path: Path, name: str) -> None:
    """Pages, streams and errors in any form, and what a proxy or an interrupted client has written."""
    entry: dict[str, Any] = {
        "startedDateTime": "2026-05-08T10:00:00Z",
        "time": 4_000,
        "request": {"method": "GET", "url": URL, "headers": []},
        "response": {"status": 200, "headers": [], "content": {}, **ODD[name]},
    }
    if "stream" in name:
        entry["request"] |= {"method": "POST", "url": URL.replace("balance", "chat/completions")}
        entry["request"]["postData"] = {"mimeType": "application/json", "text": json.dumps({**CHAT, "stream": True})}

    assert "anary" not in keeps_verdicts(tmp_path, [entry])


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
    assert log["entries"][0]["_fault"] == "fault"
    assert log["entries"][1]["request"]["postData"]["_omitted"]


FORM: Final = (("content-type", "multipart/form-data; boundary=canary"),)


@pytest.mark.parametrize(
    "exchange",
    [
        *(Exchange(1, "POST", f"{URL}/files", FORM, body) for body in (b"CANARY", b"--x\r\nCANARY", b"CANARY: --x--")),
        Exchange(1, "GET", URL, status=308, response_headers=(("Location", "https://[canary/"),)),
        Exchange(1, "GET", "ftp://canary.example/canary"),
    ],
    ids=["a form", "parts", "an end", "a location", "a scheme"],
)
def test_what_is_no_form_and_no_url_is_masked_as_text(exchange: Exchange) -> None:
    assert "canary" not in json.dumps(Sanitizer().entry(exchange)).lower()


SECRET: Final = "hivpositive"
NUMBER: Final = "4915123456"
KEPT: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "digits of a character": (
        "POST",
        "/v1/characters",
        {"name": "A", "attributes": {"additional_details": NUMBER, "hair_color": NUMBER, "gender": "slug"}},
    ),
    "digits of a pose": ("POST", "/v1/characters/char_x/refs/regenerate", {"pose": "front", "prompt_override": NUMBER}),
    "an unknown value of an enum": ("POST", "/v1/characters/char_x/refs/regenerate", {"pose": SECRET}),
    "words of the API in an attribute": ("PATCH", "/v1/characters/char_x", {"attributes": {"type": SECRET}}),
    "an id that is a text": ("POST", "/v1/characters", {"name": "A", "client_reference_id": "char_" + SECRET * 2}),
    "a number in place of a text": ("POST", "/v1/characters", {"name": 4915123456}),
    "a text in place of a number": ("POST", "/v1/images", {"prompt": "A", "seed": NUMBER, "width": SECRET}),
    "a list in place of a text": ("POST", "/v1/images", {"prompt": [SECRET, NUMBER, {SECRET: 1}]}),
    "a body of an unknown operation": ("POST", "/v1/unknown", {"status": SECRET, "limit": 4915123456}),
    "a path": ("GET", f"/v1/loras/{NUMBER}", {}),
    "a parameter": ("GET", f"/v1/images?status={SECRET}&limit={SECRET}&slug={NUMBER}", {}),
    "a header": ("GET", "/v1/images", {}),
    "a fault": ("GET", "/v1/images", {}),
    "hosts": ("GET", "/v1/images", {}),
}


@pytest.mark.parametrize("name", KEPT)
def test_only_what_a_column_allows_is_kept_of_a_request(name: str) -> None:
    """Digits and lower-case words are free text unless the schema of their place says otherwise."""
    method, target, sent = KEPT[name]
    for host in (
        "https://api.aurous-labs.com",
        f"http://{SECRET}.aurous-labs.com:{SECRET}",
        "http://127.66.49.15:1",
        "http://[::1]:1",
    ):
        exchange = Exchange(
            1,
            method,
            f"{host}{target}#{SECRET}",
            (
                ("Content-Type", "application/json"),
                ("Aurous-Idempotency-Key", NUMBER),
                ("Aurous-Version", SECRET),
                (f"Aurous-{SECRET}", NUMBER),
            ),
            json.dumps(sent).encode(),
            fault=f"timeout of {SECRET}",
        )
        text = json.dumps(Sanitizer().entry(exchange))

        assert SECRET not in text
        assert NUMBER not in text
        assert "127.66" not in text
        assert '\\"slug\\"' not in text


def received(operation: str, content: Any, status: int = 200, **headers: str) -> Exchange:
    row = CATALOG.by_operation[operation]
    url = "https://api.aurous-labs.com" + row.template.replace("{id}", "char_x")
    pairs = (("content-type", "application/json"), *((name.replace("_", "-"), text) for name, text in headers.items()))
    body = json.dumps(content).encode()
    return Exchange(1, row.method, url, status=status, response_headers=pairs, body=body)


def test_only_what_a_column_allows_is_kept_of_a_response() -> None:
    """Also names of attributes, texts of new fields, numbers of a map, and fragments of other URLs."""
    exchanges = [
        received("characters.retrieve", {
            "id": SECRET, "name": SECRET, "client_reference_id": NUMBER,
            "attributes": {SECRET: 1, "gender": NUMBER, "type": SECRET, "age": SECRET},
        }),
        received("images.retrieve", {
            "prompt": NUMBER, "new_field": SECRET, "newer": {SECRET: NUMBER}, "webhook_url": SECRET, "seed": SECRET,
            "reference_image_urls": [f"https://api.aurous-labs.com/v1/images#{SECRET}", SECRET, f"hiv://{SECRET}"],
        }),
        received("files.retrieve", {"metadata": {"type": SECRET, SECRET: NUMBER, "limit": 4915123456}}),
        received("loras.retrieve", {"slug": NUMBER, "name": SECRET}),
        received("team.retrieve", {"name": "type", "billing_email": SECRET}),
        received("images.list", [SECRET]),
        received("images.retrieve", SECRET),
        received("images.retrieve", {"error": {"message": SECRET, "param": f"attributes.{SECRET}"}}, 400),
        received("team.retrieve", {}, x_ratelimit_reset=SECRET, aurous_customer=NUMBER, x_customer=SECRET),
    ]  # fmt: skip
    mask = Sanitizer()
    text = json.dumps([mask.entry(exchange) for exchange in exchanges])

    assert SECRET not in text
    assert NUMBER not in text
    assert '"name": "type"' not in text.replace("\\", "")
    assert '"aurous-customer"' in text
    assert "x-customer" not in text


def test_what_the_vendor_says_is_kept() -> None:
    """Words of enums, codes and new fields, ids, instants, numbers, and the anchors of its pages."""
    content = {
        "id": "char_01KRMEXM017R6QKY9FRGVYXRJ9", "object": "character", "status": "sleeping", "attributes": {"age": 28},
        "created_at": "2026-05-08T10:00:00Z", "aurous_version": "2026-05-08", "queue_position": None, "is_new": True,
        "refs": [{"pose": "front", "url": "https://api.aurous-labs.com/storage/x/y/z.png"}],
    }  # fmt: skip
    error = {"error": {
        "type": "new_error", "code": "new_code", "param": "attributes.age",
        "request_id": "req_01KRMEXM017R6QKY9FRGVYXRJ9", "doc_url": "https://docs.aurous-labs.com/errors#new_code",
    }}  # fmt: skip
    mask = Sanitizer()
    assert mask.url("https://aurous.storage/canary?signature=Canary").partition("?")[2].startswith("signature=")
    kept = json.loads(mask.entry(received("characters.retrieve", content))["response"]["content"]["text"])
    refused = json.loads(mask.entry(received("characters.retrieve", error, 404))["response"]["content"]["text"])

    assert {**kept, "refs": []} == {**content, "refs": []}
    assert kept["refs"][0]["pose"] == "front"
    assert kept["refs"][0]["url"].startswith("https://api.aurous-labs.com/storage/")
    assert refused["error"]["doc_url"].endswith("#new_code")
    assert {**refused["error"], "doc_url": ""} == {**error["error"], "doc_url": ""}


def test_texts_that_are_keys_or_look_like_ids_are_replaced() -> None:
    """A key has its name wherever it is the whole text; the kind of an id stays."""
    mask = Sanitizer()
    mask.key("the-key-of-a-team")

    assert mask.at("images.retrieve", "body.prompt", "the-key-of-a-team") == "key-1"
    assert mask.at("images.retrieve", "body.character_id", "char_of_mine") == "char_" + mask.mask("of_mine")
    assert mask.at("", "error.param", "attributes.age") == "attributes.age"
    assert mask.at("", "error.param", "metadata.canary") == "metadata." + mask.mask("canary")
    assert b"ab" not in blank(b"\xff\xd8\xff\xe0\x00\x04ab")


def body_of(entry: dict[str, Any]) -> bytes:
    """Return the body of a request, which is in Base64 unless it is text."""
    sent = entry["request"]["postData"]
    return b64decode(sent["text"]) if "encoding" in sent else str(sent["text"]).encode()


def test_a_vector_is_left_out_but_for_its_length(tmp_path: Path) -> None:
    """Its numbers say what the text was."""
    safe = json.loads(keeps_verdicts(tmp_path, told("embedded")))

    vectors = [json.loads(entry["response"]["content"]["text"])["data"][0]["embedding"] for entry in safe[1:4:2]]
    assert vectors == [[0] * 2048] * 2


def test_a_form_has_the_same_fields(tmp_path: Path) -> None:
    """Its picture shows nothing, and its metadata are masked, whether they are JSON or not."""
    teller, drawn = Teller(), picture(["CANARY"], 64, 64, "")
    for metadata in ('{"canary": "canary"}', '{"canary'):
        picked = {"file": ("canary.png", drawn, "image/png")}
        teller.call("POST", "/v1/files", files=picked, data={"purpose": "reference", "metadata": metadata})

    for entry in json.loads(keeps_verdicts(tmp_path, teller.entries())):
        assert b"canary" not in body_of(entry)
        assert drawn[40:80] not in body_of(entry)


def test_a_picture_that_is_sent_as_such_shows_nothing(tmp_path: Path) -> None:
    """The bytes of an upload, by their media type; a reference keeps its kind."""
    teller = Teller()
    upload = teller.call("POST", "/v1/characters/uploads/init", json=TICKET)
    headers = {"Content-Type": "image/png"}
    teller.call("PUT", upload["upload_url"], content=b"\x89PNG CANARY", headers=headers)
    teller.call("POST", "/v1/images", json={"prompt": "x", "reference_image_urls": ["file_of canary"]})
    entries = Sanitizer().har(read_recording(write(tmp_path, teller.entries())))["log"]["entries"]

    assert b"CANARY" not in body_of(entries[1])
    assert json.loads(entries[2]["request"]["postData"]["text"])["reference_image_urls"][0].startswith("file_")
    assert "canary" not in json.dumps(entries)
