"""The two variables, set by fakes and servers that come and go in any order."""

import os
from collections.abc import Callable
from unittest import mock

import pytest

from pytest_aurous import Aurous
from pytest_aurous._fake.environment import ENVIRONMENT, Environment

KEY = "AUROUS_API_KEY"


@pytest.fixture(autouse=True, params=[None, "al_live_before"], ids=["unset", "set"])
def before(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.delenv(KEY, raising=False)
    if request.param is not None:
        monkeypatch.setenv(KEY, request.param)
    return request.param  # type: ignore[no-any-return]


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


def test_what_is_settled_is_forgotten() -> None:
    """After the test's end a variable may have any value again, also one that a fake once had."""
    variables: dict[str, str] = {}
    environment = Environment(variables)
    environment.hold(A="1")()
    environment.settle()
    variables["A"] = "1"
    environment.settle()
    assert variables == {"A": "1"}


@pytest.mark.parametrize("before", [None], indirect=True)  # one run is enough
def test_in_a_test_whatever_is_requested_first(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """`monkeypatch` before or after `aurous`, and a cleared environment: the next test finds what was there before."""
    monkeypatch.setenv(KEY, "al_live_before")
    monkeypatch.setenv("AUROUS_BASE_URL", "https://before.example")
    pytester.makepyfile(
        """
        import os
        import pytest
        from unittest import mock

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

        def test_cleared_in_a_block(aurous):
            with mock.patch.dict(os.environ, clear=True):
                assert "AUROUS_API_KEY" not in os.environ

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

    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=7)
