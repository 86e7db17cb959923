"""The command ``pytest-aurous doctor``: what is installed, set and guarded in this folder, and what to do about it.

It knows no pytest. It runs one in the current folder, with the plugin `pytest_aurous.plugin.doctor`, which writes down
what pytest has read, and ends the run before anything is collected.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from .._core.base.errors import see
from .._core.base.redaction import protecting, redacted
from .._core.wire.hosts import BASE_URL, UPLOAD_HOST, ascii_host, is_loopback, is_vendors

_WIDTH: Final = 80
_COLUMNS: Final = (20, 27)
_WHOLE: Final[dict[str, Any]] = {"break_long_words": False, "break_on_hyphens": False}
_HOSTS: Final = tuple(urlsplit(url).netloc for url in (BASE_URL, UPLOAD_HOST))
_NETWORK: Final = "how-to/no-network.html"
_CLI: Final = "reference/settings.html#pytest-aurous-doctor"
_LIMIT: Final = 60.0
"""Seconds for pytest to start."""
_RAISED: Final = re.compile(r"[\w.]+(: |$)")
"""The line of a traceback with the exception, not a line with a file or source."""


class Package(NamedTuple):
    """A package that matters here; without a floor each release does."""

    name: str
    purpose: str
    floor: str = ""
    required: bool = False


PACKAGES: Final = (
    Package("pytest-aurous", "the plugin, and this command"),
    Package("pytest", "runs the tests", "8", required=True),
    Package("httpx", "its clients reach the fake", "0.27", required=True),
    Package("respx", "intercepts requests", "0.22", required=True),
    Package("Faker", "makes names and other data", "20", required=True),
    Package("httpx2", "its clients reach the fake", "2.12"),
    Package("hypothesis", "strategies for bad days", "6.100"),
    Package("PyYAML", "reads recordings in YAML", "6"),
    Package("uvicorn", "serves the fake over HTTP", "0.30"),
    Package("pytest-xdist", "runs tests in parallel", "3.6"),
    Package("pytest-httpx", "mocks other hosts"),
    Package("responses", "mocks hosts for requests"),
    Package("vcrpy", "records other hosts"),
    Package("pytest-socket", "blocks sockets; aurous_server needs 127.0.0.1"),
    Package("schemathesis", "checks an OpenAPI document"),
)


class Advice(NamedTuple):
    what: str
    advice: str
    page: str


def run(options: Namespace) -> int:
    """Print the findings, and return the exit code: 1 if something needs attention."""
    with protecting(os.environ.get("AUROUS_API_KEY")):
        found = examined()
        text = json.dumps(found, indent=2) if options.json else "\n".join(_lines(found))
        plain = _without_secrets(redacted(text)).replace("\N{HORIZONTAL ELLIPSIS}", "...")
        print(plain.encode("ascii", "backslashreplace").decode())  # noqa: T201 - a command prints
    return 1 if found["problems"] else 0


def examined() -> dict[str, Any]:
    packages = [_package(one) for one in PACKAGES]
    pytest = _ask_pytest()
    environment = _environment()
    problems = [*_of_packages(packages), *_of_pytest(pytest), *_of_network(pytest, environment)]
    return {
        "python": {"version": sys.version.split()[0], "executable": sys.executable},
        "packages": packages,
        "pytest": pytest,
        "environment": environment,
        "hosts": _hosts(pytest),
        "problems": [{"what": one.what, "advice": one.advice, "see": see(one.page)} for one in problems],
    }


def _package(row: Package) -> dict[str, Any]:
    try:
        installed = version(row.name)
    except PackageNotFoundError:
        installed = None
    fits = not row.required if installed is None else _numbers(installed) >= _numbers(row.floor)
    return {"name": row.name, "version": installed, "floor": row.floor, "fits": fits, "purpose": row.purpose}


def _numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def _of_packages(packages: list[dict[str, Any]]) -> Iterator[Advice]:
    for row in packages:
        if not row["fits"]:
            what = (
                f"{row['name']} is not installed, and pytest-aurous needs it."
                if row["version"] is None
                else f"{row['name']} {row['version']} is older than pytest-aurous supports."
            )
            verb = "Install" if row["version"] is None else "Upgrade"
            wanted = f"{row['name']}>={row['floor']}"
            yield Advice(what, f'{verb} it: python -m pip install --upgrade "{wanted}"', _CLI)


def _ask_pytest() -> dict[str, Any]:
    """Run pytest in this folder, up to where it would collect, and return what the plugin has written down."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "found.json")
        command = [sys.executable, "-m", "pytest", "-p", "pytest_aurous.plugin.doctor", "--aurous-doctor", str(file)]
        try:
            done = subprocess.run(  # noqa: S603 - pytest itself
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=False
            )
        except subprocess.TimeoutExpired as error:
            printed = _text(error.stdout, error.stderr)
            return {"starts": False, "status": None, "why": f"it was stopped after {_LIMIT:g} s. {_why(printed)}"}
        if file.exists():
            return {"starts": True, **json.loads(file.read_text(encoding="utf-8"))}
    return {"starts": False, "status": done.returncode, "why": _why(_text(done.stdout, done.stderr))}


