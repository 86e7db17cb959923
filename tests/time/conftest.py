"""What the tests of skipped sleeps share: a clock that goes along, and the real one."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Final

import anyio
import pytest
import trio

from pytest_aurous._core.time.skipping import SleepSkipper

REAL: Final = SimpleNamespace(clock=time.perf_counter, sleep=time.sleep)  # not names of a module: they stay as they are
NAMES: Final = ("sleep", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")


class Jumps:
    """What a clock that runs and one that is frozen were moved by."""

    def __init__(self) -> None:
        self.running = self.frozen = 0.0
        self.waiting_for = "nothing"

    def jump(self, seconds: float, nominal: float) -> None:
        self.running += seconds
        self.frozen += nominal

    def skipper(self) -> SleepSkipper:
        """Skip sleeps for this clock."""
        return SleepSkipper(self.jump, lambda: self.waiting_for)


def functions() -> list[object]:
    """Return what is patched while sleeps are skipped."""
    return [*(getattr(time, name) for name in NAMES), asyncio.sleep, anyio.sleep, trio.sleep, trio.sleep_until]


@pytest.fixture
def jumps() -> Iterator[Jumps]:
    """Sleeps are skipped during the test, and everything is as before afterwards."""
    found, before = Jumps(), functions()
    with found.skipper():
        yield found
    assert functions() == before


@contextmanager
def jumping() -> Iterator[None]:
    """Check that time jumps in the block: the clock of Python goes further than the real one."""
    real, shown = REAL.clock(), time.perf_counter()
    yield
    shown_later = time.perf_counter()
    assert shown_later - shown > REAL.clock() - real
