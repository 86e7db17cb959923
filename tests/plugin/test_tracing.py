"""A page for each failed test: which tests have one, what it is called, and that it costs no test its result."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import jsonschema
import pytest

from pytest_aurous.plugin.modes.tracing import _message
from tests.conftest import synthesis_price

SCHEMA: Final = json.loads((Path(__file__).parents[2] / "docs/reference/trace.schema.json").read_text(encoding="utf-8"))
SUITE: Final = """
    import pytest

    @pytest.fixture
    def broken_setup(aurous, aurous_client):
        aurous_client.get("/v1/balance")
        raise OSError("no setup")

    @pytest.fixture
    def broken_teardown(aurous, aurous_client):
        yield
        aurous_client.get("/v1/balance")
        raise OSError("no teardown")

    def test_good(aurous_client):
        aurous_client.get("/v1/balance")

    @pytest.mark.parametrize("word", ["a/b[c]", "x" * 300, "\\u4f60\\u597d", "</script>"])
    def test_bad(aurous_client, word):
        aurous_client.post("/v1/characters", json={"name": word[:9], "generate": True, "attributes": {"age": 20}})
        assert word == "other"

    class TestOne:
        def test_bad(self, aurous_client):
            assert aurous_client.get("/v1/balance").status_code == 404

    def test_setup(broken_setup): ...

    def test_teardown(broken_teardown, aurous_client):
        aurous_client.get("/v1/team")

    def test_both(broken_teardown, aurous_client):
        assert aurous_client.get("/v1/balance").status_code == 404

    def test_without_the_fake():
        assert 1 == 2
