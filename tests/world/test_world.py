from collections.abc import Callable
from datetime import timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_aurous import Script
from pytest_aurous._core.resources.team import TeamRow
from pytest_aurous._core.wire.hosts import UPLOAD_HOST
from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.settings import Settings
from pytest_aurous._core.world.world import World

NOON = "2026-05-08T12:00:00Z"
PATH = "/characters/upl_1/upload"


@pytest.fixture(name="world")
def _world() -> World:
    world = World(Settings())
    world.clock.freeze(NOON)
    return world


def token_of(world: World, path: str = PATH, life: float = 900.0) -> str:
    url = world.urls.sign(UPLOAD_HOST, path, world.clock.time() + life, "signature")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"https://aurous.storage{path}"
    return parse_qs(parts.query)["signature"][0]


def test_up_3_a_signed_url_opens_until_it_dies(world: World) -> None:
    """The signature in the query is all that it takes, to the last second of its life."""
    token = token_of(world)
    world.clock.advance(timedelta(minutes=14, seconds=59))

    world.urls.check(PATH, token)

    world.clock.advance(seconds=1)
    with pytest.raises(ApiProblem, match="it has expired") as caught:
        world.urls.check(PATH, token)
    assert (caught.value.status, caught.value.code) == (403, "missing_scope")


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (PATH, lambda _: ""),
        (PATH, lambda _: "-"),
        (PATH, lambda token: token[:-1]),
        (PATH, lambda token: "f" + token),
        (PATH, lambda token: "zz-" + token.partition("-")[2]),
        ("/characters/upl_2/upload", lambda token: token),
    ],
    ids=["none", "empty", "cut", "later", "no number", "another path"],
)
def test_up_3_a_wrong_signature_is_403(world: World, path: str, change: Callable[[str], str]) -> None:
    """A signature is good for its path and its expiry alone."""
    with pytest.raises(ApiProblem, match="its signature is wrong") as caught:
        world.urls.check(path, change(token_of(world)))

    assert (caught.value.status, caught.value.code) == (403, "missing_scope")


def test_signatures_depend_on_the_seed() -> None:
    """The same seed signs alike in every run, another seed does not open it."""
    worlds = [World(Settings(seed=seed)) for seed in (1, 1, 2)]
    tokens = [world.urls.sign("", PATH, 2e9, "t") for world in worlds]

    assert tokens[0] == tokens[1] != tokens[2]


def test_a_script_is_that_of_the_name_else_of_the_resource_else_the_default(world: World) -> None:
    """The most particular one is taken."""
    default, common, own = (Script.parse(f"synthesizing*{number} -> ready") for number in (1, 2, 3))
    assert world.script_for("characters", "Aurora", default) is default

    world.scripts["characters", None] = common
    world.scripts["characters", "Aurora"] = own

    assert world.script_for("characters", "Aurora", default) is own
    assert world.script_for("characters", "Bob", default) is common
    assert world.script_for("images", "Aurora", default) is default


def test_two_worlds_share_nothing() -> None:
    """What one makes, holds or draws leaves the other as it was."""
    one, other = World(Settings()), World(Settings())
    one.ids.new("char")
    one.random.random()
    one.table(TeamRow).insert(TeamRow(id="team_1", name="One", created_at=NOON, billing_email=None))
    one.poses.append(("front", 1.0))
    one.clock.advance(seconds=99)

    assert other.ids.new("char") == World(Settings()).ids.new("char")
    assert other.random.random() == Random("0/people").random()
    assert other.poses == []
    assert one.table(TeamRow) is one.table(TeamRow)
    assert "team_1" not in other.table(TeamRow)
    assert one.clock.time() - other.clock.time() > 98


def test_the_clock_and_the_reading_come_from_the_settings() -> None:
    """`now` freezes time, and the reading of auth-4 reaches the keys."""
    world = World(Settings(now=World(Settings()).clock.now(), readings={"auth-4": "revoked_api_key"}))
    key = world.keys.issue("team", "write")
    world.keys.end(key, 0)

    assert repr(world.clock).endswith("frozen>")
    with pytest.raises(ApiProblem) as caught:
        world.keys.authenticate({"x-api-key": key}, 1)
    assert caught.value.code == "revoked_api_key"
