"""The baseline of a suite: which cases are accepted to break which laws, each with its reason, in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ..._core.base.data import LimitError, is_array, is_object, read_file
from ..._core.base.errors import AurousError, choices, nearest, see
from ..._facade import CATALOG
from ..ids import SCHEDULE
from ..kinds import KINDS
from ..laws import LAWS

_VERSION: Final = 1
_PAGE: Final = see("how-to/explore-a-suite.html#accept-what-is-known")
_EXPLORE: Final = "--aurous-explore=report"
_OPTION: Final = "--aurous-explore-baseline"
_UPDATE: Final = "--aurous-explore-baseline-update"
_MISSING: Final = "does not exist"
_CASE: Final = re.compile(r"([\w.]+)#[1-9]\d* (\w+)")
_EXAMPLE: Final = "'characters.create#1 lost'"


class Accepted(NamedTuple):
    """What is accepted of one case.

    Attributes:
        breaks: The laws that it may break.
        reason: Why.
    """

    breaks: tuple[str, ...]
    reason: str


class Baseline:
    """The accepted cases of each test.

    Args:
        file: Where they are written.
        tests: For each test, by its node id, the cases.

    Attributes:
        file: The same.
    """

    def __init__(self, file: Path, tests: Mapping[str, Mapping[str, Accepted]]) -> None:
        self.file: Path = file
        self._tests = {test: dict(cases) for test, cases in tests.items()}

    @classmethod
    def read(cls, file: Path, *, update: bool) -> Baseline:
        """Read a file; if it is to be updated, it need not exist.

        Raises:
            AurousError: If it cannot be read, is no baseline or has another version, or names what does not exist.
        """
        if update and not file.exists():
            return cls(file, {})
        try:
            data = json.loads(read_file(file))
        except (OSError, LimitError) as error:
            why = getattr(error, "strerror", error)
            raise AurousError(f"{file}: {why}. Write it with {_UPDATE}.\n{_PAGE}") from None
        except ValueError as error:
            raise AurousError(f"{file} is not JSON: {error}. Correct it, or write it anew.\n{_PAGE}") from None
        version = data.get("version") if is_object(data) else None
        if version != _VERSION:
            raise AurousError(
                f"{file} has version {version!r}; this pytest-aurous reads version {_VERSION}. Delete it, and write it "
                f"again with {_UPDATE}.\n{_PAGE}"
            )
        return cls(file, {test: _cases(file, test, cases) for test, cases in _items(file, "tests", data.get("tests"))})

    @property
    def _command(self) -> str:
        return f"pytest {_EXPLORE} {_OPTION}={self.file} {_UPDATE}"

    def of(self, test: str) -> Mapping[str, Accepted]:
        """Return the accepted cases of a test."""
        return self._tests.get(test, {})

    def stale(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return a line for each accepted case that does not exist any more, or no longer breaks a law, and the remedy.

        Args:
            results: The tests that were explored, as in the data that exploring writes.
        """
        lines: list[str] = []
        for one in results:
            for case, state in self._states(one).items():
                if state is not None:
                    lines.append(f"{self.file}: {one['test']}: {case} {state}.")
        if lines:
            lines.append(f"To remove what is out of date, run {self._command}")
        return lines

    def unknown(self, result: Mapping[str, Any]) -> AurousError | None:
        """Return the error for a test without a case that the baseline accepts."""
        missing = [case for case, state in self._states(result).items() if state == _MISSING]
        if not missing:
            return None
        known = [case["id"] for case in result["data"]["cases"]]
        return AurousError(
            f"{self.file} accepts {', '.join(map(repr, missing))} of {result['test']}: there is no such "
            f"case{nearest(missing[0], known)} To remove it, run {self._command}\n{_PAGE}"
        )

    def update(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        """Write the file: the cases of these tests that break a law, and what it has of other tests and cases.

        A case keeps its reason. The reason of a new one is what has happened. Returns lines about what has changed.

        Raises:
            OSError: If it cannot be written.
        """
        before = self._cases()
        for one in results:
            if "data" not in one:
                continue
            kept = {case: self.of(one["test"])[case] for case, state in self._states(one).items() if state is None}
            for case in one["data"]["cases"]:
                if case["broken"]:
                    reason = kept[case["id"]].reason if case["id"] in kept else case["finding"]
                    kept[case["id"]] = Accepted(tuple(case["broken"]), reason)
            self._tests[one["test"]] = kept
        tests = {
            test: {case: one._asdict() for case, one in sorted(cases.items())}
            for test, cases in sorted(self._tests.items())
            if cases
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": _VERSION, "tests": tests}, indent=2, ensure_ascii=False)
        self.file.write_text(f"{text}\n", encoding="utf-8")
        now = self._cases()
        added, removed = ([case for case in one if case not in other] for one, other in ((now, before), (before, now)))
        head = f"{self.file} was written: {len(now)} accepted, {len(added)} of them new; {len(removed)} removed."
        review = (
            ["Read the reason of each new case in the file, and replace it with why you accept it."] if added else []
        )
        return [head, *(f"  new: {case}" for case in added), *(f"  removed: {case}" for case in removed), *review]

    def _cases(self) -> list[str]:
        return [f"{test}: {case}" for test, cases in sorted(self._tests.items()) for case in sorted(cases)]

    def _states(self, result: Mapping[str, Any]) -> dict[str, str | None]:
        """Return for each accepted case of a test what is wrong with that; None: nothing is, or it was not run."""
        made = {case["id"]: case["broken"] for case in result["data"]["cases"]} if "data" in result else None
        states: dict[str, str | None] = {}
        for case in self.of(result["test"]):
            if made is None or (case not in made and result["data"]["not_run"]):
                states[case] = None
            elif case not in made:
                states[case] = _MISSING
            else:
                states[case] = None if made[case] else "no longer breaks a law"
        return states


def _cases(file: Path, test: str, cases: Any) -> dict[str, Accepted]:
    """Read the cases of a test."""
    found: dict[str, Accepted] = {}
    for case, accepted in _items(file, test, cases):
        where = f"{file}: {test}: {case!r}"
        if (wrong := wrong_with(case)) is not None:
            raise AurousError(f"{where}: {wrong}\n{_PAGE}")
        fields = dict(_items(file, case, accepted))
        breaks, reason = fields.get("breaks"), fields.get("reason")
        if not is_array(breaks) or not set(breaks) <= set(LAWS):
            raise AurousError(f"{where}: breaks is {breaks!r}; it is a list of laws: {', '.join(LAWS)}.\n{_PAGE}")
        if not isinstance(reason, str) or not reason.strip():
            raise AurousError(f"{where}: reason is {reason!r}; say in words why it is accepted.\n{_PAGE}")
        found[case] = Accepted(tuple(breaks), reason)
    return found


def _items(file: Path, name: str, value: Any) -> Iterable[tuple[str, Any]]:
    if not is_object(value):
        raise AurousError(f"{file}: {name} is {value!r}; it is an object.\n{_PAGE}")
    return value.items()


def wrong_with(case: str) -> str | None:
    """Return what is wrong with the id of a case, of a pair or of a schedule; None: it may be one.

    Example:
        >>> wrong_with("foo")
        "expected a case, such as 'characters.create#1 lost', or a schedule, such as 'first#2 | second#1'."
    """
    if SCHEDULE.fullmatch(case):
        return None
    problems = [_wrong_with_one(one) for one in case.split(" + ")]
    return next((problem for problem in problems if problem), None)


def _wrong_with_one(case: str) -> str | None:
    match = _CASE.fullmatch(case)
    if match is None:
        return f"expected a case, such as {_EXAMPLE}, or a schedule, such as 'first#2 | second#1'."
    operation, fault = match.groups()
    if fault not in KINDS:
        return f"{fault!r} is no fault; expected {choices(KINDS)}{nearest(fault, KINDS)}"
    if operation not in CATALOG.by_operation and not operation.startswith("webhooks."):
        return f"no operation has the name {operation!r}{nearest(operation, CATALOG.by_operation)}"
    return None
