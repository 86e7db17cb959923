"""Keeps the whole session from the real API: a name of the vendor's is not resolved.

Only these names, and only their resolution: sockets, and all other hosts, stay as they are.
"""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from weakref import WeakKeyDictionary

from ._hosts import is_vendors
from .errors import AurousNetworkBlocked, see

__all__ = ("NetworkGuard",)

_POOLS: Final = ("ThreadPoolExecutor", "asyncio_", "AnyIO worker", "Trio thread")
_RESOLVERS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")


class NetworkGuard:
    """Stands between every client of the process and the vendor.

    Attributes:
        allowed: Whether connections are let through at present.
        test: The test that runs, or nothing.
        explain: Says more, where something stands that should have answered.
    """

    def __init__(self, *, allowed: bool) -> None:
        self.allowed = allowed
        self.test = ""
        self.explain: Callable[[], str] = str
        self._last = ""
        self._patched: list[tuple[str, Any, Any]] = []
        self._held: list[tuple[bool, AurousNetworkBlocked]] = []
        self._origin: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()

    def start(self) -> None:
        """Guard; again, where somebody has put the real resolvers back meanwhile."""
        for name in _RESOLVERS:
            standing = getattr(socket, name)
            if not any(ours is standing for _, _, ours in self._patched):
                ours = self._wrap(standing)
                setattr(socket, name, ours)
                self._patched = [(one, *rest) for one, *rest in self._patched if one != name]
                self._patched.append((name, standing, ours))

    def stop(self) -> None:
        """Guard no longer."""
        while self._patched:
            name, real, ours = self._patched.pop()
            if getattr(socket, name) is ours:
                setattr(socket, name, real)
        self.allowed = True  # where somebody took ours by name

    def enter(self, test: str, *, allowed: bool) -> None:
        """A test begins."""
        self.start()
        self.test, self.allowed = test, allowed

    def leave(self, *, allowed: bool) -> None:
        """It has ended; the threads that it leaves behind are its own."""
        if threading.active_count() > 1:
            for thread in threading.enumerate():
                # A pool or a loop works for whoever asks it: what it does is the running test's.
                if thread is not threading.main_thread() and not thread.name.startswith(_POOLS):
                    self._origin.setdefault(thread, self.test)
        self._last, self.test, self.allowed = self.test, "", allowed

    def held(self, *, late: bool) -> list[AurousNetworkBlocked]:
        """Return, once, what was held back: by the running test, or *late*, by whoever outlived another."""
        found = [error for one, error in self._held if one == late]
        self._held = [(one, error) for one, error in self._held if one != late]
        return found

    def _wrap(self, real: Any) -> Any:
        @wraps(real)
        def guarded(*args: Any, **options: Any) -> Any:
            host = args[0] if args else options.get("host")
            if not self.allowed and is_vendor(host):
                raise self._block(host)
            return real(*args, **options)

        return guarded

    def _block(self, host: Any) -> AurousNetworkBlocked:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        thread = threading.current_thread()
        origin = self._origin.get(thread, "")
        late = bool(origin) or not self.test
        where = self.test or ("outside of any test" + (f", after {self._last}" if self._last else ""))
        if origin:
            where = f"{thread.name}, a thread that {origin} left behind"
        error = AurousNetworkBlocked(
            f"{where}: a connection to {name} was held back. It would have reached the real API, which costs money.\n"
            f"{'' if origin else self.explain() or _NO_FAKE}"
            'If it is meant, let it through with the setting network="allow", as in '
            '@pytest.mark.aurous(network="allow") or --aurous-network=allow.\n'
            f"{see('how-to/no-network.html')}"
        )
        if not _awaited(error):
            self._held.append((late, error))
        return error


def _awaited(error: Exception) -> bool:
    """Whether a `pytest.raises` that is open waits for *error*; nothing else says so before it is too late."""
    return any(
        type(one).__name__ in {"RaisesContext", "RaisesExc"}
        and "for raises contextmanager" in repr(getattr(one, "excinfo", None))
        and isinstance(error, _wanted(one))
        for one in gc.get_objects()
    )


def _wanted(awaiting: Any) -> Any:
    for name in ("expected_exceptions", "expected_exception"):  # as pytest 8.4 and later call it, and those before
        if getattr(awaiting, name, None):
            return getattr(awaiting, name)
    return Exception  # it names none, only a text


_NO_FAKE: Final = (
    "No fake stands here: ask for the fixture `aurous` in the test, or enter Aurous() around the code. "
    "A client that is used while a module is imported is too early for either.\n"
)


def is_vendor(host: object) -> bool:
    """Whether *host*, as it is given to a resolver, is a name of the vendor's."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return isinstance(host, str) and is_vendors(host.lower().rstrip("."))
