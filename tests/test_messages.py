"""Each message that we write, provoked here and kept as a file, which the page of errors quotes on the site.

`tox -e generate`, or `python -m tests.test_messages` alone, writes the files.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import pytest

from pytest_aurous import Aurous, AurousCrash, AurousServer, verify_webhook
from pytest_aurous._check.command import check_base_url
from pytest_aurous._cli import doctor
from pytest_aurous._cli.main import main
from pytest_aurous._core.base import errors
from tests.conftest import NOW, Api
from tests.resources.test_refusals import refusals

Say: TypeAlias = Callable[[], str]

FILES: Final = Path(__file__).with_name("messages")
DOCS: Final = Path(__file__).parents[1] / "docs"
NOVA: Final = '{"name": "Nova", "generate": True, "attributes": {"age": 28}}'
_SUITE: Final = f"""
import urllib.request

import httpx
import pytest

from pytest_aurous import AurousError


def test_unmatched(aurous_client):
    aurous_client.get("/v1/charactres")


@pytest.mark.aurous(strict="warn")
def test_tolerated(aurous_client):
    aurous_client.get("/v1/charactres")


def test_blocked():
    httpx.get("https://api.aurous-labs.com/v1/balance")


def test_other_client(aurous):
    urllib.request.urlopen("https://api.aurous-labs.com/v1/balance")


def test_unfired(aurous):
    aurous.faults.timeout("characters.save")


def test_twice(aurous, aurous_client):
    aurous.faults.timeout("balance.retrieve", times=2)
    with pytest.raises(httpx.TimeoutException):
        aurous_client.get("/v1/balance")


def test_unfit(aurous, aurous_client):
    aurous.chat.reply(json={{"name": "Aurora"}})
    schema = {{"type": "object", "properties": {{"age": {{"type": "integer"}}}}, "required": ["age"]}}
    form = {{"type": "json_schema", "json_schema": {{"name": "person", "schema": schema}}}}
    asked = [{{"role": "user", "content": "Who is she?"}}]
    body = {{"model": "aurous-grow-2.0-pro", "messages": asked, "response_format": form}}
    aurous_client.post("/v1/chat/completions", json=body)


def test_unused(aurous):
    aurous.chat.reply("Aurora has black hair.", when="hair")


def test_pitfall(aurous, aurous_client):
    aurous.faults.timeout("characters.create")
    for _ in range(2):
        try:
            aurous_client.post("/v1/characters", json={NOVA})
        except httpx.TimeoutException:
            pass


def test_explored(aurous, aurous_client):
    def order():
        if not aurous_client.post("/v1/characters", json={NOVA}).is_success:
            return "sold out"

    aurous.explore(order, faults="lost")


@pytest.mark.aurous(credits=5)
def test_marker():
    pass


@pytest.fixture
def aurous_seed(request):
    return "lucky" if request.node.name == "test_fixture" else 0


def test_fixture(aurous):
    pass


def test_raced(aurous, aurous_client):
    def order():
        if not aurous_client.get("/v1/characters").json()["data"]:
            aurous_client.post("/v1/characters", json={NOVA})

    aurous.interleave(order, order)
"""
_NOTES: Final = """
import json
import pytest

found = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo is not None:
        value = call.excinfo.value
        found[item.name] = str(value) if type(value).__name__ == "Failed" else f"{type(value).__name__}: {value}"
    return (yield)


def pytest_warning_recorded(warning_message):
    text = f"{warning_message.category.__name__}: {warning_message.message}"
    found.setdefault("warnings", []).append(text)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    with open("found.json", "w", encoding="utf-8") as file:
        json.dump(found, file)
