"""The two variables, set by fakes and servers that come and go in any order."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from pytest_aurous import Aurous
from pytest_aurous._fake.environment import ENVIRONMENT, Environment

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
    """The key always belongs to the fake that was entered last, and in the end it is what it was before."""
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
def test_what_the_block_has_changed_is_restored(before: str | None, change: Callable[[], None]) -> None:
    """The key is what it was before the fake, also where the block has assigned, deleted or cleared it."""
    with mock.patch.dict(os.environ):
        with Aurous():
            change()
        assert os.environ.get(KEY) == before


@pytest.mark.parametrize("change", [_assign, _delete, os.environ.clear])
@pytest.mark.parametrize("order", ["10", "01"])
def test_what_was_changed_between_two_fakes_is_restored(
    before: str | None, order: str, change: Callable[[], None]
) -> None:
    """The inner fake restores what it found, and the last one to leave what was there before both."""
    fakes = [Aurous(seed=1), Aurous(seed=2)]
    with mock.patch.dict(os.environ):
        fakes[0].__enter__()
        change()
        found = os.environ.get(KEY)
        fakes[1].__enter__()
        fakes[int(order[0])].__exit__(None, None, None)
        assert os.environ.get(KEY) == (found if order == "10" else fakes[1].api_key)
        fakes[int(order[1])].__exit__(None, None, None)
        assert os.environ.get(KEY) == before


def test_a_key_that_another_fake_has_is_not_replaced() -> None:
    """Two fakes with one seed have one key: while one of them is there, its key stays, though the other has left."""
    with Aurous(seed=1) as outer:
        with Aurous(seed=1):
            pass
        ENVIRONMENT.settle()
        assert os.environ[KEY] == outer.api_key


def test_what_is_put_back_too_late_is_replaced(before: str | None) -> None:
    """Where a patch is undone after the fake that it has found is gone, the fake's key does not stay."""
    patch = pytest.MonkeyPatch()
    with Aurous():
        patch.setenv(KEY, "mine")
    assert os.environ.get(KEY) == before
    patch.undo()
    ENVIRONMENT.settle()
    assert os.environ.get(KEY) == before


def test_a_later_fake_does_not_find_it(before: str | None) -> None:
    """Where a fake is entered after that, it finds what the first one found."""
    patch = pytest.MonkeyPatch()
    with Aurous(seed=1):
        patch.setenv(KEY, "mine")
    patch.undo()
    with Aurous(seed=2):
        pass
    assert os.environ.get(KEY) == before


def test_of_two_fakes_with_one_key_the_last_to_go_counts() -> None:
    """What a patch puts back is replaced by what the later fake found, though an earlier one had set the same value."""
    patch = pytest.MonkeyPatch()
    with Aurous():
        pass
    with mock.patch.dict(os.environ, {KEY: "patched"}):
        with Aurous():
            patch.setenv(KEY, "mine")
        patch.undo()

        ENVIRONMENT.settle()

        assert os.environ[KEY] == "patched"


def test_what_is_settled_is_forgotten() -> None:
    """After the test's end a variable may have any value again, also one that a fake once had."""
    variables: dict[str, str] = {}
    environment = Environment(variables)
    environment.hold(A="1")()
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
        from pytest_aurous import Aurous

        @pytest.fixture
        def others(monkeypatch):
            "Variables of others, such as pytest's own, which a test that clears them has to restore itself."
            before = dict(os.environ)
            yield
            for name in before.keys() - {"AUROUS_API_KEY", "AUROUS_BASE_URL"}:
                os.environ[name] = before[name]

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

        def test_patched_in_a_block(monkeypatch):
            with Aurous():
                monkeypatch.setenv("AUROUS_API_KEY", "mine")

        def test_cleared_in_a_block(aurous):
            with mock.patch.dict(os.environ, clear=True):
                assert "AUROUS_API_KEY" not in os.environ

        def test_assigned(aurous):
            os.environ["AUROUS_API_KEY"] = os.environ["AUROUS_BASE_URL"] = "mine"

        def test_popped(aurous):
            del os.environ["AUROUS_API_KEY"]
            os.environ.pop("AUROUS_BASE_URL")

        def test_cleared(aurous, others):
            os.environ.clear()

        def test_rotated(aurous):
            os.environ["AUROUS_API_KEY"] = aurous.api_key.rotate()

        def test_nothing():
            pass
        """
    )

    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=10)
