"""What a run says beside its report: the header, the coverage of the API, the calls of failed tests as HAR files."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

SUITE: Final = """
    import httpx, pytest

    BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}

    @pytest.mark.parametrize("number", range(4))
    def test_good(aurous_client, number):
        assert aurous_client.post("/v1/characters", json=BODY).status_code == 201

    @pytest.mark.parametrize("number", range(2))
    def test_bad(aurous, aurous_client, number):
        aurous_client.get("/v1/characters/char_x")
        aurous.faults.timeout("balance.retrieve")
        with pytest.raises(httpx.ReadTimeout):
            aurous_client.get("/v1/balance")
        raise OSError("my own")

    def test_unmatched(aurous):
        httpx.get(f"{aurous.base_url}/v1/charcters")

    def test_without(): ...
"""
"""Four good tests, three bad ones, and one without the fixture."""

MET: Final = {
    ("characters.create", "201"): 4,
    ("characters.retrieve", "404 resource_not_found"): 2,
    ("balance.retrieve", "no response"): 2,
}
"""What it meets."""


def coverage(pytester: pytest.Pytester) -> dict[str, Any]:
    """Return what ``--aurous-coverage-json`` has written, and remove it."""
    file = pytester.path / "coverage.json"
    found: dict[str, Any] = json.loads(file.read_text())
    file.unlink()
    return found


def test_the_coverage_of_the_api_is_a_table(pytester: pytest.Pytester) -> None:
    """``--aurous-coverage`` says at the end what each operation has met, how often, and what never."""
    pytester.makepyfile(SUITE)

    result = pytester.runpytest("--aurous-coverage", "-v")

    result.assert_outcomes(passed=5, failed=3)
    result.stdout.fnmatch_lines(["*aurous coverage: 3 of * operations, 3 of * outcomes*"])
    result.stdout.fnmatch_lines(["characters.create", "  met    201 x4", "  never  *", "*402 insufficient_credits*"])
    result.stdout.fnmatch_lines(["characters.retrieve", "  met    404 resource_not_found x2", "  never  *200*"])
    result.stdout.fnmatch_lines(["balance.retrieve", "  met    no response x2", "  never  200, *"])
    result.stdout.fnmatch_lines(["characters.save", "  met    nothing", "  never  200, *"])


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_the_coverage_of_the_api_is_a_file(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """``--aurous-coverage-json`` has the same sums, and there are the same HAR files, however many processes ran."""
    if options:
        pytest.importorskip("xdist", reason="needs pytest-xdist")
        options = ("-p", "xdist", *options)
    pytester.makepyfile(SUITE)

    result = pytester.runpytest(
        "--aurous-coverage", "--aurous-coverage-json=coverage.json", "--aurous-har=har", *options
    )

    result.assert_outcomes(passed=5, failed=3)
    assert len([*pytester.path.glob("har/*.har")]) == 3
    found = coverage(pytester)
    met = {
        (operation, outcome): count
        for operation, outcomes in found["operations"].items()
        for outcome, count in outcomes.items()
        if count
    }
    assert met == MET
    assert found["met"] == 3
    assert found["possible"] > 100
    result.stdout.fnmatch_lines(
        [f"*aurous coverage: 3 of {len(found['operations'])} operations, 3 of {found['possible']} outcomes*"]
    )


def test_a_file_alone_shows_no_table(pytester: pytest.Pytester) -> None:
    """And a table alone writes no file."""
    pytester.makepyfile(SUITE)

    result = pytester.runpytest("--aurous-coverage-json=coverage.json")
    result.stdout.no_fnmatch_line("*aurous coverage*")
    assert coverage(pytester)["met"] == 3

    pytester.runpytest("--aurous-coverage")
    assert not list(pytester.path.glob("*.json"))


def test_no_coverage_unless_it_is_asked_for(pytester: pytest.Pytester) -> None:
    """By default nothing is counted, shown or written."""
    pytester.makepyfile(SUITE)

    result = pytester.runpytest()

    result.stdout.no_fnmatch_line("*aurous coverage*")
    assert {path.suffix for path in pytester.path.iterdir() if path.is_file()} == {".py"}


def test_a_suite_without_the_fixture_has_covered_nothing(pytester: pytest.Pytester) -> None:
    """The table is there nevertheless."""
    pytester.makepyfile("def test_it(): ...")

    result = pytester.runpytest("--aurous-coverage", "-v")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*aurous coverage: 0 of * operations, 0 of * outcomes*"])


def test_the_calls_of_failed_tests_are_har_files(pytester: pytest.Pytester) -> None:
    """``--aurous-har`` writes one file for each failed test that used the fake, and none for the others."""
    pytester.makepyfile(test_har=SUITE)

    result = pytester.runpytest("--aurous-har=deep/er")

    result.assert_outcomes(passed=5, failed=3)
    files = {path.name.rpartition("-")[0]: path for path in (pytester.path / "deep" / "er").iterdir()}
    assert set(files) == {"test_har.py_test_bad_0", "test_har.py_test_bad_1", "test_har.py_test_unmatched"}
    log = json.loads(files["test_har.py_test_bad_0"].read_text())["log"]
    assert log["version"] == "1.2"
    assert [
        (entry["request"]["method"], entry["request"]["url"].removeprefix("https://"), entry["response"]["status"])
        for entry in log["entries"]
    ] == [
        ("GET", "api.aurous-labs.com/v1/characters/char_x", 404),
        ("GET", "api.aurous-labs.com/v1/balance", 0),
    ]


def test_tests_that_pass_have_har_files_on_request(pytester: pytest.Pytester) -> None:
    """With ``--aurous-har-keep=all``; a large body is whole in them."""
    pytester.makepyfile(
        """
        def test_good(aurous):
            aurous.client().post("/v1/characters", json={"name": "A" * 70_000})
        """
    )

    pytester.runpytest("--aurous-har=har", "--aurous-har-keep=all").assert_outcomes(passed=1)

    (file,) = pytester.path.rglob("*.har")
    (entry,) = json.loads(file.read_text(encoding="utf-8"))["log"]["entries"]
    assert len(entry["request"]["postData"]["text"]) > 70_000


def test_no_har_file_unless_it_is_asked_for(pytester: pytest.Pytester) -> None:
    """And no folder, if no test has failed."""
    pytester.makepyfile(test_har=SUITE)

    pytester.runpytest()
    pytester.runpytest("--aurous-har=har", "-k", "test_good")

    assert not list(pytester.path.rglob("*.har"))
    assert not (pytester.path / "har").exists()


HEADERS: Final = [
    ("", [], None),
    ("aurous_strict = warn", [], "aurous: strict='warn' (ini option aurous_strict)"),
    ("", ["-oaurous_strict=warn"], "aurous: strict='warn' (ini option aurous_strict)"),
    ("aurous_strict = warn", ["-oaurous_strict=off"], "aurous: strict='off' (ini option aurous_strict)"),
    ("aurous_strict = warn", ["-oaurous_strict=error"], None),
    (
        "aurous_network = allow\naurous_pitfalls = warn\naurous_report = all",
        ["--aurous-seed=5"],
        (
            "aurous: seed=5 (--aurous-seed), network='allow' (ini option aurous_network), "
            "report='all' (ini option aurous_report)"
        ),
    ),
    (
        "aurous_readings = get-2 = readable",
        [],
        "aurous: readings={'get-2': 'readable'} (ini option aurous_readings)",
    ),
    ("aurous_now = 2026-05-08T10:00:00Z", [], "aurous: now=2026-05-08T10:00:00+00:00 (ini option aurous_now)"),
]


@pytest.mark.parametrize(("ini", "options", "expected"), HEADERS)
def test_the_header_says_what_was_set_and_where(
    pytester: pytest.Pytester, ini: str, options: list[str], expected: str | None
) -> None:
    """Each setting that differs from its default, with the place that decided; no line where nothing does."""
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile("def test_it(): ...")

    result = pytester.runpytest(*options)

    assert [line for line in result.stdout.lines if line.startswith("aurous: ")] == ([expected] if expected else [])


def test_a_quiet_run_has_no_header(pytester: pytest.Pytester) -> None:
    """Ours goes as pytest's own does."""
    pytester.makepyfile("def test_it(): ...")

    for option in ("-q", "--no-header"):
        pytester.runpytest(option, "-oaurous_strict=warn").stdout.no_fnmatch_line("*aurous*strict*")
