"""Redacting API keys: the one function, and every place where text leaves."""

import json
import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError, AurousWarning
from pytest_aurous._core.base.arguments import Check
from pytest_aurous._core.base.redaction import protecting, redacted, shortened, shown
from pytest_aurous._core.wire.har import har
from pytest_aurous._report.timeline import timeline
from pytest_aurous._report.unmatched import describe
from pytest_aurous._serve.literals import tokens
from pytest_aurous.plugin.sections import without_keys
from tests.conftest import Api

KEY: Final = "al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4"
OTHER: Final = "al_live_Zz8yXx7wVv6uTt5sRr4q"
PLAIN: Final = "sk-secret-123456789"


def windows(key: str) -> list[str]:
    """Return every run of eight characters of a key, after its prefix."""
    secret = key.removeprefix("al_live_")
    return [secret[at : at + 8] for at in range(len(secret) - 7)]


def leaks(text: str, *keys: str) -> list[str]:
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
        KEY.encode().hex(),
        f"/v1/a{f'user:{KEY}'.encode().hex().upper()}",
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
    "text",
    [
        "",
        "plain",
        "5d41402abc4b2a76b9719d911017c592",
        "100%20 %zz \\u00e9",
        "aGVsbG8gd29ybGQgaGVsbG8=",
        "al_live_",
        "al_live_…",
    ],
)
def test_other_text_stays(text: str) -> None:
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


@pytest.mark.parametrize("key", [KEY, PLAIN, "schlüssel-İßΣς-geheim"])
@pytest.mark.parametrize("letters", ["İ", "İ" * 40, "ß" * 40, "ΑΣ", "ŉ" * 3, "\U0001d11e" * 40])
def test_letters_around_a_key_uncover_nothing(key: str, letters: str) -> None:
    """A letter may have several in lower case, and the key stands where it is in the text itself."""
    with protecting(key):
        label = "al_live_…" if key == KEY else "…"
        assert redacted(f"{letters} {key} {letters}") == f"{letters} {label} {letters}"
        assert redacted(f"{letters}\\u002d{key.upper()}\\u002d{letters}").startswith(letters)
        assert not leaks(redacted(f"{letters}{key.upper()}{letters}"), key)


def test_a_key_with_a_sign_for_a_letter_is_redacted() -> None:
    """Python takes a long s for an s, and the sign for kelvin for a k: what can be read as a key is not shown."""
    with protecting(PLAIN):
        assert redacted(PLAIN.replace("k", "\u212a").replace("s", "\u017f")) == "…"
    assert "Qw3r" not in redacted(KEY.replace("live", "lİve"))


@pytest.mark.parametrize("text", ["\\" * 1_000_000, "\\u005f" + "\\" * 1_000_000, "a" * 1_000_000])
def test_a_long_run_takes_no_time(text: str) -> None:
    """Of backslashes, or of the letters that an id begins with: with a square of the work, no limit would suffice."""
    assert redacted(text).endswith(text[-100:])
    assert not list(tokens(text))


def test_each_of_many_keys_has_its_number() -> None:
    """The number of a key is not searched among all of them."""
    keys = [f"al_live_{number:012}" for number in range(40_000)]

    assert redacted(" ".join(keys)) == " ".join(f"al_live_…#{number}" for number in range(1, 40_001))


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
        lambda: Aurous(**odd),
        lambda: getattr(aurous.characters.add(name=KEY), KEY),
    ]
    texts += map(message, wrong)
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


