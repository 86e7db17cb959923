"""The guard that keeps a session from the real API, alone."""

import _thread
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module, reload
from types import ModuleType
from typing import Any, Final

import pytest

from pytest_aurous import AurousError, AurousNetworkBlocked
from pytest_aurous._core.wire.hosts import resolves_vendors
from pytest_aurous.plugin.guard import NetworkGuard

API: Final = "api.aurous-labs.com"
RESOLVERS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
TEST: Final = "test_x.py::test_it"


@pytest.fixture(name="asked", autouse=True)
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What reached the resolvers of the system, which here resolve nothing."""
    asked: list[tuple[Any, ...]] = []

    def resolver(name: str) -> Callable[..., Any]:
        def resolve(*args: Any, **options: Any) -> Any:
            asked.append((name, *args, *options.items()))
            return []

        return resolve

    for name in RESOLVERS:
        monkeypatch.setattr(socket, name, resolver(name))
    return asked


@pytest.fixture(name="guard")
def _guard() -> Iterator[NetworkGuard]:
    """One that guards while a test runs."""
    guard = NetworkGuard(lambda: False, inner=True)
    guard.start()
    guard.enter(TEST, allowed=False)
    yield guard
    guard.leave()
    guard.stop()


def blocked(resolve: Callable[[], object]) -> AurousNetworkBlocked:
    """Return the error, which nothing has said to await."""
    try:
        resolve()
    except AurousNetworkBlocked as error:
        return error
    pytest.fail("nothing was blocked")


def look_up(host: Any = API) -> object:
    return socket.getaddrinfo(host, 443)


@pytest.mark.parametrize(
    ("host", "vendors"),
    [
        (API, True),
        ("aurous-labs.com", True),
        (f"{API}.", True),
        ("eu.api.aurous-labs.com", True),
        ("aurous.storage", True),
        ("cdn.aurous.storage", True),
        (b"api.aurous-labs.com", True),
        (b"API.AUROUS-LABS.COM.", True),
        (b"\xff.aurous-labs.com", True),
        ("api.\uff41urous-labs.com", True),  # a fullwidth letter
        ("api\u3002aurous-labs\uff0ecom\uff61", True),  # dots of other scripts
        ("api.aurous\u00ad-labs.com", True),  # a soft hyphen
        ("api.\uff41urous-labs.com".encode(), True),
        ("\udc80.aurous-labs.com", True),  # which no resolver can encode
        ("\u0430urous.storage", False),  # a Cyrillic letter
        ("evil-aurous-labs.com", False),
        ("aurous-labs.com.evil.test", False),
        ("localhost", False),
        ("127.0.0.1", False),
        (b"localhost", False),
        ("", False),
        (b"\xff", False),
        (None, False),
        (5, False),
    ],
)
def test_whose_a_name_is(host: object, vendors: bool) -> None:  # noqa: FBT001 - a column of the table
    """The vendor's domains and all below them, however written; nobody else's, whatever it looks like."""
    assert resolves_vendors(host) is vendors


@pytest.mark.parametrize("name", RESOLVERS)
@pytest.mark.parametrize("host", [API, b"aurous.storage"], ids=repr)
def test_a_name_of_the_vendors_is_not_resolved(
    guard: NetworkGuard, asked: list[tuple[Any, ...]], name: str, host: Any
) -> None:
    """By none of the four, before anything leaves the process."""
    arguments = (host, 443) if name == "getaddrinfo" else (host,)

    error = blocked(lambda: getattr(socket, name)(*arguments))

    assert isinstance(error, AurousError)
    assert asked == []


@pytest.mark.parametrize("host", ["localhost", "evil-aurous-labs.com", b"example.org", None, "127.0.0.1"])
def test_others_pass_through(guard: NetworkGuard, asked: list[tuple[Any, ...]], host: Any) -> None:
    """With all their arguments, and the response comes back."""
    assert socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM) == []

    assert asked == [("getaddrinfo", host, 80, ("type", socket.SOCK_STREAM))]
    assert guard.take_refusals() == []


def test_a_socket_module_that_is_imported_anew_is_guarded(
    monkeypatch: pytest.MonkeyPatch, guard: NetworkGuard, asked: list[tuple[Any, ...]]
) -> None:
    """At once, and for the rest of the session, whether the test puts the old module back or not."""
    monkeypatch.delitem(sys.modules, "socket")
    anew: Any = import_module("socket")
    assert anew is not socket

    for module in (anew, reload(anew)):
        blocked(partial(module.getaddrinfo, API, 443))
        blocked(partial(module.create_connection, (API, 443)))
        for name in RESOLVERS[1:]:
            blocked(partial(getattr(module, name), API))

    guard.leave()
    guard.enter("test_x.py::test_later", allowed=False)
    blocked(lambda: anew.getaddrinfo(API, 443))
    assert asked == []


def test_stop_leaves_what_others_have_put_in_place(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[Any, ...]]
) -> None:
    """Whoever patched after us keeps the patch, and through it passes what came to us."""
    guard = NetworkGuard(lambda: False)
    guard.start()
    ours = socket.getaddrinfo

    def theirs(*args: Any, **options: Any) -> Any:
        return ours(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", theirs)
    blocked(look_up)

    guard.stop()

    assert socket.getaddrinfo is theirs
    look_up()
    assert asked == [("getaddrinfo", API, 443)]


def test_without_stderr_it_is_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `pythonw`, or late in the interpreter's exit."""
    guard = NetworkGuard(lambda: False)
    guard.start()
    guard.use_stderr()
    monkeypatch.setattr("sys.stderr", None)

    blocked(look_up)

    guard.stop()


