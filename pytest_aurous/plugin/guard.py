"""Block connections to the vendor in the whole process: do not resolve its host names.

Sockets and all other host names stay as they are.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, cast

from .._core.base.chains import grouped, nothing, undone_on_error
from .._core.base.errors import AurousNetworkBlocked
from .._core.base.frames import other_client
from .._core.base.work import Work, current_work, noting_start, noting_submit, set_work
from .._core.wire.hosts import GUARD, RESOLVERS, refusal, refusing, served

_INTERCEPTION: Final = "pytest_aurous._httpx.interception"
_NO_FAKE: Final = (
    "There is no fake here: use the fixture `aurous` in the test, or enter Aurous() around the code. "
    "A request that is sent while a module is imported comes too early for both.\n"
)


class _GuardPatch:
    """A function that is replaced: by what *wrap* makes of it, `patched` as long as that is in place."""

    def __init__(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        self.owner = owner
        self.name = name
        self.wrap: Callable[[Any], Any] = wrap
        self.real: Any = None
        self.patched: Any = None


class NetworkGuard:
    """Refuse connections to the vendor, and keep the refusals that no test expected.

    A raised exception is not enough: code under test catches it, as it catches each failure of the network, and the
    test passes although it has tried to reach the vendor. So each refusal is kept, and fails its test at the end. Two
    questions follow. Did the test expect it? That is why ``__exit__`` is patched, which sees what `pytest.raises`
    takes. And whose is it, if it comes from a thread? That of the test which has started the thread, perhaps long ago,
    which is why starting a thread is patched.

    A refusal is expected if that very exception reaches the `__exit__` of a context manager that accepts it (such as
    `pytest.raises`), or if the caller passes it to `accept`.
    """

    def __init__(
        self, allowed: Callable[[], bool], expecting: Iterable[type[Any]] = (), *, inner: bool = False
    ) -> None:
        self.allowed: Callable[[], bool] = allowed  # outside of tests, and in threads of tests that are over
        self.explain: Callable[[], str] = nothing  # why the fake did not respond
        self._inner = inner  # inside another run of pytest in this process
        self.stderr: int = 2
        self._no_test = Work("", self.report)
        self._running: Work | None = None
        self._running_allowed = False
        self._before: Work | None = None
        self._shared = False
        self._last = ""
        self._over = False
        self.pending: list[tuple[bool, AurousNetworkBlocked | str]] = []  # True: fails the running test
        self._lock = threading.RLock()
        self._awaited = {"unittest.case": self._add_unittest, "concurrent.futures": self._add_futures}
        self._patches = [_GuardPatch(*one, lambda real: refusing(real, self._check)) for one in RESOLVERS]
        self._patches += [_GuardPatch(kind, "__exit__", self._accepting) for kind in expecting]
        self._patches.append(_GuardPatch(threading.Thread, "start", lambda real: noting_start(real, self._work)))

    def start(self) -> None:
        before = getattr(socket.getaddrinfo, GUARD, None)
        if before is not None and before is not self and before._over:
            before.stop()  # of an earlier run in this process
        with undone_on_error(self.stop):
            self._apply()

    def stop(self) -> None:
        for patch in self._patches:
            if getattr(patch.owner, patch.name) is patch.patched:
                setattr(patch.owner, patch.name, patch.real)
            patch.patched = None
        self.allowed = lambda: True  # for code that imported a patched function by name

    def finish(self) -> None:
        """End the run: write what is left to stderr. An outer guard stays active until the process ends."""
        self.use_stderr()
        for text in self.take_texts():
            _print(text)
        if self._inner:
            self.stop()

    def use_stderr(self) -> None:
        """Write each report to stderr from now on: pytest shows no more warnings."""
        self._over = True

    def enter(self, test: str, *, allowed: bool) -> None:
        self._apply()
        self._last = test
        self._running, self._running_allowed = Work(test, self.report, stderr=self.stderr), allowed
        self._before = set_work(self._running)

    def leave(self) -> None:
        """End a test. The threads that it leaves behind still belong to it."""
        self._running = None
        set_work(self._before)

    @contextmanager
    def for_no_test(self) -> Generator[None, None, None]:
        """Start threads that belong to no single test, such as the server of a session fixture."""
        shared, before = self._shared, set_work(self._no_test)
        self._shared = True
        try:
            yield
        finally:
            self._shared = shared
            set_work(before)

    def accept(self, error: BaseException) -> None:
        """Treat *error*, and each exception in a group, as expected."""
        accepted = set(map(id, grouped(error)))
        with self._lock:
            self.pending = [item for item in self.pending if id(item[1]) not in accepted]

    def take_refusals(self) -> list[AurousNetworkBlocked]:
        """Return the refusals that the running test did not expect, and forget them."""
        if not self.pending:
            return []
        with self._lock:
            found = [cast("AurousNetworkBlocked", error) for fails, error in self.pending if fails]
            self.pending = [item for item in self.pending if not item[0]]
        return found

    def take_texts(self) -> list[str]:
        """Return everything that is left to show, and forget it."""
        with self._lock:
            texts = Counter(str(item) for _, item in self.pending)
            self.pending = []
        return [text if times == 1 else f"{text}\n({times} times)" for text, times in texts.items()]

    def report(self, item: AurousNetworkBlocked | str, *, fails: bool = False) -> None:
        """Keep *item* to be shown as a warning, or to fail the running test; after the run write it to stderr."""
        with self._lock:
            if not self._over:
                self.pending.append((fails, item))
                return
        _print(str(item))

    def _apply(self) -> None:
        """Patch what is not patched: all at first, later what was restored or imported meanwhile."""
        for module in [name for name in self._awaited if name in sys.modules]:
            self._patches.append(self._awaited.pop(module)(sys.modules[module]))
        for patch in self._patches:
            current = getattr(patch.owner, patch.name)
            if current is not patch.patched:
                patch.real, patch.patched = current, patch.wrap(current)
                setattr(patch.patched, GUARD, self)
                setattr(patch.owner, patch.name, patch.patched)

    # Many suites need neither unittest nor futures, so the guard does not import them.

    def _add_unittest(self, unittest: Any) -> _GuardPatch:
        return _GuardPatch(type(unittest.TestCase().assertRaises(Exception)), "__exit__", self._accepting)  # noqa: PT027

    def _add_futures(self, futures: Any) -> _GuardPatch:
        return _GuardPatch(futures.ThreadPoolExecutor, "submit", lambda real: noting_submit(real, self._work))

    def _accepting(self, real: Any) -> Any:
        @wraps(real)
        def leave(context: Any, kind: Any, error: BaseException | None, trace: Any) -> Any:
            __tracebackhide__ = True
            accepted = real(context, kind, error, trace)
            if accepted and error is not None:
                self.accept(error)
            return accepted

        return leave

    def _work(self) -> Work | None:
        """Return what this thread works for; see `older_work` on the thread that runs the tests."""
        if self._in_tests_thread():
            return self._no_test if self._shared else self._running or self._no_test
        return current_work() or (None if self._running else self._no_test)

    def _in_tests_thread(self) -> bool:
        return threading.get_ident() == self._no_test.thread

    def _check(self, host: Any) -> None:
        """Raise `AurousNetworkBlocked`, unless the connection is allowed."""
        __tracebackhide__ = True
        running, work = self._running, self._work()
        own = running is not None and (work is running or work is None or self._in_tests_thread())
        if self._running_allowed if own else self.allowed():
            return
        late = not own and work is not None and work.test != ""
        during = f"It came while {running.test} ran.\n" if running is not None and not own else ""
        why = f"{during}{'' if late else self.explain() or _NO_FAKE}"
        allow = '@pytest.mark.aurous(network="allow") or pytest -o aurous_network=allow'
        error = refusal(self._source(work, own=own), host, why, allow)
        self.report(error, fails=own)
        raise error

    def _source(self, work: Work | None, *, own: bool) -> str:
        if own and self._running is not None:
            return self._running.test
        thread = threading.current_thread().name
        if work is not None and work.test:
            return f"{thread}, a thread that {work.test} left behind"
        if self._running is not None:
            return f"{thread}, a thread that no test started"
        return "outside of any test" + (f", after {self._last}" if self._last else "")


def _print(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"pytest-aurous: {text}\n")


def reinstall() -> None:
    """Put the interception in front again: a fixture that started after the fake may have replaced it."""
    if _INTERCEPTION in sys.modules:
        sys.modules[_INTERCEPTION].INTERCEPTION.to_front()


def explain_bypass() -> str:
    """Return why the fake did not respond, ending in a line break; empty where no fake could have."""
    interception = getattr(sys.modules.get(_INTERCEPTION), "INTERCEPTION", None)
    if interception is not None and interception.entered:
        return str(interception.explain())
    client = other_client()
    return f"There is no fake here, and it would intercept only httpx and httpx2; {served(client)}" if client else ""
