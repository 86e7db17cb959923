"""One list of settings in four places: ini < command line < marker of module < class < function."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous._core.world.settings import ROWS
from pytest_aurous.plugin.options import read_value

pytestmark = pytest.mark.lowest

NAMES: Final = tuple(ROWS)

SHOWS: Final = """
    def test_it(aurous, aurous_seed):
        settings = aurous._session.settings
        print()
        for name in vars(settings):
            if name not in ("seed", "script", "readings"):
                print(f"<{name}: {getattr(settings, name)}>")
        print(f"<seed: {aurous_seed}>")
        print(f"<script: {'; '.join(f'{key}={script}' for key, script in settings.script.items())}>")
        print(f"<readings: {sorted(settings.readings.items())}>")
"""

OBSERVED: Final = Path(__file__).with_name("observed.json").as_posix()
GIVEN: Final = {
    "observed": (OBSERVED, f"<observed: {OBSERVED}>"),
    "strict": ("warn", "<strict: warn>"),
    "rate_limits": ("enforce", "<rate_limits: enforce>"),
    "sleep": ("skip", "<sleep: skip>"),
    "pitfalls": ("off", "<pitfalls: off>"),
    "reply": ("Aurora has black hair.", "<reply: Aurora has black hair.>"),
    "network": ("allow", "<network: allow>"),
    "report": ("all", "<report: all>"),
    "sparse": ("optional", "<sparse: optional>"),
    "grease": ("fields", "<grease: fields>"),
    "credits": ("12.5", "<credits: 12.5>"),
    "base_url": ("https://gateway.example/aurous/", "<base_url: https://gateway.example/aurous>"),
    "now": ("2026-05-08T10:00:00Z", "<now: 2026-05-08 10:00:00+00:00>"),
    "seed": ("-7", "<seed: -7>"),
    "script": ("synthesizing*3 -> reviewing", "<script: characters=synthesizing[*]3 -> reviewing>"),
    "readings": ("get-2 = readable", "<readings: [[]('get-2', 'readable')[]]>"),
}
"""For each setting a value as text, and what comes of it."""

WRONG: Final = [
    ("observed", "absent.json", "*observed='*absent.json'*the path of a file that*"),
    ("strict", "loud", "*strict='loud'*'error', 'warn' or 'off'*"),
    ("rate_limits", "on", "*rate_limits='on'*'report' or 'enforce'*"),
    ("sleep", "never", "*sleep='never'*'real' or 'skip'*"),
    ("pitfalls", "loud", "*pitfalls='loud'*'error', 'warn' or 'off'*"),
    ("network", "yes", "*network='yes'*'block' or 'allow'*"),
    ("sparse", "all", "*sparse='all'*'none' or 'optional'*"),
    ("grease", "on", "*grease='on'*'off', 'fields' or 'all'*"),
    ("report", "always", "*report='always'*'failed', 'all' or 'off'*"),
    ("credits", "-1", "*credits='-1'*a number of credits, 0 or more*"),
    ("credits", "much", "*credits='much'*a number of credits, 0 or more*"),
    ("base_url", "api.example", "*base_url='api.example'*a URL such as 'https://api.aurous-labs.com'*"),
    ("now", "yesterday", "*now='yesterday'*an ISO 8601 instant such as*"),
    ("seed", "1.5", "*seed='1.5'*a whole number*"),
    ("script", "synthesizing -> redy", "*column 17: 'redy' is not a status of characters; did you mean 'ready'?*"),
    ("script", "charcters = synthesizing", "*'charcters' is not a resource*; did you mean 'characters'?*"),
    ("readings", "get-3 = readable", "*'auth-4', 'chat-6',*'time-4' or 'ver-3'; did you mean 'get-2'?*"),
    ("readings", "create-4 = redy", "*expected 'reviewing' or 'ready' for create-4; did you mean 'ready'?*"),
    ("readings", "get-2 = legible", "*readings='get-2 = legible'*'not_found' or 'readable'*"),
    ("readings", "readable", "*readings='readable'*'key = value'*"),
]
"""A setting, a wrong value as text, and what must be said of it."""
WRONG_IN_PYTHON: Final = [
    ("xyzzy", 1, "*'xyzzy' is not a setting. Settings: *"),
    ("credits", True, "*credits=True*a number of credits*"),
    ("credits", float("nan"), "*credits=nan*a number of credits*"),
    ("seed", True, "*seed=True*a whole number*"),
    ("seed", 1.0, "*seed=1.0*a whole number*"),
    ("strict", None, "*strict=None*'error', 'warn' or 'off'*"),
    ("strict", True, "*strict=True*'error', 'warn' or 'off'*"),
    ("now", 5, "*now=5*an ISO 8601 instant*"),
    ("base_url", None, "*base_url=None*a URL*"),
    ("base_url", "ftp://x.example", "*base_url='ftp://x.example'*a URL*"),
    ("base_url", "https://x.example/?a=b", "*base_url=*a URL*"),
    ("reply", 7, "*reply=7*text, such as 'Aurora has black hair.'*"),
    ("script", 7, "*A script is text such as*not 7*"),
    ("script", {"characters": None}, "*A script is text such as*not None*"),
    ("readings", ["get-2"], "*readings=*a dict such as*"),
    ("readings", {"get-2": True}, "*readings=*'not_found' or 'readable'*"),
    ("readings", {"creat-4": "ready"}, "*'auth-4', 'chat-6',*'ver-3'; did you mean 'create-4'?*"),
]
"""Likewise, of values that only a marker or a call can have."""
TABLES: Final = [
    "tool.pytest.ini_options",
    pytest.param(
        "tool.pytest",
        marks=pytest.mark.skipif(pytest.version_tuple < (9,), reason="the table [tool.pytest] came with pytest 9"),
    ),
]
"""The tables of pytest in pyproject.toml."""


def test_every_setting_is_tried() -> None:
    """The tables of this module have a row for each setting."""
    assert set(NAMES) <= set(GIVEN)
    assert set(NAMES) <= {name for name, _, _ in [*WRONG, *WRONG_IN_PYTHON]}


def test_what_the_model_says_is_a_setting(pytester: pytest.Pytester) -> None:
    """In the ini file, in the marker, and for one request in the test; only the last one must be used."""
    pytester.makeini("[pytest]\naurous_reply = from the ini file")
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def said(aurous, aurous_client):
            def ask():
                body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]}
                response = aurous_client.post("/v1/chat/completions", json=body).json()
                return response["choices"][0]["message"]["content"]
            return ask

        def test_ini(said):
            assert said() == "from the ini file"

        @pytest.mark.aurous(reply="from the marker")
        def test_marker(said):
            assert [said(), said()] == ["from the marker"] * 2

        @pytest.mark.aurous(reply="from the marker")
        def test_reply(aurous, said):
            aurous.chat.reply("from the test", times=1)
            assert [said(), said()] == ["from the test", "from the marker"]

        @pytest.mark.aurous(reply="from the marker")
        def test_unused(aurous):
            pass
        """
    )

    pytester.runpytest().assert_outcomes(passed=4)


