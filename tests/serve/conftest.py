"""What the tests of served fakes share: clients over real sockets, which a busy machine must not time out."""

from collections.abc import Iterator

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG


@pytest.fixture(autouse=True, scope="module")
def _patient_clients() -> Iterator[None]:
    """A client of httpx with no timeout of its own waits 60 s, and not 5 s."""
    with pytest.MonkeyPatch.context() as patch:
        for phase in ("connect", "read", "write", "pool"):
            patch.setattr(DEFAULT_TIMEOUT_CONFIG, phase, 60.0)
        yield
