"""A moment of a fake, to go back to: after a reset, between the examples of Hypothesis, and between explored runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .pipeline import App

Keep = Callable[[], Callable[[], object]]
"""Returns a function that goes back to what something is at this moment, as often as it is called."""


class Moment:
    """The state of a fake when this was made, with its calls, notes, pitfalls, and what its faults have met.

    Args:
        app: The fake.
        keeps: What else to go back to.
    """

    def __init__(self, app: App, keeps: Iterable[Keep]) -> None:
        self._app = app
        with app.world.lock:
            self._snapshot = app.snapshot()
            all_keeps = (app.world.journal.keep, app.pitfalls.keep, app.queue.keep, *keeps)
            self._backs = [keep() for keep in all_keeps]

    def go_back(self) -> None:
        """Go back to this moment; it can be done again."""
        with self._app.world.lock:
            self._app.restore(self._snapshot)
            for back in self._backs:
                back()
