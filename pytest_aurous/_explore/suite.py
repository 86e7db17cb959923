"""Explore the tests of a suite: the face of exploring for the plugin, which makes the runs and shows what was found.

The plugin imports nothing else of exploring.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

from .._core.base.errors import AurousError, AurousExplorationError
from .._core.base.redaction import redacted, shortened
from .._core.wire.lines import WIDTH
from .baseline import Baseline
from .explorer import Explorer
from .ids import read_id, wrong_with
from .laws import LAWS, allowed
from .options import NOT_IN_SUITES, MarkerOptions, Options, read_suite_options
from .report.result import Exploration, matrix
from .report.text import CASE, Finding, about_known, brief, findings_of, listed, number_of, overview, stories
from .runs.attempt import Outcome, OwnError
from .runs.run import complete
from .stage import FreshFake, LeftOut
from .unreached import Reached, never_ran, unreached

if TYPE_CHECKING:
    from .._fake.session import Session
    from .report.result import Case
    from .runs.attempt import RunAttempt

__all__ = (
    "CASE",
    "Exploration",
    "LeftOut",
    "MarkerOptions",
    "Options",
    "Suite",
    "SuiteTest",
    "matrix",
    "read_case",
)

_COLUMNS: Final = ("cases", "returned", "raised", "other", "unmet", "broken")
_LEAST: Final = 20
"""So many characters of an assertion are shown, however long the name of its file is."""
_EXPLORES: Final = "it explores code itself"
_NO_FAKE: Final = "it does not use the fixture aurous"


def read_case(text: str) -> str:
    if wrong := wrong_with(text):
        raise AurousError(wrong)
    return read_id(text)


class Suite:
    """The findings of the tests of this process and, at the end, of the other workers."""

    def __init__(self, baseline: Path | None, *, update: bool, broken: dict[str, list[str]]) -> None:
        self.broken: dict[str, list[str]] = broken  # of each test, the cases that broke a law when they ran last
        self.explored: dict[str, list[str]] = {}  # the same, of the tests that this run of pytest has explored
        self.written: list[str] = []
        self._baseline = Baseline(baseline, update=update)
        self._tests: dict[str, dict[str, Any]] = {}

    def options(self, test: str, who: str, arguments: Mapping[str, Any]) -> Options:
        """Return how to explore a test whose marker *who* has these arguments; what the baseline accepts is known."""
        options = read_suite_options(who, **arguments)
        return replace(options, known={**self._baseline.of(test), **options.known})

    # What was found

    def note(self, test: str, exploration: Exploration) -> None:
        """Note which cases of a test break a law, so that the next run of pytest begins with them."""
        made = {case.id for case in exploration.cases}
        left = [case for case in self.broken.get(test, ()) if case not in made]
        self.explored[test] = self.broken[test] = [*(case.id for case in exploration.broken), *left]

    def note_all(
        self, test: str, line: int, options: Options, exploration: Exploration, error: AurousError | None
    ) -> AurousError | None:
        """Note all that exploring a whole test has found, and return why the test fails: for *error*, or a case.

        That is a case which the baseline accepts, and which does not exist.
        """
        result = self._tests[test] = {
            "test": test,
            "line": line,
            "fails": options.fails,
            "left_out": None,
            "failed": error is not None,
            **_count(exploration, options.may_raise),
            "not_run": exploration.not_run,
            "remarks": exploration.unexpected if error is None else (),
            "known": about_known(exploration),
            "assertions": [(case.assertion, case.id) for case in exploration.cases if case.assertion],
            "more": str(error or "").replace(brief(exploration), "").strip(),
            "findings": findings_of(exploration, test),
            "data": exploration.json(),
        }
        self.note(test, exploration)
        return (error or self._baseline.unknown(result)) if options.fails else None

    def leave_out(self, test: str, why: str) -> None:
        self._tests[test] = {"test": test, "left_out": why}

    def found(self) -> list[Any]:
        return [self._tests, self.explored]

    def add(self, found: list[Any]) -> None:
        tests, explored = found
        self._tests |= tests
        self.explored |= explored
        self.broken |= explored

    # What is shown and written

    def update_baseline(self) -> None:
        self.written = self._baseline.update(self._sorted())

    def json(self) -> str:
        own = {test: {"test": test, "left_out": _EXPLORES} for test in self.explored}
        tests = [
            {name: value for name, value in one.items() if name not in {"findings", "reached"}}
            for _, one in sorted({**own, **self._tests}.items())
        ]
        return redacted(json.dumps({"tests": tests}, indent=2))

    def remarks(self) -> Iterator[tuple[str, int, str]]:
        """Yield each remark with the tests that it is about, after the place of the first; if numbers differ, one."""
        alike: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for one in self._sorted():
            for text in one.get("remarks", ()):
                alike.setdefault(re.sub(r"\d+", "1", text), []).append((text, one))
        for (text, one), *others in alike.values():
            more = f" and {number_of(len(others), 'other test')}" if others else ""
            file, _, _ = one["test"].partition("::")
            yield file, one["line"], f"{text.rstrip('.')} (explored: {one['test']}{more})."

    def table(self) -> list[str]:
        """Return a line for each test, and what has to be known about some; nothing if there is no test."""
        results = self._sorted()
        cut = any(one.get("not_run") for one in results)
        lines = "" if cut or not results else never_ran(unreached(_all_reached(results)))
        remarks = [f"remark: {text}" for *_, text in self.remarks()]
        scope = NOT_IN_SUITES if any("cases" in one for one in results) else ""
        return [redacted(line) for line in (*_rows(results), *remarks, lines, scope, *self.written) if line]

    def findings(self, width: int) -> list[str]:
        """Return the findings, and the requests of one case of each, with lines of *width* columns where they wrap."""
        found = _merged(self._sorted())
        tests = {test for one in found for test in one["tests"]}
        head = [f"{number_of(len(found), 'finding')} in {number_of(len(tests), 'test')}:"] if found else []
        lines = [*head, *overview(found, width), *stories(found), *self._baseline.stale(self._sorted())]
        return [redacted(line) for line in lines]

    def assertions(self) -> list[str]:
        """Return a line for each line of a test that has failed although the code had raised nothing."""
        found: dict[str, list[str]] = {}
        for text, case in (pair for one in self._sorted() for pair in one.get("assertions", ())):
            found.setdefault(text, []).append(case)
        lines = ["the code returned as if all was well, and then"] if found else []
        for text, ids in found.items():
            place, code = text.split(" `", 1)
            end = f"` failed ({listed(ids, ', and {} more')})"
            lines.append(f"  {place} `{shortened(code[:-1], max(_LEAST, WIDTH - 4 - len(place + end)))}{end}")
        return [redacted(line) for line in lines]

    def more(self) -> Iterator[tuple[str, str]]:
        """Yield each test that does not fail because of what was found, with the rest of its report."""
        for one in self._sorted():
            if one.get("more") and not one["fails"]:
                yield one["test"], one["more"]

    def _sorted(self) -> list[dict[str, Any]]:
        """Return the results in the order of their tests, whichever process has run them, and in which order."""
        return [one for _, one in sorted(self._tests.items())]


def _rows(results: list[dict[str, Any]]) -> Iterator[str]:
    explored = [one for one in results if "cases" in one]
    widths = [len(name) + 2 for name in _COLUMNS]
    if explored:
        yield "".join(f"{name:>{space}}" for name, space in zip(_COLUMNS, widths, strict=True))
    for one in explored:
        numbers = "".join(f"{one[name]:>{space}}" for name, space in zip(_COLUMNS, widths, strict=True))
        yield f"{numbers}  {one['test']}"
    for one in results:
        if one["left_out"]:
            yield f"left out: {one['test']}: {one['left_out']}"
        if one.get("not_run"):
            yield f"cut: {one['test']}: {one['not_run']} of {one['cases'] + one['not_run']} cases not run"
        for text in one.get("known", ()):
            yield shorten(f"accepted: {one['test']}: {text.removeprefix('known: ')}", WIDTH, placeholder=" ...")


def _count(exploration: Exploration, may_raise: tuple[type[BaseException], ...]) -> dict[str, Any]:
    """Return how many cases there are of each kind, and the lines that ran.

    *other* are failing lines of the test, such as assertions, and unexpected exceptions.
    """

    def kind(case: Case) -> str:
        if case.outcome in {"returned", "unmet"}:
            return case.outcome
        is_allowed = case.error is not None and allowed(case.error, may_raise)
        return "raised" if is_allowed and not case.assertion else "other"

    kinds = [kind(case) for case in exploration.cases]
    return {
        "cases": len(kinds),
        **{name: kinds.count(name) for name in ("returned", "raised", "other", "unmet")},
        "broken": len(exploration.broken),
        "reached": exploration._reached,
    }


def _all_reached(results: Iterable[Mapping[str, Any]]) -> Reached | None:
    """Return the lines that ran in some of the tests; None if that is not known of one of them."""
    found = defaultdict[str, dict[int, bool]](dict[int, bool])
    for reached in (one["reached"] for one in results if "reached" in one):
        if reached is None:
            return None
        for file, lines in reached.items():
            for number, ran in lines.items():
                found[file][number] = ran or found[file].get(number, False)
    return found


def _merged(results: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings of all tests, the worst law first; what several tests have found is one finding of all."""
    every = [one for result in results for one in result.get("findings", ())]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in sorted(every, key=lambda one: list(LAWS).index(one["laws"][0])):
        first = found.setdefault((finding["cause"], finding["at"]), {**finding, "cases": [], "tests": []})
        first["cases"] += [case for case in finding["cases"] if case not in first["cases"]]
        first["tests"] += finding["tests"]
    return list(found.values())


