"""Distributed runs: every worker has its own fake, and the controller its report. One run has all of it."""

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_aurous import Aurous, AurousServer
from pytest_aurous.plugin.stash import MODES, Mode, receive_found

pytest.importorskip("xdist", reason="needs pytest-xdist")

KEY: Final = "al_live_Qw3rTy7UiOp9AsDfGh2JkLzXcVbNm4"
SUITE: Final = """
    import json, os, socket, warnings
    from pathlib import Path
    import httpx, pytest
    from pytest_aurous import Script

    BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}

    @pytest.mark.parametrize("number", range(6))
    def test_good(aurous, aurous_client, aurous_faker, number):
        made = aurous_client.post("/v1/characters", json=BODY).json()
        assert (aurous.team.credits, aurous.team.held_credits > 0, len(aurous.calls)) == (20, True, 1)
        data = [aurous.seed, aurous.api_key, made["id"], aurous.characters.add().name, aurous_faker.name()]
        path = Path(os.environ.get("PYTEST_XDIST_WORKER", "alone"))
        path.mkdir(exist_ok=True)
        (path / f"{number}.json").write_text(json.dumps(data))

    @pytest.mark.parametrize("script", [Script.parse("synthesizing*3 -> reviewing")], ids=str)
    def test_script(aurous, script):
        aurous.script(script)

    @pytest.mark.aurous(credits=30)
    def test_marker(aurous):
        assert aurous.team.credits == 30
        assert aurous._session.settings.readings == {"get-2": "readable"}

    def test_unmatched(aurous_client): aurous_client.get("/v1/charcters")

    @pytest.mark.aurous(strict="warn")
    def test_warned(aurous_client): aurous_client.get("/v1/uploads")

    def test_blocked(): socket.getaddrinfo("api.aurous-labs.com", 443)

    @pytest.mark.xdist_group("one")
    @pytest.mark.parametrize("name", ["a@b"])
    def test_own_error(aurous_client, name):
        aurous_client.get("/v1/balance")
        raise OSError("my own \\ud800")

    def test_key(aurous_client, record_property):
        record_property("key", KEY)
        warnings.warn(KEY)
        aurous_client.get("/v1/balance", headers={"X-Note": KEY})
        print(KEY)
        assert aurous_client.headers == KEY

    def test_expected(): pytest.xfail(KEY)

    @pytest.mark.aurous_explore
    def test_blind(aurous_client):
        for _ in range(2):
            try:
                return aurous_client.post("/v1/characters", json=BODY).raise_for_status()
            except httpx.TransportError:
                pass

    @pytest.mark.aurous_explore
    def test_left_out(): ...

    @pytest.mark.aurous(network="allow", base_url=os.environ["TWIN"])
    def test_recorded(): httpx.get(os.environ["TWIN"] + "/v1/balance")
""".replace("KEY", f'"{KEY}"')
WRONG: Final = """
    import pytest

    @pytest.mark.aurous(stric="off")
    def test_setting(): ...

    @pytest.mark.aurous_explore(faults="lots")
    def test_faults(aurous): ...

    @pytest.mark.parametrize("aurous", [5], indirect=True)
    def test_indirect(aurous): ...
"""


def test_a_worker_that_crashed_adds_nothing() -> None:
    """Its controller adds what the other workers have found."""
    added: list[Any] = []

    class Noting(Mode):
        def add(self, found: Any) -> None:
            added.append(found)

    config = SimpleNamespace(stash=pytest.Stash())
    config.stash[MODES] = {"noting": Noting()}
    receive_found(SimpleNamespace(config=config))
    receive_found(SimpleNamespace(config=config, workeroutput={"aurous_noting": 7}))

    assert added == [7]


def test_two_workers_are_as_one_process(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, outcomes: Callable[[pytest.RunResult], dict[str, str]]
) -> None:
    """Data, settings, verdicts, warnings, timelines, files, findings; a marker that is wrong fails its test there."""
    pytester.makeini("[pytest]\naurous_credits = 20\naurous_readings = get-2 = readable\naurous_sleep = skip")
    pytester.makepyfile(test_suite=SUITE, test_import=f"raise RuntimeError('no {KEY}')")
    (pytester.path / "taken").touch()
    options = (
        *("-rA", "--junitxml=report.xml", "--continue-on-collection-errors", "--color=yes", "-p", "no:cacheprovider"),
        *("--aurous-coverage", "--aurous-coverage-json=coverage.json", "--aurous-explore-json=explored.json"),
        *("--aurous-trace=traces", "--aurous-trace-json", "--aurous-record=rec", "--aurous-har=taken"),
    )

    def run(*more: str) -> tuple[pytest.RunResult, dict[str, str], Any]:
        result = pytester.runpytest(*options, *more)
        result.outlines[:] = [re.sub(r"\x1b\[[\d;]*m|@one$|@one(?= )", "", line) for line in result.outlines]
        written = {
            "traces": len([*pytester.path.glob("traces/*.json")]),
            "recordings": len([*pytester.path.glob("rec/*.har")]),
            "coverage": json.loads((pytester.path / "coverage.json").read_text(encoding="utf-8")),
            "explored": json.loads((pytester.path / "explored.json").read_text(encoding="utf-8")),
            "data": {file.name: file.read_text(encoding="utf-8") for file in pytester.path.glob("*/?.json")},
        }
        for file in [*pytester.path.glob("*/*.json"), *pytester.path.glob("rec/*")]:
            file.unlink()
        texts = [str(result.stdout), *(file.read_text("utf-8") for file in pytester.path.glob("traces/*"))]
        texts.append((pytester.path / "report.xml").read_text("utf-8"))
        assert [text for text in texts if KEY[9:20] in text] == []
        assert "INTERNALERROR" not in texts[0]
        return result, outcomes(result), written

    with AurousServer(Aurous(strict="off", pitfalls="off")) as server:
        monkeypatch.setenv("TWIN", server.url)
        alone, expected, written = run()
        pytester.makepyfile(test_wrong=WRONG)
        dealt, found, also = run("-p", "xdist", "-n", "2", "--dist", "loadgroup")

    assert [found.pop(f"test_{name}") for name in ("setting", "faults", "indirect[5]")] == ["error: UsageError"] * 3
    assert found == expected
    assert found["test_blind"] == "failed: AurousExplorationError"
    assert found["test_blocked"] == "failed: AurousNetworkBlocked"
    assert also == written
    assert (written["traces"], written["recordings"], len(written["data"])) == (4, 1, 6)
    for result in (alone, dealt):
        assert sum("- Aurous timeline -" in line for line in result.outlines) == 3
        result.stdout.fnmatch_lines_random(
            [
                "*AurousWarning: *uploads",
                "*AurousWarning: *test_key * taken: *",
                'again: pytest "test_suite.py::test_own_error[[]a@b]" --aurous-seed=0',
                "*= aurous coverage: *",
                "*1 in rec. *",
                "? findings in 1 test:",
            ]
        )
