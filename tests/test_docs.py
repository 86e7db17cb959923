"""The documentation agrees with the code."""

import ast
import dataclasses
import doctest
import inspect
import os
import re
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from shutil import copyfile
from typing import Any, get_args

import pytest
from hypothesis import given, settings, strategies

import pytest_aurous
from pytest_aurous import AurousScriptError
from pytest_aurous._core.base import errors
from pytest_aurous._core.engine.detectors import DETECTORS
from pytest_aurous._core.faults.collection import fault_kinds
from pytest_aurous._core.resources.base.rules import load_rules
from pytest_aurous._core.resources.catalog import ENDPOINTS, LIFECYCLES, RECORDS
from pytest_aurous._core.world import settings as _settings
from pytest_aurous._core.world.script import _UNITS, Lifecycle, Status, parse_runs
from pytest_aurous._explore.laws import LAWS
from pytest_aurous.plugin import fixtures

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGE = Path(pytest_aurous.__file__).parent


def _module(name: str) -> Any:
    """Import the module that generates the pages, without leaving its folder on the path."""
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        return import_module(name)
    finally:
        sys.path.pop(0)


FIDELITY = _module("rules")
FILES: dict[str, Callable[[], str]] = _module("packaged").FILES
RULES: dict[str, Any] = FIDELITY.load_rules(DOCS)
PROOFS: dict[str, list[str]] = FIDELITY.tests_by_rule(sorted((ROOT / "tests").rglob("test_*.py")), RULES)
# What `docs/generate.py` has written: the call, and the text below it
MADE = re.compile(r"^<!-- \[\[\[cog (.*?) \]\]\] -->\n(.*?)^<!-- \[\[\[end\]\]\] -->$", re.MULTILINE | re.DOTALL)
DELIVERED = [rule for rule, row in RULES.items() if row.status == "delivered"]


