"""The verdict on a test: what `strict` makes of unmatched requests, unfired faults and bugs of ours."""

from __future__ import annotations

import warnings

from ._app import App
from ._calls import Calls
from ._fault import Fault
from ._problems import Problem
from .errors import AurousError, AurousUnfiredFault, AurousUnmatchedRequest, AurousWarning, see

__all__ = ("Verdict",)


class Verdict:
    """Tells each problem of a fake once."""

    __slots__ = ("_app", "_strict", "_told", "_told_faults")

    def __init__(self, app: App) -> None:
        self._app = app
        self._strict = app.world.settings.strict
        self._told = 0
        self._told_faults: set[Fault] = set()

    def judge(self) -> None:
        """Raise what ``strict`` demands: problems that were not told yet, and faults that no call has met.

        Raises:
            AurousUnmatchedRequest: The code under test sent what the API does not know.
            AurousUnfiredFault: A fault was never met.
            AurousError: We failed ourselves.
        """
        __tracebackhide__ = True
        problems, unfired = self._untold()
        if self._strict == "off" or not (problems or unfired):
            return
        text = "\n\n".join([problem.text for problem in problems] + [_unfired(fault) for fault in unfired])
        if self._strict == "warn":
            warnings.warn(AurousWarning(text), stacklevel=2)
        elif not problems:
            raise AurousUnfiredFault(text)
        elif all(problem.unmatched for problem in problems):
            raise AurousUnmatchedRequest(text)
        else:
            raise AurousError(text)

    def close(self, test: str) -> None:
        """Warn of what arrived after the body of *test*, which has its verdict already."""
        problems, _ = self._untold()
        if problems and self._strict != "off":
            text = "\n\n".join(problem.text for problem in problems)
            warnings.warn(AurousWarning(f"After the body of {test}:\n{text}"), stacklevel=2)

    def timeline(self, *, problems: bool = True) -> str:
        """Return what a failed test shows: the calls, and what was wrong with them; it counts as told then.

        Args:
            problems: Whether to say what was wrong; a verdict has said it.
        """
        self._untold()
        calls = Calls(self._app.world.journal.entries, self._app.catalog.by_operation).timeline()
        texts = [problem.text for problem in self._app.problems] if problems else []
        return "\n\n".join([calls or "  no calls", *texts])

    def _untold(self) -> tuple[list[Problem], list[Fault]]:
        with self._app.world.lock:
            problems = self._app.problems[self._told :]
            unfired = [fault for fault in self._app.faults.unfired if fault not in self._told_faults]
            self._told = len(self._app.problems)
            self._told_faults.update(unfired)
        return problems, unfired


def _unfired(fault: Fault) -> str:
    return (
        f"No call has met {fault!r}: the code under test did not call {fault.operation}{fault.conditions}.\n"
        "Take the fault away, or let the test come to the call. "
        f'Allow it with @pytest.mark.aurous(strict="off"), or "warn".\n{see("reference/faults.html")}'
    )
