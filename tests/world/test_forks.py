"""A child that is forked while other threads send requests can send its own; threads share one fake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

import pytest_aurous
from pytest_aurous import Aurous
from tests.conftest import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Api

ORDER = {"name": "Aurora", "generate": True, "attributes": ATTRIBUTES}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
@pytest.mark.parametrize("scene", ["during_a_request", "while_a_condition_is_asked", "of_a_busy_process"])
def test_a_child_that_is_forked_can_send_requests(scene: str) -> None:
    """Locks that other threads held are free there, and what those threads had half done is taken back."""
    command = [sys.executable, str(Path(__file__).with_name("forks.py")), scene]
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    run = subprocess.run(command, env=untraced, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    assert run.returncode == 0, run.stderr


def test_no_fork_finds_a_lock_that_nothing_renews() -> None:
    """Before Python 3.12, `functools.cached_property` has a lock; only what replays recordings may use it."""
    home = Path(pytest_aurous.__file__).parent
    files = [file for file in home.rglob("*.py") if "@cached_property" in file.read_text("utf-8")]
    assert {file.relative_to(home).parts[0] for file in files} <= {"_check"}


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
        api.post("/v1/characters", json=ORDER)
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