class SuiteTest:
    """One test of a suite: it is run once as itself, and then again and again, as often as exploring wants."""

    def __init__(self, suite: Suite, test: str, line: int, options: Options, again: str) -> None:
        self.options: Options = options
        self.session: Session | None = None
        self.has_subtests: bool = False
        self._suite = suite
        self._test = test
        self._line = line
        self._again = again
        self._attempt: RunAttempt | None = None  # the present run of the exploration; None: the test's own run
        self._stage: FreshFake
        self._used = False

    @property
    def reported(self) -> bool:
        """Whether the present run is reported as the test's run."""
        one = self._attempt
        return one is None or (self.options.alone and one.plan != () and not one.again)

    @contextmanager
    def using(self, session: Session) -> Generator[None, None, None]:
        """Let the block be the time for which the present run has its fake."""
        if self._attempt is None:
            self.session = session
            yield
        else:
            self._used = True
            with self._stage.run_on(session.handle, self._attempt):
                yield

    def leave_out(self, why: str) -> None:
        if self.options.only is None:
            explores = self.session is not None and self.session.explored
            self._suite.leave_out(self._test, _EXPLORES if explores else why)

    def explore(self, run: Callable[[], BaseException | None]) -> BaseException | None:
        session = self._explorable()
        self._stage = FreshFake(session.handle)

        async def make(attempt: RunAttempt) -> Outcome:
            self._attempt, self._used = attempt, False
            error = run()
            if not self._used:
                raise LeftOut(f"{_NO_FAKE} when it is run again")
            return Outcome(error=error)

        explorer, error = Explorer(self._stage, self.options, self._again, traced=session.traced), None
        try:
            exploration = complete(explorer.explore(make))
        except (LeftOut, OwnError):
            raise
        except AurousExplorationError as found:
            exploration, error = found.exploration, found
        except AurousError as found:  # `known` names a case that there is not
            self.leave_out(str(found))
            return found if self.options.fails or self.options.alone else None
        if self.options.alone:
            return error
        session.explorations.append(exploration)
        return self._suite.note_all(self._test, self._line, self.options, exploration, error)

    def _explorable(self) -> Session:
        session = self.session
        if session is None:
            raise LeftOut(_NO_FAKE)
        if session.explored:
            raise LeftOut(_EXPLORES, harmless=True)
        if session.served:
            raise LeftOut("it uses a server, and a request in another thread or process cannot be broken off")
        if self.has_subtests:
            raise LeftOut("it has subtests, which report what happens in each run")
        return session
