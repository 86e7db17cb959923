"""Live records that a script moves: the same verbs for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from ._check import Check
from ._records import Collection, Live
from ._script import Lifecycle, Plan, plan_of
from .errors import AurousTransitionError, hide_mistakes, see

__all__ = ("Playable", "Scripted")

__tracebackhide__ = hide_mistakes


class Playable(Live):
    """A handle on a row that has a ``plan``, and takes a run of it each time that work begins."""

    __slots__ = ()

    _lifecycle: ClassVar[Lifecycle]
    _running: ClassVar[tuple[str, ...]]
    """The statuses in which work is under way."""

    def _end_badly(self, row: Any, error: str) -> None:
        """Let the work of a row fail."""
        raise NotImplementedError

    def script(self, text: str | Plan) -> None:
        """Rebind the script, for the runs to come; while no work is under way the next run is the script's first.

        Args:
            text: The steps, or a `Script`.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        plan = plan_of(text, self._lifecycle)
        with self._world.lock:
            row = self._row
            taken = 1 if row.status in self._running else 0
            self._world.table(self._kind).replace(replace(row, plan=plan, runs=taken))

    def advance(self) -> None:
        """End the present step of the script.

        Raises:
            AurousTransitionError: If no step follows.
        """
        with self._world.lock:
            _ = self._row  # time may have moved it
            run = self._world.runs.get(self.id)
            if run is None or run.last:
                raise self._illegal("advance()", "its script has no further step")
            self._world.runs.advance(self.id)

    def finish(self) -> None:
        """Run the present run of the script to its end; at its end already, nothing happens."""
        with self._world.lock:
            _ = self._row
            while (run := self._world.runs.get(self.id)) is not None and not run.last:
                self._world.runs.advance(self.id)

    def fail(self, error: str = "provider_timeout") -> None:
        """End the work badly: the hold is released, and `error_message` says *error*.

        Args:
            error: A word such as ``provider_timeout``.

        Raises:
            AurousTransitionError: If no work is under way.
        """
        Check("record.fail", "reference/records.html").code("error", error)
        with self._world.lock:
            row = self._row
            if row.status not in self._running:
                raise self._illegal(f"fail({error!r})", f"only {' or '.join(self._running)} can fail")
            self._end_badly(row, error)

    def _legal(self) -> list[str]:
        """Return the verbs that the record could take now."""
        run = self._world.runs.get(self.id)
        legal = ["advance()", "finish()"] if run is not None and not run.last else []
        return legal + (["fail(error)"] if self._row.status in self._running else [])

    def _illegal(self, verb: str, why: str) -> AurousTransitionError:
        legal = self._legal()
        can = f"Legal now: {', '.join(legal)}." if legal else "Nothing is legal any more."
        return AurousTransitionError(
            f"{verb} on {self!r}: {why}, and it is {self._row.status!r}.\n{can}\n{see('reference/records.html')}"
        )


P = TypeVar("P", bound=Playable)


class Scripted(Collection[P]):
    """The records of a resource that has a lifecycle."""

    __slots__ = ()

    _record: type[Any]

    def script(self, text: str | Plan, name: str | None = None) -> None:
        """Give a script to the records that will be made from now on, whatever their team.

        Args:
            text: Such as ``"synthesizing*3 -> reviewing"``.
            name: Only to those that are created with this name; for images and videos, with this prompt.

        Raises:
            AurousScriptError: If it cannot be played.
        """
        lifecycle: Lifecycle = self._record._lifecycle
        if name is not None:
            self._check("script").text("name", name, "Aurora")
        with self._world.lock:
            self._world.scripts[lifecycle.resource, name] = plan_of(text, lifecycle)
