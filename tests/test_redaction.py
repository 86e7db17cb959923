"""Redacting API keys: the one function, and every place where text leaves."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import Aurous, AurousError, AurousWarning
from pytest_aurous._redaction import protecting, redacted, shown
from pytest_aurous._report.har import har
from pytest_aurous._report.unmatched import describe
from pytest_aurous._serve.control import control

if TYPE_CHECKING:
    from tests.conftest import Api

KEY: Final = "al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4"
OTHER: Final = "al_live_Zz8yXx7wVv6uTt5sRr4q"
PLAIN: Final = "sk-secret-123456789"


def windows(key: str) -> list[str]:
    """Return every run of eight characters of a key, after its prefix."""
    secret = key.removeprefix("al_live_")
    return [secret[at : at + 8] for at in range(len(secret) - 7)]


def leaks(text: str, *keys: str) -> list[str]:
    """Return what is left of the keys."""
    return [window for key in keys for window in windows(key) if window.lower() in text.lower()]


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.replace("al_live", "%61l%5Flive").replace("Q", "%51"),
        KEY.replace("_", "%255f"),
        KEY.replace("_", r"\u005f"),
        KEY.replace("_", r"\\x5F"),
        f"https://{KEY}:@host/{KEY}?k={KEY}",
        f"https://{KEY.lower()}.example",
        f"Basic {b64encode(f'{KEY}:'.encode()).decode()}",
        f"/v1/{b64encode(f'user:{KEY}'.encode()).decode()}",
        f'name="{KEY}"; filename="{KEY}.png"',
    ],
)
def test_nothing_is_left_of_a_key(text: str) -> None:
    """However it is escaped or encoded, and redacting twice changes nothing."""
    once = redacted(text)

    assert not leaks(once, KEY)
    assert "…" in once
    assert redacted(once) == once


def test_several_keys_are_told_apart() -> None:
    """They are numbered in order of appearance; a single one has no number."""
    assert redacted(f"{KEY} {OTHER} {KEY}") == "al_live_…#1 al_live_…#2 al_live_…#1"
    assert redacted(f"{KEY} {KEY}") == "al_live_… al_live_…"


@pytest.mark.parametrize(
    "text", ["", "plain", "100%20 %zz \\u00e9", "aGVsbG8gd29ybGQgaGVsbG8=", "al_live_", "al_live_…"]
)
def test_other_text_stays(text: str) -> None:
    """What is no key is not touched."""
    assert redacted(text) == text


def test_a_key_of_another_form_is_protected_for_a_while() -> None:
    """Whole, in part and escaped; short values and keys of a fake are no secrets."""
    with protecting(PLAIN), protecting("short"), protecting(None), protecting("al_live_fa4e" * 3), protecting(KEY):
        assert redacted(f"a {PLAIN} b") == "a … b"
        assert redacted("a cret-1234 %73k-secret-123456789") == "a … …"
        assert redacted("ret-123 short fa4eal_liv") == "ret-123 short fa4eal_liv"
        assert redacted(f"x{KEY[12:24]}") == "x…"
        assert redacted(KEY) == "al_live_…"
        assert redacted(f"{KEY}-more") == "al_live_…"
    assert redacted(PLAIN) == PLAIN


def test_a_value_without_a_working_repr_is_shown() -> None:
    """By its type, and what its repr raised."""

    class Odd:
        def __repr__(self) -> str:
            raise ValueError

    assert shown(Odd()) == "<Odd, whose repr raised ValueError>"
    assert shown(KEY) == "'al_live_…'"


def test_messages_and_reprs_have_no_keys(api: Api) -> None:
    """Errors, warnings, lookups, assertions, records and calls."""
    api.post(
        f"/v1/characters?k={KEY}",
        json={KEY: KEY, "name": KEY},
        headers={"X-Note": KEY, "Authorization": f"Bearer {OTHER}"},
    )
    api.get(f"/v1/keys/{KEY}", key=OTHER)
    aurous = api.aurous
    texts = [str(AurousError(KEY, 1)), str(AurousWarning(KEY)), str(AurousWarning(1))]
    odd: Any = {KEY: 1}
    wrong: list[Any] = [
        lambda: aurous.characters[KEY],
        lambda: aurous.assert_called("characters.create", json={"name": OTHER}, headers={"X-Note": OTHER}),
        lambda: aurous.assert_called(KEY),
        lambda: aurous.calls.where("*", **odd),
        lambda: aurous.faults.status("*", 503, **odd),
        lambda: Aurous(**odd),
        lambda: getattr(aurous.characters.add(name=KEY), KEY),
        lambda: aurous.webhooks.deliver_to(KEY),  # type: ignore[arg-type]
        lambda: aurous.clock.freeze(KEY),
    ]
    for call in wrong:
        with pytest.raises((AurousError, AssertionError, TypeError, AttributeError)) as caught:
            call()
        texts.append(str(caught.value))
    texts += map(
        repr, [*aurous.calls, aurous.calls, *aurous.characters, aurous.calls[0].request, aurous.calls[0].response]
    )
    texts += [describe(problem, api.app) for problem in api.app.problems]
    texts.append(json.dumps(har(aurous.calls)))
    texts.append(api.aurous._session.verdict.timeline(f"pytest {KEY}"))

    assert not leaks("\n".join(texts), KEY, OTHER)
    assert "key: al_live_…#1" in texts[-1]
    assert "key: al_live_…#2" in texts[-1]


@pytest.mark.parametrize("key", [KEY, PLAIN])
def test_the_key_of_the_environment_is_protected_while_a_fake_is_entered(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its form; afterwards it is back in the environment."""
    monkeypatch.setenv("AUROUS_API_KEY", key)

    with Aurous() as aurous, pytest.raises(AurousError) as caught:
        _ = aurous.characters[key]

    assert not leaks(str(caught.value), key)
    assert os.environ["AUROUS_API_KEY"] == key