"""


def traces(folder: Path) -> list[dict[str, Any]]:
    """Return the data of all traces in *folder*, after checking each against the schema."""
    found = [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]
    for one in found:
        jsonschema.validate(one, SCHEMA)
    return found


def index(folder: Path) -> list[dict[str, Any]]:
    html = (folder / "index.html").read_text("utf-8")
    data = html.partition('id="data">')[2].partition("</script>")[0]
    rows: list[dict[str, Any]] = json.loads(data)["index"]
    return rows


def test_each_failed_test_has_a_page(pytester: pytest.Pytester) -> None:
    """Failures in each phase; names that make a file of their own; a link for pytest-html, whichever its folder is."""
    pytester.makepyfile(SUITE)
    pytester.makeconftest(
        """
        def pytest_addoption(parser):
            parser.addoption("--html", dest="htmlpath")

        def pytest_runtest_logreport(report):
            for extra in getattr(report, "extras", []):
                print("link", extra["format_type"], extra["content"])
        """
    )

    result = pytester.runpytest("--aurous-trace=traces", "--aurous-trace-json", "--html=made/here/report.html", "-s")

    result.assert_outcomes(passed=2, failed=7, errors=3)
    result.stdout.fnmatch_lines(["*link url ../../traces/*TestOne_test_bad*.html"])
    folder = pytester.path / "traces"
    rows = index(folder)
    assert len(rows) == 8
    assert all((folder / row["file"]).is_file() for row in rows)
    assert {row["outcome"] for row in rows} == {"failed"}
    found = {one["test"]["id"].rpartition("::")[2]: one for one in traces(folder)}
    phases = {"test_setup": "setup", "test_teardown": "teardown", "test_both": "call, teardown"}
    assert {name: found[name]["test"]["phase"] for name in phases} == phases
    calls = [step["operation"] for step in found["test_teardown"]["steps"] if step["kind"] == "call"]
    assert calls == ["team.retrieve", "balance.retrieve"]
    made = found["test_bad[a/b[c]]"]
    assert made["credits"] == synthesis_price()
    assert "== 'other'" in made["test"]["message"]
    assert made["test"]["again"].startswith("pytest ")


def test_all_tests_can_have_a_page(pytester: pytest.Pytester) -> None:
    """``--aurous-trace-keep=all``, in the ini file, too; the outcomes are those of pytest."""
    pytester.makeini("[pytest]\naddopts = --aurous-trace=traces --aurous-trace-keep=all\n")
    pytester.makepyfile(
        """
        import pytest

        def test_skipped(aurous):
            pytest.skip("today")

        @pytest.mark.xfail
        def test_xfailed(aurous):
            assert 1 == 2

        @pytest.mark.xfail
        def test_xpassed(aurous):
            assert 1 == 1

        def test_passed(aurous_client):
            aurous_client.get("/v1/balance")

        def test_failed(aurous):
            assert 1 == 2
        """
    )

    result = pytester.runpytest()

    rows = [(row["outcome"], row["calls"]) for row in index(pytester.path / "traces")]
    assert rows == [("failed", 0), ("passed", 1), ("skipped", 0), ("xfailed", 0), ("xpassed", 0)]
    result.stdout.fnmatch_lines(["*aurous: 5 traces, listed in traces*index.html*"])


def test_a_test_that_leaves_its_directory_has_its_page_in_a_new_folder(pytester: pytest.Pytester) -> None:
    """Paths begin where pytest was started, also if a test has changed or even removed its current directory."""
    pytester.makepyfile(
        """
        import os

        def test_moves(aurous_client, tmp_path):
            os.chdir(tmp_path)
            assert 0

        def test_removes(aurous_client, tmp_path):
            (tmp_path / "gone").mkdir()
            os.chdir(tmp_path / "gone")
            os.rmdir(tmp_path / "gone")
            assert 0
        """
    )

    result = pytester.runpytest("--aurous-trace=made/by/traces", "--aurous-trace-json=data/of/them")
    os.chdir(pytester.path)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*2 traces, listed in made/by/traces/index.html*"])
    assert [row["test"] for row in index(pytester.path / "made/by/traces")] == [
        "test_a_test_that_leaves_its_directory_has_its_page_in_a_new_folder.py::test_moves",
        "test_a_test_that_leaves_its_directory_has_its_page_in_a_new_folder.py::test_removes",
    ]
    assert len(traces(pytester.path / "data/of/them")) == 2


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_a_test_whose_subtest_fails_has_a_page(pytester: pytest.Pytester) -> None:
    """Also if nothing else fails; a subtest that passes changes nothing."""
    pytester.makepyfile(
        """
        def test_it(aurous_client, subtests):
            for number in range(3):
                with subtests.test(number=number):
                    aurous_client.get("/v1/balance")
                    assert number != 1

        def test_good(aurous_client, subtests):
            with subtests.test():
                aurous_client.get("/v1/balance")
        """
    )

    pytester.runpytest("--aurous-trace=traces", "--aurous-trace-json")

    (made,) = traces(pytester.path / "traces")
    assert made["test"]["outcome"] == "failed"
    assert "number != 1" in made["test"]["message"] or "1 != 1" in made["test"]["message"]
    assert sum(step["kind"] == "call" for step in made["steps"]) == 3


def test_no_secret_is_in_a_title_an_index_or_the_name_of_a_file(pytester: pytest.Pytester) -> None:
    """Also where the id of the test has it, the message, or a line of source."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def aurous_api_key():
            return "sk-chosen-by-the-test-4711"

        @pytest.mark.parametrize("word", ["al_live_Qw3rTy7UiOp9", "whsec_c2VjcmV0c2VjcmV0", "token=a1b2c3d4e5"])
        def test_bad(aurous_client, word):
            assert aurous_client.get("/v1/balance", headers={"X-Word": word}).status_code == word
            word = "sk-chosen-by-the-test-4711"
        """
    )

    pytester.runpytest("--aurous-trace=traces", "--aurous-trace-json").assert_outcomes(failed=3)

    files = list((pytester.path / "traces").iterdir())
    everything = "".join(f"{file.name} {file.read_text('utf-8')}" for file in files)
    secrets = ("Qw3rTy7UiOp9", "c2VjcmV0c2VjcmV0", "a1b2c3d4e5", "chosen-by-the-test")
    assert [one for one in secrets if one in everything] == []
    assert len(files) == 7


def test_the_message_of_a_test_is_redacted_before_it_is_cut() -> None:
    """No half of a token is at its end."""
    report: Any = SimpleNamespace(longrepr=f"{' ' * 1990}0123abcd-0123abcd")

    assert "0123" not in _message(report)


def test_the_data_can_have_a_folder_of_its_own(pytester: pytest.Pytester) -> None:
    """With a folder it is written without pages."""
    pytester.makepyfile(SUITE)

    pytester.runpytest("--aurous-trace-json=data", "-k", "TestOne").assert_outcomes(failed=1)

    assert [one["test"]["outcome"] for one in traces(pytester.path / "data")] == ["failed"]
    assert not list(pytester.path.glob("data/*.html"))


def test_data_without_a_folder_is_a_usage_error(pytester: pytest.Pytester) -> None:
    """It says what to write; a path to tests is no folder."""
    for options, word in (
        ((), "--aurous-trace=DIR"),
        (("tests", "--aurous-trace=traces"), "--aurous-trace-json=tests"),
    ):
        result = pytester.runpytest("--aurous-trace-json", *options)

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert word in str(result.stderr)


EXPLORED: Final = """
    import httpx
    import pytest

    ORDER = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}

    def test_orders(aurous_client):
        try:
            aurous_client.post("/v1/characters", json=ORDER)
        except httpx.TransportError:
            aurous_client.post("/v1/characters", json=ORDER)
"""


def test_a_test_that_fails_because_it_was_explored_has_its_matrix(pytester: pytest.Pytester) -> None:
    """The trace shows the good day, with all cases; the calls of the good day are a HAR file, too."""
    pytester.makepyfile(EXPLORED)

    result = pytester.runpytest(
        "--aurous-explore=fail", "--aurous-trace=traces", "--aurous-trace-json", "--aurous-har=har"
    )

    result.assert_outcomes(failed=1)
    (made,) = traces(pytester.path / "traces")
    lost = made["exploration"]["cases"]["characters.create#1 lost"]
    assert lost["broken"] == ["pays_once", "no_pitfall"]
    assert [call["fault"] for call in lost["calls"]] == ["disconnect, committed", None]
    held = [account["held"] for call in lost["calls"] for account in call["changes"]["money"].values()]
    assert held == [synthesis_price(), 2 * synthesis_price()]
    assert [step["operation"] for step in made["steps"] if step["kind"] == "call"] == ["characters.create"]
    assert "AurousExplorationError" in made["test"]["message"]
    (row,) = index(pytester.path / "traces")
    assert (row["outcome"], row["cases"]) == ("failed", len(made["exploration"]["cases"]))
    assert 0 < row["breaking"] < row["cases"]
    assert row["findings"][0].startswith("The response to characters.create #1 was lost, and ")
    assert made["test"]["message"].startswith(row["error"])
    assert len(list(pytester.path.glob("har/*.har"))) == 1