def _text(*printed: bytes | None) -> str:
    return "\n".join((part or b"").decode(errors="replace") for part in printed)


def _why(printed: str) -> str:
    """Return the part of what pytest has printed that says why it did not start; no traceback."""
    lines = [line for line in printed.splitlines() if line.strip()]
    raised = [line[1:].strip() for line in lines if line.startswith("E  ")]
    if raised:
        where = [line for line in lines if line.startswith("ImportError while loading conftest")]
        return " ".join([*where, ([line for line in raised if _RAISED.match(line)] or raised)[0]])
    errors = [number for number, line in enumerate(lines) if line.startswith("ERROR: ")]
    if errors:
        told = [line.removeprefix("ERROR: ").strip() for line in lines[errors[0] :]]
        besides = ("usage: ", "inifile: ", "rootdir: ", "Read on: ")  # a problem names its page itself
        text = " ".join(line for line in told if not line.startswith(besides))
        return text.rpartition("pytest: error: ")[2]
    return lines[-1].removeprefix("INTERNALERROR> ") if lines else "it printed nothing"


def _of_pytest(pytest: Mapping[str, Any]) -> Iterator[Advice]:
    if not pytest["starts"]:
        status = "" if pytest["status"] is None else f" (exit status {pytest['status']})"
        what = f"pytest does not start in this folder{status}: {pytest['why']}"
        advice = "Correct that, and run pytest-aurous doctor again: until then it cannot read the settings."
        if "unrecognized arguments: " in what:
            advice = (
                f"pytest-aurous is not loaded. {_how_to_load(pytest)} "
                "Or the option is misspelled: pytest --help lists those that exist."
                if "--aurous-" in what
                else "Install the plugins that have these options, or remove them from addopts and PYTEST_ADDOPTS."
            )
        yield Advice(what, advice, _CLI)
    elif not pytest["loaded"]:
        yield Advice(
            "pytest does not load pytest-aurous: there is no fixture, and no guard.", _how_to_load(pytest), _CLI
        )


def _how_to_load(pytest: Mapping[str, Any]) -> str:
    if pytest.get("blocked"):
        return f"Remove -p no:pytest_aurous from PYTEST_ADDOPTS, or from addopts in the ini file ({pytest['ini']})."
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return "Unset PYTEST_DISABLE_PLUGIN_AUTOLOAD, or add -p pytest_aurous to addopts in the ini file."
    return (
        "Install it for this Python: python -m pip install pytest-aurous. If it is, remove -p no:pytest_aurous and "
        "--disable-plugin-autoload from addopts and PYTEST_ADDOPTS."
    )


def _environment() -> dict[str, str | None]:
    """Return the variables that matter; of a key whether it is set, of a URL no password."""
    key = "set" if os.environ.get("AUROUS_API_KEY") else None
    found = {"AUROUS_API_KEY": key, "AUROUS_BASE_URL": _without_password(os.environ.get("AUROUS_BASE_URL"))}
    for name in ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        found[name] = os.environ.get(name) or None
    proxies = getproxies_environment()
    for scheme in ("http", "https", "all"):
        found[f"{scheme.upper()}_PROXY"] = _without_password(proxies.get(scheme))
    found["NO_PROXY"] = proxies.get("no")
    return found


def _without_password(url: str | None) -> str | None:
    """Return a URL, which may lack a scheme, without what stands before its last @, and without its query."""
    return None if url is None else re.sub(r"\?.*", "?...", re.sub(r"^([^/]*//)?.*@", r"\1", url))


def _without_secrets(text: str) -> str:
    """Return *text* without passwords in URLs, which may have a slash, and without the queries of URLs."""
    text = re.sub(r"//[^\s\"']*@", "//", text)
    return re.sub(r"(//[^\s\"'?]*\?)(?!\.\.\.)[^\s\"']+", r"\1...", text)


def _host(url: str) -> str:
    try:
        return ascii_host(urlsplit(url).hostname or "")
    except ValueError:  # unclosed brackets, or a name that no resolver accepts
        return ""


