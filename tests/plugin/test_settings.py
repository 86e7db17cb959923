"""One list of settings in four places: ini < command line < marker of module < class < function."""

import re
from typing import Final

import pytest

from pytest_aurous._core.world.settings import ROWS, read_setting
from tests.conftest import OTHER_SETTINGS

pytestmark = pytest.mark.lowest

SHOWS: Final = """
    def test_it(aurous, aurous_seed):
        print()
        for name, value in {**vars(aurous._session.settings), "seed": aurous_seed}.items():
            print(f"<{name}: {value}>")
"""

GIVEN: Final = {
    name: "\n ".join(f"{key} = {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
    for name, value in OTHER_SETTINGS.items()
}
"""For each setting a value as text."""
PLACES: Final = [
    "pytest",
    "tool.pytest.ini_options",
    pytest.param(
        "tool.pytest",
        marks=pytest.mark.skipif(pytest.version_tuple < (9,), reason="the table [tool.pytest] came with pytest 9"),
    ),
    "-o",
]
"""The sections of ini files and of pyproject.toml, and the option, in which a setting can be given."""


@pytest.mark.parametrize("place", PLACES)
def test_every_setting_can_be_given_there(pytester: pytest.Pytester, place: str) -> None:
    """As ``aurous_<name>``."""
    options: list[str] = []
    rows = [(f"aurous_{name}", value) for name, value in GIVEN.items()]
    if place == "pytest":
        pytester.makeini("\n".join(["[pytest]", *(f"{name} = {value}" for name, value in rows)]))
    elif place == "-o":
        options += [f"-o{name}={value}" for name, value in rows]
    else:
        pytester.makepyprojecttoml("\n".join([f"[{place}]", *(f'{name} = "{value}"' for name, value in rows)]))
    pytester.makepyfile(SHOWS)

    result = pytester.runpytest("-s", *options)

    result.assert_outcomes(passed=1)
    assert {f"<{name}: {read_setting(name, GIVEN[name])}>" for name in ROWS} - {*result.outlines} == set()


@pytest.mark.parametrize("table", PLACES[1:3])
def test_a_number_in_pyproject_toml_is_a_number(pytester: pytest.Pytester, table: str) -> None:
    """And a script may have several lines."""
    script = '"""synthesizing*3\n-> ready"""'
    pytester.makepyprojecttoml(f"[{table}]\naurous_credits = 0\naurous_seed = 7\naurous_script = {script}")
    pytester.makepyfile(SHOWS)

    pytester.runpytest("-s").stdout.fnmatch_lines_random(
        ["<credits: 0>", "<seed: 7>", "<script: {'characters': 'synthesizing[*]3 -> ready'}>", "<strict: error>"]
    )


def test_the_command_line_beats_the_ini_file(pytester: pytest.Pytester) -> None:
    """An option without a value is as if it were not there."""
    pytester.makeini("[pytest]\naurous_strict = off\naurous_credits = 1\naurous_seed =\naurous_script =")
    pytester.makepyfile(SHOWS)

    result = pytester.runpytest("-s", "-oaurous_credits=2")

    result.stdout.fnmatch_lines_random(["<strict: off>", "<credits: 2>", "<seed: 0>", "<script: {}>"])


def test_a_relative_path_of_observed_starts_at_the_rootdir(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the ini file, after ``-o`` and in markers, from whatever folder pytest runs."""
    pytester.makeini("[pytest]\naurous_observed = followed.json\n")
    pytester.mkdir("inner")
    for name in ("followed.json", "another.json", "inner/last.json"):
        (pytester.path / name).write_text('{"observed": []}', encoding="utf-8")
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
    """Module, class, base class and function add their settings, the inner one wins, and dicts are merged by key."""
    pytester.makeini("[pytest]\naurous_seed = 1\naurous_strict = off\naurous_readings = auth-4 = revoked_api_key")
    pytester.makepyfile(
        """
        from datetime import datetime, timezone
        import pytest
        from pytest_aurous import Script

        THREE = Script.parse("synthesizing*3 -> reviewing")
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

        @pytest.mark.aurous(credits=70, seed=6)
        class Base: ...

        @pytest.mark.aurous(credits=80)
        class TestDerived(Base):
            def test_it(self, aurous, aurous_seed):
                assert facts(aurous, aurous_seed)[:3] == (80, 2026, 6)

        @pytest.mark.aurous(script=THREE, now=datetime(2027, 5, 8), credits=0)
        def test_values(aurous, aurous_client):
            assert (aurous.clock.now(), aurous.team.credits) == (datetime(2027, 5, 8, tzinfo=timezone.utc), 0)
            assert aurous._session.settings.script == {"characters": THREE}

        @pytest.mark.aurous(script="synthesizing! -> reviewing", reply="from the marker")
        def test_the_call_in_the_test_wins(aurous, aurous_client):
            aurous.script("synthesizing*0 -> failed(provider_timeout)")
            aurous.chat.reply("from the test", times=1)
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            assert aurous_client.post("/v1/characters", json=body).json()["status"] == "failed"
            body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]}
            said = [aurous_client.post("/v1/chat/completions", json=body).json() for _ in range(2)]
            assert [one["choices"][0]["message"]["content"] for one in said] == ["from the test", "from the marker"]
        """
    )

    pytester.runpytest("--aurous-seed=2", "--strict-markers").assert_outcomes(passed=11)


@pytest.mark.parametrize(
    ("ini", "options", "env", "places"),
    [
        ("aurous_credits = many\naurous_strict = loud", (), "", ["option aurous_strict", "option aurous_credits"]),
        ("", ("-o", "aurous_credits=many"), "", ["option aurous_credits"]),
        ("aurous_stric = off", (), "", ["tox.ini: 'aurous_stric'"]),
        ("aurous_trace_keep = all", (), "", ["tox.ini: 'aurous_trace_keep'", "--aurous-trace-keep"]),
        ("", ("--override-ini=aurous_stric=off",), "", ["-o aurous_stric=...:"]),
        ("", (), "-o aurous_stric=off", ["-o aurous_stric=... in PYTEST_ADDOPTS:"]),
        ("", ("--aurous-credits=10",), "", ["unrecognized arguments: --aurous-credits=10"]),
        ("", ("--aurous-see=1",), "", ["unrecognized arguments: --aurous-see=1"]),
    ],
)
def test_a_wrong_option_ends_the_run(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    ini: str,
    options: tuple[str, ...],
    env: str,
    places: list[str],
) -> None:
    """Before any test, with the places of all that is wrong: a value, a name, a flag that is none."""
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-p pytest_aurous {env}")
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile("def test_it(): ...")

    result = pytester.runpytest(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [place for place in places if place not in str(result.stderr)] == []
    result.stdout.no_fnmatch_line("*passed*")
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("mark", "level", "word"),
    [
        ("pytest.mark.aurous(stric='off')", "function", "stric"),
        ("pytest.mark.aurous(script='synthesizing => ready')", "class", "=>"),
        ("pytest.mark.aurous('synthesizing -> ready')", "module", "keywords"),
        ("aurous_settings(credit=3)", "function", "credit"),
        ("pytest.mark.parametrize('aurous', [5], indirect=True)", "function", "'aurous', ..., indirect=True"),
        ("pytest.mark.parametrize('aurous', [{'credit': 5}], indirect=True)", "function", "credit"),
        ("pytest.mark.parametrize('aurous_client', [{}], indirect=True)", "function", "'aurous_client', ..., indirect"),
    ],
)
def test_a_wrong_marker_ends_the_run(pytester: pytest.Pytester, mark: str, level: str, word: str) -> None:
    """At collection, with the test and what is wrong, even if the test is deselected."""
    fixture = re.findall(r"parametrize\('(\w+)'", mark)
    pytester.makepyfile(
        test_wrong="import pytest\nfrom pytest_aurous import aurous_settings\n"
        + (f"pytestmark = {mark}\n" if level == "module" else "")
        + (f"@{mark}\n" if level == "class" else "")
        + "class TestIt:\n"
        + (f"    @{mark}\n" if level == "function" else "")
        + f"    def test_it(self, {', '.join(fixture)}): ...\n",
        test_other="def test_other(): ...",
    )

    result = pytester.runpytest("-k", "other")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"test_wrong.py::TestIt::test_it{'[' if fixture else ':'}" in str(result.stderr)
    assert word in str(result.stderr)
    result.stderr.no_fnmatch_line("*Traceback*")