def shows_given(result: pytest.RunResult) -> None:
    """Check that the settings of `GIVEN` were read."""
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines_random([expected for _, expected in GIVEN.values()])


def test_every_setting_can_be_given_in_an_ini_file(pytester: pytest.Pytester) -> None:
    """``aurous_<name>`` under ``[pytest]``."""
    pytester.makeini("\n".join(["[pytest]", *(f"aurous_{name} = {value}" for name, (value, _) in GIVEN.items())]))
    pytester.makepyfile(SHOWS)

    shows_given(pytester.runpytest("-s"))


@pytest.mark.parametrize("table", TABLES)
def test_every_setting_can_be_given_in_pyproject_toml(pytester: pytest.Pytester, table: str) -> None:
    """``aurous_<name>`` as text, in both of pytest's tables."""
    lines = [f'aurous_{name} = "{value}"' for name, (value, _) in GIVEN.items()]
    pytester.makepyprojecttoml("\n".join([f"[{table}]", *lines]))
    pytester.makepyfile(SHOWS)

    shows_given(pytester.runpytest("-s"))


@pytest.mark.parametrize(
    "given",
    [
        {
            "aurous_credits = 12.5": "<credits: 12.5>",
            "aurous_seed = 7": "<seed: 7>",
            'aurous_readings = """\nget-2 = readable\nerr-6 = global"""': "<readings: *err-6*global*get-2*readable*>",
            'aurous_script = """\nsynthesizing*3\n-> ready"""': "<script: characters=synthesizing[*]3 -> ready>",
        },
        {"aurous_credits = 0": "<credits: 0>", "aurous_seed = 0": "<seed: 0>"},
    ],
    ids=["values", "zeros"],
)
@pytest.mark.parametrize("table", TABLES)
def test_toml_values_may_be_what_they_are(pytester: pytest.Pytester, table: str, given: dict[str, str]) -> None:
    """In both of pytest's TOML tables a number may be a number, and text may have several lines."""
    pytester.makepyprojecttoml("\n".join([f"[{table}]", *given]))
    pytester.makepyfile(SHOWS)

    result = pytester.runpytest("-s")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines_random([*given.values()])


