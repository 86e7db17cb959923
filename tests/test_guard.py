"""The guard that keeps a session from the real API, alone."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import AurousError, AurousNetworkBlocked
from pytest_aurous._guard import NetworkGuard, is_vendor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

API: Final = "api.aurous-labs.com"
RESOLVERS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
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
    guard = NetworkGuard(allowed=False)
    guard.start()
    guard.enter(TEST, allowed=False)
    yield guard
    guard.stop()


def blocked(resolve: Callable[[], object]) -> AurousNetworkBlocked:
    """Return the error, which nothing has said to await."""
    try:
        resolve()
    except AurousNetworkBlocked as error:
        return error
    pytest.fail("nothing was held back")


def look_up(host: Any = API) -> object:
    return socket.getaddrinfo(host, 443)


@pytest.mark.parametrize(
    ("host", "vendors"),
    [
        (API, True),
        ("aurous-labs.com", True),
        ("API.Aurous-Labs.COM", True),
        (f"{API}.", True),
        ("eu.api.aurous-labs.com", True),
        ("aurous.storage", True),
        ("cdn.aurous.storage", True),
        (b"api.aurous-labs.com", True),
        (b"API.AUROUS-LABS.COM.", True),
        (b"\xff.aurous-labs.com", True),
        ("evil-aurous-labs.com", False),
        ("aurous-labs.com.evil.test", False),
        ("aurous-labs.org", False),
        ("notaurous.storage", False),
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
    assert is_vendor(host) is vendors


@pytest.mark.parametrize("name", RESOLVERS)
@pytest.mark.parametrize("host", [API, b"aurous.storage"], ids=repr)
def test_a_name_of_the_vendors_is_not_resolved(
    guard: NetworkGuard, asked: list[tuple[Any, ...]], name: str, host: Any
) -> None:
    """By none of the three, before anything leaves the process."""
    arguments = (host, 443) if name == "getaddrinfo" else (host,)

    error = blocked(lambda: getattr(socket, name)(*arguments))

    assert isinstance(error, AurousError)
    assert asked == []


def test_a_host_may_be_named_by_word(guard: NetworkGuard, asked: list[tuple[Any, ...]]) -> None:
    """`host=` is the same."""
    blocked(lambda: socket.getaddrinfo(host=API, port=443))
    socket.getaddrinfo(host="localhost", port=443)

    assert asked == [("getaddrinfo", ("host", "localhost"), ("port", 443))]


@pytest.mark.parametrize("host", ["localhost", "evil-aurous-labs.com", b"example.org", None, "127.0.0.1"])
def test_others_pass_through(guard: NetworkGuard, asked: list[tuple[Any, ...]], host: Any) -> None:
    """With all their arguments, and the answer comes back."""
    assert socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM) == []

    assert asked == [("getaddrinfo", host, 80, ("type", socket.SOCK_STREAM))]
    assert guard.held(late=False) == []


def test_higher_layers_are_guarded_too(guard: NetworkGuard, asked: list[tuple[Any, ...]]) -> None:
    """A connection of the standard library and one of asyncio ask the same resolver."""
    blocked(lambda: socket.create_connection((API, 443)))
    blocked(lambda: asyncio.run(asyncio.wait_for(asyncio.open_connection(API, 443), 5)))

    assert asked == []


@pytest.mark.parametrize("how", ["from the start", "in this test"])
def test_allowed_is_let_through(asked: list[tuple[Any, ...]], how: str) -> None:
    """With the setting for the session, or for one test."""
    guard = NetworkGuard(allowed=how == "from the start")
    guard.start()
    if how == "in this test":
        guard.enter(TEST, allowed=True)
    look_up()
    guard.leave(allowed=False)
    blocked(look_up)
    guard.stop()

    assert asked == [("getaddrinfo", API, 443)]


def test_stop_puts_everything_back(asked: list[tuple[Any, ...]]) -> None:
    """The functions are those of before; who took ours by name is let through."""
    before = [getattr(socket, name) for name in RESOLVERS]
    guard = NetworkGuard(allowed=False)
    guard.start()
    taken = socket.getaddrinfo
    assert [getattr(socket, name) for name in RESOLVERS] != before

    guard.stop()

    assert [getattr(socket, name) for name in RESOLVERS] == before
    taken(API, 443)
    assert asked == [("getaddrinfo", API, 443)]
    guard.stop()


def test_stop_leaves_what_others_have_put_in_place(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[Any, ...]]
) -> None:
    """Whoever patched after us keeps the patch, and through it passes what came to us."""
    guard = NetworkGuard(allowed=False)
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


def test_two_guards_stand_one_inside_the_other(asked: list[tuple[Any, ...]]) -> None:
    """As in a run of pytest within pytest: when the inner one has gone, the outer one still guards."""
    outer, inner = NetworkGuard(allowed=False), NetworkGuard(allowed=True)
    outer.start()
    inner.start()
    blocked(look_up)
    inner.stop()
    blocked(look_up)
    outer.stop()

    assert asked == []


# What it says


def test_the_message_says_who_what_and_how_to_allow_it(guard: NetworkGuard) -> None:
    """The test, the host, that no fake stands, both ways to let it through, and where to read on."""
    text = str(blocked(look_up))

    assert text.startswith(f"{TEST}: a connection to {API} was held back. It would have reached the real API")
    assert "No fake stands here: ask for the fixture `aurous`" in text
    assert '@pytest.mark.aurous(network="allow")' in text
    assert "--aurous-network=allow" in text
    assert text.endswith("/how-to/no-network.html")


def test_bytes_are_named_as_text(guard: NetworkGuard) -> None:
    """A host is a host."""
    assert f"a connection to {API} was held back" in str(blocked(lambda: look_up(API.encode())))


def test_where_a_fake_stands_it_is_explained(guard: NetworkGuard) -> None:
    """Then another sentence takes the place of that there is none."""
    guard.explain = lambda: "The fake stands, but not there.\n"

    text = str(blocked(look_up))

    assert "\nThe fake stands, but not there.\nIf it is meant" in text
    assert "No fake stands" not in text


def test_outside_of_tests_the_last_one_is_named(guard: NetworkGuard) -> None:
    """Before the first there is none to name."""
    first = NetworkGuard(allowed=False)
    first.start()
    assert str(blocked(look_up)).startswith("outside of any test: a connection")
    first.stop()
    guard.leave(allowed=False)

    assert str(blocked(look_up)).startswith(f"outside of any test, after {TEST}: a connection")


# What is held


def test_what_was_held_back_is_told_once(guard: NetworkGuard) -> None:
    """In order, to who asks for it first."""
    errors = [blocked(look_up), blocked(lambda: look_up("aurous.storage"))]

    assert guard.held(late=True) == []
    assert guard.held(late=False) == errors
    assert guard.held(late=False) == []


def test_what_comes_outside_of_a_test_is_late(guard: NetworkGuard) -> None:
    """The running test is asked for its own alone."""
    early = blocked(look_up)
    guard.leave(allowed=False)
    late = blocked(look_up)

    assert guard.held(late=True) == [late]
    assert guard.held(late=False) == [early]


class Straggler:
    """A thread that looks the API up when it is told to."""

    def __init__(self, name: str) -> None:
        self.errors: list[AurousNetworkBlocked] = []
        self._go = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()

    def _run(self) -> None:
        assert self._go.wait(10)
        self.errors.append(blocked(look_up))

    def go(self) -> AurousNetworkBlocked:
        """Let it, and return what it met."""
        self._go.set()
        self._thread.join(10)
        return self.errors[0]


def test_a_thread_of_the_running_test_is_its_own(guard: NetworkGuard) -> None:
    """It fails the test that started it."""
    error = Straggler("helper").go()

    assert str(error).startswith(f"{TEST}: a connection")
    assert guard.held(late=False) == [error]


def test_a_thread_that_outlived_its_test_is_named(guard: NetworkGuard) -> None:
    """The next test is not blamed, nor told of a fake that it has; it stays the thread of the first for good."""
    straggler = Straggler("worker-7")
    guard.leave(allowed=False)
    for test in ("test_y.py::one", "test_y.py::two"):
        guard.enter(test, allowed=False)
        guard.leave(allowed=False)
    guard.enter("test_y.py::three", allowed=False)
    guard.explain = lambda: "The fake stands.\n"

    error = straggler.go()

    assert str(error).startswith(f"worker-7, a thread that {TEST} left behind: a connection to {API}")
    assert "fake stands" not in str(error)
    assert guard.held(late=False) == []
    assert guard.held(late=True) == [error]


def test_a_thread_that_is_gone_is_forgotten(guard: NetworkGuard) -> None:
    """A session of many tests keeps none of them."""
    straggler = Straggler("worker")
    guard.leave(allowed=False)
    straggler.go()
    guard.held(late=True)
    known = len(guard._origin)
    del straggler
    gc.collect()

    assert len(guard._origin) < known


# What a test awaits


@pytest.mark.parametrize("kind", [AurousNetworkBlocked, AurousError, Exception, (ValueError, AurousNetworkBlocked)])
def test_what_a_test_awaits_does_not_fail_it(guard: NetworkGuard, kind: Any) -> None:
    """An open `pytest.raises` says that it is meant."""
    with pytest.raises(kind):
        look_up()

    assert guard.held(late=False) == []


def test_only_an_open_raises_awaits(guard: NetworkGuard) -> None:
    """Not one that is over, or that waits for something else, however it went on."""
    with pytest.raises(AurousNetworkBlocked) as over:
        look_up()
    waiting = pytest.raises(AurousNetworkBlocked)

    def translate() -> None:
        raise ValueError("another") from blocked(look_up)

    with pytest.raises(ValueError, match="other"):
        translate()

    assert waiting is not None
    assert len(guard.held(late=False)) == 1
    assert over.type is AurousNetworkBlocked


@pytest.mark.skipif(not hasattr(pytest, "RaisesExc"), reason="older ones demand a type")
def test_a_raises_may_name_no_type(guard: NetworkGuard) -> None:
    """Then it waits for any."""
    with pytest.raises(match="held back"):
        look_up()

    assert guard.held(late=False) == []
