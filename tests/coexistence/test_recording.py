"""Recordings of a suite: what cassettes and mocks respond is not in them, and the reruns of a test are."""

import json
from collections.abc import Iterator
from typing import Final

import httpx  # noqa: F401 - else a run of pytester has it first, and we keep what that forgets
import pytest

from pytest_aurous import Aurous, AurousServer

SUITE: Final = """
    import os
    import httpx, pytest

    pytestmark = pytest.mark.aurous(network="allow", base_url=os.environ["TWIN"])

    def ask(path):
        return httpx.get(os.environ["TWIN"] + "/v1" + path, headers={"X-Api-Key": os.environ["TWIN_KEY"]})
"""


@pytest.fixture(autouse=True)
def twin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aurous]:
    """A fake on a local port, in place of the real API."""
    fake = Aurous(pitfalls="off", strict="off")
    with AurousServer(fake) as server:
        monkeypatch.setenv("TWIN", server.url)
        monkeypatch.setenv("TWIN_KEY", str(fake.api_key))
        yield fake


def paths(pytester: pytest.Pytester) -> list[str]:
    files = sorted((pytester.path / "rec").glob("*.har"))
    logs = [json.loads(file.read_text(encoding="utf-8"))["log"] for file in files]
    return [entry["request"]["url"].rpartition("/v1")[2] for log in logs for entry in log["entries"]]


def test_the_reruns_of_a_test_are_in_its_file(pytester: pytest.Pytester, twin: Aurous) -> None:
    """In order, as the API has seen them."""
    pytest.importorskip("pytest_rerunfailures")
    pytester.makepyfile(f"{SUITE}\n    runs = []\n\n    def test_it():\n        runs.append(1)\n"
                        "        ask(f'/images/{len(runs)}')\n        assert len(runs) == 3\n")  # fmt: skip

    result = pytester.runpytest("-p", "rerunfailures", "--reruns", "3", "--aurous-record=rec")

    result.stdout.fnmatch_lines(["1 in rec. *"])
    assert len(paths(pytester)) == len(twin.calls) == 3


def test_what_a_cassette_plays_is_not_recorded(pytester: pytest.Pytester, twin: Aurous) -> None:
    """Of what goes to the API while it is made, there is the cassette."""
    pytest.importorskip("pytest_recording")
    pytest.importorskip("vcr")
    pytester.makepyfile(f"{SUITE}\n    @pytest.mark.vcr\n    def test_it():\n"
                        "        assert ask('/balance').json()['credits'] == 1000\n")  # fmt: skip
    options = ("-p", "recording", "--aurous-record=rec")

    pytester.runpytest(*options, "--record-mode=once").assert_outcomes(passed=1)
    assert len(twin.calls) == 1
    for file in (pytester.path / "rec").glob("*"):
        file.unlink()
    result = pytester.runpytest(*options, "--record-mode=none")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["Nothing *: 1 tests *"])
    assert (len(twin.calls), paths(pytester)) == (1, [])


def test_what_a_mock_responds_is_not_recorded(pytester: pytest.Pytester, twin: Aurous) -> None:
    """A request that it lets through is."""
    pytest.importorskip("pytest_httpx")
    pytester.makepyfile(f"{SUITE}\n"
                        "    @pytest.mark.httpx_mock(should_mock=lambda request: request.url.path != '/v1/team')\n"
                        "    def test_it(httpx_mock):\n        httpx_mock.add_response(json={})\n"
                        "        assert ask('/balance').json() == {}\n        ask('/team')\n")  # fmt: skip

    pytester.runpytest("-p", "pytest_httpx", "--aurous-record=rec").assert_outcomes(passed=1)

    assert (len(twin.calls), paths(pytester)) == (1, ["/team"])
