"""The index of messages: each is produced here, and quoted as it is printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import cache, partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from examples import code
from shared import DOCS

from pytest_aurous import Aurous, AurousCrash, AurousServer, verify_webhook
from pytest_aurous._check.live.run import check_base_url
from pytest_aurous._cli import doctor
from pytest_aurous._cli.main import main
from pytest_aurous.errors import DOCS as ADDRESS

__all__ = ("MESSAGES", "Message", "messages")

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


class Message(NamedTuple):
    """One entry: what it is about, when it appears, what to do, and what produces it."""

    topic: str
    title: str
    when: str
    do: str
    say: Callable[[], str]
    page: str = ""


def messages() -> None:
    """Print all entries, by topic."""
    topic = ""
    for one in MESSAGES:
        if one.topic != topic:
            topic = one.topic
            print(f"\n## {topic}")
        print(f"\n### {one.title}")
        text = one.say()
        code("text", text)
        print(f"- **When**: {one.when}\n- **What to do**: {one.do}")
        print(f"- **Read on**: {_link(text, one.page)}")


def _link(text: str, page: str) -> str:
    """Return a link to the page that a message names, with the title that it has."""
    found = re.search(rf"{re.escape(ADDRESS)}(\S+?)\.html(#\S+)?", " ".join(text.split()))
    path, anchor = (found[1], found[2] or "") if found else (page, "")
    title = (DOCS / f"{path}.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    return f"[{title}]({os.path.relpath(path, 'reference')}.md{anchor})"


def _raised(run: Callable[[], object]) -> str:
    """Return the exception of a function, as a traceback ends with it."""
    try:
        run()
    except (Exception, AurousCrash) as error:  # noqa: BLE001 - it is shown
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


def _on_fake(run: Callable[[Aurous], object], **settings: Any) -> Callable[[], str]:
    """Return what makes a fake of its own, and lets a function fail on it."""

    def say() -> str:
        return _raised(lambda: run(Aurous(**{"now": "2026-05-08T10:00:00Z", **settings})))

    return say


def _pytest(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AUROUS_", "PYTEST_"))}
    return subprocess.run(  # noqa: S603 - a suite of ours
        [sys.executable, "-m", "pytest", "-p", "pytest_aurous", "-p", "no:cacheprovider", "--rootdir=.", *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": "250", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
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


def _test(name: str) -> Callable[[], str]:
    """Return what gives the message of a test of the suite."""
    return lambda: str(_suite()[name])


def _warning(*words: str) -> Callable[[], str]:
    """Return what gives the first warning of the suite that has these words."""
    return lambda: next(text for text in _suite()["warnings"] if all(word in text for word in words))


def _usage(*arguments: str, test: str = "def test_it(aurous): ...") -> Callable[[], str]:
    """Return what gives the usage error of a run with these arguments."""

    def say() -> str:
        with TemporaryDirectory() as folder:
            Path(folder, "test_orders.py").write_text(test, encoding="utf-8")
            run = _pytest(folder, *arguments)
        return run.stderr[run.stderr.index("ERROR: ") :].strip()

    return say


def _command(*arguments: str) -> Callable[[], str]:
    """Return what gives the error of the command `pytest-aurous`."""

    def say() -> str:
        with TemporaryDirectory() as folder, redirect_stderr(StringIO()) as printed:
            Path(folder, "notes.har").write_text('{"log": 1}', encoding="utf-8")
            Path(folder, "rec").mkdir()
            main([one.replace("FOLDER", folder) for one in arguments])
        return printed.getvalue().strip().replace(f"{folder}{os.sep}", "")

    return say


def _problem(find: Callable[[], Any]) -> Callable[[], str]:
    """Return what gives the first problem of `pytest-aurous doctor`, as it is printed."""

    def say() -> str:
        problem = next(iter(find()))
        return f"1. {problem.what}\n   {problem.advice}\n   Read on: {ADDRESS}{problem.page}"

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
    """Explore code that notes how it dies."""
    seen: list[BaseException] = []

    def run(client: Any) -> None:
        try:
            client.post("/v1/characters", json={"name": "Nova", "generate": True, "attributes": {"age": 28}})
        except AurousCrash as error:
            seen.append(error)
            raise

    with Aurous() as aurous, aurous.client() as client:
        aurous.explore(lambda: run(client), faults="crash", laws="pays_once")
    raise seen[0]


_SETTINGS = "Settings and options"
_SCRIPTS = "Scripts"
_NETWORK = "Unmatched requests and the network"
_CALLS = "Assertions on requests"
_RECORDS = "Records"
_FAULTS = "Faults and pitfalls"
_TIME = "Time and limits"
_WEBHOOKS = "Webhooks"
_EXPLORING = "Exploring"
_SERVED = "The served fake"
_CHECK = "Check"
_FILES = "Files that a run writes"
_DOCTOR = "Doctor"

MESSAGES: Final = (
    Message(
        _SETTINGS,
        "A setting has an invalid value",
        "`Aurous(...)`, a marker, the ini file or an option has a value that the setting does not take.",
        "Choose one of the values that the message lists.",
        partial(_raised, lambda: Aurous(strict="loud")),  # type: ignore[arg-type]
    ),
    Message(
        _SETTINGS,
        "There is no such setting",
        "A keyword of `Aurous(...)`, or of a marker, is not the name of a setting.",
        "Correct the name; the message has the nearest.",
        partial(_raised, lambda: Aurous(stric="off")),  # type: ignore[call-arg]
    ),
    Message(
        _SETTINGS,
        "An ini option is invalid",
        "pytest reads the ini file or `-o`, before it collects.",
        "Correct the value where the message says.",
        _usage("-o", "aurous_credits=many"),
    ),
    Message(
        _SETTINGS,
        "There is no such ini option",
        "The ini file has a name that begins with `aurous_` and is not an option.",
        "Correct or remove it. pytest alone would only warn.",
        _usage("-o", "aurous_stric=off"),
    ),
    Message(
        _SETTINGS,
        "A marker takes keywords only",
        "A test is marked as in `@pytest.mark.aurous(5)`.",
        "Name the setting: `credits=5`.",
        _usage(test="import pytest\n@pytest.mark.aurous(5)\ndef test_it(aurous): ..."),
    ),
    Message(
        _SETTINGS,
        "A marker has no effect",
        "A test is marked, and does not use the fixture `aurous`. The test passes.",
        "Add the fixture, or remove the marker.",
        _warning("test_marker"),
    ),
    Message(
        _SETTINGS,
        "A parametrized fixture does not get settings",
        "`aurous` is parametrized with `indirect=True`, and a value is not a dict.",
        "Pass dicts of settings.",
        _usage(
            test="import pytest\n@pytest.mark.parametrize('aurous', [5], indirect=True)\ndef test_it(aurous): ...",
        ),
    ),
    Message(
        _SETTINGS,
        "A fixture returned an invalid value",
        "The suite overrides `aurous_seed`, `aurous_base_url` or `aurous_api_key`, and the fake cannot use the value.",
        "Correct the fixture.",
        _test("test_fixture"),
    ),
    Message(
        _SETTINGS,
        "The base URL has /v1",
        "The setting `base_url` ends in `/v1`, which requests add themselves.",
        "Remove it.",
        partial(_raised, lambda: Aurous(base_url="https://gateway.example/v1")),
    ),
    Message(
        _SETTINGS,
        "There is no such reading",
        "The setting `readings` names a reading that the rule does not have.",
        "Choose one that the message lists.",
        partial(_raised, lambda: Aurous(readings={"create-4": "redy"})),
    ),
    Message(
        _SETTINGS,
        "The data of traces has no folder",
        "`--aurous-trace-json` is used alone.",
        "Add `--aurous-trace`, or name a folder.",
        _usage("--aurous-trace-json"),
    ),
    Message(
        _SCRIPTS,
        "A status does not exist",
        "A script names a status that the resource does not have.",
        "Correct it; the arrow is below the place.",
        _on_fake(lambda aurous: aurous.script("synthesizing -> redy")),
    ),
    Message(
        _SCRIPTS,
        "A status cannot be there",
        "A script has a status that cannot follow the one before it, or cannot be the first.",
        "Choose one that the message lists.",
        _on_fake(lambda aurous: aurous.script("reviewing -> synthesizing")),
    ),
    Message(
        _SCRIPTS,
        "A resource has no script",
        "A script is set for a resource whose records do not change by themselves.",
        "Script characters, images or videos.",
        partial(_raised, lambda: Aurous(script={"files": "ready"})),
    ),
    Message(
        _NETWORK,
        "No operation matches the request",
        "The code under test sent a request to the API that the fake does not know. The client got a 404.",
        "Correct the path or the method; or relax the setting `strict` for this test.",
        _test("test_unmatched"),
    ),
    Message(
        _NETWORK,
        "No operation matches the request, and strict is warn",
        'The setting `strict` is "warn".',
        "As above.",
        _warning("no such operation"),
    ),
    Message(
        _NETWORK,
        "A connection was blocked",
        "Code connects to the vendor where there is no fake.",
        "Use the fixture `aurous`, or allow the connection.",
        _test("test_blocked"),
    ),
    Message(
        _NETWORK,
        "A connection of another client was blocked",
        "The fake is active, and the client is not one that it intercepts.",
        "Use the fixture `aurous_server`.",
        _test("test_other_client"),
    ),
    Message(
        _CALLS,
        "An operation was not called",
        "`assert_called()` finds no request, or another number of them.",
        "Compare with the list of all requests in the message.",
        _on_fake(lambda aurous: aurous.assert_called("characters.save")),
    ),
    Message(
        _CALLS,
        "There is no such operation",
        "An assertion, a fault or a filter names an operation that the API does not have.",
        "Correct the name; the message has the nearest.",
        _on_fake(lambda aurous: aurous.assert_called("characters.sav")),
    ),
    Message(
        _CALLS,
        "There is no such argument",
        "A method of `aurous`, or of what it returns, is called with an argument that it does not take.",
        "Correct the name; the message has the nearest, and all that the method takes.",
        _on_fake(lambda aurous: aurous.clock.advance(minutes=2)),
    ),
    Message(
        _CALLS,
        "There is no such attribute",
        "The test reads a name that `aurous`, or what it returns, does not have.",
        "Use the name that the message suggests, or one of those that it lists.",
        _on_fake(lambda aurous: aurous.characters.first),
    ),
    Message(
        _CALLS,
        "There was no request",
        "`calls.last` is read before any request.",
        "Check that the code under test ran, with a client that the fake intercepts.",
        _on_fake(lambda aurous: aurous.calls.last),
    ),
    Message(
        _RECORDS,
        "A record cannot change like that",
        "`advance()`, `fail()` or `delete()` is called in a status that does not allow it.",
        "Choose one of the changes that the message lists.",
        _on_fake(lambda aurous: aurous.characters.add(name="Nova", status="ready").fail()),
    ),
    Message(
        _RECORDS,
        "The index of a collection is an id",
        "A collection is asked for a record by its position.",
        "Use the id of the record, or iterate over the collection.",
        _on_fake(lambda aurous: aurous.characters[0]),
    ),
    Message(
        _RECORDS,
        "There is no record with this id",
        "A collection is asked for an id that it does not have.",
        "Compare with the ids in the message.",
        _on_fake(lambda aurous: aurous.characters["char_0"]),
    ),
    Message(
        _RECORDS,
        "There is no record yet",
        "`.last` is read while the collection is empty.",
        "Check that the code under test has created one, or add one.",
        _on_fake(lambda aurous: aurous.characters.last),
    ),
    Message(
        _RECORDS,
        "A record cannot be added",
        "`add()` gets a value that the API would refuse.",
        "Correct the argument that the message names.",
        _on_fake(lambda aurous: aurous.characters.add(name="")),
    ),
    Message(
        _RECORDS,
        "A record is gone",
        "A test uses a record that `restore()` or `reset()` has removed.",
        "Get it again from the collection.",
        _on_fake(_restored),
    ),
    Message(
        _FAULTS,
        "A fault met no request",
        "The test is over, and no request has met a fault that it added.",
        "Check the operation and the conditions of the fault, and whether the code sends the request.",
        _test("test_unfired"),
    ),
    Message(
        _FAULTS,
        "A fault met too few requests",
        "The same, with `times=`.",
        "Check how often the code sends the request.",
        _test("test_twice"),
    ),
    Message(
        _FAULTS,
        "A fault has an invalid argument",
        "A fault is added with a status, a number or a phase that cannot be.",
        "Choose what the message expects.",
        _on_fake(lambda aurous: aurous.faults.timeout("characters.save", times=0)),
    ),
    Message(
        _FAULTS,
        "A pitfall",
        "The code under test misused the API, and no response said so. There is one text for each pitfall.",
        "Follow the advice in the message.",
        _warning("AurousPitfallWarning"),
    ),
    Message(
        _TIME,
        "The clock cannot go back",
        "`clock.advance()` gets a negative time, or one that is too large.",
        "Use `clock.freeze()` to choose an instant.",
        _on_fake(lambda aurous: aurous.clock.advance(seconds=-1)),
    ),
    Message(
        _TIME,
        "Not an instant",
        "`clock.freeze()` gets a text that is not a time.",
        "Write it as ISO 8601.",
        _on_fake(lambda aurous: aurous.clock.freeze("tomorrow")),
    ),
    Message(
        _TIME,
        "There is no such rate bucket",
        "`limits[...]` is asked for a name that no bucket has.",
        "Choose one that the message lists.",
        _on_fake(lambda aurous: aurous.team.limits["character"]),
    ),
    Message(
        _WEBHOOKS,
        "A signature does not match",
        "`verify_webhook()` gets a body or a secret other than those that were signed.",
        "Verify the raw body, with the whole secret.",
        partial(_raised, lambda: verify_webhook(b"{}", f"t=0,v1={'0' * 64}", "whsec_test", at=0)),
    ),
    Message(
        _WEBHOOKS,
        "A signature is malformed",
        "The header is missing, or is not a signature.",
        "Pass the value of the header unchanged.",
        partial(_raised, lambda: verify_webhook(b"{}", "signed", "whsec_test", at=0)),
    ),
    Message(
        _WEBHOOKS,
        "There is no such event",
        "`deliver_to()` or `add()` gets the name of an event that does not exist.",
        "Choose one that the message lists.",
        _on_fake(lambda aurous: aurous.webhooks.deliver_to(print, events=["character.redy"])),  # type: ignore[list-item]
    ),
    Message(
        _WEBHOOKS,
        "A target cannot receive",
        "`deliver_to()` gets something that is neither a callable nor an application.",
        "Pass a function, an ASGI or WSGI app, or a URL by name.",
        _on_fake(lambda aurous: aurous.webhooks.deliver_to("https://app.example/hooks")),  # type: ignore[arg-type]
    ),
    Message(
        _EXPLORING,
        "A bad day breaks a law",
        "`explore()` has found a case that breaks a law. The report goes on with each of these cases.",
        "Correct the code, and run the one case again with the command at the end.",
        _test("test_explored"),
    ),
    Message(
        _EXPLORING,
        "Nothing can be broken",
        "The function that is explored sends no request to the fake.",
        "Let it call the code that sends requests.",
        _on_fake(lambda aurous: aurous.explore(lambda: None)),
    ),
    Message(
        _EXPLORING,
        "There is no such fault",
        "`faults=` has a word that is not the name of a fault.",
        "Choose one that the message lists.",
        _on_fake(lambda aurous: aurous.explore(lambda: None, faults="lots")),  # type: ignore[arg-type]
    ),
    Message(
        _EXPLORING,
        "The process dies",
        "Exploring lets a request raise this where the process would be killed. It is not an `Exception`.",
        "Do not catch it: code that catches everything would not run in a process that is dead.",
        partial(_raised, _crash),
        "reference/exploring",
    ),
    Message(
        _SERVED,
        "Not a loopback address",
        "A server is asked to listen where other machines reach it.",
        "Use 127.0.0.1, or allow it.",
        partial(_raised, lambda: AurousServer(Aurous(), host="0.0.0.0")),  # noqa: S104 - it is refused
    ),
    Message(
        _SERVED,
        "A setting of the command is invalid",
        "`pytest-aurous serve` gets a value that the setting does not take.",
        "Choose what the message expects.",
        _command("serve", "--credits", "many"),
    ),
    Message(
        _SERVED,
        "The file of records cannot be read",
        "`--state` names a file that does not exist, or that has another form.",
        "Write JSON as in the message.",
        _command("serve", "--state", "state.json"),
        "how-to/server",
    ),
    Message(
        _CHECK,
        "Nothing to check",
        "`pytest-aurous check` is called without a recording.",
        "Name a file or a folder.",
        _command("check"),
    ),
    Message(
        _CHECK,
        "There is no recording",
        "A folder has no file of a form that can be read.",
        "Name the folder that has them.",
        _command("check", "FOLDER/rec"),
    ),
    Message(
        _CHECK,
        "Not a recording",
        "A file is neither a HAR file nor a cassette.",
        "Export it again as HAR.",
        _command("check", "FOLDER/notes.har"),
    ),
    Message(
        _CHECK,
        "The address is not safe",
        "`--base-url` is not an address to which a key may be sent.",
        "Use https.",
        partial(_raised, lambda: check_base_url("http://api.example")),
    ),
    Message(
        _FILES,
        "Nothing was recorded",
        "`--aurous-record` is set, and no test is allowed to reach the real API.",
        "Allow it for the tests that are to be recorded.",
        lambda: str(_suite()["recorded"]),
    ),
    Message(
        _FILES,
        "A HAR file could not be written",
        "The folder of `--aurous-har` cannot be written to. No test fails for it.",
        "Choose another folder.",
        _warning("HAR file", "test_unmatched"),
        "reference/reports",
    ),
    Message(
        _FILES,
        "A trace could not be written",
        "The same, with `--aurous-trace`.",
        "Choose another folder.",
        _warning("The trace of", "test_unmatched"),
        "how-to/trace",
    ),
    Message(
        _FILES,
        "The coverage could not be written",
        "The same, with `--aurous-coverage-json`.",
        "Choose another file.",
        _warning("The coverage could not be written"),
        "reference/reports",
    ),
    Message(
        _DOCTOR,
        "A package is too old",
        "`pytest-aurous doctor` finds a release that is older than the oldest that is supported.",
        "Install a newer one.",
        _problem(_old_package),
    ),
    Message(
        _DOCTOR,
        "pytest does not start",
        "A conftest, a plugin or an option ends pytest before it collects.",
        "Correct what the message names.",
        _problem(
            lambda: doctor._of_pytest(
                {"starts": False, "status": 4, "why": "ModuleNotFoundError: No module named 'shop'"}
            )
        ),
    ),
    Message(
        _DOCTOR,
        "pytest does not load pytest-aurous",
        "It is blocked, plugins are not loaded at all, or it is not installed for this Python.",
        "Follow the advice in the message, which differs.",
        _problem(lambda: doctor._of_pytest(_found(loaded=False, blocked=True))),
    ),
    Message(
        _DOCTOR,
        "The guard is off",
        "The setting `network` is allow for the whole run.",
        "Allow it for single tests.",
        _problem(
            lambda: doctor._of_network(
                _found(network="allow", settings=[{"name": "network", "source": "pytest.ini"}]), _no_url()
            )
        ),
    ),
    Message(
        _DOCTOR,
        "The base URL leads elsewhere",
        "`AUROUS_BASE_URL` is set in the environment, to a host that the guard does not watch.",
        "Unset it.",
        _problem(lambda: doctor._of_network(_found(), {**_no_url(), "AUROUS_BASE_URL": "https://gateway.example"})),
    ),
    Message(
        _DOCTOR,
        "A proxy hides the vendor",
        "A proxy is set, and resolves the names in the place of the client.",
        "Unset it, or except the vendor's hosts.",
        _problem(lambda: doctor._of_network(_found(), {**_no_url(), "HTTPS_PROXY": "http://proxy:3128"})),
    ),
)
