"""What the tests of the core share: the API without an HTTP client."""

import faulthandler
import json as jsonlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import pytest
from _pytest.pytester import SysModulesSnapshot
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator

import pytest_aurous
from pytest_aurous import Aurous, Call, Character, Clock, Delivery, Team
from pytest_aurous._core.engine.pipeline import App
from pytest_aurous._core.resources import openapi
from pytest_aurous._core.resources.base.endpoint import Context
from pytest_aurous._core.resources.characters.record import Characters
from pytest_aurous._core.resources.uploads import Uploads
from pytest_aurous._core.wire.headers import Headers
from pytest_aurous._core.wire.reply import Break, Reply

# The same examples in each run, and none from an earlier one; `--hypothesis-profile=default` draws others.
# A machine that is busy is no finding.
settings.register_profile(
    "alike", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("alike")
with suppress(ImportError):  # an older Hypothesis draws no such constants
    # Hypothesis also draws constants of imported modules, but not of those in site-packages: other examples from the
    # checkout than from the wheel, and others again when the tests of the examples are collected, too.
    providers: Any = import_module("hypothesis.internal.conjecture.providers")
    providers._get_local_constants = providers.Constants


pytest_plugins = ("pytester",)

LIMIT: Final = 300
"""Seconds for one test, with its fixtures: more than its waits, of which each that ends early has 60 s."""
AGAIN: Final = 20
"""Seconds until a test that has reached its limit is interrupted again."""
_SETTINGS: Final = pytest.StashKey[Any]()

COMPREHENSIONS: Final = ("<listcomp>", "<dictcomp>", "<setcomp>")
"""Functions only before Python 3.12, which runs them where they are written: the budgets are the same for all."""
NOW: Final = "2026-05-08T10:00:00Z"
OWN: Final = "the key of the default team"
REQUEST_ID: Final = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{26}")
TYPES: Final = {  # err-1, written from the contract
    400: "invalid_request",
    401: "authentication",
    402: "invalid_request",
    403: "authentication",
    404: "not_found",
    405: "invalid_request",
    409: "invalid_request",
    410: "not_found",
    422: "invalid_request",
    429: "rate_limit",
    500: "server_error",
    503: "server_error",
}
ON_WINDOWS: Final = sys.platform == "win32"
needs_links: Final = pytest.mark.skipif(
    ON_WINDOWS, reason="is about symbolic links, for which Windows asks a privilege"
)
CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")
OTHER_SETTINGS: Final[dict[str, Any]] = {
    "script": "synthesizing*5 -> reviewing", "strict": "warn", "pitfalls": "error", "now": "2030-01-01T00:00:00+00:00",
    "rate_limits": "enforce", "sleep": "skip", "seed": 7, "credits": 10, "network": "allow",
    "base_url": "https://proxy.test/aurous", "readings": {"get-2": "readable"}, "sparse": "optional",
    "grease": "fields", "observed": Path(__file__).with_name("observed.json").as_posix(), "reply": "As you like.",
    "report": "all",
}  # fmt: skip
"""A value of each setting that is not its default, as JSON has it; all tests of a setting in each place use it."""
CHROMIUM_OPTIONS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
Story: TypeAlias = "Callable[[Api], object]"
ATTRIBUTES: Final = {"gender": "female", "age": 28, "hair_color": "black"}
SYNTHESIS: Final = {"name": "Aurora", "generate": True, "attributes": ATTRIBUTES}
TICKET: Final = {"filename": "a.png", "extension": "png", "content_type": "image/png"}


def axe_options(size: str, theme: str) -> dict[str, Any]:
    """Return what axe-core checks: only colors depend on the theme, and they do not depend on the size."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if size == "narrow":
        options["rules"] = {"color-contrast": {"enabled": False}}
    elif theme == "dark":
        options["runOnly"] = ["color-contrast"]
    return options


SIZES: Final = {"wide": (1280, 800), "narrow": (390, 844)}
"""Width and height of a tab, in pixels, by the name that the tests give it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a file."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: the dependency group `browser`")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as driver:
        sync_api.expect.set_options(timeout=60_000)  # milliseconds; its own 5 s are too few for a busy machine
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_OPTIONS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tab(browser: Any) -> Any:
    """One tab for all tests of a file: to open another one takes longer than most tests."""
    tab = browser.new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    tab.set_default_timeout(60_000)
    return tab