def _page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def _addresses() -> Iterator[tuple[str, str]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for address in re.findall(
            r"""["']((?:how-to|reference|explanation)/[^"'{]+\.html(?:#[\w-]+)?)["']""", file.read_text("utf-8")
        ):
            yield file.name, address


# The README


def test_the_first_test_is_one_that_runs() -> None:
    """The first test in the README is an example of six lines, letter for letter, and so is the other one."""
    block, explored = _blocks("python")

    assert explored == (DOCS / "examples" / "test_any_bad_day.py").read_text(encoding="utf-8")
    assert block == (DOCS / "examples" / "test_own_code.py").read_text(encoding="utf-8")
    assert len([line for line in block.splitlines() if line]) <= 6


def test_the_two_commands_are_those_that_we_run() -> None:
    """One command runs the examples, which the other test runs collect, too; the other command runs in CI."""
    examples, project = "".join(_blocks("sh")).splitlines()

    assert examples == "python -m pip install . && python -m pytest docs/examples"
    assert re.search(r'^testpaths = \[.*"docs/examples".*\]$', _read("pyproject.toml"), flags=re.MULTILINE)
    assert project in _read(".ci/run").splitlines()


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_cheat_sheet_names_what_there_is(request: pytest.FixtureRequest) -> None:
    """The names of the fake that it shows are attributes, and the names of pytest are options."""
    page = _page("cheat-sheet")
    names = re.findall(r"\baurous((?:\.\w+)+)", re.sub(r"https?://\S+", "", page))
    aurous = pytest_aurous.Aurous()
    aurous.characters.add()

    assert len(names) > 25
    for name in names:
        attrgetter(name[1:])(aurous)
    options = set(re.findall(r"(--aurous-[\w-]+)", page))
    assert len(options) > 4
    assert options <= {name for option in request.config._parser._anonymous.options for name in option.names()} | {
        name for group in request.config._parser._groups for option in group.options for name in option.names()
    }


# What contributors and reporters read

POLICIES = ("CONTRIBUTING.md", "SECURITY.md", ".github/PULL_REQUEST_TEMPLATE.md")


@pytest.mark.parametrize("page", POLICIES)
def test_every_path_of_a_policy_leads_somewhere(page: str) -> None:
    """Each file and folder that it names in backticks is in the checkout, the package, or beside it, if installed."""
    named = re.findall(r"`([a-z._][\w.-]*/[\w./-]*|[a-zA-Z._][\w.-]*\.(?:md|py|toml|yaml|ini))`", _read(page))

    places = (ROOT, PACKAGE, PACKAGE.parent)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_every_tox_command_of_a_policy_exists() -> None:
    """What follows ``tox -e`` has a section or a place in tox.ini, and what follows ``tox -m`` is a label there."""
    commands = re.findall(
        r"tox -([em]) ([\w-]+)", "".join(_read(page) for page in (*POLICIES, "changelog.d/README.md"))
    )

    assert commands
    for kind, name in commands:
        wanted = rf"^    {name}$|^\[testenv:{name}\]$" if kind == "e" else rf"^    {name} = "
        assert re.search(wanted, _read("tox.ini"), re.MULTILINE), name


# The rules


@pytest.mark.parametrize("rule", DELIVERED)
def test_every_delivered_rule_is_proved(rule: str) -> None:
    """A delivered rule has a test, or a row of one, whose name begins with its id: `-k` finds it."""
    first = rule.replace("-", "_")
    names = [name.partition("::")[2] for name in PROOFS[rule]]

    assert [name for name in names if name.startswith((f"test_{first}_", f"{rule} "))], f"none is test_{first}_..."


def test_every_rule_of_an_endpoint_is_explained() -> None:
    assert {rule for row in ENDPOINTS for rule in row.rules} - set(RULES) == set()


@pytest.mark.parametrize("name", FILES)
def test_what_is_generated_into_the_package_is_up_to_date(name: str) -> None:
    """The rules, the OpenAPI document and the names that type checkers know are the same as in the tables."""
    assert (PACKAGE / name).read_text(encoding="utf-8") == FILES[name](), "write it again: tox -e generate"


def test_the_installed_package_reads_the_rules_of_the_table() -> None:
    assert load_rules() == RULES


@pytest.mark.parametrize(
    "row",
    [
        'provenance = "D"',
        'provenance = "X"\nsource = ["errors"]',
        'provenance = "A"\nstatus = "gone"',
        'provenance = "O"\nsource = ["errors"]',
        'provenance = "O"\nobserved = {recording = "a.har", month = "2026-11"}',
        'provenance = "A"\nobserved = {recording = "a.har", version = "2026-05-15", month = "2026-11"}',
        'provenance = "A"\nstatement = "x"\n[[rule]]\nid = "a-1"\nprovenance = "A"',
    ],
    ids=["no page", "provenance", "status", "no recording", "no version", "observed and assumed", "twice"],
)
def test_a_rule_of_the_table_is_complete(tmp_path: Path, row: str) -> None:
    """A documented rule without a page is refused, and so is an unknown key or a duplicate id."""
    (tmp_path / "rules.toml").write_text(
        f'[families]\na = "A"\n[[rule]]\nid = "a-1"\n{row}\nstatement = "x"\n', encoding="utf-8"
    )

    with pytest.raises(ValueError, match="a-1"):
        FIDELITY.load_rules(tmp_path)


def test_a_rule_has_a_family_and_an_observed_one_no_page(tmp_path: Path) -> None:
    """A rule without a titled family would not be on the page Fidelity; an observed one names its recording."""
    row = '[families]\na = "A"\n[[rule]]\nid = "b-1"\nprovenance = "O"\nstatement = "x"\n'
    observed = 'observed = {recording = "a.har", version = "2026-05-15", month = "2026-11"}\n'
    (tmp_path / "rules.toml").write_text(row + observed, encoding="utf-8")

    with pytest.raises(ValueError, match=r'b-1 .* Add a line such as b = "Its title" to \[families\]'):
        FIDELITY.load_rules(tmp_path)
    (tmp_path / "rules.toml").write_text(row.replace("b-1", "a-1") + observed, encoding="utf-8")
    assert FIDELITY.load_rules(tmp_path)["a-1"].observed == "a.har, version 2026-05-15, 2026-11"


def test_a_contradicted_rule_names_where_it_is_decided() -> None:
    named = [rule for row in RULES.values() for rule in re.findall(r"see ([a-z]+-\d+)", row.contradicted)]

    assert {"create-4", "get-2", "cred-2"} <= set(named) <= set(RULES)


def _docstrings() -> Iterator[tuple[str, str]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file.name}: {getattr(node, 'name', '')}", ast.get_docstring(node) or ""


def test_every_rule_in_a_docstring_is_explained() -> None:
    """What the code says it stands for is a rule of the table."""
    families = "|".join({row.family for row in RULES.values()})
    named = {rule: where for where, text in _docstrings() for rule in re.findall(rf"\b(?:{families})-\d+\b", text)}

    assert named.keys() - RULES.keys() == set(), named
    assert len(named) > 50


def test_every_reading_is_of_a_contradictory_rule() -> None:
    """The setting ``readings`` offers what the table calls contradictory, and one assumption that much code meets."""
    scripted = {"img-6"}  # a script takes its other reading
    contradictory = {rule for rule in DELIVERED if RULES[rule].provenance == "C"}
    assert set(_settings.READINGS) | scripted == contradictory | {"chat-14", "emb-4", "err-9"}


def test_every_reading_is_explained() -> None:
    """The list of readings has both of each rule, the default first, with what a page says."""
    readings: dict[str, dict[str, str]] = FIDELITY.load_readings(DOCS)

    assert [(rule, *both) for rule, both in readings.items()] == [
        (rule, *both) for rule, both in _settings.READINGS.items()
    ]
    assert all(text.endswith(".") for both in readings.values() for text in both.values())


def test_every_family_of_rules_is_on_the_page() -> None:
    """The page Fidelity shows each rule, and no family twice."""
    shown = re.findall(r"^### (([a-z]+)-\d+)$", _page("fidelity"), re.MULTILINE)

    assert sorted(rule for rule, _ in shown) == sorted(RULES)
    assert len([*groupby(family for _, family in shown)]) == len({row.family for row in RULES.values()})


def test_a_test_may_prove_several_rules(tmp_path: Path) -> None:
    """Ids at the beginning of a name count, wherever the test is, and of a row; words that look like ids do not."""
    file = tmp_path / "test_some.py"
    file.write_text(
        "def test_a_1_b_22_is_so(): ...\nclass Test:\n    async def test_b_22_c_3_d(self): ...\n"
        'ROWS = {"b-2 at its end": 1, "a": "a-1 b"}\n',
        encoding="utf-8",
    )

    assert FIDELITY.tests_by_rule([file], ["a-1", "b-2", "b-22"]) == {
        "a-1": ["test_some::test_a_1_b_22_is_so"],
        "b-2": ["test_some::b-2 at its end"],
        "b-22": ["test_some::test_a_1_b_22_is_so", "test_some::test_b_22_c_3_d"],
    }


# What our messages and pages name


@pytest.mark.parametrize(("file", "address"), sorted(set(_addresses())))
def test_every_page_that_a_message_names_exists(file: str, address: str) -> None:
    page, _, heading = address.partition("#")
    headings = _anchors_of(_page(page.removesuffix(".html")))

    assert not heading or heading in headings, file


def _typed(page: str) -> str:
    *_, shown = re.findall(r"^```text\n(.*?)^```", MADE.sub("", _page(page)), re.DOTALL | re.MULTILINE)
    return " ".join(shown.split())


def test_the_refusal_of_a_script_is_shown_as_it_is() -> None:
    """The page Scripts shows the message with which its script is refused."""
    with pytest.raises(AurousScriptError) as raised:
        pytest_aurous.Script.parse("synthesizing -> reviewed")

    assert " ".join(str(raised.value).split()).startswith(_typed("reference/scripts"))


def test_an_unmatched_request_is_shown_as_it_is() -> None:
    """Its page shows the message of its example."""
    with pytest.raises(errors.AurousUnmatchedRequest) as raised, pytest_aurous.Aurous() as fake:
        fake.client().post("/v1/characters/x/svae")

    message = " ".join(str(raised.value).split())
    assert f"AurousUnmatchedRequest: {message}".startswith(_typed("reference/errors"))


@pytest.mark.parametrize("name", fixtures.NAMES)
def test_every_fixture_is_described(name: str, request: pytest.FixtureRequest) -> None:
    """Each fixture has a place on its page, which begins with the type and the scope that it has."""
    found = request.session._fixturemanager.getfixturedefs(name, request.node)
    assert found
    annotation = inspect.get_annotations(inspect.unwrap(found[-1].func))["return"]
    kind = re.escape(re.sub(r"^Iterator\[(.*)\]$", r"\1", annotation))

    assert re.search(
        rf"^### {name}\n\n.*\b{kind}`(?:\]\(api\.md\))?, scope \*{found[-1].scope}\*",
        _page("reference/fixtures"),
        re.MULTILINE,
    )


NAMED: list[tuple[str, list[str], str]] = [
    ("exploring", [*LAWS], "### {}\n"),
    ("pitfalls", [kind.id for kind in DETECTORS], "\n## {}\n"),
    ("settings", [*_settings.ROWS], "\n### {}\n"),
    ("faults", fault_kinds(), "\n- `{}("),
]
"""For each page what it must have, and in which form."""


@pytest.mark.parametrize(("page", "names", "form"), NAMED, ids=[f"{page}: {names[0]}" for page, names, _ in NAMED])
def test_a_page_has_each_name(page: str, names: list[str], form: str) -> None:
    """Laws, pitfalls, settings and faults: a report or a message leads there."""
    text = _page(f"reference/{page}")
    if page == "faults":
        text += _page("reference/webhooks")

    assert [name for name in names if form.format(name) not in text] == []


def test_the_settings_of_the_tutorial_are_settings() -> None:
    """Each line of its ini files sets what there is to a value that it takes."""
    blocks = re.findall(r"^```ini\n\[pytest\]\n(.*?)^```", _page("tutorial"), re.DOTALL | re.MULTILINE)
    lines = [line.partition(" = ") for block in blocks for line in block.splitlines()]

    assert lines
    for name, _, value in lines:
        _settings.read_setting(name.removeprefix("aurous_"), value)


UNSHOWN = {
    "client_reference_id", "denoise_strength", "last_failure_at", "last_success_at", "negative_prompt",
    "reference_image_urls",
}  # fmt: skip
"""The fields that are null in each sample: what a request may send, and what is known only after deliveries."""


def test_each_field_of_a_record_has_a_value_in_some_sample() -> None:
    """A field that is null in all of them may be one that nothing fills."""
    page = _page("reference/requests")
    names = {
        field.name
        for kind in RECORDS.values()
        for field in dataclasses.fields(kind.row)
        if field.metadata["seen"] not in {"never", "by tests"}
    }

    assert {name for name in names if not re.search(rf'"{name}": (?!null|\[\])', page)} == UNSHOWN


def test_each_operation_error_and_event_has_its_sample() -> None:
    """The page Requests and responses has a heading for each operation, and a line for each code and each event."""
    page = _page("reference/requests")
    names = [row.operation for row in ENDPOINTS]

    assert [name for name in names if f"\n### {name}\n" not in page and f"`{name}`" not in page] == []
    assert [
        code for code in get_args(pytest_aurous.ErrorCode) if f"`{code}`" not in page.partition("\n## Errors\n")[2]
    ] == []
    assert [event for event in get_args(pytest_aurous.Event) if f"\n- `{event}`: `{{" not in page] == []


@pytest.mark.parametrize("name", pytest_aurous.__all__)
def test_every_public_name_is_described(name: str) -> None:
    is_type = getattr(pytest_aurous, name).__name__ == "Literal"
    kind = (
        "exception" if name in errors.__all__ else "data" if is_type else "class" if name[0].isupper() else "function"
    )
    listed = "".join(file.read_text(encoding="utf-8") for file in (DOCS / "_ext" / "names").iterdir())

    assert re.search(rf"^\.\. auto{kind}:: {name}(\(\))?$", listed, re.MULTILINE)
    assert f"- `{name}" in _page("reference/errors") + _page("reference/api")


@pytest.mark.parametrize("file", [one.name for one in (DOCS / "_ext" / "names").iterdir()])
def test_every_name_that_the_reference_calls_public_can_be_imported(file: str) -> None:
    """From the module that it says; only the types of attributes need no import, and say where they are at home."""
    text = (DOCS / "_ext" / "names" / file).read_text(encoding="utf-8")
    listed = re.findall(r"^\.\. auto(?:class|data|exception|function):: ([\w.]+)", text, re.MULTILINE)
    [home, *_] = [*re.findall(r"^\.\. py:module:: (\S+)$", text, re.MULTILINE), "pytest_aurous"]

    public = import_module(home).__all__
    assert [name for name in listed if name not in public and file != "of_attributes.txt"] == []


# The grammar of scripts: a machine of one state, which takes an error, leaves all ways open
LOOP = Lifecycle("loops", {"failed": Status({"failed": "again"})})
LEAVES = {"status": "failed", "error": "provider_timeout", "N": "3"}
GRAMMAR = dict(re.findall(r"^(\w+) +:= (.*)$", _page("reference/scripts"), re.MULTILINE))
SYNTAX = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|", "*": "*"}


def _pattern(rule: str) -> str:
    """Return a rule of the grammar as a regular expression, with a blank after each word."""
    parts = re.findall(r'"(.*?)"|(\w+)|(\S)', rule)
    names = {
        name: f"(?:{_pattern(GRAMMAR[name])})" if name in GRAMMAR else LEAVES[name] + " "
        for _, name, _ in parts
        if name
    }
    return "".join(names.get(name) or SYNTAX.get(sign) or re.escape(word) + " " for word, name, sign in parts)


@given(strategies.from_regex(_pattern(GRAMMAR["script"]), fullmatch=True))
@settings(max_examples=100)
def test_every_text_of_the_grammar_is_a_script(text: str) -> None:
    """The parser accepts it, step by step."""
    runs = parse_runs(text, LOOP)

    assert [len(steps) for steps in runs] == [run.count("failed") for run in text.split(";")]


def test_no_mark_of_the_parser_is_missing_in_the_grammar() -> None:
    """After a status the parser waits for those marks that the grammar has there, and for no others."""

    def awaited(mark: str) -> bool:
        try:
            parse_runs(f"failed {mark}", LOOP)
        except AurousScriptError as error:
            return "unexpected" not in str(error)
        return True

    quoted = set(re.findall('"(.*?)"', " ".join(GRAMMAR.values())))
    marks = {"->", "→", *string.punctuation}

    assert quoted - marks == set(_UNITS)
    assert {mark for mark in marks if awaited(mark)} == (quoted & marks) - {")"}


def test_every_machine_is_drawn() -> None:
    drawn = re.findall(r"\[cog states\((.*)\) ", _page("reference/scripts"))

    assert sorted(name for names in drawn for name in re.findall(r"\w+", names)) == sorted(LIFECYCLES)


PAGES = [page for page in DOCS.rglob("*.md") if "_build" not in page.parts]


def test_no_page_types_a_test_of_its_own() -> None:
    """Tests on pages are written there by `docs/generate.py`, from the examples."""
    typed = {page.name: MADE.sub("", page.read_text(encoding="utf-8")) for page in PAGES}

    assert [name for name, text in typed.items() if "def test_" in text] == []


def test_no_page_shows_a_directive_in_the_repository() -> None:
    """A code host knows none; what needs one is in a comment that does not end early, with text in its place."""
    comment = re.compile(r"<!--.*?-->", re.DOTALL)
    visible = {page.name: comment.sub("", page.read_text(encoding="utf-8")) for page in PAGES}

    assert [name for name, text in visible.items() if re.search(r"^(```|:::)\{|\]\]\] -->", text, re.MULTILINE)] == []
    assert len(visible["SECURITY.md"].splitlines()) < 10 < len(visible["api.md"].splitlines())


def _anchors_of(page: str) -> set[str]:
    """Return the anchors that a code host gives to the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    titles = [
        re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title) for title in re.findall(r"^#{1,6} (.*)$", text, re.MULTILINE)
    ]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_between_pages_works_in_the_repository() -> None:
    """A code host makes other anchors than Sphinx where a title has a dot: both must find the heading."""
    sources = {page: page.read_text(encoding="utf-8") for page in [*PAGES, *ROOT.glob("*.md")]}
    anchors = {page.resolve(): _anchors_of(text) for page, text in sources.items()}
    dead = []
    for page, text in sources.items():
        prose = re.sub(r"^```.*?^```$|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)
        for link, path, anchor in re.findall(r"\]\((([^)#:\s]*)(?:#([^)\s]*))?)\)", prose):
            target = (page.parent / path).resolve() if path else page.resolve()
            if not target.exists() or (anchor and target in anchors and anchor not in anchors[target]):
                dead.append(f"{page.name}: {link}")

    assert dead == []


def test_every_picture_with_text_names_a_font() -> None:
    """Without one, a browser shows a terminal in the letters of a book."""
    pictures = {file.name: file.read_text(encoding="utf-8") for file in (DOCS / "_static/made").glob("*.svg")}

    font = re.compile(r"font(-family)?[:=]")

    assert "storeys.svg" in pictures
    assert [name for name, text in pictures.items() if "<text" in text and not font.search(text)] == []


def test_pictures_of_a_trace_are_dark_in_dark_mode() -> None:
    """Each is one line that code hosts draw, with both pictures; the site lets its theme choose."""
    line = re.compile(
        r'^<picture><source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)-dark\.png">'
        r"!\[[^\]]+\]\(\1-light\.png\)</picture>$",
        re.MULTILINE,
    )
    shown: list[str] = []
    for page in (ROOT / "README.md", *PAGES):
        text = page.read_text(encoding="utf-8")
        found = line.findall(text)
        assert len(found) == text.count("-light.png"), page
        shown += [name for name in found if (page.parent / f"{name}-dark.png").is_file()]

    assert len(shown) == 4


@pytest.mark.slow  # a run of its own, which is not measured
def test_each_test_on_a_page_runs_as_it_stands_there(tmp_path: Path) -> None:
    """It has all imports and fixtures that it needs; only the applications lie beside it."""
    fails_on_purpose = "failing.py", "test_unlucky.py"
    for file in (DOCS / "examples").glob("*.*"):
        if file.is_file() and not file.name.startswith(("test_", "conftest", "ruff")):
            copyfile(file, tmp_path / file.name)
    written = 0
    for page in PAGES:
        for call, text in MADE.findall(page.read_text(encoding="utf-8")):
            block = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
            passes = call.startswith('example("examples/test_') and not any(name in call for name in fails_on_purpose)
            if passes and block and "def test_" in block[1]:
                written += 1
                (tmp_path / f"test_{written}.py").write_text(block[1], encoding="utf-8")
    plugins = ("-p", "pytest_aurous", "-p", "anyio", "-p", "no:cacheprovider")
    ini = ("-c", os.devnull, "--rootdir=.", "-o", "aurous_sleep=skip")
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    run = subprocess.run(  # noqa: S603 - our own examples
        [sys.executable, "-m", "pytest", *plugins, *ini, "-q", "-W", "error"],
        cwd=tmp_path,
        env={**unmeasured, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )

    assert written > 25
    assert run.returncode == 0, run.stdout


def test_the_tutorial_needs_no_more_than_it_shows() -> None:
    """A file of the tutorial imports what was saved before it, and asks for fixtures of the plugin alone."""
    shown = re.findall(r'cog example\("examples/(\S+)".*?title="(\S+)"\)', _page("tutorial"))
    beside = {file.stem for file in (DOCS / "examples").glob("*.py")}
    saved: set[str] = set()

    for example, name in shown:
        nodes = list(ast.walk(ast.parse(_read(f"docs/examples/{example}"))))
        imported = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)} | {
            alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
        }
        tests = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        assert imported & beside <= saved, name
        assert {argument.arg for test in tests for argument in test.args.args} <= set(fixtures.NAMES), name
        saved.add(name.removesuffix(".py"))
    assert {"publisher", "test_lost_responses"} <= saved


def test_the_example_for_unittest_needs_no_pytest() -> None:
    """It runs as its page says, by `python -m unittest`."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest", "test_unittest"],
        cwd=DOCS / "examples",
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (run.returncode, run.stderr.split()[-1]) == (0, "OK")


def test_what_is_beside_other_tools_is_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert [file.name for file in (DOCS / "beside").glob("*.py") if f"beside/{file.name}" not in pages] == []


# Docstrings


@pytest.mark.parametrize(
    "file",
    [file for file in sorted(PACKAGE.rglob("*.py")) if ">>> " in file.read_text(encoding="utf-8")],
    ids=lambda file: file.name,
)
def test_a_session_in_a_docstring_runs(file: Path) -> None:
    name = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    name = name.replace("._core.base.errors", ".errors")  # the module that its classes name

    failed, tried = doctest.testmod(import_module(name))

    assert tried
    assert not failed


def test_an_example_of_one_line_is_of_the_fake_that_there_is() -> None:
    """It is valid Python, and the attributes of `aurous` that it uses exist."""
    examples = [
        line
        for _, text in _docstrings()
        for line in re.findall(r"^ +``(.*?aurous\..*?)``", text.partition("Example:")[2], flags=re.MULTILINE)
    ]
    for line in examples:
        tree = compile(line, line, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        taken = [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "aurous"
        ]
        assert [name for name in taken if not hasattr(pytest_aurous.Aurous, name)] == [], line
    assert len(examples) > 25
