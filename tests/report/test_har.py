"""The calls of a test as a HAR file."""

import gzip
import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous._core.base.errors import version_of_package
from pytest_aurous._core.base.redaction import redacted
from pytest_aurous._core.wire import har as wire_har
from pytest_aurous._core.wire.har import har, write_har
from tests.conftest import Api

zipped = partial(gzip.compress, mtime=0)  # the ids of tests must not depend on the time

KEY: Final = f"al_live_{'0123456789abcdef' * 4}"
CHARACTERS: Final = "/v1/characters"
UPLOAD: Final = "https://aurous.storage/characters/upl_x/upload"


def entries(api: Api) -> list[Any]:
    log = json.loads(json.dumps(har(api.aurous.calls)))["log"]
    found: list[Any] = log["entries"]
    return found


def entry(api: Api) -> Any:
    return entries(api)[-1]


def named(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in pairs}


def test_the_log_says_who_wrote_it(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Version 1.2 of HAR, and which version of ours; one that is not installed has none."""
    version_of_package.cache_clear()
    request.addfinalizer(version_of_package.cache_clear)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.2.3")
    creator = {"name": "pytest-aurous", "version": "1.2.3"}
    assert har([]) == {"log": {"version": "1.2", "creator": creator, "entries": []}}

    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", absent)
    version_of_package.cache_clear()
    assert har([])["log"]["creator"]["version"] == "0"


def test_an_entry_has_every_field_that_har_asks_for(api: Api) -> None:
    """The fields of the entry, its request and its response, and the types that HAR 1.2 gives them."""
    api.post(f"{CHARACTERS}?a=1", json={"name": "A"})

    (found,) = entries(api)

    both = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
    assert {*found} == {"startedDateTime", "time", "request", "response", "cache", "timings", "comment"}
    assert {*found["request"]} == both | {"method", "url", "queryString", "postData"}
    assert {*found["response"]} == both | {"status", "statusText", "content", "redirectURL"}
    assert found["timings"] == {"send": 0, "wait": 0, "receive": 0}
    assert datetime.fromisoformat(found["startedDateTime"]) == datetime(2026, 5, 8, 10, tzinfo=timezone.utc)
    for part in (found["request"], found["response"]):
        assert all({*pair} == {"name", "value"} for pair in part["headers"])


def test_an_entry_tells_the_call(api: Api) -> None:
    """Request and response as they were, and in the comment what we know of them."""
    reply = api.post(f"{CHARACTERS}?a=1&b=%20", json={"name": ""}, headers={"Content-Type": "application/json"})

    found = entry(api)

    request, response = found["request"], found["response"]
    assert (request["method"], request["url"]) == ("POST", f"{api.aurous.base_url}{CHARACTERS}?a=1&b=%20")
    assert request["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": " "}]
    assert request["postData"] == {"mimeType": "application/json", "text": '{"name": ""}'}
    assert request["bodySize"] == 12
    assert (response["status"], response["statusText"]) == (400, "Bad Request")
    assert response["content"] == {
        "size": len(reply.body),
        "mimeType": "application/json",
        "text": reply.body.decode(),
    }
    assert named(response["headers"])["aurous-request-id"] == reply.headers["Aurous-Request-Id"]
    assert found["comment"] == "characters.create; value_out_of_range"


def test_a_call_that_nothing_took_says_so(api: Api) -> None:
    """In the comment, beside the code where there is one."""
    api.get("/v1/nothing")
    assert entry(api)["comment"] == "resource_not_found"

    api.aurous.calls.last.error_code = None
    assert entry(api)["comment"] == "no endpoint matches"


def test_a_call_without_a_response_has_status_0(api: Api) -> None:
    """As browsers write it, with the reason."""
    api.aurous.faults.timeout("*")
    api.broken("GET", "/v1/balance")

    response = entry(api)["response"]

    assert (response["status"], response["statusText"], response["headers"]) == (0, "", [])
    assert response["content"] == {"size": 0, "mimeType": "", "text": ""}
    assert response["_error"] == "timeout (read)"
    api.aurous.calls.last.fault = None
    assert entry(api)["response"]["_error"] == "no response"


def test_a_picture_is_written_in_base64(api: Api) -> None:
    picture = api.get(api.characters.add().refs[0].url, key=None).body

    content = entry(api)["response"]["content"]

    assert (content["mimeType"], content["encoding"], content["size"]) == ("image/png", "base64", len(picture))
    assert b64decode(content["text"]) == picture


@pytest.mark.parametrize("header", ["X-Api-Key", "x-api-key", "Authorization"])
def test_the_key_headers_are_redacted(api: Api, header: str) -> None:
    """By their names, whatever a key looks like; the same key has the same name everywhere."""
    api.get("/v1/balance", key=None, headers={header: "Bearer a-secret-key"})
    api.get("/v1/keys/a-secret-key", key=None, headers={header: "Bearer another-key"})

    named_key = "key-1" if header == "Authorization" else None
    first, second = entries(api)
    assert named(first["request"]["headers"]) == {header.lower(): f"Bearer {named_key}" if named_key else "key-1"}
    assert "a-secret-key" not in json.dumps(second) or header != "Authorization"
    assert "key-2" in named(second["request"]["headers"])[header.lower()]


@pytest.mark.parametrize(
    ("value", "shown"), [("Basic dXNlcjpwYXNzd29yZA==", "(redacted)"), ("Bearer", "(redacted)"), ("", "")]
)
def test_what_is_no_key_is_redacted_whole(api: Api, value: str, shown: str) -> None:
    """Another scheme, or a scheme without a key; where nothing was sent, there is nothing to redact."""
    api.get("/v1/balance", key=None, headers={"Authorization": value})

    assert named(entry(api)["request"]["headers"]) == {"authorization": shown}


def test_a_large_body_is_marked_unless_it_was_kept(api: Api) -> None:
    """A digest cannot be replayed, and says so; with the option of the plugin the body is whole."""
    api.post(CHARACTERS, json={"name": "A" * 70_000})
    api.aurous._session.app.world.journal.whole = True
    api.post(CHARACTERS, json={"name": "A" * 70_000})

    digest, whole = (one["request"]["postData"] for one in entries(api))
    assert digest["_omitted"]
    assert len(digest["text"]) < 200
    assert "_omitted" not in whole
    assert len(whole["text"]) > 70_000


# The file


def test_the_file_is_what_har_says(api: Api, tmp_path: Path) -> None:
    """Written into a folder that is made for it, and read again it is the same."""
    api.post(CHARACTERS, json={"name": "Åurora \ud83d\ude00"})
    folder = tmp_path / "a" / "b"

    file = write_har(folder, "tests/test_x.py::test_it", api.aurous.calls)

    assert [*folder.iterdir()] == [file]
    assert json.loads(file.read_text(encoding="utf-8")) == har(api.aurous.calls)


TESTS: Final = (
    "test_x.py::test_it",
    "test_x.py::test_it[a/b]",
    "test_x.py::test_it[A b]",
    'test_x.py::test_it[<>"|?*\\]',
    "test_x.py::test_it[" + "x" * 300 + "1]",
    "test_x.py::test_it[" + "x" * 300 + "2]",
    "../../etc/passwd::test",
    "",
    "test_x.py::test_[\u4eba]" + "\u4eba" * 200,
)


def test_names_are_unique_and_portable(tmp_path: Path) -> None:
    """Each test has a file of its own, in the folder and nowhere else, on every system; cases apart do not count."""
    files = [write_har(tmp_path, test, []) for test in TESTS]

    assert len({file.name.lower() for file in files}) == len(TESTS)
    for file in files:
        assert file.parent == tmp_path
        assert file.is_file()
        assert re.fullmatch(r'[^<>:"/\\|?*\s\x00-\x1f]+\.har', file.name)
        assert len(file.name.encode()) <= 255
        assert not file.name.endswith((".", " "))


STRANGE: Final = "session-of-somebody-815"
TEXT: Final = f'{{"name": "{KEY}"}}'


def raw_deflate(body: bytes) -> bytes:
    pack = zlib.compressobj(wbits=-15)
    return pack.compress(body) + pack.flush()


def opened(form: str, body: bytes) -> bytes:
    """Return a body as text in UTF-8."""
    for layer in reversed(form.split(", ")):
        if layer == "gzip":
            body = gzip.decompress(body)
        elif layer in {"deflate", "raw"}:
            body = zlib.decompress(body, -15 if layer == "raw" else 15)
        else:
            body = body.decode(layer).encode()
    return body


FORMS: Final[dict[str, Callable[[str], bytes]]] = {
    "gzip": lambda text: zipped(text.encode()),
    "deflate": lambda text: zlib.compress(text.encode()),
    "raw": lambda text: raw_deflate(text.encode()),
    "gzip, gzip": lambda text: zipped(zipped(text.encode())),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-16, gzip": lambda text: zipped(text.encode("utf-16")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [KEY, "sk-chosen-by-the-test"])
def test_keys_are_found_in_every_form_of_a_body(api: Api, form: str, key: str) -> None:
    """Compressed, and in UTF-16: the body has the same form, and the name of the key."""
    body = FORMS[form](TEXT.replace(KEY, key))
    coding = {"raw": "deflate"}.get(form, form) if "utf" not in form else ""
    headers = {"Content-Encoding": coding} if coding else {}
    api.post(CHARACTERS, content=body, headers=headers, key=key)

    sent = entry(api)["request"]["postData"]

    safe = b64decode(sent["text"]) if "encoding" in sent else sent["text"].encode()
    assert opened(form, safe) == b'{"name": "key-1"}'


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"\xffnobody knows", "br"),
        (zipped(TEXT.encode())[:-9], ""),
        (zipped(b"a") + zipped(TEXT.encode()), ""),
        (b"\x1f\x8b" + TEXT.encode(), "gzip"),
        (zipped(zipped(zipped(zipped(zipped(TEXT.encode()))))), "gzip"),
        (b"\xff" + TEXT.encode("utf-16-le"), ""),
        ("\u4eba--b\r\n".encode() + TEXT.encode("utf-16-le"), ""),
        (zipped(b"\xff" + TEXT.encode("utf-16-le")), ""),
    ],
)
def test_a_body_that_may_hide_a_key_is_left_out(api: Api, body: bytes, coding: str) -> None:
    """As one that was not kept: what reads the file says that it is missing."""
    api.post(CHARACTERS, content=body, headers={"Content-Encoding": coding} if coding else {})

    sent = entry(api)["request"]["postData"]

    assert (sent["text"], sent["_omitted"]) == ("", True)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (zipped(b'{"name": "A"}'), "gzip"),
        ('{"name": "A"}'.encode("utf-16"), ""),
        (b"\0\0\0\xff\xfe", ""),
        (b'{"name": "A"}', "br"),
        (b"", "gzip"),
    ],
)
def test_a_body_without_a_key_stays(api: Api, body: bytes, coding: str) -> None:
    """Byte for byte, also where its coding is not what the header says."""
    api.put(UPLOAD, content=body, headers={"Content-Encoding": coding})

    sent = entry(api)["request"].get("postData", {"text": ""})

    assert (b64decode(sent["text"]) if "encoding" in sent else sent["text"].encode()) == body


def test_secrets_of_webhook_endpoints_and_keys_in_queries_have_names(api: Api) -> None:
    """In the form of a secret, so that the file can be checked; the same one everywhere."""
    made = api.post("/v1/webhook_endpoints", json={"url": "https://x.example/hook", "events": ["*"]}).json
    secret = made["secret"]
    api.get(f"/v1/balance?api_key={STRANGE}&k={secret}&l={b64encode(secret.encode()).decode()}")
    api.get(f"/v1/characters/{STRANGE}?h={secret.encode().hex()}")
    api.post("/v1/characters", json={"name": secret}, headers={"X-Note": STRANGE})

    text = json.dumps(har(api.aurous.calls))

    assert json.loads(entries(api)[0]["response"]["content"]["text"])["secret"] == "whsec_redacted1"
    assert entries(api)[1]["request"]["queryString"][:2] == [
        {"name": "api_key", "value": "key-2"},
        {"name": "k", "value": "whsec_redacted1"},
    ]
    hidden = (secret[6:], STRANGE, b64encode(secret.encode()).decode()[8:20], secret.encode().hex()[12:])
    assert [one for one in hidden if one in text] == []


def test_each_text_is_redacted_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests have most of their texts in common: only what is new in a request is looked at."""
    seen: list[str] = []

    def noted(text: str, more: str | None) -> str:
        seen.append(text)
        return redacted(text, more)

    monkeypatch.setattr(wire_har, "redacted", noted)
    for _ in range(40):
        api.get("/v1/balance")

    har(api.aurous.calls)

    assert len(seen) == len({*seen})
    assert len(seen) < 40 * 6