@pytest.fixture
def said(tab: Any) -> Iterator[list[str]]:
    """What the tab says during a test, on its console and in dialogs."""
    said: list[str] = []
    listeners: dict[str, Callable[[Any], None]] = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "dialog": lambda dialog: said.append(dialog.message),
    }
    for event, listen in listeners.items():
        tab.on(event, listen)
    yield said
    for event, listen in listeners.items():
        tab.remove_listener(event, listen)


def load(tab: Any, url: str, size: str, theme: str) -> None:
    """Load a page in a tab of that size and theme."""
    width, height = SIZES[size]
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(color_scheme=theme)
    tab.goto(url)


document: Final = cache(openapi.document)


@cache
def _documented() -> dict[str | None, dict[str, Any]]:
    """Return the responses of each operation in the OpenAPI document; None: the responses to an unknown call."""
    paths = document()["paths"].values()
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        None: {
            "404": {"description": "resource_not_found", "content": content},
            "405": {"description": "method_not_allowed", "content": content},
        },
        **{one["operationId"]: one["responses"] for path in paths for one in path.values()},
    }


@cache
def _validator(operation: str | None, status: int) -> Draft202012Validator:
    """Return what checks a JSON response: made once for all tests."""
    schema = _documented()[operation][str(status)]["content"]["application/json"]["schema"]
    # `components` lies beside the schema, so that each `$ref` of the document leads somewhere from here, too.
    return Draft202012Validator({**schema, "components": document()["components"]})


def undocumented(app: App, call: Call, reply: Reply) -> list[str]:
    """Return what the OpenAPI document does not say of a response that nothing but the rules has made."""
    reading = app.world.settings.reading
    renamed = reading("err-6") == "global" or call.error_code == reading("auth-4") == "revoked_api_key"
    if call.fault is not None or renamed or app.world.settings.grease != "off" or app.world.settings.observed:
        return []
    response = _documented()[call.operation].get(str(reply.status))
    what = f"{call.method} {call.path}: {reply.status}"
    media_type = dict(reply.headers).get("Content-Type", "")
    if response is None or (call.error_code and call.error_code not in response["description"].split(", ")):
        return [f"{what} {call.error_code or ''}"]
    if not any(fnmatch(media_type, one) for one in response.get("content", {})):
        return [f"{what} {media_type}"] if reply.body else []
    if media_type != "application/json":
        return []
    errors = _validator(call.operation, reply.status).iter_errors(jsonlib.loads(reply.body))
    return [f"{what} {error.json_path}: {error.message}" for error in errors]


def slow_but(quick: Container[Any], values: Iterable[Any]) -> list[Any]:
    """Return the parameters *values*, all but the *quick* ones marked as slow: coverage needs no more."""
    return [one if one in quick else pytest.param(one, marks=pytest.mark.slow) for one in values]


_UNCOUNTED: Final = {"faults", "buckets", "idempotency", "ids"}
"""What a refused request may change."""


class Response(NamedTuple):
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return jsonlib.loads(self.body)


