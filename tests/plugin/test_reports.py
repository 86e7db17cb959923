"""What a run says beside its report: the header, the coverage of the API, the calls of failed tests as HAR files."""

import json
import re
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
        httpx.post(f"{aurous.base_url}/v1/charcters", content="x" * 70_000)

    def test_without(): ...
"""
"""Four good tests, three bad ones, and one without the fixture."""


def test_the_coverage_of_the_api(pytester: pytest.Pytester) -> None:
    """What each operation has met, and what never: as a table, short or with all, and as a file, each alone."""
    pytester.makepyfile(SUITE)

    full = pytester.runpytest("--aurous-coverage", "-v")
    short = pytester.runpytest("--aurous-coverage", "-k", "good")
    assert not (pytester.path / "coverage.json").exists()
    alone = pytester.runpytest("--aurous-coverage-json=coverage.json")

    full.assert_outcomes(passed=5, failed=3)
    found: dict[str, Any] = json.loads((pytester.path / "coverage.json").read_text(encoding="utf-8"))
    operations, possible = len(found["operations"]), found["possible"]
    met = {(name, what): times for name, one in found["operations"].items() for what, times in one.items() if times}
    assert met == {
        ("characters.create", "201"): 4,
        ("characters.retrieve", "404 resource_not_found"): 2,
        ("balance.retrieve", "no response"): 2,
    }
    full.stdout.fnmatch_lines([f"*aurous coverage: 3 of {operations} operations, 3 of {possible} outcomes*"])
    full.stdout.fnmatch_lines(["characters.create", "  met    201 x4", "  never  *", "*402 insufficient_credits*"])
    full.stdout.fnmatch_lines(["balance.retrieve", "  met    no response x2", "  never  200, *"])
    full.stdout.fnmatch_lines(["characters.save", "  met    nothing", "  never  200, *"])
    short.stdout.fnmatch_lines(["  met    201 x4", f"{operations - 1} operations were never called*"])
    short.stdout.no_fnmatch_line("balance.retrieve")
    alone.stdout.no_fnmatch_line("*aurous coverage*")


def test_the_calls_of_failed_tests_are_har_files(pytester: pytest.Pytester) -> None:
    """``--aurous-har`` writes one file for each failed test that used the fake, and with ``keep=all`` for others."""
    pytester.makepyfile(test_har=SUITE)

    pytester.runpytest("--aurous-har=good", "-k", "test_good").assert_outcomes(passed=4, deselected=4)
    pytester.runpytest("--aurous-har=deep/er").assert_outcomes(passed=5, failed=3)
    pytester.runpytest("--aurous-har=all", "--aurous-har-keep=all")

    assert not (pytester.path / "good").exists()
    assert len([*pytester.path.glob("all/*.har")]) == 7
    files = {path.name.rpartition("-")[0]: path for path in (pytester.path / "deep" / "er").iterdir()}
    assert set(files) == {"test_har.py_test_bad_0", "test_har.py_test_bad_1", "test_har.py_test_unmatched"}
    entries = json.loads(files["test_har.py_test_bad_0"].read_text(encoding="utf-8"))["log"]["entries"]
    assert [(one["request"]["method"], one["request"]["url"], one["response"]["status"]) for one in entries] == [
        ("GET", "https://api.aurous-labs.com/v1/characters/char_x", 404),
        ("GET", "https://api.aurous-labs.com/v1/balance", 0),
    ]
    assert "x" * 70_000 in files["test_har.py_test_unmatched"].read_text(encoding="utf-8"), "bodies are whole"


def test_what_nobody_asks_for_is_not_there(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)

    result = pytester.runpytest("-p", "no:cacheprovider")

    result.stdout.no_fnmatch_line("*aurous coverage*")
    assert {path.suffix for path in pytester.path.rglob("*") if path.is_file()} <= {".py", ".pyc"}


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


ODD: Final = """
import json
import httpx, pytest

class Odd:
    def __repr__(self):
        raise RuntimeError("no repr")
    def __call__(self, delivery):
        raise OddError
class OddError(Exception):
    def __repr__(self):
        raise RuntimeError("no repr")
    __str__ = __repr__

BODIES = [[1], "x", 5, None, {"error": [1]}, {"error": "no"}, {"error": {"message": [1, {}]}},
    {"error": {"message": 5}}, {"error": {"message": "\\ud800"}}]

@pytest.mark.parametrize("body", BODIES, ids=range(9))
@pytest.mark.parametrize("status", [400, 999])
def test_route(aurous, aurous_client, body, status):
    aurous.route("balance.retrieve").return_value = httpx.Response(status, content=json.dumps(body).encode())
    aurous_client.get("/v1/balance")
    raise LookupError

def test_surrogate(aurous, aurous_client):
    aurous_client.post("/v1/characters", content=b'{"name": "\\\\ud800", "generate": true, "attributes": {"age": 28}}')
    print("\\ud800")
    raise LookupError("\\ud800")

def test_receiver(aurous):
    aurous.webhooks.deliver_to(Odd(), url="https://receiver.example/x")
    aurous.images.add().finish()
    aurous.webhooks.flush()
    assert aurous.webhooks.deliveries == 5

@pytest.mark.parametrize("now", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"], ids=["first", "last"])
def test_clock(aurous, aurous_client, now):
    aurous.clock.freeze(now)
    aurous_client.get("/v1/balance")
    raise LookupError

def test_broken_timeline(aurous, aurous_client, monkeypatch):
    aurous_client.get("/v1/balance")
    aurous._session.app.world.journal.entries[0].operation = Odd()
    raise LookupError
"""


def test_odd_responses_and_objects_cost_no_result(pytester: pytest.Pytester) -> None:
    """Each test fails by its own error, and what cannot be reported is one line."""
    pytester.makepyfile(ODD)

    result = pytester.runpytest("--junitxml=junit.xml", "--aurous-har=har", "--aurous-coverage")

    result.assert_outcomes(failed=23)
    assert len([line for line in result.outlines if re.match("FAILED .* - LookupError", line)]) == 22
    assert len([line for line in result.outlines if line.startswith("Aurous timeline: ")]) == 1
    assert (pytester.path / "junit.xml").exists()


@pytest.mark.parametrize(("har", "file"), [("taken", "."), ("taken/har", "taken/x/c.json"), ("h" * 300, "c" * 300)])
def test_files_that_cannot_be_written_are_warnings(pytester: pytest.Pytester, har: str, file: str) -> None:
    """The path stands in the summary at the end, also where warnings are errors, and no result changes."""
    (pytester.path / "taken").touch()
    pytester.makepyfile("def test_a(aurous): assert 1 == 2\ndef test_b(aurous): pass")

    result = pytester.runpytest(f"--aurous-har={har}", f"--aurous-coverage-json={file}", "-W", "error")

    result.assert_outcomes(failed=1, passed=1, warnings=2)
    result.stdout.fnmatch_lines_random([f"*HAR file of *test_a * to {har}: *", f"*The coverage * to {file}: *"])
