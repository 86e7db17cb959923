"""Tests of Hypothesis: let each example begin with the fake as the fixtures have left it, and judge each by itself.

It knows Hypothesis by the attribute that Hypothesis gives to each of its tests, and does not import it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..._core.base.errors import AurousCrash, AurousError, see
from .. import fixtures
from ..stash import FAKE

if TYPE_CHECKING:
    from ..._fake.session import Session

_ANEW: Final = frozenset(fixtures.NAMES) - {"aurous_faker"}
"""The fixtures that begin anew with the fake, or are constant."""
_NAME: Final = "aurous-examples"
_SIGNATURE: Final = pytest.StashKey[Any]()
"""What `__signature__` was before we hid fixtures from it."""


class Examples:
    """The hooks of tests of Hypothesis. Registered only if there is one."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Prepare a test of Hypothesis before Hypothesis checks it, and before other plugins wrap its body."""
        __tracebackhide__ = True
        with _beginning_anew(item):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
        """Let Hypothesis, which has made its checks, call the test with all fixtures."""
        __tracebackhide__ = True
        _show_fixtures(pyfuncitem)
        return (yield)


def start(config: pytest.Config) -> None:
    """Register the hooks, once in each run: a plugin may collect again."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(Examples(), _NAME)


@contextmanager
def _beginning_anew(item: Any) -> Generator[None, None, None]:
    """Let each example of *item* begin anew, if it is a test of Hypothesis that uses `aurous`."""
    session, test = item.stash.get(FAKE, None), getattr(getattr(item, "obj", None), "hypothesis", None)
    if session is None:
        yield
        return
    if test is None:
        with _inner_beginning_anew(session):
            yield
        return
    inner = test.inner_test
    with session.returning() as back:
        try:
            test.inner_test = _each(inner, _Example(session, back))
            _hide_fixtures(item)
            yield
        finally:
            _show_fixtures(item)  # if the health check has failed
            test.inner_test = inner


@contextmanager
def _inner_beginning_anew(session: Session) -> Generator[None, None, None]:
    """Let each example of a function with ``@given`` inside the test begin as its first example did."""
    engine: Any = getattr(sys.modules.get("hypothesis.core"), "StateForActualGivenExecution", None)
    if engine is None:  # pragma: no cover - another Hypothesis
        yield
        return
    real, backs = engine.execute_once, dict[int, Callable[[], None]]()
    with ExitStack() as returning:

        def execute_once(state: Any, *args: Any, **options: Any) -> Any:
            if id(state) not in backs:
                returning.callback(str, state)  # keeps it alive, so that its id stays its own
                backs[id(state)] = returning.enter_context(session.returning())
            backs[id(state)]()
            return real(state, *args, **options)

        engine.execute_once = execute_once
        try:
            yield
        finally:
            engine.execute_once = real


def _each(inner: Any, example: _Example) -> Any:
    """Wrap the body of a test; the plugins that run coroutines have to see that it is one."""

    @wraps(inner)
    def run(*args: Any, **values: Any) -> Any:
        __tracebackhide__ = True
        with example:
            return inner(*args, **values)

    @wraps(inner)
    async def arun(*args: Any, **values: Any) -> Any:
        __tracebackhide__ = True
        with example:
            return await inner(*args, **values)

    return arun if iscoroutinefunction(inner) else run


class _Example:
    """Entered for each example: begins anew, and judges it at its end, so that Hypothesis shrinks what fails there."""

    def __init__(self, session: Session, back: Callable[[], None]) -> None:
        self._session = session
        self._back = back

    def __enter__(self) -> None:
        self._back()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        __tracebackhide__ = True
        if error is None:
            self._session.verdict.judge()
            return
        self._session.verdict.mark_reported()
        if isinstance(error, AurousCrash):
            raise AurousError(
                "AurousCrash ended the example. It is no Exception, so Hypothesis could neither shrink nor show it. "
                "Let the test expect it, as in: with aurous.day(day), suppress(AurousCrash): ...\n"
                f"{see('reference/exploring.html#the-fixture-in-tests-with-given')}"
            ) from None


def _hide_fixtures(item: Any) -> None:
    """Hide the fixtures that begin anew from Hypothesis's health check, which reads the signature of the test.

    It still sees all others, and the settings of the test stay as they are.
    """
    whole = signature(item.function)
    shown = [one for one in whole.parameters.values() if one.name not in _ANEW]
    item.stash[_SIGNATURE] = item.function.__dict__.get("__signature__")
    item.function.__signature__ = whole.replace(parameters=shown)


def _show_fixtures(item: Any) -> None:
    """Give the test its own signature back, which Hypothesis needs to call it."""
    if _SIGNATURE in item.stash:
        del item.function.__signature__
        if (former := item.stash[_SIGNATURE]) is not None:
            item.function.__signature__ = former
        del item.stash[_SIGNATURE]