def test_no_channel_leaks_a_key(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terminal, JUnit, HAR and coverage, with failing tests, warnings and traces that show the test's own source."""
    monkeypatch.setenv("AUROUS_API_KEY", PLAIN)
    pytester.makepyfile(CANARIES)

    result = pytester.runpytest(
        *("-p", "no:randomly", "--junitxml=junit.xml", "--aurous-har=har", "--aurous-coverage", "-rA", "-l"),
        *("--aurous-coverage-json=coverage.json", "-v"),
    )

    assert result.ret == 1
    files = [pytester.path / "junit.xml", pytester.path / "coverage.json", *(pytester.path / "har").iterdir()]
    written = [file.read_text(encoding="utf-8") + file.name for file in files]
    assert len(files) > 4
    for text in (result.stdout.str(), result.stderr.str(), *written):
        assert not leaks(text, KEY, OTHER, PLAIN)


COLLECTED: Final = {
    "test_raises": 'raise RuntimeError("no " + KEY)',
    "test_imports": "from json import KEY_IS, al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4",
    "test_skips": 'import pytest; pytest.skip("no " + KEY + REAL, allow_module_level=True)',
    "test_syntax": 'print(KEY, REAL); key = = "al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4"',
    "test_prints": "print(KEY, REAL); assert REAL == KEY",
    "test_fixture": """
def test_it(unknown="", other=KEY, *, missing): '''al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4'''
def test_key(al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4): ...""",
    "test_doctest": """
def function():
    '''
    >>> "al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4"
    '''
def test_property(record_property):
    record_property("sent", {"X-Api-Key": KEY})""",
    "test_suite": """
def test_property(record_testsuite_property):
    record_testsuite_property("key", KEY)""",
    "test_subtest": """
import unittest
class TestIt(unittest.TestCase):
    def test_it(self):
        for one in (KEY, OTHER):
            with self.subTest(f"as {one}", key=one, number=7):
                self.fail(one)""",
    "test_ids": """
import pytest
from base64 import b64encode
@pytest.mark.parametrize("one", [
    pytest.param(1, id=KEY), pytest.param(2, id=f"Bearer {KEY} 2"), pytest.param(3, id=OTHER), pytest.param(4, id=REAL),
    pytest.param(5, id=b64encode(f"x:{KEY}".encode()).decode()),
])
def test_param(one): assert not one
@pytest.mark.parametrize("sent", [{"X-Api-Key": KEY, "a": [OTHER]}, {"X-Api-Key": REAL}], ids=str)
def test_dict(sent): assert not sent
@pytest.mark.parametrize("key", [KEY, REAL, "plain"], ids=lambda key: "a" + key + "a")
@pytest.mark.parametrize("status", [200, 404])
def test_part(key, status): assert not key
class TestIt:
    @pytest.fixture(params=[KEY, OTHER, b"al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4"], ids=None)
    def key(self, request): return request.param
    def test_it(self, key): assert not key""",
}
"""Modules that cannot be collected, and tests whose ids and errors have keys."""


def test_collection_leaks_no_key(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """In no report of a module that cannot be imported, and in no id: on the terminal, in JUnit, for other plugins."""
    monkeypatch.setenv("AUROUS_API_KEY", PLAIN)
    pytester.makepyfile(keys=f'KEY, OTHER = "{KEY}", "{OTHER}"')
    start = "import os; from keys import KEY, OTHER; REAL = os.environ['AUROUS_API_KEY']\n"
    pytester.makepyfile(**{name: start + text for name, text in COLLECTED.items()})
    pytester.makeconftest(
        """
        def pytest_collectreport(report): write(report)
        def pytest_runtest_logreport(report): write(report)
        def write(report):
            with open("seen.txt", "a", encoding="utf-8") as file:  # what pytest-html writes
                file.write(f"{report.nodeid} {report.longreprtext} {report.sections}\\n")
        """
    )

    result = pytester.runpytest(
        *("-p", "no:randomly", "--junitxml=junit.xml", "-rA", "-l", "-v", "--doctest-modules", "--aurous-trace=traces"),
        "--continue-on-collection-errors",
    )
    listed = pytester.runpytest("--collect-only", "--continue-on-collection-errors")

    texts = [(pytester.path / name).read_text("utf-8") for name in ("junit.xml", "seen.txt")]
    texts += [one.str() for output in (result, listed) for one in (output.stdout, output.stderr)]
    assert [leaks(text, KEY, OTHER, PLAIN) for text in texts] == [[]] * len(texts)
    assert all(f"{name}.py" in result.stdout.str() for name in COLLECTED)


@pytest.mark.parametrize("text", ["a " + KEY, PLAIN, "nothing secret"])
def test_a_conftest_that_cannot_be_imported_leaks_no_key(
    text: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its traceback is shown, and the run ends as without the plugin."""
    monkeypatch.setenv("AUROUS_API_KEY", PLAIN)
    pytester.makeconftest(f"raise RuntimeError({text!r})")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*conftest.py*", "*RuntimeError: *"])
    assert not leaks(f"{result.stdout}{result.stderr}", KEY, PLAIN)


def test_an_id_with_a_key_selects_its_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test still has an id of its own, which selects it."""
    monkeypatch.setenv("AUROUS_API_KEY", PLAIN)
    pytester.makepyfile(
        f"""
        import pytest
        @pytest.mark.parametrize("one", range(4), ids=["{KEY}", "a {OTHER} b", "x {PLAIN}", "plain"])
        def test_it(one): ...
        """
    )
    file = "test_an_id_with_a_key_selects_its_test.py"
    ids = [f"{file}::test_it[{one}]" for one in ("al_live_...#1", "a al_live_...#2 b", "x AUROUS_API_KEY", "plain")]

    pytester.runpytest("--collect-only", "-q").stdout.fnmatch_lines([one.replace("[", "[[]") for one in ids])
    for one in ids:
        pytester.runpytest(one).assert_outcomes(passed=1)


def test_an_error_of_another_plugin_becomes_text_if_it_has_a_key() -> None:
    """Else it stays as it is."""

    class Error:
        def __init__(self, text: str) -> None:
            self.text = text

        def __str__(self) -> str:
            return self.text

        def toterminal(self, writer: object) -> None: ...

    for text, safe in ((f"no {KEY}", "no al_live_…"), ("plain", None)):
        error: Any = Error(text)
        report = pytest.CollectReport("a", "failed", error, None)
        without_keys(report, ())
        assert report.longrepr == (safe or error)


LONG: Final = [
    f"{'x' * before}{KEY}{'y' * after}"
    for before, after in (
        *((before, 200) for before in (0, 9, 25, 33, 60, 140)),
        *((140, after) for after in (0, 9, 33, 60)),
        *((60, 0), (33, 9), (25, 33), (9, 60), (0, 0)),
    )
]
"""Texts that are shortened in front of a key, within it, behind it, and in both its halves."""


def message(act: Callable[[], object]) -> str:
    with pytest.raises((AurousError, AssertionError, AttributeError, TypeError, ValueError)) as caught:
        act()
    return str(caught.value)


def called(api: Api, text: str) -> str:
    """Return the lines of requests to an address and with a fault that have the text."""
    api.get(f"/v1/{text}?a={text}")
    api.aurous.faults.status("*", 503, code=f"a{text}", message=text)
    api.post(f"/v1/characters?a={text}", content=f"a {text} b".encode())
    api.characters.add(name=text[:120])
    api.aurous.faults.status("*", 503, message=text, when=lambda _: False)
    return f"{api.aurous.calls.timeline()}\n{timeline(api.app)}\n{api.aurous.faults!r}"


def explored(_: Api, text: str) -> str:
    """Return the report of an exploration whose code requests, raises and leaves behind such texts."""
    with Aurous(pitfalls="off") as aurous, aurous.client() as client:

        def run() -> str:
            response = client.post(f"/v1/characters?a={text}", json={"name": text}, headers={"Idempotency-Key": text})
            if response.status_code >= 500:
                raise KeyError(f"{text} is not there")
            return text

        with pytest.raises(AurousExplorationError) as caught:
            aurous.explore(
                run, may_raise=OSError, faults="refused, unavailable", known={"characters.create#1 refused": text}
            )
    return str(caught.value)


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("width", [9, 22, 40, 60, 200])
def test_no_half_of_a_key_is_left(text: str, width: int) -> None:
    """Whatever shortens a text calls `shortened`, and that redacts first."""
    short = shortened(text, width)

    assert not leaks(short, KEY)
    assert len(short) <= width


@pytest.mark.parametrize("place", [called, explored])
def test_no_part_of_a_key_is_left_in_a_wrapped_text(
    place: Callable[[Api, str], str], api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeline and a report of findings wrap what they say, shortened or not."""
    monkeypatch.chdir(tmp_path)

    for text in LONG[::3]:
        said = place(api, text)
        assert not leaks(said, KEY)
        assert "…" in said


def test_several_keys_in_a_message_are_told_apart() -> None:
    """Values that need not be shortened are redacted with the whole message."""
    assert message(lambda: Check(KEY).whole("x", OTHER, 1)).startswith("al_live_…#1(x='al_live_…#2'): expected")


def test_a_text_is_shortened_in_the_middle() -> None:
    """In one line of limited length, without what cannot be printed."""
    assert shortened("0123456789" * 3, 12) == "01234...6789"
    assert shortened("a\nb", 3) == "a\ufffdb"
    assert shortened(f"{'x' * 9}{KEY}", 22) == f"{'x' * 9}al_live_…"
