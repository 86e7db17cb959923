import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pytest_aurous._core.base.frames import (
    LIBRARIES,
    Stack,
    helpers_of,
    line_of,
    nearest_outside,
    package_of,
    place_of,
    shown_line,
    shown_place,
    stack_under_test,
)


def call_in(module: str, run: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function of *module* that calls *run*."""
    scope: dict[str, Any] = {"__name__": module, "run": run}
    exec("def call(): return run()", scope)  # noqa: S102 - so that the code belongs to that module
    call: Callable[[], Any] = scope["call"]
    return call


def caller() -> FrameType:
    return sys._getframe(1)


def test_a_job_in_a_pool_is_the_pools() -> None:
    """Although `work` runs it; code that `exec` runs may belong to no module, and so to no package."""
    scope: dict[str, Any] = {"caller": caller}
    exec("found = caller()", scope)  # noqa: S102 - its globals have no `__name__`

    assert package_of(call_in("pytest_aurous._core.base.work", caller)()) == "concurrent"
    assert package_of(scope["found"]) in {"", "builtins"}


def test_the_nearest_frame_outside_is_the_code_under_test() -> None:
    """Libraries that sleep or retry for their caller are skipped; the place is the caller's line."""

    def under_test() -> FrameType:
        return nearest_outside(LIBRARIES, retried())  # one line

    retried = call_in("tenacity.nap", call_in("asyncio", caller))
    found = under_test()

    assert found.f_code is under_test.__code__
    assert place_of(found) == f"{__file__}:{under_test.__code__.co_firstlineno + 1}"


def test_a_place_in_a_comprehension_is_one_in_its_function() -> None:
    """On each Python: before 3.12, it has a frame of its own."""

    def under_test() -> Stack:
        [[found]] = [
            [stack_under_test(sys._getframe()) for _ in range(1)]  # a line of its own
            for _ in range(1)
        ]
        return found

    (_, line, name), (*_, outer), *_ = under_test()

    assert (line, name) == (under_test.__code__.co_firstlineno + 2, "under_test")
    assert outer == "test_a_place_in_a_comprehension_is_one_in_its_function"


def test_a_place_is_shown_briefly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path below the current directory is relative to it; another, or if it is gone, shows its last two parts."""
    file = tmp_path / "shop" / "app" / "client.py"

    monkeypatch.chdir(tmp_path)
    assert shown_place((str(file), 12, "publish")) == f"{Path('shop/app/client.py')}:12 in publish"
    assert shown_place(("/lib/acme/sdk/http.py", 3, "send")) == f"{Path('sdk/http.py')}:3 in send"
    assert shown_place(("<string>", 1, "<module>")) == "<string>:1 in <module>"
    monkeypatch.setattr(Path, "cwd", lambda: Path("/nowhere").resolve(strict=True))
    assert shown_place((str(file), 12, "publish")) == f"{Path('app/client.py')}:12 in publish"


def stack(*places: str) -> Stack:
    """Return a stack of places such as ``shop.py:89 portrait``."""
    split = (place.replace(":", " ").split() for place in places)
    return tuple((f"/x/app/{file}", int(line), function) for file, line, function in split)


SEND, RETRY = "gateway.py:61 send", "gateway.py:30 retry"
PORTRAIT, SAVE, MAIN = "shop.py:89 portrait", "shop.py:95 save", "main.py:3 main"


OWN = (stack(SEND, PORTRAIT, MAIN), "images.create")


PLACE, HELPER = "shop.py:89 in portrait, through gateway.py:61", "gateway.py:61 in send"
OTHERS: dict[str, tuple[list[tuple[Stack, str | None]], str]] = {
    "all through a helper": ([(stack(SEND, SAVE, MAIN), "images.create")], PLACE),
    "an unknown stack": ([(stack(SEND, SAVE), "files.create"), ((), None)], PLACE),
    "a stack that ends there": ([(stack(SEND), "images.create")], PLACE),
    "a helper of two operations, beside others": (
        [(stack(SEND, SAVE, MAIN), "files.create"), (stack(SAVE, MAIN), "images.output")],
        PLACE,
    ),
    "one operation, beside others": (
        [(stack(SEND, SAVE, MAIN), "images.create"), (stack(SAVE), "images.output")],
        HELPER,
    ),
    "a loop on one line": ([OWN], HELPER),
    "a loop of two operations": ([(OWN[0], "files.create")], HELPER),
    "no other request": ([], HELPER),
}
"""What else was sent, and the place that is shown."""


@pytest.mark.parametrize(("others", "line"), OTHERS.values(), ids=OTHERS)
def test_a_message_names_the_nearest_place_that_sends_no_requests_for_others(
    others: list[tuple[Stack, str | None]], line: str
) -> None:
    """A line that sends everything says nothing about one request."""
    file, rest = line.split(":", 1)
    shown = shown_line(OWN[0], helpers_of([OWN, *others]))
    assert shown == f"{Path('app', file)}:{rest.replace('gateway', str(Path('app', 'gateway')))}"


def test_through_is_the_part_of_the_helper_that_the_application_calls() -> None:
    """The helper may have several functions."""
    own = stack(SEND, RETRY, PORTRAIT)

    assert line_of(own, helpers_of([(own, "a"), (stack(SEND, RETRY, SAVE), "a")])) == stack(PORTRAIT, RETRY)


def test_an_unknown_stack_has_no_line() -> None:
    """It came over a socket."""
    assert (line_of((), frozenset()), shown_line((), frozenset())) == ((), "")