"""


def _raised(run: Callable[[], object]) -> Say:
    """Return what gives the exception of a function, as a traceback ends with it."""

    def say() -> str:
        with pytest.raises((Exception, AurousCrash)) as raised:
            run()
        return f"{raised.type.__name__}: {raised.value}"

    return say


def _on_fake(run: Callable[[Any], object]) -> Say:
    """Return what gives the exception of a function that gets a fake of its own."""
    return _raised(lambda: run(Aurous(now="2026-05-08T10:00:00Z")))


def _pytest(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AUROUS_", "PYTEST_"))}
    return subprocess.run(  # noqa: S603 - a suite of ours
        [sys.executable, "-m", "pytest", "-p", "pytest_aurous", "-p", "no:cacheprovider", "--rootdir=.", *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": "250", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )


@cache
def _suite() -> dict[str, Any]:
    """Run the suite once, and return the message of each test, all warnings, and the summary of the recording."""
    with TemporaryDirectory() as folder:
        Path(folder, "test_messages.py").write_text(_SUITE, encoding="utf-8")
        Path(folder, "conftest.py").write_text(_NOTES, encoding="utf-8")
        Path(folder, "results").write_text("not a folder", encoding="utf-8")
        options = (
            "--aurous-record=rec",
            "--aurous-har=results",
            "--aurous-trace=results",
            "--aurous-coverage-json=results/c.json",
        )
        run = _pytest(folder, *options)
        found: dict[str, Any] = json.loads(Path(folder, "found.json").read_text(encoding="utf-8"))
    lines = run.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Nothing was recorded"))
    found["recorded"] = "\n".join(lines[first : first + 2])
    return found


def _test(name: str) -> Say:
    """Return what gives the message of a test of the suite."""
    return lambda: str(_suite()[name])


def _warning(*words: str) -> Say:
    """Return what gives the first warning of the suite that has these words."""
    return lambda: next(text for text in _suite()["warnings"] if all(word in text for word in words))


def _usage(*arguments: str, test: str = "def test_it(aurous): ...") -> Say:
    """Return what gives the usage error of a run with these arguments."""

    def say() -> str:
        with TemporaryDirectory() as folder:
            Path(folder, "test_orders.py").write_text(test, encoding="utf-8")
            run = _pytest(folder, *arguments)
        return run.stderr[run.stderr.index("ERROR: ") :].strip()

    return say


def _command(*arguments: str) -> Say:
    """Return what gives the error of the command `pytest-aurous`."""

    def say() -> str:
        with TemporaryDirectory() as folder, redirect_stderr(StringIO()) as printed:
            Path(folder, "notes.har").write_text('{"log": 1}', encoding="utf-8")
            Path(folder, "rec").mkdir()
            main([one.replace("FOLDER", folder) for one in arguments])
        return printed.getvalue().strip().replace(f"{folder}{os.sep}", "")

    return say


def _problem(find: Callable[[], Any]) -> Say:
    """Return what gives the first problem of `pytest-aurous doctor`, as it is printed."""

    def say() -> str:
        problem = next(iter(find()))
        return f"1. {problem.what}\n   {problem.advice}\n   {errors.see(problem.page)}"

    return say


def _found(**more: Any) -> dict[str, Any]:
    return {"starts": True, "loaded": True, "network": "block", "settings": [], "ini": "pytest.ini", **more}


def _old_package() -> Any:
    return doctor._of_packages([{"name": "httpx", "version": "0.26.0", "floor": "0.27", "fits": False}])


def _no_url() -> dict[str, str | None]:
    names = ("AUROUS_API_KEY", "AUROUS_BASE_URL", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    return dict.fromkeys(names)


def _restored(aurous: Aurous) -> None:
    before = aurous.snapshot()
    character = aurous.characters.add()
    aurous.restore(before)
    character.delete()


def _crash() -> None:
    """Explore code that does not catch how it dies."""
    order = {"name": "Nova", "generate": True, "attributes": {"age": 28}}
    with Aurous() as aurous, aurous.client() as client:
        explored = aurous.explore(lambda: client.post("/v1/characters", json=order), faults="crash", laws="pays_once")
    assert explored.cases[0].error
    raise explored.cases[0].error


MESSAGES: Final[dict[str, Say]] = {
    "a-setting-has-an-invalid-value": _raised(lambda: Aurous(strict="loud")),  # type: ignore[arg-type]
    "there-is-no-such-setting": _raised(lambda: Aurous(stric="off")),  # type: ignore[call-arg]
    "an-ini-option-is-invalid": _usage("-o", "aurous_credits=many"),
    "there-is-no-such-ini-option": _usage("-o", "aurous_stric=off"),
    "a-marker-takes-keywords-only": _usage(test="import pytest\n@pytest.mark.aurous(5)\ndef test_it(aurous): ..."),
    "a-marker-has-no-effect": _warning("test_marker"),
    "a-parametrized-fixture-does-not-get-settings": _usage(
        test="import pytest\n@pytest.mark.parametrize('aurous', [5], indirect=True)\ndef test_it(aurous): ...",
    ),
    "a-fixture-returned-an-invalid-value": _test("test_fixture"),
    "the-base-url-has-v1": _raised(lambda: Aurous(base_url="https://gateway.example/v1")),
    "there-is-no-such-reading": _raised(lambda: Aurous(readings={"create-4": "redy"})),  # type: ignore[typeddict-item]
    "the-data-of-traces-has-no-folder": _usage("--aurous-trace-json"),
    "a-status-does-not-exist": _on_fake(lambda aurous: aurous.script("synthesizing -> redy")),
    "a-status-cannot-be-there": _on_fake(lambda aurous: aurous.script("reviewing -> synthesizing")),
    "a-resource-has-no-script": _raised(lambda: Aurous(script={"files": "ready"})),
    "no-operation-matches-the-request": _test("test_unmatched"),
    "no-operation-matches-the-request-and-strict-is-warn": _warning("no such operation"),
    "a-connection-was-blocked": _test("test_blocked"),
    "a-connection-of-another-client-was-blocked": _test("test_other_client"),
    "an-operation-was-not-called": _on_fake(lambda aurous: aurous.assert_called("characters.save")),
    "there-is-no-such-operation": _on_fake(lambda aurous: aurous.assert_called("files.retreive")),
    "there-is-no-such-argument": _on_fake(lambda aurous: aurous.clock.advance(minutes=2)),
    "there-is-no-such-attribute": _on_fake(lambda aurous: aurous.characters.first),
    "there-was-no-request": _on_fake(lambda aurous: aurous.calls.last),
    "a-record-cannot-change-like-that": _on_fake(
        lambda aurous: aurous.characters.add(name="Nova", status="ready").fail()
    ),
    "the-index-of-a-collection-is-an-id": _on_fake(lambda aurous: aurous.characters[0]),
    "there-is-no-record-with-this-id": _on_fake(lambda aurous: aurous.characters["char_0"]),
    "there-is-no-record-yet": _on_fake(lambda aurous: aurous.characters.last),
    "a-record-cannot-be-added": _on_fake(lambda aurous: aurous.characters.add(name="")),
    "a-record-is-gone": _on_fake(_restored),
    "a-fault-met-no-request": _test("test_unfired"),
    "a-fault-met-too-few-requests": _test("test_twice"),
    "a-reply-does-not-fit-its-request": _test("test_unfit"),
    "a-reply-was-never-used": _test("test_unused"),
    "a-fault-has-an-invalid-argument": _on_fake(lambda aurous: aurous.faults.timeout("characters.save", times=0)),
    "a-pitfall": _warning("AurousPitfallWarning"),
    "the-clock-cannot-go-back": _on_fake(lambda aurous: aurous.clock.advance(seconds=-1)),
    "not-an-instant": _on_fake(lambda aurous: aurous.clock.freeze("tomorrow")),
    "the-api-refuses-a-request": lambda: refusals(lambda **settings: Api(Aurous(now=NOW, **settings))),
    "there-is-no-such-rate-bucket": _on_fake(lambda aurous: aurous.team.limits["character"]),
    "a-signature-does-not-match": _raised(lambda: verify_webhook(b"{}", f"t=0,v1={'0' * 64}", "whsec_test", at=0)),
    "a-signature-is-malformed": _raised(lambda: verify_webhook(b"{}", "signed", "whsec_test", at=0)),
    "there-is-no-such-event": _on_fake(lambda aurous: aurous.webhooks.deliver_to(print, events=["character.redy"])),
    "a-target-cannot-receive": _on_fake(lambda aurous: aurous.webhooks.deliver_to("https://app.example/hooks")),
    "a-bad-day-breaks-a-law": _test("test_explored"),
    "the-undisturbed-run-must-succeed": _on_fake(lambda aurous: aurous.explore(lambda: dict[str, str]()["id"])),
    "two-workers-differ-from-one-after-the-other": _test("test_raced"),
    "nothing-can-be-broken": _on_fake(lambda aurous: aurous.explore(lambda: None)),
    "there-is-no-such-fault": _on_fake(lambda aurous: aurous.explore(lambda: None, faults="lots")),
    "the-process-dies": _raised(_crash),
    "not-a-loopback-address": _raised(lambda: AurousServer(Aurous(), host="0.0.0.0")),  # noqa: S104 - it is refused
    "a-setting-of-the-command-is-invalid": _command("serve", "--credits", "many"),
    "the-file-of-records-cannot-be-read": _command("serve", "--state", "state.json"),
    "a-value-is-empty": _command("check", "--live", "--base-url="),
    "nothing-to-check": _command("check"),
    "there-is-no-recording": _command("check", "FOLDER/rec"),
    "not-a-recording": _command("check", "FOLDER/notes.har"),
    "the-address-is-not-safe": _raised(lambda: check_base_url("http://api.example")),
    "nothing-was-recorded": lambda: str(_suite()["recorded"]),
    "a-har-file-could-not-be-written": _warning("HAR file", "test_unmatched"),
    "a-trace-could-not-be-written": _warning("The trace of", "test_unmatched"),
    "the-coverage-could-not-be-written": _warning("The coverage could not be written"),
    "a-package-is-too-old": _problem(_old_package),
    "pytest-does-not-start": _problem(
        lambda: doctor._of_pytest({"starts": False, "status": 4, "why": "ModuleNotFoundError: No module named 'shop'"})
    ),
    "pytest-does-not-load-pytest-aurous": _problem(lambda: doctor._of_pytest(_found(loaded=False, blocked=True))),
    "the-guard-is-off": _problem(
        lambda: doctor._of_network(
            _found(network="allow", settings=[{"name": "network", "source": "pytest.ini"}]), _no_url()
        )
    ),
    "the-base-url-leads-elsewhere": _problem(
        lambda: doctor._of_network(_found(), {**_no_url(), "AUROUS_BASE_URL": "https://gateway.example"})
    ),
    "a-proxy-hides-the-vendor": _problem(
        lambda: doctor._of_network(_found(), {**_no_url(), "HTTPS_PROXY": "http://proxy:3128"})
    ),
}
"""What gives each message, by its title on the page."""
OF_THE_VENDOR: Final = {"the-api-refuses-a-request"}
"""They know no page of ours."""


@pytest.mark.parametrize("name", MESSAGES)
def test_each_message_is_kept_as_it_is_printed(name: str) -> None:
    """Its file has the text letter for letter, so that a change of a message is seen where it is reviewed."""
    file = FILES / f"{name}.txt"
    text = MESSAGES[name]()

    assert file.exists(), "write it: tox -e generate"
    kept = file.read_text("utf-8").removesuffix("\n")
    if sys.version_info < (3, 12):  # without `sys.monitoring`, a report ends with the sentence that they are not known
        text, kept = (re.sub(r"\n\nnever ran: .*\Z", "", one, flags=re.DOTALL) for one in (text, kept))
    assert text == kept, "write it again: tox -e generate"
    assert not re.search(r"\b(told|given|whoever|legal)\b", text)
    assert name in OF_THE_VENDOR or re.search(r"^ *Read on: pytest-aurous docs [\w/#-]+$", text, re.MULTILINE)


def test_each_file_is_of_a_message() -> None:
    assert {file.stem for file in FILES.iterdir()} == set(MESSAGES)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_class_has_a_message(name: str) -> None:
    """Each public exception and warning is in the index, with its name before the text."""
    assert any(file.read_text("utf-8").startswith(f"{name}: ") for file in FILES.iterdir())


def write() -> None:
    """Write a file for each message, and remove the others."""
    for file in FILES.iterdir():
        file.unlink()
    for name, say in MESSAGES.items():
        (FILES / f"{name}.txt").write_text(f"{say()}\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