def test_every_setting_can_be_given_on_the_command_line(pytester: pytest.Pytester) -> None:
    """``-o aurous_<name>=...`` beats the ini file."""
    others = {
        "observed": OBSERVED,
        "strict": "off",
        "rate_limits": "report",
        "sleep": "real",
        "pitfalls": "error",
        "reply": "Yes.",
        "network": "block",
        "report": "failed",
        "sparse": "none",
        "grease": "all",
        "credits": "1",
        "base_url": "http://other.example",
        "now": "2020-01-01",
        "seed": "1",
        "script": "synthesizing",
        "readings": "get-2 = not_found",
    }
    assert set(others) == set(NAMES)
    pytester.makeini("\n".join(["[pytest]", *(f"aurous_{name} = {value}" for name, value in others.items())]))
    pytester.makepyfile(SHOWS)

    shows_given(pytester.runpytest("-s", *(f"-oaurous_{name}={value}" for name, (value, _) in GIVEN.items())))


@pytest.mark.parametrize("place", ["ini", "cli"])
def test_dicts_have_one_key_a_line(pytester: pytest.Pytester, place: str) -> None:
    """A dict is lines of ``key = value``; ``-o`` replaces all of them."""
    lines = "\n    get-2 = readable\n    err-6 = global"
    pytester.makeini(f"[pytest]\naurous_readings = {lines if place == 'ini' else 'auth-4 = revoked_api_key'}\n")
    pytester.makepyfile(SHOWS)

    result = pytester.runpytest("-s", *(["-o", f"aurous_readings={lines}"] if place == "cli" else []))

    result.stdout.fnmatch_lines(["<readings: [[]('err-6', 'global'), ('get-2', 'readable')[]]>"])


@pytest.mark.parametrize(
    "lines",
    [
        "characters = synthesizing*3 -> reviewing",
        "characters = synthesizing*3\n    -> reviewing",
        "\n  characters =\n    synthesizing*3\n\n    -> reviewing",
        "synthesizing*3\n  -> reviewing",
    ],
    ids=["one line", "two", "below", "no key"],
)
def test_a_script_may_name_its_resource(pytester: pytest.Pytester, lines: str) -> None:
    """``characters = ...`` says what a script without a key means; a long one may go on, or begin, in the next line."""
    pytester.makeini(f"[pytest]\naurous_script = {lines}\n")
    pytester.makepyfile(SHOWS)

    result = pytester.runpytest("-s")

    result.stdout.fnmatch_lines(["<script: characters=synthesizing[*]3 -> reviewing>"])


def test_an_empty_option_is_none(pytester: pytest.Pytester) -> None:
    """An ini option without a value is as if it were not there."""
    pytester.makeini("[pytest]\naurous_seed =\naurous_script =\naurous_strict =\n")
    pytester.makepyfile(SHOWS)

    result = pytester.runpytest("-s")

    result.stdout.fnmatch_lines(["<strict: error>", "<seed: 0>", "<script: >"])


