"""What is installed is what we meant to ship."""

import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from importlib.resources import files
from pathlib import Path

import pytest

import pytest_aurous
from pytest_aurous._cli.main import main
from pytest_aurous._core.base.errors import DOCS
from pytest_aurous._trace.page import LIVE_SCRIPTS, LIVE_STYLES, SCRIPTS


@pytest.fixture(name="dist")
def _dist() -> Distribution:
    return distribution("pytest-aurous")


def test_pytest_finds_the_plugin(dist: Distribution) -> None:
    """One ``pytest11`` entry point, named as ``-p`` wants it, leads to the module with the hooks."""
    (entry,) = dist.entry_points.select(group="pytest11")

    assert (entry.group, entry.name, entry.value) == ("pytest11", "pytest_aurous", "pytest_aurous.plugin")
    assert entry.load().__name__ == "pytest_aurous.plugin"


def test_there_is_one_command(dist: Distribution) -> None:
    (entry,) = dist.entry_points.select(group="console_scripts")

    assert (entry.name, entry.value) == ("pytest-aurous", "pytest_aurous._cli.main:main")


def test_the_package_runs_as_its_command() -> None:
    """``python -m pytest_aurous`` prints what ``pytest-aurous`` prints, and returns its status."""
    command = [sys.executable, "-m", "pytest_aurous", "openapi", "--output", "no/such/folder/aurous.json"]
    path = str(Path(pytest_aurous.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)  # noqa: S603 - ours

    assert ended.returncode == 2
    assert ended.stderr.startswith("pytest-aurous: ")


def test_it_asks_for_four_packages(dist: Distribution) -> None:
    """An installation brings pytest, httpx, respx and Faker, from a floor on; each extra brings one package."""
    assert sorted(one.replace("'", '"').replace(" ", "") for one in dist.requires or []) == [
        "faker>=20",
        "httpx>=0.27",
        'hypothesis>=6.100;extra=="hypothesis"',
        "pytest>=8",
        'pyyaml>=6;extra=="check"',
        "respx>=0.22",
        'uvicorn>=0.30;extra=="server"',
    ]


def test_the_index_can_file_it(dist: Distribution) -> None:
    """The metadata names the framework, the topic, the licenses and each Python on which the tests have run."""
    classifiers = set(dist.metadata.get_all("Classifier", []))

    assert dist.metadata["License-Expression"] == "MIT AND Apache-2.0"  # the library of the viewer
    assert dist.metadata["Requires-Python"] == ">=3.10"
    assert classifiers >= {
        "Framework :: Pytest",
        "Topic :: Software Development :: Testing :: Mocking",
        "Typing :: Typed",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
    }


def test_a_release_has_one_version(dist: Distribution) -> None:
    """The package, its citation and the newest entry of the changelog name the same; a release compares its tag."""
    root = Path(__file__).parents[1]
    cited = re.search(r"^version: (.+)$", (root / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    newest = re.search(r"^## (\S+) - ", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert cited is not None
    assert newest is not None
    assert cited[1] == newest[1] == dist.version


def test_the_index_leads_to_the_pages_that_messages_name(dist: Distribution) -> None:
    """The documentation that the metadata names is the one that each message ends with."""
    assert f"Documentation, {DOCS}" in dist.metadata.get_all("Project-URL", [])


def test_each_link_of_the_readme_works_on_the_index(dist: Distribution) -> None:
    """The build makes relative links absolute, and leads to the page of the site."""
    links = re.findall(r'(?:\]\(|srcset=")([^)"]+)', dist.read_text("METADATA") or "")

    assert f"{DOCS}tutorial.html" in links
    assert [link for link in links if not link.startswith("https://") or ".md" in link] == []


def test_the_types_are_shipped() -> None:
    """A type checker reads our annotations, because ``py.typed`` is there."""
    assert Path(pytest_aurous.__file__).with_name("py.typed").is_file()


def test_the_openapi_document_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    """The file in the package is what the command prints."""
    assert main(["openapi"]) == 0
    printed = capsys.readouterr().out

    stale = files("pytest_aurous").joinpath("openapi.json").read_text(encoding="utf-8") != printed

    assert not stale, "each build writes it, also this: python -m pip install --no-deps -e ."


def test_the_viewer_is_shipped_and_readable() -> None:
    """Each file that a page loads is there, and no other; our own scripts have lines of at most 120 columns."""
    viewer = files("pytest_aurous").joinpath("_trace/viewer")
    shipped = {file.name: file for file in viewer.iterdir() if file.name.endswith((".js", ".css"))}

    assert shipped.keys() == {*SCRIPTS, *LIVE_SCRIPTS, *LIVE_STYLES}
    ours = [file for name, file in shipped.items() if name.endswith(".js") and name != "htm-preact.js"]
    assert [line for file in ours for line in file.read_text(encoding="utf-8").split("\n") if len(line) > 120] == []


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox promises a built wheel")
def test_the_wheel_is_what_is_tested(dist: Distribution) -> None:
    """Under tox the package comes from site-packages, and nothing but the package is installed."""
    assert "site-packages" in Path(pytest_aurous.__file__).parts
    commands = {"pytest-aurous", "pytest-aurous.exe"}  # which are elsewhere
    parts = {file.parts[0] for file in dist.files or [] if file.name not in commands}
    assert parts == {
        "pytest_aurous",
        f"pytest_aurous-{dist.version}.dist-info",
    }
    printed = {"reference/faults.md", "examples/README.md", "examples/publisher.py"}  # by `pytest-aurous docs`
    pages = {f"pytest_aurous/_docs/{page}" for page in printed}
    shipped = {"pytest_aurous/openapi.json", "pytest_aurous/_core/resources/rules.json", *pages}
    assert shipped <= {file.as_posix() for file in dist.files or []}
