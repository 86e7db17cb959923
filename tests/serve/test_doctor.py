"""The command `pytest-aurous doctor`, in real folders.

Each run asks a pytest, which most tests run in this process: to start one takes five times as long.
"""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest

import pytest_aurous
from pytest_aurous._cli import doctor
from pytest_aurous._cli.main import main

ROOT: Final = Path(__file__).parents[2]
INSTALLED: Final = any(entry.name == "pytest_aurous" for entry in entry_points(group="pytest11"))
LOADED: Final = "-p pytest_aurous"
KEY: Final = "al_live_0123456789abcdef0123"


class Folder(NamedTuple):
    """A suite: its ini file and conftest, the environment, and what the command says there.

    Attributes:
        process: Whether its pytest needs a process of its own.
    """

    ini: str = ""
    conftest: str = ""
    env: Mapping[str, str] = MappingProxyType({})
    said: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    process: bool = False


FINE: Final = {
    "nothing is set": Folder(
        said=(
            "ini file none",
            "pytest-aurous is loaded",
            "network guard is active",
            "script synthesizing -> reviewing default",
            "AUROUS_API_KEY not set",
            "api.aurous-labs.com the fake the guard, which refuses it",
            "Nothing needs attention.",
        ),
        silent=("HTTPS_PROXY",),
        process=True,
    ),
    "each place of a setting": Folder(
        ini="aurous_credits = 5\naurous_script = synthesizing -> failed\n  images = pending -> failed\n"
        "addopts = --aurous-seed=3 --aurous-har traffic -p xdist -n 2",
        env={"PYTEST_ADDOPTS": f"{LOADED} -o aurous_grease=fields -oaurous_now=2026-05-08T10:00:00Z --aurous-coverage"},
        said=(
            "ini file pytest.ini",
            "script characters = synthesizing -> failed; images = pending -> failed pytest.ini",
            "credits 5 pytest.ini",
            "har traffic --aurous-har, addopts of pytest.ini",
            "seed 3 --aurous-seed, addopts of pytest.ini",
            "grease fields -o aurous_grease in PYTEST_ADDOPTS",
            "coverage True --aurous-coverage in PYTEST_ADDOPTS",
            "strict error default",
            "Nothing needs attention.",
        ),
    ),
    "plugins that nobody uses": Folder(
        conftest="from faker import Faker\nimport respx\nNAME = Faker().name()\ndef name(aurous): aurous.faker.name()",
        env={"PYTEST_ADDOPTS": f"{LOADED} -p faker -p respx"},
        said=(
            "Each run starts faster with these in addopts -p no:faker no Python file here uses it",
            "-p no:respx no Python file here uses it unless another plugin does",
            "Nothing needs attention.",
        ),
    ),
    "plugins that somebody uses": Folder(
        conftest="def named(faker): ...\ndef mocked(respx_mock): ...",
        env={"PYTEST_ADDOPTS": f"{LOADED} -p faker -p respx"},
        silent=("-p no:", "addopts"),
    ),
    "a plugin that somebody uses, and one that is not loaded": Folder(
        conftest="import pytest\npytestmark = pytest.mark.respx(assert_all_called=False)",
        env={"PYTEST_ADDOPTS": f"{LOADED} -p respx"},
        silent=("-p no:",),
    ),
    "a conftest that overrides fixtures, and starts something": Folder(
        conftest="import pytest\n@pytest.fixture\ndef aurous_seed(): return 3\naurous_api_key = aurous_seed\n"
        "def pytest_sessionstart(): raise RuntimeError('a database is started')",
        said=(
            "aurous_api_key overridden conftest.py",
            "aurous_seed overridden conftest.py",
            "Nothing needs attention.",
        ),
    ),
    "a host of one's own": Folder(
        ini="aurous_base_url = https://me:secret@gateway.example/aurous",
        said=(
            "base_url https://gateway.example/aurous pytest.ini",
            "gateway.example the fake what is there: the guard does not watch it",
        ),
        silent=("secret",),
    ),
    "keys, a server on this machine, and a proxy that is not used": Folder(
        env={
            "AUROUS_API_KEY": KEY,
            "AUROUS_BASE_URL": "http://127.0.0.1:8787",
            "https_proxy": "http://proxy:3128",
            "no_proxy": ".aurous-labs.com,.aurous.storage",
            "PYTEST_ADDOPTS": f"{LOADED} --aurous-har={KEY}",
        },
        said=(
            "AUROUS_API_KEY set",
            "AUROUS_BASE_URL http://127.0.0.1:8787",
            "HTTPS_PROXY http://proxy:3128",
            "NO_PROXY .aurous-labs.com,.aurous.storage",
            "har al_live_... --aurous-har in PYTEST_ADDOPTS",
            "Nothing needs attention.",
        ),
        silent=(KEY,),
    ),
    "the vendor's host in other letters": Folder(
        env={"AUROUS_BASE_URL": "https://api.aurous\u3002storage"}, said=("Nothing needs attention.",)
    ),
}
WRONG: Final = {
    "the guard is off": Folder(
        ini="aurous_network = allow",
        env={"AUROUS_API_KEY": KEY},
        said=(
            "network guard is off",
            "api.aurous-labs.com the fake the real API",
            "1. The network guard is off for the whole run (network = allow, pytest.ini): tests without the fixture",
            "reach the real API. AUROUS_API_KEY is set, so they can cost money.",
            'Allow it for single tests instead: @pytest.mark.aurous(network="allow").',
            "Read on: pytest-aurous docs how-to/no-network",
        ),
        silent=(KEY, " 2. "),
    ),
    "the environment leads past the guard": Folder(
        ini="aurous_network = allow",
        env={
            "AUROUS_BASE_URL": "https://me:secret@gateway.example/aurous",
            "HTTPS_PROXY": "http://me:secret@proxy:3128",
            "ALL_PROXY": "proxy",
        },
        said=(
            "Needs attention: 3",
            "aurous reach the real API. Allow it",
            "2. AUROUS_BASE_URL is https://gateway.example/aurous, and the guard watches only the vendor's hosts",
            "3. The environment has HTTPS_PROXY and ALL_PROXY: a client connects to the proxy",
            "Unset that where tests run, or set NO_PROXY=.aurous-labs.com,.aurous.storage as well.",
        ),
        silent=("secret",),
    ),
    "URLs with slashes in their passwords, and tokens in their queries": Folder(
        ini="aurous_base_url = https://me:sec/ret@own.example/aurous",
        env={
            "AUROUS_BASE_URL": "https://me:sec/ret@gateway.example/aurous?token=secret",
            "HTTPS_PROXY": "http://me:sec/ret@proxy:3128",
            "HTTP_PROXY": "me:sec/ret@proxy:3128/?key=secret",
            "PYTEST_ADDOPTS": f"{LOADED} -o cache_dir=https://me:sec/ret@cache.example?token=secret",
        },
        said=(
            "AUROUS_BASE_URL https://gateway.example/aurous?... ",
            "HTTPS_PROXY http://proxy:3128 ",
            "HTTP_PROXY proxy:3128/?...",
            "-o cache_dir=https://cache.example?...",
            "base_url='https://own.example/aurous' is not a valid setting",
            "2. AUROUS_BASE_URL is https://gateway.example/aurous?..., and the guard",
        ),
        silent=("secret", "ret@"),
    ),
    "no URL": Folder(env={"AUROUS_BASE_URL": "http://["}, said=("1. AUROUS_BASE_URL is http://[, and the guard",)),
    "the plugin is blocked": Folder(
        ini="addopts = -p no:pytest_aurous",
        env={"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""},
        said=(
            "pytest-aurous is not loaded",
            "network guard is off",
            "1. pytest does not load pytest-aurous: there is no fixture, and no guard.",
            "Remove -p no:pytest_aurous from PYTEST_ADDOPTS, or from addopts in the ini file (pytest.ini).",
        ),
        silent=("Settings",),
    ),
    "no plugin is loaded": Folder(
        env={"PYTEST_ADDOPTS": ""},
        said=(
            "pytest-aurous is not loaded",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD 1",
            "Unset PYTEST_DISABLE_PLUGIN_AUTOLOAD, or add -p pytest_aurous to addopts in the ini file.",
        ),
    ),
    "options of a plugin that is not loaded": Folder(
        ini="addopts = --aurous-coverage",
        env={"PYTEST_ADDOPTS": "-p no:pytest_aurous", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""},
        said=(
            "pytest in this folder does not start",
            "1. pytest does not start in this folder (exit status 4): unrecognized arguments: --aurous-coverage",
            "pytest-aurous is not loaded. Install it for this Python: python -m pip install pytest-aurous.",
        ),
        silent=("What responds to a request",),
        process=True,
    ),
    "options of another plugin that is missing": Folder(
        ini="addopts = --no-such-option",
        said=(
            "unrecognized arguments: --no-such-option",
            "Install the plugins that have these options, or remove them from addopts and PYTEST_ADDOPTS.",
        ),
    ),
    "a conftest with an error": Folder(
        conftest="import nowhere",
        said=(
            "1. pytest does not start in this folder (exit status 4): ImportError while loading conftest",
            "conftest.py'. ModuleNotFoundError: No module named 'nowhere' Correct that, and run pytest-aurous doctor",
            "Read on: pytest-aurous docs reference/settings#pytest-aurous-doctor",
        ),
        silent=("Traceback", "import nowhere"),
    ),
    "a conftest that is no Python": Folder(conftest="def x(:", said=("conftest.py'. SyntaxError: invalid syntax",)),
    "a conftest that raises a message": Folder(
        conftest="class Odd(Exception): pass\nraise Odd('one\\ntwo')", said=("conftest.Odd: one Correct that",)
    ),
    "a conftest that exits": Folder(
        conftest="raise SystemExit('no database')", said=("(exit status 1): no database Correct that",), process=True
    ),
    "a conftest that ends the process": Folder(
        conftest="import os\nos._exit(7)", said=("(exit status 7): it printed nothing Correct that",), process=True
    ),
    "a hook that fails": Folder(
        conftest="def pytest_configure(): raise RuntimeError('boom')",
        said=("(exit status 3): RuntimeError: boom Correct that",),
    ),
    "several options that are wrong": Folder(
        ini="aurous_credits = many\naurous_har = results\naurous_nope = 1",
        env={"PYTEST_ADDOPTS": f"{LOADED} --aurous-seed=one -o aurous_other=2"},
        said=(
            "'aurous_nope' is not an option",
            "-o aurous_other=... in PYTEST_ADDOPTS: 'aurous_other' is not an option",
            "ini option aurous_credits: credits='many' is not a valid setting",
            "--aurous-seed: seed='one' is not a valid setting",
            "'aurous_har' is not an option: write the flag --aurous-har into addopts.",
        ),
    ),
}


Look = Callable[[Folder], tuple[int, str]]


@pytest.fixture(autouse=True)
def _clean(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and an environment that loads the plugin and no other, which would take long."""
    for name in list(os.environ):
        if name.upper().startswith(("AUROUS_", "PYTEST_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(Path(pytest_aurous.__file__).parents[1]), prepend=os.pathsep)
    monkeypatch.setenv("PYTEST_ADDOPTS", LOADED)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def look(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Look:
    """Run the command in such a folder, and return its exit code and what it prints, each run of blanks as one."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        result = pytester.runpytest_inprocess(*command[3:])
        capsys.readouterr()  # what pytester shows of it
        return subprocess.CompletedProcess(
            command, result.ret, str(result.stdout).encode(), str(result.stderr).encode()
        )

    def look(folder: Folder) -> tuple[int, str]:
        if folder.ini:
            Path("pytest.ini").write_text(f"[pytest]\n{folder.ini}\n", encoding="utf-8")
        if folder.conftest:
            Path("conftest.py").write_text(folder.conftest, encoding="utf-8")
        Path("test_never.py").write_text("raise RuntimeError('a test is collected')", encoding="utf-8")
        for name, value in folder.env.items():
            monkeypatch.setenv(name, value)
        if not folder.process:
            monkeypatch.setattr(subprocess, "run", run)
        status = main(["doctor"])
        out, err = capsys.readouterr()
        assert err == ""
        assert out.isascii()
        assert [line for line in out.splitlines() if len(line) > 80 and " " in line.strip() and "/" not in line] == []
        return status, " ".join(out.split())

    return look


@pytest.mark.parametrize("name", FINE)
def test_nothing_needs_attention(name: str, look: Look) -> None:
    """It says what applies and where it comes from, and ends with exit status 0."""
    status, out = look(FINE[name])
    assert [text for text in FINE[name].said if text not in out] == [], out
    assert [text for text in FINE[name].silent if text in out] == []
    assert status == 0


@pytest.mark.parametrize("name", WRONG)
def test_something_needs_attention(name: str, look: Look) -> None:
    """It says what, and what to do, without a traceback, and ends with exit status 1."""
    status, out = look(WRONG[name])
    assert [text for text in WRONG[name].said if text not in out] == [], out
    assert [text for text in WRONG[name].silent if text in out] == []
    assert status == 1


def test_pytest_does_not_end(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conftest that waits forever is stopped, and what it has printed is shown."""
    monkeypatch.setattr(doctor, "_LIMIT", 0.5)
    waits = "import threading\nprint('asking the database', flush=True)\nthreading.Event().wait()"
    status, out = look(Folder(conftest=waits, process=True))
    assert "1. pytest does not start in this folder: it was stopped after 0.5 s. " in out
    assert status == 1


@pytest.mark.skipif(not INSTALLED, reason="pytest-aurous is not installed here, says importlib.metadata")
def test_an_installed_plugin_is_found(look: Look) -> None:
    """Where it is installed, nothing has to load it."""
    status, out = look(Folder(env={"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}))
    assert "pytest-aurous is loaded" in out
    assert status == 0


def test_packages(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is needed and missing, or too old, needs attention; one that is missing and not needed does not."""
    versions = {"httpx": "0.26.0", "hypothesis": "6.99.13", "pytest": "9.2.0", "Faker": "40.1", "httpx2": "2.12"}

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor, "version", version)
    status, out = look(Folder())
    assert "httpx2 2.12 (2.12 or newer) its clients reach the fake" in out
    assert "vcrpy not installed records other hosts" in out
    assert "Needs attention: 3" in out
    assert "1. httpx 0.26.0 is older than pytest-aurous supports. Upgrade it: python -m pip install --upgrade" in out
    assert "2. respx is not installed, and pytest-aurous needs it. Install it: python -m pip install" in out
    assert "3. hypothesis 6.99.13 is older than pytest-aurous supports." in out
    assert status == 1


def test_floors_are_those_of_the_project() -> None:
    """The oldest releases in the table are those that the project declares, and tests."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()
    for row in doctor.PACKAGES:
        if row.floor:
            assert f'"{row.name.lower()}>={row.floor}"' in project


def test_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads the same."""
    monkeypatch.setenv("PYTEST_ADDOPTS", f"{LOADED} -o aurous_network=allow")
    assert main(["doctor", "--json"]) == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found["packages"]] == [row.name for row in doctor.PACKAGES]
    assert found["environment"]["AUROUS_API_KEY"] is None
    (network,) = [row for row in found["pytest"]["settings"] if row["name"] == "network"]
    assert network == {"name": "network", "value": "allow", "source": "-o aurous_network in PYTEST_ADDOPTS"}
    assert found["hosts"][0] == {"host": "api.aurous-labs.com", "with": "the fake", "without": "the real API"}
    (problem,) = found["problems"]
    assert set(problem) == {"what", "advice", "see"}
