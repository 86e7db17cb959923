"""The real time for exploring a suite, shared among its tests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic


class Budget:
    """Real seconds, shared among the tests by their number of cases.

    Nobody knows the number of a test before its good day, so those to come count as the mean of those before.

    Args:
        seconds: For all tests of this process.

    Attributes:
        tests: How many tests are to come.
    """

    def __init__(self, seconds: float) -> None:
        self.tests: float = 0
        self._left = seconds
        self._seen: list[int] = []

    @contextmanager
    def spending(self) -> Generator[None, None, None]:
        """Explore the next test in the block, whose time counts."""
        began = monotonic()
        self.tests -= 1
        try:
            yield
        finally:
            self._left -= monotonic() - began

    def share(self, cases: int) -> Callable[[], bool]:
        """Return a function that says whether the time of a test with a number of cases is over."""
        self._seen.append(cases)
        later = max(0.0, self.tests) * sum(self._seen) / len(self._seen)
        end = monotonic() + self._left * cases / (cases + later)
        return lambda: monotonic() > end
