"""The baseline of a suite: what the argument `known` says of one test, in a file, for all tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from .._core.base.data import LimitError, read_file
from .._core.base.errors import AurousError, see
from .._core.base.files import write_whole
from .ids import read_id
from .options import Known

_VERSION: Final = 1
_PAGE: Final = see("how-to/explore-a-suite.html#accept-what-is-known")
_OPTION: Final = "--aurous-explore-baseline"
_UPDATE: Final = "--aurous-explore-baseline-update"
_MISSING: Final = "does not exist"


class Baseline:
    """The known cases of each test, by its node id. If the file is to be updated, it need not exist."""

    def __init__(self, file: Path | None, *, update: bool) -> None:
        if file is None and update:
            raise AurousError(f"{_UPDATE} needs {_OPTION}=FILE.\n{_PAGE}")
        self._file = file
        self._update = update
        self._tests = _read(file) if file is not None and (file.exists() or not update) else {}
        self._remedy = f"run pytest --aurous-explore=report {_OPTION}={file} {_UPDATE}"

    def of(self, test: str) -> Mapping[str, Known]:
        return self._tests.get(test, {})

    def stale(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return a line for each known case that does not exist any more, or no longer breaks a law, and the remedy."""
        lines = [
            f"{self._file}: {one['test']}: {case} {wrong}."
            for one in results
            for case, wrong in self._outdated(one).items()
            if not self._update
        ]
        return [*lines, f"To remove what is out of date, {self._remedy}"] if lines else []

    def unknown(self, result: Mapping[str, Any]) -> AurousError | None:
        missing = [case for case, wrong in self._outdated(result).items() if wrong == _MISSING]
        names = ", ".join(map(repr, missing))
        text = f"{self._file} accepts {names} of {result['test']}: there is no such case. To remove it, {self._remedy}"
        return AurousError(f"{text}\n{_PAGE}") if missing and not self._update else None

    def update(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        """Write the file, if it is to be updated: what these tests break, and what it has of other tests and cases.

        A case keeps its reason. The reason of a new one is what has happened. Returns lines about what has changed.
        """
        if self._file is None or not self._update:
            return []
        before = self._names()
        for one in results:
            outdated = self._outdated(one)
            kept = {case: known for case, known in self.of(one["test"]).items() if case not in outdated}
            for case in one["data"]["cases"] if "data" in one else ():
                if case["broken"]:
                    reason = kept[case["id"]].reason if case["id"] in kept else case["finding"]
                    kept[case["id"]] = Known(reason, tuple(case["broken"]))
            self._tests[one["test"]] = kept
        tests = {
            test: {case: {"breaks": one.breaks, "reason": one.reason} for case, one in sorted(cases.items())}
            for test, cases in sorted(self._tests.items())
            if cases
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": _VERSION, "tests": tests}, indent=2, ensure_ascii=False)
        write_whole(self._file, f"{text}\n")
        now = self._names()
        added, removed = sorted(now - before), sorted(before - now)
        head = f"{self._file} was written: {len(now)} accepted, {len(added)} of them new; {len(removed)} removed."
        review = "Read the reason of each new case in the file, and replace it with why you accept it."
        changes = [*(f"  new: {case}" for case in added), *(f"  removed: {case}" for case in removed)]
        return [head, *changes, *([review] if added else [])]

    def _names(self) -> set[str]:
        return {f"{test}: {case}" for test, cases in self._tests.items() for case in cases}

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
        return {case: "no longer breaks a law" if case in made else _MISSING for case in known if not made.get(case)}


def _read(file: Path) -> dict[str, dict[str, Known]]:
    """A case or law that does not exist accepts nothing, and neither does one without a reason."""
    try:
        data: Any = json.loads(read_file(file))
        if data["version"] != _VERSION:
            raise ValueError(f"its version is {data['version']!r}")  # noqa: TRY301 - said as the others are
        return {
            test: {read_id(case): Known(one["reason"], tuple(one["breaks"]), str(file)) for case, one in cases.items()}
            for test, cases in data["tests"].items()
        }
    except (OSError, LimitError) as error:
        why = getattr(error, "strerror", error)
        raise AurousError(f"{file}: {why}. Write it with {_UPDATE}.\n{_PAGE}") from None
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise AurousError(
            f"{file} is no baseline of version {_VERSION}, which this pytest-aurous reads: {error!r}. Correct it, or "
            f"delete it, and write it again with {_UPDATE}.\n{_PAGE}"
        ) from None
