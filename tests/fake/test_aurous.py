"""`Aurous` as a plain context manager: for wider scopes, `unittest` and scripts."""

import os
from datetime import datetime, timezone
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous, AurousUnmatchedRequest
from pytest_aurous._httpx.interception import INTERCEPTION
from tests.conftest import SYNTHESIS

pytestmark = pytest.mark.python

NONSENSE: Final = "https://api.aurous-labs.com/v1/charcters"
ENVIRONMENT: Final = ("AUROUS_API_KEY", "AUROUS_BASE_URL")


def environment() -> list[str | None]:
    """Return the two variables as they are now."""
    return [os.environ.get(name) for name in ENVIRONMENT]


def test_without_arguments_it_is_the_vendor() -> None:
    """Every default is as documented; a key may be given."""
    aurous = Aurous()

    assert aurous.base_url == "https://api.aurous-labs.com"
    assert (aurous.team.credits, aurous.seed) == (1000, 0)
    assert abs((aurous.clock.now() - datetime.now(timezone.utc)).total_seconds()) < 60
    assert aurous.api_key == aurous.team.api_key
    assert (aurous.api_key.scope, len(aurous.api_key)) == ("write", 72)
    assert Aurous(api_key="al_live_own").api_key == "al_live_own"


@pytest.fixture(params=[None, "before"], ids=["unset", "set"])
def before(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the variables are outside."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        if request.param is not None:
            monkeypatch.setenv(name, request.param)
    return [request.param] * 2


def test_the_variables_are_set_and_come_back(before: list[str | None]) -> None:
    """Making a fake sets nothing, entering does, and leaving puts back what was there."""
    aurous = Aurous(base_url="http://localhost:1/x")

    assert environment() == before
    with aurous as entered:
        assert entered is aurous
        assert environment() == [str(aurous.api_key), "http://localhost:1/x"]
        assert type(os.environ["AUROUS_API_KEY"]) is str
    assert environment() == before


def test_one_fake_may_be_entered_twice_at_once(before: list[str | None]) -> None:
    """A fake that is entered while it is entered is left twice as well, and then everything is as before."""
    aurous = Aurous()
    original = httpx.HTTPTransport.handle_request
    try:
        with aurous:
            with aurous:
                assert environment()[0] == aurous.api_key
            assert environment()[0] == aurous.api_key
            assert httpx.get(f"{aurous.base_url}/v1/balance").status_code == 401
        assert environment() == before
        assert httpx.HTTPTransport.handle_request is original
    finally:  # no other test shall suffer
        while INTERCEPTION.entered:
            INTERCEPTION.leave(INTERCEPTION.entered[-1])


@pytest.mark.parametrize("strict", ["error", "warn", "off"])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, AssertionError])
def test_an_error_of_the_block_is_never_hidden(error: type[BaseException], strict: Any) -> None:
    """The block's own error comes out as it is, with nothing before or behind it."""
    mine = error("mine")

    with (  # noqa: PT012 - the exit of the block is what raises
        pytest.raises(error) as caught,
        Aurous(strict=strict) as aurous,
    ):
        aurous.faults.timeout("characters.create")
        httpx.get(NONSENSE)
        raise mine
    assert caught.value is mine
    assert caught.value.__context__ is None


def test_two_fakes_share_nothing() -> None:
    one, two = Aurous(), Aurous(seed=1)
    with one, two:
        one.script("synthesizing*0 -> ready")
        one.characters.add("Aurora")
        one.team.credits = 5
        one.clock.freeze("2020-01-01")
        one.faults.outage(60)
        one.limits["reads"].exhaust()
        one.teams.add("Other")
        one.route("balance.retrieve").respond(418)
        with pytest.raises(httpx.ConnectError):
            one.client().get("/v1/characters")

        assert two.client().get("/v1/balance").json()["credits"] == 1000
        assert two.client().post("/v1/characters", json=SYNTHESIS).json()["status"] == "synthesizing"
        assert two.client().get("/v1/balance", headers={"X-Api-Key": one.api_key}).status_code == 401
        assert [character.name for character in two.characters] == ["Aurora"]
        assert two.clock.now().year > 2020
        assert two.limits["reads"].remaining > 1000
        assert (len(two.teams), len(two.faults), len(two.calls)) == (1, 0, 3)
        assert len(one.calls) == 1


def test_the_same_seed_makes_the_same() -> None:
    """People, ids and the key of a seed are the same in every instance."""

    def data(aurous: Aurous) -> list[object]:
        record = aurous.characters.add()
        return [record.id, record.name, record.attributes, aurous.api_key, aurous.faker.name()]

    assert data(Aurous(seed=5)) == data(Aurous(seed=5)) != data(Aurous(seed=6))


def test_the_faker_begins_anew_at_a_reset() -> None:
    aurous = Aurous()
    names = [aurous.faker.name() for _ in range(3)]
    aurous.reset()

    assert [aurous.faker.name() for _ in range(3)] == names


def test_repr_says_what_there_is() -> None:
    """Where it responds, and how much has happened."""
    aurous = Aurous(seed=3, base_url="http://localhost:1")
    aurous.characters.add()
    aurous.client().get("/v1/balance")

    assert repr(aurous) == "<Aurous at http://localhost:1: 1 character, 1 call, seed 3>"


def test_a_reset_hides_no_problem() -> None:
    """A request that was unmatched before `reset()` still fails the test, once."""
    with (  # noqa: PT012 - the exit of the block is what raises
        pytest.raises(AurousUnmatchedRequest, match=r"no such operation: GET (?s:.*)no such operation: DELETE"),
        Aurous() as aurous,
    ):
        httpx.get(NONSENSE)
        aurous.reset()
        httpx.delete(NONSENSE)