def _of_network(pytest: Mapping[str, Any], environment: Mapping[str, str | None]) -> Iterator[Advice]:
    if pytest.get("network") == "allow":
        source = next(row["source"] for row in pytest["settings"] if row["name"] == "network")
        cost = " AUROUS_API_KEY is set, so they can cost money." if environment["AUROUS_API_KEY"] else ""
        yield Advice(
            f"The network guard is off for the whole run (network = allow, {source}): tests without the fixture aurous "
            f"reach the real API.{cost}",
            'Allow it for single tests instead: @pytest.mark.aurous(network="allow").',
            _NETWORK,
        )
    url = environment["AUROUS_BASE_URL"] or BASE_URL
    if not (is_vendors(_host(url)) or is_loopback(_host(url))):
        yield Advice(
            f"AUROUS_BASE_URL is {url}, and the guard watches only the vendor's hosts: tests without the fixture "
            "aurous can send requests there.",
            "Unset AUROUS_BASE_URL where tests run: the fixture aurous sets it for its tests.",
            _NETWORK,
        )
    used = [name for name in ("HTTPS_PROXY", "ALL_PROXY") if environment[name]]
    if used and not all(_bypassed(host, environment["NO_PROXY"] or "") for host in _HOSTS):
        yield Advice(
            f"The environment has {' and '.join(used)}: a client connects to the proxy, and the guard "
            "does not see the vendor's "
            "name.",
            "Unset that where tests run, or set NO_PROXY=.aurous-labs.com,.aurous.storage as well.",
            _NETWORK,
        )


def _bypassed(host: str, no_proxy: str) -> bool:
    names = [name.strip().lstrip(".") for name in no_proxy.split(",")]
    return any(name == "*" or (name and f".{host}".endswith(f".{name}")) for name in names)


def _hosts(pytest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what a request of a test meets at each host. Nothing is sent, and no name is resolved."""
    if not pytest.get("loaded"):
        return [{"host": host, "with": "no fixture", "without": "the real API"} for host in _HOSTS if pytest["starts"]]
    guarded = "the real API" if pytest["network"] == "allow" else "the guard, which refuses it"
    hosts = dict.fromkeys(_HOSTS, guarded)
    own = _host(pytest["base_url"])
    if not is_vendors(own):
        hosts = {own: "what is there: the guard does not watch it", **hosts}
    return [{"host": host, "with": "the fake", "without": without} for host, without in hosts.items()]


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"Installed for Python {found['python']['version']}, {found['python']['executable']}"
    for row in found["packages"]:
        floor = f" ({row['floor']} or newer)" if row["floor"] else ""
        known = f"{row['version']}{floor}" if row["version"] else "not installed"
        yield from _row(row["name"], known, row["purpose"])
    yield from _about_pytest(found["pytest"])
    yield from ("", "Environment")
    for name, value in found["environment"].items():
        if value is not None or name.startswith("AUROUS_"):
            yield from _row(name, value or "not set")
    if found["hosts"]:
        yield from ("", "What responds to a request: in a test with aurous, and elsewhere")
    for row in found["hosts"]:
        yield from _row(row["host"], row["with"], row["without"])
    problems = found["problems"]
    yield from ("", f"Needs attention: {len(problems)}" if problems else "Nothing needs attention.")
    for number, problem in enumerate(problems, 1):
        yield from wrap(f"{number}. {problem['what']}", _WIDTH, subsequent_indent="   ", **_WHOLE)
        for text in (problem["advice"], problem["see"]):
            yield from wrap(text, _WIDTH, initial_indent="   ", subsequent_indent="   ", **_WHOLE)


def _about_pytest(pytest: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "pytest in this folder")
    if not pytest["starts"]:
        yield "  does not start"
        return
    yield from _row("root folder", pytest["rootdir"])
    yield from _row("ini file", pytest["ini"])
    yield from _row("pytest-aurous", "is loaded" if pytest["loaded"] else "is not loaded")
    yield from _row("network guard", "is active" if pytest.get("network") == "block" else "is off")
    if pytest["loaded"]:
        yield from ("", "Settings, and where each comes from")
        for row in (*pytest["settings"], *pytest["fixtures"]):
            yield from _row(row["name"], row["value"], row["source"])
        if pytest["unused"]:
            yield from ("", "Each run starts faster with these in addopts")
        for name in pytest["unused"]:
            yield from _row(f"-p no:{name}", "no Python file here uses it", "unless another plugin does")


def _row(name: str, value: str, more: str = "") -> list[str]:
    """Return a row of a table: its last cell is wrapped, and a cell that is too wide moves the next one."""
    cells = [name.ljust(_COLUMNS[0]), value.ljust(_COLUMNS[1]) if more else value]
    start = f"  {' '.join(cells)}"
    if len(start) + 1 + len(more) <= _WIDTH:
        return [f"{start} {more}".rstrip()]
    indent = " " * (3 + _COLUMNS[0] + (_COLUMNS[1] + 1 if more else 0))
    return wrap(f"{start} {more}", _WIDTH, subsequent_indent=indent, **_WHOLE)
