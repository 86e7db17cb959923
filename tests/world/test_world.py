import pytest

from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.settings import Settings
from pytest_aurous._core.world.world import World

PATH = "/characters/upl_1/upload"


def test_signatures_depend_on_the_seed() -> None:
    """The same seed signs alike in every run, another seed does not open it."""
    worlds = [World(Settings(seed=seed)) for seed in (1, 1, 2)]
    tokens = [world.urls.sign("", PATH, 2e9, "t") for world in worlds]

    assert tokens[0] == tokens[1] != tokens[2]


def test_the_clock_and_the_reading_come_from_the_settings() -> None:
    """`now` freezes time, and the reading of auth-4 reaches the keys."""
    world = World(Settings(now=World(Settings()).clock.now(), readings={"auth-4": "revoked_api_key"}))
    key = world.keys.issue("team", "write")
    world.keys.end(key, 0)

    assert repr(world.clock).endswith("frozen>")
    with pytest.raises(ApiProblem) as caught:
        world.keys.authenticate({"x-api-key": key}, 1)
    assert caught.value.code == "revoked_api_key"