def test_a_thread_that_nobody_saw_start_is_the_running_tests(guard: NetworkGuard) -> None:
    """To be on the safe side: it fails the test."""
    done = threading.Event()

    def run() -> None:
        blocked(look_up)
        inner = threading.Thread(target=blocked, args=(look_up,), daemon=True)
        inner.start()
        inner.join()
        done.set()

    _thread.start_new_thread(run, ())
    assert done.wait(60)

    assert len(guard.take_refusals()) == 2


def test_what_begins_for_no_test_belongs_to_no_test(guard: NetworkGuard) -> None:
    """A thread that a session fixture starts; what the fixture itself does is the running test's."""
    errors: list[AurousNetworkBlocked] = []
    with guard.for_no_test():
        blocked(look_up)
        thread = threading.Thread(target=lambda: errors.append(blocked(look_up)), name="server", daemon=True)
        thread.start()
    thread.join(60)

    assert len(guard.take_refusals()) == 1
    assert str(errors[0]).startswith("server, ")
    assert guard.take_texts() == [str(errors[0])]


def test_a_job_for_another_interpreter_is_left_alone(guard: NetworkGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is pickled, and must not be wrapped."""

    class Pool(ThreadPoolExecutor):
        pass

    module = ModuleType("concurrent.futures.interpreter")
    vars(module)["InterpreterPoolExecutor"] = Pool
    monkeypatch.setitem(sys.modules, "concurrent.futures.interpreter", module)
    guard.start()
    with Pool(1) as pool, ThreadPoolExecutor(1) as other:
        assert pool.submit(lambda: sys._getframe(1).f_code.co_name).result() == "run"
        assert other.submit(lambda: sys._getframe(1).f_code.co_name).result() == "_do"


def test_what_is_not_loaded_is_not_loaded_for_the_guard(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suite without pools and `unittest` does not pay for them."""
    for name in ("concurrent.futures", "unittest.case"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    guard = NetworkGuard(lambda: False)
    guard.start()
    assert not {"concurrent.futures", "unittest.case"} & set(sys.modules)
    blocked(look_up)
    guard.stop()

    assert asked == []