def test_a_relative_path_of_observed_starts_at_the_rootdir(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the ini file, after ``-o`` and in markers, from whatever folder pytest runs."""
    pytester.makeini("[pytest]\naurous_observed = followed.json\n")
    for name, rows in {"followed.json": "[]", "another.json": "[]", "inner/last.json": "[]"}.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text(f'{{"observed": {rows}}}', encoding="utf-8")
    (pytester.path / "inner" / "test_paths.py").write_text("""\
import pytest

def test_of_the_ini_file(aurous):
    print(f"<is {aurous._session.settings.observed}>")

@pytest.mark.aurous(observed="another.json")
def test_of_a_marker(aurous):
    print(f"<is {aurous._session.settings.observed}>")

@pytest.mark.aurous(observed=None)
def test_of_none(aurous):
    print(f"<is {aurous._session.settings.observed}>")
""", encoding="utf-8")  # fmt: skip
    monkeypatch.chdir(pytester.path / "inner")

    result = pytester.runpytest("-s")
    shown = re.findall("<is (.*)>", result.stdout.str())
    assert shown == [str(pytester.path / "followed.json"), str(pytester.path / "another.json"), "None"]

    result = pytester.runpytest("-s", "-k", "ini", "-o", "aurous_observed=inner/last.json")
    assert re.findall("<is (.*)>", result.stdout.str()) == [str(pytester.path / "inner/last.json")]


def test_markers_are_merged_from_the_outside_in(pytester: pytest.Pytester) -> None:
    """Module, class and function each add their settings, the inner one wins, and dicts are merged by key."""
    pytester.makeini("[pytest]\naurous_seed = 1\naurous_strict = off\naurous_readings = auth-4 = revoked_api_key")
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.aurous(credits=10, now="2026-01-01", readings={"get-2": "readable"}, strict="error")

        def facts(aurous, aurous_seed):
            settings = aurous._session.settings
            return (aurous.team.credits, aurous.clock.now().year, aurous_seed, settings.strict, settings.readings)

        def test_module(aurous, aurous_seed):
            readings = {"auth-4": "revoked_api_key", "get-2": "readable"}
            assert facts(aurous, aurous_seed) == (10, 2026, 2, "error", readings)

        @pytest.mark.aurous(credits=20, readings={"err-6": "global"})
        class TestClass:
            def test_class(self, aurous, aurous_seed):
                readings = {"auth-4": "revoked_api_key", "get-2": "readable", "err-6": "global"}
                assert facts(aurous, aurous_seed) == (20, 2026, 2, "error", readings)

            @pytest.mark.aurous(credits=30, seed=3)
            def test_function(self, aurous, aurous_seed):
                assert facts(aurous, aurous_seed)[:3] == (30, 2026, 3)

            @pytest.mark.aurous(credits=40, seed=5)
            @pytest.mark.aurous(credits=50)
            def test_two_markers(self, aurous, aurous_seed):
                assert facts(aurous, aurous_seed)[:3] == (50, 2026, 5)

            @pytest.mark.aurous
            def test_an_empty_one(self, aurous, aurous_seed):
                assert facts(aurous, aurous_seed)[:3] == (20, 2026, 2)

            @pytest.mark.aurous(readings={"get-2": "not_found"}, now=None)
            def test_back(self, aurous, aurous_seed):
                assert aurous._session.settings.readings["get-2"] == "not_found"
                assert aurous._session.settings.now is None

            @pytest.mark.parametrize(
                "given", [pytest.param(1, marks=pytest.mark.aurous(credits=60)), 2], ids=["marked", "plain"]
            )
            def test_parameters(self, aurous, given):
                assert aurous.team.credits == (60 if given == 1 else 20)
        """
    )

    pytester.runpytest("--aurous-seed=2", "--strict-markers").assert_outcomes(passed=8)


@pytest.mark.parametrize("file", ["pytest.ini", *TABLES])
def test_the_nearer_place_wins(pytester: pytest.Pytester, file: str) -> None:
    """File < command line < module < class < function, for each of the settings that concern a whole session, too."""
    default = {"pitfalls": "warn", "report": "failed", "network": "block"}
    other = {"pitfalls": "error", "report": "all", "network": "allow"}
    third = {"pitfalls": "off", "report": "off", "network": "block"}
    if file == "pytest.ini":
        pytester.makeini("\n".join(["[pytest]", *(f"aurous_{name} = {value}" for name, value in other.items())]))
    else:
        lines = [f'aurous_{name} = "{value}"' for name, value in other.items()]
        pytester.makepyprojecttoml("\n".join([f"[{file}]", *lines]))
    pytester.makepyfile(
        seen_settings="""
        def chosen(aurous):
            return {name: getattr(aurous._session.settings, name) for name in ("pitfalls", "report", "network")}
        """,
        test_plain=f"""
        from seen_settings import chosen

        def test_plain(aurous, request):
            assert chosen(aurous) == ({third} if request.config.getoption("override_ini") else {other})
        """,
        test_marked=f"""
        import pytest
        from seen_settings import chosen

        pytestmark = pytest.mark.aurous(**{default})

        def test_module(aurous):
            assert chosen(aurous) == {default}

        @pytest.mark.aurous(**{other})
        class TestIt:
            def test_class(self, aurous):
                assert chosen(aurous) == {other}

            @pytest.mark.aurous(**{third})
            def test_function(self, aurous):
                assert chosen(aurous) == {third}
        """,
    )

    pytester.runpytest().assert_outcomes(passed=4)
    pytester.runpytest(*(f"-oaurous_{name}={value}" for name, value in third.items())).assert_outcomes(passed=4)


