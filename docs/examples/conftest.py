"""What the examples share: their application is in the same folder."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# The application, publisher.py, is in the same folder as its tests.
sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = [] if find_spec("hypothesis") else ["test_bad_days.py"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
