import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pytest_aurous._base.frames import LIBRARIES, callers, nearest_outside, package_of, place_of, shown_place


def call_in(module: str, run: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function of *module* that calls *run*."""
    scope: dict[str, Any] = {"__name__": module, "run": run}
    exec("def call(): return run()", scope)  # noqa: S102 - so that the code belongs to that module
    call: Callable[[], Any] = scope["call"]
    return call


def caller() -> FrameType:
    return sys._getframe(1)


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("httpx._client", "httpx"),
        ("test_app", "test_app"),
        ("pytest_aurous.faults.collection", "pytest_aurous"),
        ("pytest_aurous._base.work", "concurrent"),
        ("pytest_aurous._worker", "pytest_aurous"),
    ],
)
def test_a_frame_belongs_to_the_top_level_package_of_its_module(module: str, package: str) -> None:
    """A job in a pool counts as the pool's, although `_work` runs it."""
    assert package_of(call_in(module, caller)()) == package


def test_code_without_a_module_belongs_to_no_package() -> None:
    """`exec` can run code whose globals have no `__name__`."""
    scope: dict[str, Any] = {"caller": caller}
    exec("found = caller()", scope)  # noqa: S102 - the case

    assert package_of(scope["found"]) in {"", "builtins"}


def test_the_callers_come_from_the_inside_out() -> None:
    """The first is the frame itself, the last has no caller."""
    frame = caller()
    found = list(callers(frame))

    assert found[:2] == [frame, frame.f_back]
    assert found[-1].f_back is None


def test_the_nearest_frame_outside_is_the_code_under_test() -> None:
    """Libraries that sleep or retry for their caller are skipped; the place is the caller's line."""

    def under_test() -> FrameType:
        return nearest_outside(LIBRARIES, retried())  # one line

    retried = call_in("tenacity.nap", call_in("asyncio", caller))
    found = under_test()

    assert found.f_code is under_test.__code__
    assert place_of(found) == f"{__file__}:{under_test.__code__.co_firstlineno + 1}"


def test_where_all_are_inside_the_outermost_is_found() -> None:
    """A thread may run nothing but libraries; a message then names the line where it begins."""
    frame = sys._getframe()
    everything = {package_of(each) for each in callers(frame)}

    assert nearest_outside(everything, frame).f_back is None


def test_a_place_is_shown_briefly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path below the current directory is relative to it, and another one shows its last two parts."""
    file = tmp_path / "shop" / "app" / "client.py"

    monkeypatch.chdir(tmp_path)
    assert shown_place((str(file), 12, "publish")) == f"{Path('shop/app/client.py')}:12 in publish"
    assert shown_place(("/lib/acme/sdk/http.py", 3, "send")) == f"{Path('sdk/http.py')}:3 in send"
    assert shown_place(("<string>", 1, "<module>")) == "<string>:1 in <module>"


def test_a_place_is_shown_without_a_current_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may remove the directory that it runs in."""

    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "cwd", gone)

    assert shown_place(("/elsewhere/shop/app/client.py", 12, "publish")) == f"{Path('app/client.py')}:12 in publish"
