"""Keeps the whole process from the real API: the vendor's host names are not resolved.

Only these names, and only their resolution. Sockets and all other hosts stay as they are.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, cast

from .._wire.hosts import is_vendors
from .._work import Work, current_work, noting_start, noting_submit, set_work
from ..errors import AurousNetworkBlocked, see

__all__ = ("NetworkGuard",)

_RESOLVERS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
_GUARD: Final = "_aurous_guard"


class NetworkGuard:
    """Refuses connections of this process to the vendor, and remembers which test has not dealt with a refusal.

    A refusal is expected where that very exception reaches the exit of a context manager that accepts it
    (`pytest.raises` and the like), or is `accept`-ed by the caller. All others are in `held`.

    Args:
        allowed: Whether connections are let through outside of tests, and for threads that belong to no running test.
        expecting: Types of context managers whose `__exit__` returns true for an exception that the test expects.
        inner: Whether the guard ends with its run, since it is inside another run of pytest in this process.

    Attributes:
        allowed: As above; it may be replaced.
        explain: Returns why the fake did not respond, where there is one.
    """

    def __init__(
        self, allowed: Callable[[], bool], expecting: Iterable[type[Any]] = (), *, inner: bool = False
    ) -> None:
        self.allowed = allowed
        self.explain: Callable[[], str] = str
        self._expecting = tuple(expecting)
        self._inner = inner
        self._nobody = Work("", self.report)
        self._running: Work | None = None
        self._running_allowed = False
        self._before: Work | None = None
        self._shared = False
        self._last = ""
        self._over = False
        self._patched: list[tuple[Any, str, Any, Any]] = []
        self._held: list[tuple[bool, AurousNetworkBlocked]] = []
        self._reports: list[str] = []
        self._lock = threading.RLock()

    def start(self) -> None:
        """Guard; again, where somebody has put the real functions back or has loaded another module meanwhile."""
        before = getattr(socket.getaddrinfo, _GUARD, None)
        if before is not None and before is not self and before._over:
            before.stop()  # of an earlier run in this process
        for name in _RESOLVERS:
            self._patch(socket, name, self._guarding)
        for kind in self._expecting:
            self._patch(kind, "__exit__", self._watching)
        self._patch(threading.Thread, "start", lambda real: noting_start(real, self._here))
        # Not imported for this: most suites use neither.
        if (futures := sys.modules.get("concurrent.futures")) is not None:
            self._patch(futures.ThreadPoolExecutor, "submit", lambda real: noting_submit(real, self._here))
        if (unittest := sys.modules.get("unittest.case")) is not None:
            context: Any = unittest.TestCase().assertRaises(Exception)  # noqa: PT027 - its context manager
            self._patch(context.__class__, "__exit__", self._watching)

    def stop(self) -> None:
        """Guard no longer, and put back what stood there."""
        while self._patched:
            owner, name, real, ours = self._patched.pop()
            if getattr(owner, name) is ours:
                setattr(owner, name, real)
        self.allowed = lambda: True  # for those who took a function by name

    def finish(self) -> None:
        """End the run: show the rest on stderr. An inner guard stops; another one guards on until the process ends."""
        for text in self.untold():
            _shout(text)
        self._over = True
        if self._inner:
            self.stop()

    def enter(self, test: str, *, allowed: bool) -> None:
        """Begin a test."""
        self.start()
        self._running, self._running_allowed = Work(test, self.report), allowed
        self._before = set_work(self._running)

    def leave(self) -> None:
        """End a test; the threads that it leaves behind stay its own."""
        if self._running is not None:
            self._last = self._running.test
        self._running = None
        set_work(self._before)

    @contextmanager
    def for_nobody(self) -> Generator[None, None, None]:
        """Let what begins now, such as the server of a session fixture, work for no single test."""
        shared, before = self._shared, set_work(self._nobody)
        self._shared = True
        try:
            yield
        finally:
            self._shared = shared
            set_work(before)

    def accept(self, error: BaseException) -> None:
        """Take *error*, and each exception in a group, as expected."""
        accepted = list(_leaves(error))
        with self._lock:
            self._held = [one for one in self._held if not any(one[1] is each for each in accepted)]

    def held(self) -> list[AurousNetworkBlocked]:
        """Return, once, the refusals of the running test that it did not expect."""
        with self._lock:
            found = [error for late, error in self._held if not late]
            self._held = [(late, error) for late, error in self._held if late]
        return found

    def untold(self) -> list[str]:
        """Return, once, everything that must be shown and fails no test."""
        with self._lock:
            texts = Counter([*(str(error) for _, error in self._held), *self._reports])
            self._held, self._reports = [], []
        return [text if times == 1 else f"{text}\n({times} times)" for text, times in texts.items()]

    def report(self, text: str) -> None:
        """Remember a text until it can be shown as a warning; on stderr where that is over."""
        with self._lock:
            if not self._over:
                self._reports.append(text)
                return
        _shout(text)

    def loud(self) -> None:
        """Write to stderr from now on: pytest shows no more warnings."""
        self._over = True

    def _patch(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        standing = getattr(owner, name)
        if not any(ours is standing for *_, ours in self._patched):
            ours = wrap(standing)
            setattr(ours, _GUARD, self)
            setattr(owner, name, ours)
            self._patched = [one for one in self._patched if one[:2] != (owner, name)]
            self._patched.append((owner, name, standing, ours))

    def _guarding(self, real: Any) -> Any:
        @wraps(real)
        def guarded(*args: Any, **options: Any) -> Any:
            host = args[0] if args else options.get("host")
            if is_vendor(host):
                self._check(host)
            return real(*args, **options)

        return guarded

    def _watching(self, real: Any) -> Any:
        @wraps(real)
        def leave(context: Any, kind: Any, error: BaseException | None, trace: Any) -> Any:
            __tracebackhide__ = True
            accepted = real(context, kind, error, trace)
            if accepted and error is not None:
                self.accept(error)
            return accepted

        return leave

    def _here(self) -> Work | None:
        """Return what this thread works for; see `older_work` on the thread that runs the tests."""
        if self._in_tests_thread():
            return self._nobody if self._shared else self._running or self._nobody
        return current_work() or (None if self._running else self._nobody)

    def _in_tests_thread(self) -> bool:
        return threading.get_ident() == self._nobody.thread

    def _check(self, host: Any) -> None:
        """Refuse the connection, unless it is allowed to who asks for it.

        Raises:
            AurousNetworkBlocked: If it is not.
        """
        running, work = self._running, self._here()
        own = running is not None and (work is running or work is None or self._in_tests_thread())
        if self._running_allowed if own else self.allowed():
            return
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        late = not own and work is not None and work.test != ""
        during = f"It came while {running.test} ran.\n" if running is not None and not own else ""
        error = AurousNetworkBlocked(
            f"{self._who(work, own=own)}: a connection to {name} was held back. "
            "It would have reached the real API, which costs money.\n"
            f"{during}"
            f"{'' if late else self.explain() or _NO_FAKE}"
            'If you want this connection, allow it with the setting network="allow", as in '
            '@pytest.mark.aurous(network="allow") or --aurous-network=allow.\n'
            f"{see('how-to/no-network.html')}"
        )
        if self._over:
            _shout(str(error))
        else:
            with self._lock:
                self._held.append((not own, error))
        raise error

    def _who(self, work: Work | None, *, own: bool) -> str:
        if own and self._running is not None:
            return self._running.test
        thread = threading.current_thread().name
        if work is not None and work.test:
            return f"{thread}, a thread that {work.test} left behind"
        if self._running is not None:
            return f"{thread}, a thread that no test started"
        return "outside of any test" + (f", after {self._last}" if self._last else "")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    yield error
    members: object = getattr(error, "exceptions", ())  # of a group, also of the backport's
    for member in cast("tuple[BaseException, ...]", members) if isinstance(members, tuple) else ():
        yield from _leaves(member)


def _shout(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"pytest-aurous: {text}\n")


_NO_FAKE: Final = (
    "There is no fake here: use the fixture `aurous` in the test, or enter Aurous() around the code. "
    "A client that sends requests while a module is imported is too early for either.\n"
)


def is_vendor(host: object) -> bool:
    """Whether *host*, as it is passed to a resolver, is one of the vendor's names."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return isinstance(host, str) and is_vendors(host.lower().rstrip("."))
