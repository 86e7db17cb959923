"""Fixtures that the examples share."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_aurous import Aurous

if TYPE_CHECKING:
    from publisher import AsyncSleep, Sleep

# The application, publisher.py, is in the same folder as its tests.
sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = [] if find_spec("hypothesis") else ["test_bad_days.py"]


@pytest.fixture
def sleep(aurous: Aurous) -> Sleep:
    """A sleep that takes no time: it moves the clock of the fake instead."""
    return lambda seconds: aurous.clock.advance(seconds=seconds)


@pytest.fixture
def asleep(sleep: Sleep) -> AsyncSleep:
    """The same for async code."""

    async def wait(seconds: float) -> None:
        sleep(seconds)

    return wait


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
