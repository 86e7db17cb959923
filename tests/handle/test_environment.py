"""The two variables, set by fakes and servers that come and go in any order."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from pytest_aurous import Aurous
from pytest_aurous._handle.environment import ENVIRONMENT, Environment

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "AUROUS_API_KEY"


@pytest.fixture(autouse=True, params=[None, "al_live_before"], ids=["unset", "set"])
def before(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What the key was before any fake."""
    monkeypatch.delenv(KEY, raising=False)
    if request.param is not None:
        monkeypatch.setenv(KEY, request.param)
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("order", ["012", "021", "102", "120", "201", "210"])
def test_fakes_leave_in_any_order(before: str | None, order: str) -> None:
    """The key is always that of the fake that was entered last, and in the end what it was before."""
    fakes = [Aurous(seed=seed) for seed in range(3)]
    inside = list(range(3))
    for fake in fakes:
        fake.__enter__()
    for one in map(int, order):
        assert os.environ[KEY] == fakes[inside[-1]].api_key
        fakes[one].__exit__(None, None, None)
        inside.remove(one)
    assert os.environ.get(KEY) == before


def _assign() -> None:
    os.environ[KEY] = "mine"


def _delete() -> None:
    del os.environ[KEY]


@pytest.mark.parametrize("change", [_assign, _delete, os.environ.clear])
def test_what_others_have_changed_stays(change: Callable[[], None]) -> None:
    """A variable that the block assigned, deleted or cleared is no more the fake's to restore."""
    with mock.patch.dict(os.environ):
        with Aurous():
            change()
            changed = os.environ.get(KEY)
        assert os.environ.get(KEY) == changed


def test_what_others_changed_between_two_fakes_stays() -> None:
    """The inner fake puts back what the block has set, and the outer one leaves that alone."""
    with mock.patch.dict(os.environ):
        with Aurous(seed=1):
            os.environ[KEY] = "mine"
            with Aurous(seed=2) as inner:
                assert os.environ[KEY] == inner.api_key
            assert os.environ[KEY] == "mine"
        assert os.environ[KEY] == "mine"


def test_what_is_put_back_too_late_is_replaced(before: str | None) -> None:
    """Where a patch is undone after the fake that it has found is gone, the fake's key does not stay."""
    patch = pytest.MonkeyPatch()
    with Aurous():
        patch.setenv(KEY, "mine")
    assert os.environ[KEY] == "mine"
    patch.undo()
    ENVIRONMENT.settle()
    assert os.environ.get(KEY) == before


def test_who_leaves_later_replaces_it_too(before: str | None) -> None:
    """Where another fake is left after that, it does not wait for the end of the test."""
    patch = pytest.MonkeyPatch()
    first, second = Aurous(seed=1), Aurous(seed=2)
    first.__enter__()
    patch.setenv(KEY, "mine")
    second.__enter__()
    first.__exit__(None, None, None)
    patch.undo()
    second.__exit__(None, None, None)
    assert os.environ.get(KEY) == before


def test_of_two_fakes_with_one_key_the_last_to_go_counts(before: str | None) -> None:
    """What a patch puts back is replaced by what the later fake found, though an earlier one had set the same value."""
    with mock.patch.dict(os.environ, {KEY: "patched"}):
        first = Aurous()
        first.__enter__()
    first.__exit__(None, None, None)
    second = Aurous()
    second.__enter__()
    with mock.patch.dict(os.environ, {KEY: "patched"}):
        second.__exit__(None, None, None)

    ENVIRONMENT.settle()

    assert os.environ.get(KEY) == before


def test_what_is_settled_is_forgotten() -> None:
    """After the test's end a variable may have any value again, also one that a fake once had."""
    variables: dict[str, str] = {}
    environment = Environment(variables)
    with environment.holding(A="1"):
        pass
    environment.settle()
    variables["A"] = "1"
    environment.settle()
    assert variables == {"A": "1"}


def test_threads(before: str | None) -> None:
    """Fakes that come and go in many threads at once leave nothing behind."""

    def come_and_go() -> None:
        for seed in range(20):
            with Aurous(seed=seed):
                pass

    threads = [Thread(target=come_and_go, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.environ.get(KEY) == before


def test_in_a_test_whatever_is_requested_first(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """`monkeypatch` before or after `aurous`, and a cleared environment: the next test finds what was there before."""
    monkeypatch.setenv(KEY, "al_live_before")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://before.example")
    pytester.makepyfile(
        """
        import os
        import pytest
        from unittest import mock

        @pytest.fixture(autouse=True)
        def found():
            before = {name: os.environ.get(name) for name in ("AUROUS_API_KEY", "AUROUS_BASE_URL")}
            assert before == {"AUROUS_API_KEY": "al_live_before", "AUROUS_BASE_URL": "https://before.example"}

        def test_patched_first(monkeypatch, aurous):
            monkeypatch.setenv("AUROUS_API_KEY", "mine")
            monkeypatch.setenv("AUROUS_BASE_URL", aurous.base_url)

        def test_patched_last(aurous, monkeypatch):
            monkeypatch.setenv("AUROUS_API_KEY", "mine")
            monkeypatch.delenv("AUROUS_BASE_URL")

        def test_deleted(monkeypatch, aurous):
            monkeypatch.delenv("AUROUS_API_KEY")

        def test_cleared(aurous):
            with mock.patch.dict(os.environ, clear=True):
                assert "AUROUS_API_KEY" not in os.environ

        def test_nothing():
            pass
        """
    )

    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=5)
