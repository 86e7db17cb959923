"""A report never ends the session, and never costs a result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

XDIST: Final = ("-p", "xdist", "-n", "1")
ODD: Final = """
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

@pytest.mark.parametrize("body", [[1], "x", 5, None, {"error": [1]}, {"error": "no"}, {"error": {"message": [1, {}]}},
    {"error": {"message": 5}}, {"error": {"message": "\\ud800"}}], ids=range(9))
@pytest.mark.parametrize("status", [400, 999])
def test_route(aurous, aurous_client, body, status):
    import json
    aurous.route("balance.retrieve").return_value = httpx.Response(status, content=json.dumps(body).encode())
    aurous_client.get("/v1/balance")
    assert 1 == 2

def test_surrogate(aurous, aurous_client):
    aurous.characters.add(name="a\\ud800b")
    aurous_client.post("/v1/characters", content=b'{"name": "\\\\ud800", "generate": true, "attributes": {"age": 28}}')
    print("\\ud800")
    assert "\\ud800" == "x"

def test_receiver(aurous):
    aurous.webhooks.deliver_to(Odd(), url="https://receiver.example/x")
    aurous.characters.add(status="reviewing")
    aurous.webhook_endpoints.last.test() if hasattr(aurous.webhook_endpoints.last, "test") else None
    aurous.webhooks.flush()
    assert aurous.webhooks.deliveries == 5

@pytest.mark.parametrize("now", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"], ids=["first", "last"])
def test_clock(aurous, aurous_client, now):
    aurous.clock.freeze(now)
    aurous_client.get("/v1/balance")
    assert 1 == 2

def test_broken_timeline(aurous, aurous_client, monkeypatch):
    aurous_client.get("/v1/balance")
    aurous._session.app.world.journal.entries[0].operation = Odd()
    assert 1 == 2
"""


@pytest.mark.parametrize("workers", [(), XDIST], ids=["alone", "xdist"])
def test_odd_responses_and_objects_cost_no_result(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """Each test fails by its own assertion, and what cannot be reported is one line."""
    if workers:
        pytest.importorskip("xdist")
    pytester.makepyfile(ODD)

    result = pytester.runpytest("--junitxml=junit.xml", "--aurous-har=har", "--aurous-coverage", *workers)

    result.assert_outcomes(failed=23)
    text = result.stdout.str()
    assert "INTERNALERROR" not in text
    assert text.count("assert 1 == 2") >= 21
    assert text.count("Aurous timeline: could not be written: ") == 1
    assert (pytester.path / "junit.xml").exists()


@pytest.mark.parametrize(
    ("where", "workers"),
    [("folder", ()), ("below a file", ()), ("null", ()), ("folder", XDIST)],
)
def test_files_that_cannot_be_written_are_warnings(
    pytester: pytest.Pytester, tmp_path: Path, where: str, workers: tuple[str, ...]
) -> None:
    """The path stands in the summary at the end, also where warnings are errors, and no result changes."""
    if workers:
        pytest.importorskip("xdist")
    taken = tmp_path / "taken"
    taken.write_text("")
    folder, file = {
        "folder": (taken, tmp_path),
        "below a file": (taken / "har", taken / "x" / "coverage.json"),
        "null": (tmp_path / ("h" * 300), tmp_path / ("c" * 300)),
    }[where]
    pytester.makepyfile("def test_a(aurous): assert 1 == 2\ndef test_b(aurous): pass")

    result = pytester.runpytest(f"--aurous-har={folder}", f"--aurous-coverage-json={file}", "-W", "error", *workers)

    result.assert_outcomes(failed=1, passed=1, warnings=2)
    result.stdout.fnmatch_lines_random([f"*HAR file of *test_a could not be written to {folder}: *"])
    result.stdout.fnmatch_lines_random([f"*The coverage could not be written to {file}: *"])


def test_the_coverage_is_short_unless_asked(pytester: pytest.Pytester) -> None:
    """Operations that were called, then one line; with -v all of them."""
    pytester.makepyfile("def test_a(aurous_client): aurous_client.get('/v1/balance')")

    short = pytester.runpytest("--aurous-coverage").stdout.str()
    full = pytester.runpytest("--aurous-coverage", "-v").stdout.str()

    assert "  met    200 x1" in short
    assert "operations were never called; -v shows all" in short
    assert "characters.create" not in short
    assert "characters.create" in full
    assert json.dumps("never")[1:-1] in full


def test_the_source_line_of_a_warning_has_no_key(pytester: pytest.Pytester) -> None:
    """The summary shows the line that warned."""
    pytester.makepyfile("import warnings\ndef test_a(): warnings.warn('x'); 'al_live_0123456789abcdef'")

    text = pytester.runpytest().stdout.str()

    assert "al_live_…" in text
    assert "0123456789" not in text
