"""What the tests of exploring share: a fake that is entered, and what shortens the patience of an exploration."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous, AurousExplorationError, Exploration
from pytest_aurous._explore.runs import watchdog

NOVA: Final[dict[str, Any]] = {"name": "Nova", "generate": True, "attributes": {"age": 28}}


def broken(aurous: Aurous, run: Callable[..., object], **arguments: Any) -> Exploration:
    """Explore, find a broken law, and return what was found."""
    with pytest.raises(AurousExplorationError) as raised:
        aurous.explore(run, **arguments)
    assert str(raised.value).startswith(str(raised.value.exploration).partition("\n")[0])
    return raised.value.exploration


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let remarks be no errors here: most runs are stuck until a key expires, or have lines that no case reaches."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(r"ignore:a?(explore|interleave)\(\)"))


@pytest.fixture(autouse=True)
def _as_documented() -> None:
    """Compare no response with the OpenAPI document: other tests do, and here are many thousands of them."""


@pytest.fixture
def fake() -> Iterator[Aurous]:
    """A fake that is entered; its characters are in review when they are polled for the third time."""
    with Aurous(credits=100, seed=3) as aurous:
        aurous.script("synthesizing*2 -> reviewing")
        yield aurous


@pytest.fixture
def client(fake: Aurous) -> Iterator[httpx.Client]:
    with fake.client(timeout=5) as client:
        yield client


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let each run have a minute, which a busy machine may need, and return what shortens the patience from then on."""
    dogs: list[watchdog.Watchdog] = []
    guarding = watchdog.Watchdog.guarding

    def patient(dog: watchdog.Watchdog, *args: Any) -> Any:
        dog._patience = 60
        dogs[:] = [dog]
        return guarding(dog, *args)

    monkeypatch.setattr(watchdog.Watchdog, "guarding", patient)
    monkeypatch.setattr(watchdog, "GRACE", 60)
    return lambda: setattr(dogs[0], "_patience", 0.2)
