import asyncio
import gc
import importlib.util
import queue
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic, perf_counter, sleep
from time import time as wall
from types import ModuleType
from typing import Any

import anyio
import pytest

from pytest_aurous import Aurous, AurousError, AurousWarning
from pytest_aurous._core.base import work as _work
from pytest_aurous._core.base.frames import short_path
from pytest_aurous._core.time import stillness as _stillness
from pytest_aurous._core.time.skipping import SleepSkipper
from pytest_aurous._core.time.turns import SharedTime
from tests.time.conftest import NAMES, REAL, Jumps, jumping

pytestmark = pytest.mark.python


def module(tmp_path: Path, name: str, text: str) -> ModuleType:
    """Import *text* as a module of its own."""
    (path := tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    it = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(it)
    return it


def for_ever(seconds: float) -> None:
    for _ in iter(int, 1):
        time.sleep(seconds)


# Time jumps


def test_what_only_claims_to_be_a_module_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as `_openssl.lib` of cffi, which cryptography puts into `sys.modules`."""

    class Claims:
        __slots__ = ()

        @property  # type: ignore[misc]  # which nobody can set
        def __class__(self) -> type:
            return ModuleType

    claims: Any = Claims()
    assert isinstance(claims, ModuleType)
    monkeypatch.setitem(sys.modules, "_openssl.lib", claims)
    monkeypatch.setitem(sys.modules, "anyio", ModuleType("anyio"))  # which another thread is importing
    with Jumps().skipper(), jumping():
        time.sleep(1000)

    assert time.sleep is REAL.sleep


def test_all_clocks_jump(jumps: Jumps) -> None:
    """Each clock of `time` shows that the sleep has passed, and no less, by attribute and by name."""
    names = [name for name in NAMES if name != "sleep"]
    before = [getattr(time, name)() for name in names] + [wall(), monotonic(), perf_counter()]
    with jumping():
        time.sleep(10_000)
    after = [getattr(time, name)() for name in names] + [wall(), monotonic(), perf_counter()]

    passed = [later - earlier for earlier, later in zip(before, after, strict=True)]
    assert all(10_000 <= (many / 1e9 if many > 1e6 else many) < 10_030 for many in passed)


def test_what_is_no_sleep_is_left_to_the_builtin(jumps: Jumps) -> None:
    """No time at all, a negative number and what is no number do what they always did."""
    time.sleep(0)
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)
    with pytest.raises(TypeError):
        time.sleep("1")  # type: ignore[arg-type]

    assert (jumps.running, jumps.frozen) == (0, 0)


def test_a_sleep_of_no_time_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither really nor on the clock, and an exploration, which counts it, is told so."""
    told: list[float] = []
    asked: list[float] = []

    def limit(seconds: float, frame: object) -> Callable[[], None]:
        told.append(seconds)
        return lambda: None

    jumps = Jumps()
    with SleepSkipper(jumps.jump, limit=limit):
        monkeypatch.setattr(time.sleep, "real", asked.append)
        time.sleep(0)
    assert (told, asked, jumps.running) == ([0], [0], 0)


@pytest.mark.parametrize("name", ["tenacity", "stamina", "backoff"])
def test_retry_libraries_wait_for_nothing(jumps: Jumps, name: str) -> None:
    """The sleeps between the attempts of a retry library are skipped; the name of the library is not to blame."""
    library: Any = pytest.importorskip(name)
    retry = {
        "tenacity": lambda: library.retry(wait=library.wait_fixed(20), stop=library.stop_after_attempt(4)),
        "stamina": lambda: library.retry(on=OSError, attempts=4, wait_initial=20, wait_max=20, timeout=None),
        "backoff": lambda: library.on_exception(library.constant, OSError, interval=20, max_tries=4, jitter=None),
    }[name]()
    attempts: list[int] = []

    @retry  # type: ignore[untyped-decorator]
    def poll() -> None:
        attempts.append(1)
        if len(attempts) < 4:
            raise OSError

    with jumping():
        poll()

    assert len(attempts) == 4
    assert jumps.frozen >= 60


# Sleepers share the time


def test_threads_wake_in_order(jumps: Jumps) -> None:
    """Threads wake by their deadlines, at their deadlines, whoever went to sleep first."""
    start, woken = monotonic(), []

    def nap(seconds: float) -> None:
        time.sleep(seconds)
        woken.append((seconds, int((monotonic() - start) // 10 * 10)))

    with jumping(), ThreadPoolExecutor(5) as pool:
        list(pool.map(nap, [50, 20, 40, 10, 30]))

    assert woken == [(10, 10), (20, 20), (30, 30), (40, 40), (50, 50)]


def test_threads_sleep_at_the_same_time(jumps: Jumps) -> None:
    """Four threads that sleep for 10 s at once move the clock by 10 s, as they would in real time."""
    barrier = threading.Barrier(4)

    def nap(_: int) -> None:
        barrier.wait(60)
        time.sleep(10)

    with jumping(), ThreadPoolExecutor(4) as pool:
        list(pool.map(nap, range(4)))

    assert jumps.frozen == 10


def test_work_comes_first(jumps: Jumps) -> None:
    """Time does not jump while another thread works: in Python, or for a while in C."""
    done: list[str] = []

    def compute() -> None:
        until = REAL.clock() + 0.3
        while REAL.clock() < until:
            pass
        done.append("computed")

    def call() -> None:
        REAL.sleep(0.05)  # as a database driver would
        done.append("called")

    workers = [threading.Thread(target=work, daemon=True) for work in (compute, call)]
    for worker in workers:
        worker.start()
    time.sleep(10)

    assert sorted(done) == ["called", "computed"]
    for worker in workers:
        worker.join()


def test_who_has_not_begun_says_nothing() -> None:
    """Where the system tells nothing about a thread, nothing is concluded from that."""
    assert _work.times_run(threading.Thread()) is None


@pytest.mark.parametrize("collects", [True, False])
def test_no_garbage_is_collected_while_threads_are_observed(monkeypatch: pytest.MonkeyPatch, *, collects: bool) -> None:
    """A finalizer that waits for the lock of `sys._current_frames` would block forever."""
    collecting: list[bool] = []

    def observe() -> dict[int, Any]:
        collecting.append(gc.isenabled())
        return {}

    monkeypatch.setattr(sys, "_current_frames", observe)
    if not collects:
        gc.disable()
    try:
        assert _stillness._current_frames() == {}
        assert gc.isenabled() is collects
    finally:
        gc.enable()
    assert collecting == [False]


def test_who_sleeps_on_at_the_end_sleeps_really() -> None:
    """A thread whose sleep outlasts the skipping has the rest of it in real time."""
    jumps, start, ends = Jumps(), REAL.clock(), []

    def nap() -> None:
        time.sleep(0.3)
        ends.append(REAL.clock() - start)

    with jumps.skipper():
        sleeper = threading.Thread(target=nap, daemon=True)
        sleeper.start()
        until = REAL.clock() + 0.1
        while REAL.clock() < until:
            pass
    sleeper.join()

    assert ends[0] >= 0.3


# What stays real


def test_waiting_for_others_is_real(jumps: Jumps) -> None:
    """Events, queues, locks, timers and sockets wait in real time, and no jump of others cuts that short."""
    timers: list[threading.Timer] = []

    def timer(seconds: float) -> threading.Timer:
        timers.append(threading.Timer(seconds, str))
        timers[-1].start()
        return timers[-1]

    (locked := threading.Lock()).acquire()
    (condition := threading.Condition()).acquire()
    left, right = socket.socketpair()
    left.settimeout(0.05)
    waits: list[Callable[[], object]] = [
        lambda: threading.Event().wait(0.05),
        lambda: queue.Queue[int]().get(timeout=0.05),
        lambda: timer(0.05).join(),
        lambda: timer(10).join(0.05),
        lambda: condition.wait(0.05),
        lambda: locked.acquire(timeout=0.05),
        lambda: left.recv(1),
    ]
    with ThreadPoolExecutor(1) as pool:
        for wait in waits:
            start = REAL.clock()
            napping = pool.submit(time.sleep, 100)
            with suppress(queue.Empty, TimeoutError):
                wait()
            assert REAL.clock() - start > 0.04
            napping.result()
    for one in timers:
        one.cancel()
        one.join()
    left.close()
    right.close()


def test_waiting_for_a_process_is_real(jumps: Jumps) -> None:
    """A process has its time, although `subprocess` sleeps between two polls of it."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.2)"])

    assert process.wait(timeout=60) == 0
    assert jumps.frozen == 0


def test_those_who_run_the_test_keep_their_time(jumps: Jumps, tmp_path: Path) -> None:
    """pytest, its plugins and the server of the fake neither skip a sleep nor see a jump, however they ask."""
    text = "import time\ndef nap(): time.sleep(0.01)\ndef now(): return time.perf_counter()\n"
    it = module(tmp_path, "xdist_of_the_test", text)
    it.__dict__["__name__"] = "xdist.remote"
    start = REAL.clock()
    it.nap()

    assert REAL.clock() - start >= 0.01
    assert jumps.frozen == 0
    time.sleep(100)
    assert it.now() - start < 10
    timing = sys.modules["_pytest.timing"]
    assert (timing.perf_counter, timing.sleep) == (REAL.clock, REAL.sleep)


def test_the_sleep_of_greenlets_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sees what the other greenlets of a thread wait for; a warning says so, also of a late monkey patch."""
    slept: list[float] = []

    def theirs(seconds: float) -> None:
        slept.append(seconds)

    theirs.__module__ = "gevent.hub"
    monkeypatch.setattr(time, "sleep", theirs)
    jumps = Jumps()
    with jumps.skipper():
        time.sleep(0)
        with pytest.warns(AurousWarning, match="the sleep of greenlets"):
            time.sleep(3600)
    assert time.sleep is theirs
    monkeypatch.setattr(time, "sleep", REAL.sleep)  # not `undo`: the skipper's own would be restored at the end
    (skipper := jumps.skipper()).__enter__()
    monkeypatch.setattr(time, "sleep", theirs)
    time.sleep(7200)
    with pytest.warns(AurousWarning, match="the sleep of greenlets"):
        skipper.__exit__()

    assert slept == [0, 3600, 7200]
    assert jumps.frozen == 0


# Everything is as before


def test_modules_have_the_real_ones_back(tmp_path: Path) -> None:
    """What a module had by name is there again afterwards, also after an error, also if it came meanwhile or left."""
    text = "from time import monotonic, sleep\nfrom asyncio import sleep as nap\nimport time\n"
    early, gone = (module(tmp_path, name, text) for name in ("loaded_before", "gone_meanwhile"))
    with suppress(ZeroDivisionError), Jumps().skipper():
        late = module(tmp_path, "loaded_meanwhile", text)
        for it in (early, late):
            assert (it.sleep, it.monotonic, it.nap) == (time.sleep, time.monotonic, asyncio.sleep)
            assert it.sleep is not REAL.sleep
        del sys.modules["gone_meanwhile"]
        _ = 1 / 0

    for it in (early, late, gone):
        assert it.sleep is time.sleep is REAL.sleep
        assert it.monotonic is time.monotonic
        assert it.nap is asyncio.sleep
    assert early.monotonic() < REAL.clock() + 1e6
    assert sleep is REAL.sleep


def test_a_sleep_that_was_kept_is_real_again() -> None:
    """As a function that has it in a closure keeps it."""
    with Jumps().skipper():
        kept = anyio.sleep
    begin = REAL.clock()
    anyio.run(kept, 0.01)

    assert kept is not anyio.sleep
    assert REAL.clock() - begin >= 0.01


def test_a_leftover_in_time_is_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where monkeypatch puts a patched function back after we have gone, the next skipping works nevertheless."""
    with Jumps().skipper():
        leftover = time.sleep
    monkeypatch.setattr(time, "sleep", leftover)

    jumps = Jumps()
    with jumps.skipper(), jumping():
        sleep(5)
        time.sleep(5)

    assert jumps.frozen == 10
    assert time.sleep is REAL.sleep
    assert sleep is REAL.sleep


def test_who_stays_goes_on_skipping() -> None:
    """Where the first of two ends, the second skips on with clocks that go on, and its end puts everything back."""
    first, second = Jumps(), Jumps()
    skippers = first.skipper(), second.skipper()
    before, start = {name: getattr(time, name) for name in NAMES}, monotonic()
    for skipper in skippers:
        skipper.__enter__()
    time.sleep(10)
    skippers[0].__exit__()
    time.sleep(100)
    sleep(100)
    asyncio.run(asyncio.sleep(100))
    assert monotonic() - start >= 310
    skippers[1].__exit__()

    assert (first.frozen, second.frozen) == (10, 310)
    assert {name: getattr(time, name) for name in NAMES} == before
    assert sleep is REAL.sleep


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0), (2, 0, 1)])
def test_fakes_end_in_any_order(order: tuple[int, int, int]) -> None:
    """Each fake's clock goes along as long as it is entered, whoever ends first."""
    fakes = [Aurous(sleep="skip", now="2026-05-08T10:00:00Z") for _ in range(3)]
    for fake in fakes:
        fake.__enter__()
    for one in order:
        time.sleep(10)
        fakes[one].__exit__(None, None, None)
    ends = [fakes[one].clock.now().strftime("%M:%S") for one in order]

    assert ends == ["00:10", "00:20", "00:30"]
    assert time.sleep is REAL.sleep


@pytest.mark.parametrize("wait", ["event", "queue", "lock", "select", "process"])
def test_who_waits_does_not_slow_down_the_others(jumps: Jumps, monkeypatch: pytest.MonkeyPatch, wait: str) -> None:
    """Beside a thread that waits, sleeps are skipped as quickly as without it: it has not run since the last."""
    if not Path("/proc/self/task").exists():  # pragma: no cover - only Linux tells who has run
        pytest.skip("only Linux tells who has run")
    ours, theirs = socket.socketpair()
    waits: dict[str, Callable[[], object]] = {
        "event": (event := threading.Event()).wait,
        "queue": (one := queue.Queue[int]()).get,
        "lock": (lock := threading.Lock()).acquire,
        "select": lambda: select.select([ours], [], []),
        "process": lambda: ours.recv(1),
    }
    lock.acquire()
    thread = threading.Thread(target=waits[wait], daemon=True)
    thread.start()
    time.sleep(1)
    pauses, try_jump = list[float](), SharedTime.try_jump

    def noted(*args: Any, **options: Any) -> float:
        pauses.append(try_jump(*args, **options))
        return pauses[-1]

    monkeypatch.setattr(SharedTime, "try_jump", noted)
    for _ in range(1_000):
        time.sleep(1)
    event.set()
    one.put(1)
    lock.release()
    theirs.send(b"x")
    thread.join()
    ours.close()
    theirs.close()

    # If it slowed them down, each sleep would pause at least once. Any thread may run now and then on a busy machine.
    assert pauses.count(0) > 950
    assert len(pauses) < 1_500
    assert jumps.frozen == 1_001


def test_who_was_just_woken_comes_first(jumps: Jumps) -> None:
    """A thread that waits for work has done it before time jumps, each time anew."""
    work: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: list[int] = []

    def worker() -> None:
        while (number := work.get()) >= 0:
            done.append(sum(range(20_000)) + number)

    thread = threading.Thread(target=worker, daemon=True)
    thread.start()
    for number in range(200):
        work.put(number)
        time.sleep(1)
        assert len(done) == number + 1
    work.put(-1)
    thread.join()


# No end in sight


def test_ten_thousand_sleeps_are_too_many(jumps: Jumps) -> None:
    """A test that polls for ever is stopped, and told where it sleeps and what is being waited for."""
    jumps.waiting_for = "chr_1 is synthesizing until the test says advance()"
    with pytest.raises(AurousError) as caught:
        for_ever(0.25)
    text = str(caught.value)
    place = f"{short_path(__file__)}:{for_ever.__code__.co_firstlineno + 2}"

    assert f"{place} sleeps another 0.25 s, after 10,000 skipped sleeps that moved the clock by 2,500 s" in text
    assert "\nchr_1 is synthesizing until the test says advance()\n" in text
    assert "One that waits for datetime.now() never ends, because that clock does not jump; time.time() does." in text
    assert "An old record needs no sleep: add(created_at=...)." in text
    assert jumps.frozen == 2_500
    shown = caught.traceback.filter(caught)  # as pytest shows it: it ends where the code under test sleeps
    assert shown[-1].frame.code.name == "for_ever"


def test_a_week_is_too_long(jumps: Jumps) -> None:
    """A test that sleeps past a week is stopped, in one sleep or in many; once stopped, it does not get on."""
    time.sleep(6 * 86_400)
    with pytest.raises(
        AurousError, match=r"sleeps another 172,800 s, after 1 skipped sleeps that moved the clock by 518,400 s"
    ):
        time.sleep(2 * 86_400)
    time.sleep(86_000)

    assert jumps.frozen == 6 * 86_400 + 86_000


# Beside others


@pytest.mark.parametrize(("name", "inside"), [("freezegun", False), ("time_machine", True), ("time_machine", False)])
def test_beside_those_who_freeze_time(name: str, *, inside: bool) -> None:
    """Beside freezegun and time-machine sleeps are skipped, in tasks too, and everything is as before afterwards."""
    library: Any = pytest.importorskip(name)
    freeze: Any = {
        "freezegun": lambda: library.freeze_time("2026-05-08"),
        "time_machine": lambda: library.travel("2026-05-08T00:00Z", tick=False),
    }[name]
    jumps = Jumps()

    with jumps.skipper() if inside else freeze():
        with freeze() if inside else jumps.skipper():
            time.sleep(10)
            asyncio.run(asyncio.wait_for(asyncio.sleep(10), 20))
            moved = time.time() - 1_778_198_400
        assert jumps.frozen == 20

    assert moved == pytest.approx(20, abs=1)
    assert time.sleep is sleep is REAL.sleep
    assert time.perf_counter is REAL.clock


@pytest.mark.parametrize("frozen", [None, "2026-05-08T10:00:00Z"], ids=["running", "frozen"])
def test_beside_a_freezegun_that_came_later_the_fake_moves_to_the_dot(frozen: str | None) -> None:
    """Where freezegun has stopped the process's clock, a fake that runs is moved as one that stands."""
    library: Any = pytest.importorskip("freezegun")

    with Aurous(sleep="skip", now=frozen) as aurous, library.freeze_time("2026-05-08"):
        before = aurous.clock.time()
        time.sleep(10)
        assert aurous.clock.time() - before == 10
        time.sleep(0.5)
        time.sleep(0.5)
        assert aurous.clock.time() - before == 11