class Api:
    """One fake, not entered, with a method for each verb."""

    def __init__(self, aurous: Aurous) -> None:
        self.aurous = aurous
        self.app = aurous._session.app

    @property
    def clock(self) -> Clock:
        return self.aurous.clock

    @property
    def characters(self) -> Characters:
        return self.aurous.characters

    @property
    def uploads(self) -> Uploads:
        """The tickets of the default team."""
        return self.aurous.uploads

    @property
    def team(self) -> Team:
        return self.aurous.team

    def outcome(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        content: bytes = b"",
        key: str | None = OWN,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> Reply | Break:
        """Send one call to a path or a URL, by a client of that *patience*; with *key* None, without a key."""
        parts = urlsplit(self.aurous.base_url + url if url.startswith("/") else url)
        pairs = dict(headers or {})
        if key is not None:
            pairs["X-Api-Key"] = self.aurous.api_key if key == OWN else key
        body = jsonlib.dumps(json).encode() if json is not None else content
        block = tuple(pairs.items())
        call = Call(method, parts.scheme, parts.netloc, parts.path, parts.query, block, body, patience)
        return self.app.handle(call)

    def send(self, method: str, url: str, **sent: Any) -> Response:
        """Send one call, which must be answered; see `outcome`."""
        reply = self.outcome(method, url, **sent)
        assert isinstance(reply, Reply), reply
        return Response(reply.status, Headers(reply.headers), reply.body)

    def broken(self, method: str, url: str, **sent: Any) -> Break:
        """Send one call, whose client must meet an exception of its own stack; see `outcome`."""
        outcome = self.outcome(method, url, **sent)
        assert isinstance(outcome, Break), outcome
        return outcome

    def get(self, url: str, **sent: Any) -> Response:
        return self.send("GET", url, **sent)

    def post(self, url: str, **sent: Any) -> Response:
        return self.send("POST", url, **sent)

    def patch(self, url: str, **sent: Any) -> Response:
        return self.send("PATCH", url, **sent)

    def put(self, url: str, **sent: Any) -> Response:
        """Send a PUT, without a key, as the upload host wants it."""
        return self.send("PUT", url, **{"key": None, **sent})

    def delete(self, url: str, **sent: Any) -> Response:
        return self.send("DELETE", url, **sent)

    def refused(
        self, method: str, url: str, *, status: int, code: str, param: str | None = None, **sent: Any
    ) -> Response:
        """Send one call that must be refused: check the whole envelope, and that nothing has changed."""
        before = self.state()
        response = self.send(method, url, **sent)

        assert response.status == status, response.body
        assert list(response.json) == ["error"]
        error = response.json["error"]
        message = error["message"]
        assert error == {
            "type": TYPES[status],
            "code": code,
            "message": message,
            "param": param,
            "doc_url": f"https://docs.aurous-labs.com/errors#{code}",
            "request_id": response.headers["Aurous-Request-Id"],
        }
        assert REQUEST_ID.fullmatch(error["request_id"])
        assert isinstance(message, str)
        assert message
        assert response.headers["Aurous-Version"] == "2026-05-15"
        assert response.headers["Content-Type"] == "application/json"
        assert self.state() == before
        return response

    def synthesize(self, script: str | None = None, name: str = "Aurora", **body: Any) -> Character:
        """Create a character by synthesis, through the API, and return its live record."""
        if script is not None:
            self.aurous.script(script)
        response = self.post("/v1/characters", json={"name": name, "generate": True, "attributes": ATTRIBUTES, **body})
        assert response.status == 201, response.body
        return self.characters[response.json["id"]]

    def poll(self, character: Character, times: int = 1) -> list[str]:
        """GET the character, and return what each poll saw: a status, or an error code."""
        seen: list[str] = []
        for _ in range(times):
            response = self.get(f"/v1/characters/{character.id}")
            seen.append(response.json["status"] if response.status == 200 else response.json["error"]["code"])
        return seen

    def money(self) -> tuple[float, float]:
        """Return the credits of the default team, and how many of them are held."""
        return self.team.credits, self.team.held_credits

    def state(self) -> dict[str, Any]:
        """Return everything that a call might change, to be compared; the journal and the buckets aside."""
        world = self.app.world
        with world.lock:
            world.runs.settle()
            saved = world.state.copy()
            lists = {name: items for name, items in saved.lists.items() if name != "due"}  # a heap, with stale entries
            sections = {name: saved.sections[name] for name in sorted(saved.sections.keys() - _UNCOUNTED)}
            for number, delivery in sections.get("deliveries", {}).items():  # copies are not equal by themselves
                sections["deliveries"][number] = [getattr(delivery, name) for name in Delivery.__slots__]
            return sections | lists


def price(path: str, **body: Any) -> float:
    """Return what the API holds for an order, whose path may name a character by ``{id}``."""
    api = Api(Aurous())
    assert api.post(path.format(id=api.characters.add().id), json=body).status < 300
    return api.team.held_credits


def synthesis_price() -> float:
    """Return what the API holds for the synthesis of a character."""
    return price("/v1/characters", **SYNTHESIS)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the limit of each test, wherever its file is. Without pytest-timeout, an ini option would be an error."""
    if config.getoption("timeout", 0) is None:
        config.option.timeout = LIMIT
    config.pluginmanager.register(_FailuresAtOnce(config))


class _FailuresAtOnce:
    """Name each failure when it happens: whoever ends a run that goes on does not see its summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)  # after the letter of the test
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # The workers of pytest-xdist have no terminal: their reports come here, too.
        if report.failed and (terminal := self._config.pluginmanager.get_plugin("terminalreporter")):
            terminal.write_line(f"\nFAILED in its {report.when}: {report.nodeid}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process with the stacks of its threads if it does not end by itself: a thread may never end."""
    # pytest-xdist ends its workers, which wait for each other until then; mutmut runs pytest again in the same process.
    if not hasattr(config, "workerinput") and "MUTANT_UNDER_TEST" not in os.environ:
        faulthandler.dump_traceback_later(LIMIT, exit=True)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have ids made anew: pytest keeps them, and escapes them once more when mutmut collects again in one process."""
    marks = metafunc.definition.iter_markers("parametrize") if "MUTANT_UNDER_TEST" in os.environ else ()
    for mark in marks:
        if mark._param_ids_from is not None:
            object.__setattr__(mark._param_ids_from, "_param_ids_generated", None)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Generator[None, object, object]:
    """Interrupt a test again and again: its code may swallow the failure, and Hypothesis repeats what failed."""
    done = yield
    if settings.method == "signal":  # not on Windows, where pytest-timeout ends the process at once
        item.stash[_SETTINGS] = settings
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, AGAIN)
    return done


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Start the timer again, which pytest-timeout stops at a failure: the fixtures are yet to end."""
    if settings := node.stash.get(_SETTINGS, None):
        node.ihook.pytest_timeout_set_timer(item=node, settings=settings)


@pytest.fixture(autouse=True)
def _as_documented() -> Iterator[None]:
    """Whatever a fake of this process answers in a test, to whatever client, is in the OpenAPI document."""
    if sys.version_info < (3, 11):  # with the oldest jsonschema this takes a third of the run, and once is enough
        yield
        return
    serve, wrong = App._serve, list[str]()

    def checked(app: App, ctx: Context, *args: Any, **options: Any) -> Reply:
        reply = serve(app, ctx, *args, **options)
        wrong.extend(undocumented(app, ctx.call, reply))
        return reply

    with pytest.MonkeyPatch.context() as patch:  # not of `handle`: its caller is the place of a pitfall
        patch.setattr(App, "_serve", checked)
        yield
    assert not wrong


@pytest.fixture
def make_api() -> Callable[..., Api]:
    """Make a fake with settings of the test's choice, its clock frozen at a round instant unless told otherwise."""

    def make(**settings: Any) -> Api:
        return Api(Aurous(**{"now": NOW, **settings}))

    return make


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """A fake with every setting at its default, its clock frozen at a round instant."""
    return make_api()


def _forgets_only(folder: Path) -> Callable[[SysModulesSnapshot], None]:
    """Return what a snapshot of pytester does at the end of a run: forget the modules of *folder*, and no others.

    pytester forgets each module that the run has imported first. A library that is imported again has other classes
    than before, and whoever still has the old ones, such as uvicorn those of httptools, catches the wrong errors.
    """
    restore = SysModulesSnapshot.restore

    def forget(snapshot: SysModulesSnapshot) -> None:
        seen = dict(sys.modules)
        restore(snapshot)
        for name in seen.keys() - sys.modules.keys():
            if folder not in Path(getattr(seen[name], "__file__", None) or "").parents:
                sys.modules[name] = seen[name]

    return forget


@cache
def _installed() -> bool:
    return any(entry.name == "pytest_aurous" for entry in entry_points(group="pytest11"))


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> pytest.Pytester:
    """Inner runs find the plugin as this run did, installed or not, and know nothing of an xdist around them."""
    # Nor of a CI, where summaries are longer.
    for name in ("CI", "BUILD_NUMBER", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    if not _installed():
        monkeypatch.setenv("PYTHONPATH", str(Path(pytest_aurous.__file__).parents[1]), prepend=os.pathsep)
    monkeypatch.setenv("COLUMNS", "250")  # a summary line is cut to fit
    # To look for what is installed, and to import it, takes longer than most inner runs: a test asks for what it needs.
    # The filters around them would make each warning an error.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_aurous -W always")
    monkeypatch.setattr(SysModulesSnapshot, "restore", _forgets_only(tmp_path_factory.getbasetemp()))
    run = pytester.run
    # Else a process that hangs would go on after its test has reached its limit.
    monkeypatch.setattr(
        pytester, "run", lambda *args, timeout=None, **more: run(*args, timeout=timeout or LIMIT - 10, **more)
    )
    return pytester