def test_a_derived_class_has_the_last_word_over_its_base(pytester: pytest.Pytester) -> None:
    """A class inherits the settings of its base classes and may change them."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.aurous(credits=10, seed=1)
        class Base: ...

        @pytest.mark.aurous(credits=20)
        class TestDerived(Base):
            def test_it(self, aurous, aurous_seed):
                assert (aurous.team.credits, aurous_seed) == (20, 1)
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_marker_takes_values_and_not_just_text(pytester: pytest.Pytester) -> None:
    """In Python a script may be parsed, an instant a `datetime`, an amount a number, a dict a dict."""
    pytester.makepyfile(
        """
        from datetime import datetime, timezone
        import pytest
        from pytest_aurous import Script

        THREE = Script.parse("synthesizing*3 -> reviewing")

        @pytest.mark.aurous(script=THREE, now=datetime(2026, 5, 8), credits=0)
        def test_it(aurous):
            assert aurous.clock.now() == datetime(2026, 5, 8, tzinfo=timezone.utc)
            assert aurous.team.credits == 0
            assert aurous._session.settings.script == {"characters": THREE}

        @pytest.mark.aurous(script={"characters": "synthesizing*0 -> reviewing"})
        def test_dict(aurous, aurous_client):
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            assert aurous_client.post("/v1/characters", json=body).json()["status"] == "reviewing"
        """
    )

    pytester.runpytest().assert_outcomes(passed=2)


def test_the_call_in_the_test_wins(pytester: pytest.Pytester) -> None:
    """What the test itself says, by `aurous.script()`, beats every setting."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.aurous(script="synthesizing! -> reviewing")
        def test_it(aurous, aurous_client):
            aurous.script("synthesizing*0 -> failed(provider_timeout)")
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            assert aurous_client.post("/v1/characters", json=body).json()["status"] == "failed"
        """
    )

    pytester.runpytest("-o", "aurous_script=synthesizing -> ready").assert_outcomes(passed=1)


@pytest.mark.parametrize("place", ["ini", "cli"])
def test_bad_values_are_a_usage_error(pytester: pytest.Pytester, place: str) -> None:
    """They stop the run before any test, which says for each where it stood and what is allowed."""
    wrong = {name: (value, said) for name, value, said in WRONG}
    pytester.makepyfile("def test_it(): ...")
    if place == "ini":
        pytester.makeini("\n".join(["[pytest]", *(f"aurous_{name} = {value}" for name, (value, _) in wrong.items())]))
    args = [f"-oaurous_{name}={value}" for name, (value, _) in wrong.items()] if place == "cli" else []

    result = pytester.runpytest(*args)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = " ".join(result.stderr.lines)
    for name, (_, said) in wrong.items():
        pytest.LineMatcher([text]).fnmatch_lines([f"*ini option aurous_{name}: {said}"])
    result.stdout.no_fnmatch_line("*passed*")
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(("name", "value", "said"), [*WRONG, *WRONG_IN_PYTHON])
def test_a_bad_value_says_what_is_valid(name: str, value: Any, said: str) -> None:
    """Its place comes first, then what is allowed and the nearest name."""
    with pytest.raises(pytest.UsageError) as refused:
        read_value("the place", name, value)

    pytest.LineMatcher([str(refused.value).replace("\n", " ")]).fnmatch_lines([f"the place: {said}"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("stric='off'", "*'stric' is not a setting; did you mean 'strict'[?]*script, strict, *"),
        ("'synthesizing -> ready'", "*takes keywords only, such as script=*; got ('synthesizing -> ready',)*"),
        ("credits=None", "*credits=None*a number of credits*"),
    ],
    ids=["name", "positional", "value"],
)
@pytest.mark.parametrize("level", ["function", "class", "module"])
def test_a_wrong_marker_is_a_usage_error_at_collection(
    pytester: pytest.Pytester, level: str, arguments: str, said: str
) -> None:
    """Unknown names, positional arguments and bad values name the test, what is valid and the nearest name."""
    mark = f"pytest.mark.aurous({arguments})"
    pytester.makepyfile(
        "import pytest\n"
        + (f"pytestmark = {mark}\n" if level == "module" else "")
        + (f"@{mark}\n" if level == "class" else "")
        + "class TestIt:\n"
        + (f"    @{mark}\n" if level == "function" else "")
        + "    def test_it(self): ...\n"
    )

    result = pytester.runpytest("--collect-only")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*.py::TestIt::test_it: @pytest.mark.aurous*"])
    pytest.LineMatcher([" ".join(result.stderr.lines)]).fnmatch_lines([said])
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("args", [("--no-such=1",), ("--aurous-see=1",), ("--aurous-credits=10",)])
def test_an_unknown_option_is_a_usage_error(pytester: pytest.Pytester, args: tuple[str, ...]) -> None:
    """A misspelt option of ours is refused and not taken for another; a setting is an ini option, and no flag."""
    pytester.makepyfile("def test_it(): ...")

    result = pytester.runpytest(*args)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*unrecognized arguments: {args[0]}*"])


@pytest.mark.parametrize("file", ["ini", "toml"])
def test_an_unknown_ini_option_is_a_usage_error(pytester: pytest.Pytester, file: str) -> None:
    """A misspelt ``aurous_`` option names the setting that was meant, and what there is."""
    if file == "ini":
        pytester.makeini("[pytest]\naurous_stric = off")
    else:
        pytester.makepyprojecttoml('[tool.pytest.ini_options]\naurous_stric = "off"')
    pytester.makepyfile("def test_it(): ...")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    pytest.LineMatcher([" ".join(result.stderr.lines)]).fnmatch_lines(["*aurous_stric*did you mean *strict*"])


def test_an_option_of_one_run_is_no_ini_option(pytester: pytest.Pytester) -> None:
    """The message names the flag, and where it can stand for every run."""
    pytester.makeini("[pytest]\naurous_trace_keep = all")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'aurous_trace_keep' is not *: write the flag --aurous-trace-keep into addopts. *"])


def test_every_setting_is_documented_in_the_help(pytester: pytest.Pytester) -> None:
    """``--help`` lists each setting as an ini option."""
    result = pytester.runpytest("--help")

    result.stdout.fnmatch_lines([f"*aurous_{name} (*):*" for name in NAMES])


def test_a_wrong_marker_in_one_module_stops_the_whole_run(pytester: pytest.Pytester) -> None:
    """Nothing runs while one marker is wrong, even of a test that is deselected."""
    pytester.makepyfile(
        test_a="def test_a(): ...",
        test_b="import pytest\n@pytest.mark.aurous(sed=1)\ndef test_b(): ...",
    )

    result = pytester.runpytest("-k", "test_a")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: test_b.py::test_b: *'sed' is not a setting; did you mean 'seed'?*"])


def test_base_url_moves_the_fake(pytester: pytest.Pytester) -> None:
    """With another `base_url` clients, environment and fake are there, and the vendor's host is no more the API."""
    pytester.makeini("[pytest]\naurous_base_url = http://localhost:8123/aurous")
    pytester.makepyfile(
        """
        import os, httpx

        def test_it(aurous, aurous_base_url, aurous_client):
            assert aurous.base_url == aurous_base_url == os.environ["AUROUS_BASE_URL"] == "http://localhost:8123/aurous"
            assert aurous_client.get("/v1/balance").status_code == 200
            assert httpx.get(f"{aurous_base_url}/v1/balance").status_code == 401

        def test_vendor(aurous):
            httpx.get("https://api.aurous-labs.com/v1/balance")
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*differs: *the host: api.aurous-labs.com instead of localhost:8123*"])