def test_control_calls_show_no_key_but_that_of_the_fake(api: Api) -> None:
    """What a control request returns can be printed: it has the key that the fake issued, and no other."""
    api.post(f"/v1/characters?key={KEY}", json={KEY: KEY}, headers={"X-Api-Key": OTHER})
    api.get(f"/v1/nowhere/{KEY}")
    api.aurous.characters.add(KEY)

    bodies = [control(api.aurous, "GET", f"/__aurous__/{name}", b"").body.decode() for name in ("state", "calls")]

    for body in bodies:
        assert not leaks(body, KEY, OTHER)
        assert "al_live_…" in body
    assert json.loads(bodies[0])["api_key"] == api.aurous.api_key


CANARIES: Final = f"""
import base64, os, warnings, httpx, pytest
from pytest_aurous import Aurous

KEY = "{KEY}"
OTHER = "{OTHER}"
REAL = "{PLAIN}"

def send(aurous, client):
    basic = base64.b64encode((KEY + ":").encode()).decode()
    odd = {{"X-Note": KEY, "Proxy-Authorization": "Basic " + basic}}
    client.post("/v1/characters", json={{"name": KEY, KEY: 1}}, headers=odd)
    client.get("/v1/characters/%61l_live_" + KEY[8:])
    client.get("/v1/none/" + REAL)
    client.post("/v1/files", files={{"file": (KEY + ".png", b"\\x89PNG" + KEY.encode())}}, data={{"purpose": KEY}})
    client.post("/v1/images", content=b'{{"prompt": "al\\\\u005flive_' + KEY[8:].encode() + b'"}}')
    httpx.get(f"https://{{KEY}}:x@api.aurous-labs.com/v1/balance", headers={{"X-Api-Key": OTHER}})

@pytest.mark.aurous(report="all")
def test_timeline(aurous, aurous_client):
    send(aurous, aurous_client)
    print(KEY, REAL)
    assert aurous_client.headers == KEY

def test_assertion(aurous, aurous_client):
    send(aurous, aurous_client)
    aurous.assert_called("characters.create", times=5, headers={{"X-Note": OTHER}}, json={{"name": OTHER}})

def test_lookup(aurous):
    aurous.characters[REAL]

def test_unmatched(aurous, aurous_client):
    aurous_client.get("/v1/nowhere/" + KEY)

def test_leaked(aurous, aurous_client):
    httpx.put("https://aurous.storage/characters/upl_x/upload", headers={{"X-Api-Key": "{KEY}"}})

def test_fault(aurous, aurous_client):
    aurous.faults.status("*", 503, message=KEY, code=KEY)
    aurous.route("account.retrieve").respond(500, json={{"error": {{"message": OTHER}}}})
    aurous_client.get("/v1/balance")
    aurous_client.get("/v1/account")
    aurous.faults.status("files.list", 503, message=KEY, when=lambda call: call.headers)
    aurous_client.get("/v1/files")

def test_webhooks(aurous):
    def raising(delivery):
        raise ValueError(REAL)
    aurous.webhooks.deliver_to(raising, url="https://receiver.example/" + KEY)
    aurous.characters.add(name=KEY, status="reviewing").delete()
    aurous.webhooks.flush()
    assert list(aurous.webhooks.deliveries) == [KEY]

def test_blocked():
    import socket
    socket.getaddrinfo(KEY + ".aurous-labs.com", 443)

@pytest.mark.xfail(reason=REAL + " " + KEY)
def test_expected(aurous, record_property):
    record_property(KEY, REAL)
    assert 0

def test_warnings():
    import threading, warnings
    warnings.warn("refused: " + REAL + " " + KEY)
    thread = threading.Thread(target=lambda: open(REAL))
    thread.start()
    thread.join()
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "1")])
def test_no_channel_leaks_a_key(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """Terminal, JUnit, HAR and coverage, with failing tests, warnings and traces that show the test's own source."""
    if workers:
        pytest.importorskip("xdist")
    monkeypatch.setenv("AUROUS_API_KEY", PLAIN)
    pytester.makepyfile(CANARIES)

    result = pytester.runpytest_subprocess(
        *("-p", "no:randomly", "--junitxml=junit.xml", "--aurous-har=har", "--aurous-coverage", "-rA", "-l"),
        *("--aurous-coverage-json=coverage.json", "-v", *workers),
    )

    assert result.ret == 1
    files = [pytester.path / "junit.xml", pytester.path / "coverage.json", *(pytester.path / "har").iterdir()]
    written = [file.read_text(encoding="utf-8") + file.name for file in files]
    assert len(files) > 4
    for text in (result.stdout.str(), result.stderr.str(), *written):
        assert not leaks(text, KEY, OTHER, PLAIN)
