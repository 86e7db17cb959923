"""A child that is forked gets an error in place of a response; threads share one fake."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousError
from pytest_aurous._core.engine import pipeline
from tests.conftest import SYNTHESIS, Api


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_child_that_is_forked_does_not_use_a_copy_of_the_fake() -> None:
    """Its request raises an error that says what to do, whatever locks threads of its parent held at the fork."""
    # A copy would respond, and the parent, which judges the test, would see no call, record or charge of it.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(Path(__file__).with_name("forks.py"))]
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    run = subprocess.run(command, env=untraced, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours

    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(
        "GET /v1/team came from a forked process, and the fake lives in the one that was forked"
    )
    assert "Use the fixture aurous_server" in run.stdout


def test_a_fake_in_another_process_refuses_each_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that a route of the test would respond to."""
    monkeypatch.setattr(pipeline, "getpid", lambda: -1)
    api.aurous.route("team.retrieve").respond(204)
    with api.aurous.client() as client:
        for path in ("/v1/team", "/v1/balance"):
            with pytest.raises(AurousError, match="came from a forked process"):
                client.get(path)

    assert not api.aurous.calls


@pytest.fixture(name="_switching")
def _often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_switching")
def test_reads_during_writes_raise_nothing(api: Api) -> None:  # noqa: C901 - many readers, one scene
    """Whatever is read while requests, teams, keys, faults and deliveries are made, and while the fake is reset."""
    aurous, stop, errors = api.aurous, Event(), list[BaseException]()
    aurous.webhooks.deliver_to(lambda _: None)
    start = aurous.snapshot()

    def unknown() -> None:
        with pytest.raises(KeyError):
            _ = aurous.characters["char_1"]

    reads: list[Callable[[], object]] = [
        unknown,
        lambda: aurous.team.api_key,
        lambda: [team.api_key for team in aurous.teams],
        lambda: [fault.fired for fault in aurous.faults],
        lambda: aurous.faults.unfired,
        lambda: [(limit.remaining, limit.overruns) for limit in aurous.limits.values()],
        lambda: [one.status for one in aurous.webhooks.deliveries],
        aurous.snapshot,
        lambda: (repr(aurous), repr(aurous.calls), repr(aurous.faults), repr(aurous.characters)),
        lambda: [call.status for call in aurous.calls],
        lambda: aurous.pitfalls,
        aurous.clock.waiting_for,
        lambda: aurous.team.balance_low_threshold,
        lambda: aurous.api_key.scope,
    ]

    def write() -> None:
        api.post("/v1/characters", json=SYNTHESIS)
        aurous.team.add_key()
        aurous.teams.add()
        aurous.faults.status("images.create", 503)
        aurous.images.add()
        api.get("/v1/images?starting_after=img_1")

    def rewind() -> None:
        aurous.restore(start)
        aurous.webhooks.flush()

    def repeat(act: Callable[[], object]) -> None:
        try:
            for _ in range(100_000):
                if stop.is_set():
                    break
                act()
        except BaseException as error:  # noqa: BLE001 - the test's own outcome
            errors.append(error)

    threads = [Thread(target=repeat, args=(act,), daemon=True) for act in (write, write, rewind)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            for read in reads:
                read()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


@pytest.mark.usefixtures("_switching")
@pytest.mark.parametrize("name", ["webhooks", "faker", "transport", "route"])
def test_the_first_two_get_the_same_object(name: str) -> None:
    """Threads that race to be the first to use something share it."""
    for seed in range(20):
        aurous, found, ready = Aurous(seed=seed), list[Any](), Barrier(4)

        def take(aurous: Aurous = aurous, found: list[Any] = found, ready: Barrier = ready) -> None:
            ready.wait(60)
            found.append(aurous.route("characters.save") if name == "route" else getattr(aurous, name))

        threads = [Thread(target=take, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(map(id, found))) == 1
