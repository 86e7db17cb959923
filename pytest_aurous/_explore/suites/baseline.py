"""The baseline of a suite: what the argument `known` says of one test, in a file, for all tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ..._core.base.data import LimitError, is_array, is_object, read_file
from ..._core.base.errors import AurousError, nearest, see
from ..ids import read_id, wrong_with
from ..laws import LAWS
from ..options import Known

_VERSION: Final = 1
_PAGE: Final = see("how-to/explore-a-suite.html#accept-what-is-known")
_OPTION: Final = "--aurous-explore-baseline"
_UPDATE: Final = "--aurous-explore-baseline-update"
_MISSING: Final = "does not exist"
_HOLDS: Final = "no longer breaks a law"


class Baseline:
    """The known cases of each test.

    Args:
        file: Where they are written.
        tests: For each test, by its node id, the cases.

    Attributes:
        file: The same.
    """

    def __init__(self, file: Path, tests: Mapping[str, Mapping[str, Known]]) -> None:
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
        return f"pytest --aurous-explore=report {_OPTION}={self.file} {_UPDATE}"

    def of(self, test: str) -> Mapping[str, Known]:
        """Return the known cases of a test."""
        return self._tests.get(test, {})

    def stale(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return a line for each known case that does not exist any more, or no longer breaks a law, and the remedy.

        Args:
            results: The tests that were explored, as in the data that exploring writes.
        """
        lines = [
            f"{self.file}: {one['test']}: {case} {wrong}."
            for one in results
            for case, wrong in self._outdated(one).items()
        ]
        return [*lines, f"To remove what is out of date, run {self._command}"] if lines else []

    def unknown(self, result: Mapping[str, Any]) -> AurousError | None:
        """Return the error for a test without a case that the baseline knows."""
        missing = [case for case, wrong in self._outdated(result).items() if wrong == _MISSING]
        if not missing:
            return None
        there = [case["id"] for case in result["data"]["cases"]]
        return AurousError(
            f"{self.file} accepts {', '.join(map(repr, missing))} of {result['test']}: there is no such "
            f"case{nearest(missing[0], there)} To remove it, run {self._command}\n{_PAGE}"
        )

    def update(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        """Write the file: the cases of these tests that break a law, and what it has of other tests and cases.

        A case keeps its reason. The reason of a new one is what has happened. Returns lines about what has changed.

        Raises:
            OSError: If it cannot be written.
        """
        before = self._names()
        for one in results:
            test, outdated = one["test"], self._outdated(one)
            kept = {case: known for case, known in self.of(test).items() if case not in outdated}
            for case in one["data"]["cases"] if "data" in one else ():
                if case["broken"]:
                    reason = kept[case["id"]].reason if case["id"] in kept else case["finding"]
                    kept[case["id"]] = Known(reason, tuple(case["broken"]))
            self._tests[test] = kept
        tests = {
            test: {case: {"breaks": one.breaks, "reason": one.reason} for case, one in sorted(cases.items())}
            for test, cases in sorted(self._tests.items())
            if cases
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": _VERSION, "tests": tests}, indent=2, ensure_ascii=False)
        self.file.write_text(f"{text}\n", encoding="utf-8")
        now = self._names()
        added, removed = ([case for case in one if case not in other] for one, other in ((now, before), (before, now)))
        head = f"{self.file} was written: {len(now)} accepted, {len(added)} of them new; {len(removed)} removed."
        review = "Read the reason of each new case in the file, and replace it with why you accept it."
        changes = [*(f"  new: {case}" for case in added), *(f"  removed: {case}" for case in removed)]
        return [head, *changes, *([review] if added else [])]

    def _names(self) -> list[str]:
        return [f"{test}: {case}" for test, cases in sorted(self._tests.items()) for case in sorted(cases)]

    def _outdated(self, result: Mapping[str, Any]) -> dict[str, str]:
        """Return the known cases of a test that do not exist, or hold, each with that; not those that were not run."""
        if "data" not in result:
            return {}
        made = {case["id"]: case["broken"] for case in result["data"]["cases"]}
        left_out = bool(result["data"]["not_run"])
        # Of several cases that do not end for one reason, one runs.
        known = [
            one for one, why in self.of(result["test"]).items() if one in made or not (left_out or "ends" in why.breaks)
        ]
        return {case: _HOLDS if case in made else _MISSING for case in known if not made.get(case)}


def _cases(file: Path, test: str, cases: Any) -> dict[str, Known]:
    """Read the cases of a test."""
    found: dict[str, Known] = {}
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
        found[read_id(case)] = Known(reason, tuple(breaks), str(file))
    return found


def _items(file: Path, name: str, value: Any) -> Iterable[tuple[str, Any]]:
    if not is_object(value):
        raise AurousError(f"{file}: {name} is {value!r}; it is an object.\n{_PAGE}")
    return value.items()
