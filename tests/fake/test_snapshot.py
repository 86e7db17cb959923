"""Snapshot, restore and reset."""

import pickle
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from pytest_aurous import AurousError, AurousLookupError, Snapshot
from tests.conftest import SYNTHESIS, Api

BALANCE: Final = "/v1/balance"


def whole(api: Api) -> dict[str, Any]:
    """Return everything but the calls, to be compared."""
    world = api.app.world
    world.runs.settle()
    return world.state.copy()._asdict()


def upheave(api: Api) -> None:
    for character in api.characters:
        character.delete()
    api.post("/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "k"})
    api.aurous.script("synthesizing*9 -> reviewing")
    api.aurous.script("synthesizing*0 -> ready", name="Aurora")
    api.clock.advance(seconds=3600)
    api.team.credits = 1
    api.team.add_key()
    api.uploads.add()
    api.uploads.pose("front")
    api.get(BALANCE)
    api.aurous.limits["reads"].set(burst=1, per_minute=1)
    api.aurous.limits["characters_post"].exhaust()
    api.aurous.faults.outage(9)
    api.outcome("GET", BALANCE)
    api.outcome("GET", BALANCE)
    api.aurous.teams.add()
    api.aurous.api_key.revoke()


def test_a_snapshot_can_be_restored_more_than_once(api: Api) -> None:
    """Whatever happened in between, each time everything but the calls is as it was."""
    api.synthesize("synthesizing*3 -> reviewing")
    api.get(BALANCE)
    api.aurous.faults.status("characters.save", 503, times=2)
    api.aurous.faults.status("balance.retrieve", 503, after=1)
    before, snapshot = whole(api), api.aurous.snapshot()

    for _ in range(3):
        upheave(api)
        assert whole(api) != before
        calls = len(api.aurous.calls)
        api.aurous.restore(snapshot)

        assert whole(api) == before
        assert len(api.aurous.calls) == calls


def written_and_read(snapshot: Snapshot) -> Snapshot:
    """Return what is left of a snapshot that was written to a file."""
    read: Snapshot = pickle.loads(pickle.dumps(snapshot))  # noqa: S301 - written here
    return read


def test_a_snapshot_can_be_written_to_a_file(api: Api) -> None:
    """Once read, the same fake goes back to it: rows, runs, money, keys, deliveries, and faults with their counters."""
    api.aurous.webhooks.deliver_to(lambda _: None)
    api.aurous.files.add()
    api.aurous.images.add()
    api.aurous.script("synthesizing*9 -> reviewing", name="Nova")
    api.uploads.pose("front")
    api.synthesize("synthesizing:30s -> reviewing")
    fault = api.aurous.faults.delay("balance.retrieve", seconds=2, times=3)
    later = api.aurous.faults.bad_signature("image.completed", when=lambda _: True)
    upheave(api)
    expected, snapshot = whole(api), api.aurous.snapshot()

    for _ in range(2):
        api.aurous.reset()
        assert (list(api.aurous.faults), whole(api) == expected) == ([], False)
        api.aurous.restore(written_and_read(snapshot))

        found = whole(api)
        assert {**found, "sections": None} == {**expected, "sections": None}
        assert {**found["sections"], "deliveries": None} == {**expected["sections"], "deliveries": None}
        assert list(api.aurous.faults)[:2] == [fault, later]
        assert "image.completed" in [one.event for one in api.aurous.webhooks.flush()]


def test_a_written_snapshot_has_what_became_of_a_delivery(api: Api) -> None:
    """A signature stays forged, and an error that cannot be pickled is text."""

    def receive(_: object) -> None:
        raise UnpicklableError("refused")

    api.aurous.webhooks.deliver_to(receive)
    api.aurous.images.add()
    fault = api.aurous.faults.bad_signature("image.completed")
    api.aurous.webhooks.flush()
    snapshot = api.aurous.snapshot()
    before, retry = api.aurous.webhooks.deliveries
    assert isinstance(before.error, UnpicklableError)

    api.aurous.restore(written_and_read(snapshot))

    after, other = api.aurous.webhooks.deliveries
    assert (after.status, after.fault, after.body) == (before.status, before.fault, before.body)
    assert str(after.error) == "UnpicklableError('refused')"
    assert (after.met, other.met, fault.fired) == ((fault.number,), (), 1)
    assert (after is before, other is retry) == (False, True)


class UnpicklableError(Exception):
    """What pickle cannot read again."""

    def __reduce__(self) -> str:
        raise TypeError


def test_ids_and_chance_come_back(api: Api) -> None:
    """The same calls after a restore make the same characters, ids and pictures."""
    snapshot = api.aurous.snapshot()

    def make() -> list[Any]:
        responses = [api.post("/v1/characters", json=SYNTHESIS) for _ in range(2)]
        return [*(response.json for response in responses), api.characters.add().json(), str(api.team.add_key())]

    first = make()
    api.aurous.restore(snapshot)

    assert make() == first


def _about_hair(body: dict[str, Any]) -> bool:
    return "hair" in body["messages"][-1]["content"]


def test_replies_and_vectors_come_back(api: Api) -> None:
    """With what they have counted, also from a file, unless a reply has a function that no module has."""

    def ask(question: str) -> str:
        body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": question}]}
        found: str = api.post("/v1/chat/completions", json=body).json["choices"][0]["message"]["content"]
        return found

    def embedded() -> list[float]:
        body = {"model": "aurous-embed-vision-1.0", "input": "hair"}
        found: list[float] = api.post("/v1/embeddings", json=body).json["data"][0]["embedding"]
        return found

    api.aurous.chat.reply("Black.", when=_about_hair, times=2)
    api.aurous.chat.reply(json={"name": "Aurora"})
    api.aurous.embeddings.vectors({"hair": [0.6, 0.8]})
    ask("Which hair?")
    snapshot = api.aurous.snapshot()
    for moment in (snapshot, pickle.loads(pickle.dumps(snapshot))):  # noqa: S301 - written here
        assert [ask("Which hair?"), ask("Which hair?"), embedded()] == ["Black.", '{"name": "Aurora"}', [0.6, 0.8]]
        api.aurous.chat.reply("Later.", when="hair")
        api.aurous.embeddings.vectors({"hair": [1, 0]})
        api.aurous.restore(moment)
    assert [ask("Which hair?"), embedded()] == ["Black.", [0.6, 0.8]]

    api.aurous.chat.reply("No.", when=lambda body: len(body) > 1)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(api.aurous.snapshot())
    api.aurous.reset()
    assert "simulated response" in ask("Which hair?")
    assert embedded() != [0.6, 0.8]


def test_reset_is_as_at_the_start(make_api: Callable[..., Api]) -> None:
    """Whatever was done, state and calls are as in a new fake, each time."""
    api, twin = make_api(credits=20, script="synthesizing*2 -> ready"), make_api()
    fresh = make_api(credits=20, script="synthesizing*2 -> ready")
    key = api.aurous.api_key

    for _ in range(2):
        upheave(api)
        api.aurous.reset()

        assert whole(api) == whole(fresh) != whole(twin)
        assert (len(api.aurous.calls), len(api.aurous.faults), api.aurous.api_key) == (0, 0, key)
    assert api.post("/v1/characters", json=SYNTHESIS).json == fresh.post("/v1/characters", json=SYNTHESIS).json
    assert api.aurous.calls.last.number == 1


USES: Final[dict[str, Callable[[Any, Any, Any], object]]] = {
    "character.status": lambda character, _, __: character.status,
    "team.credits": lambda _, team, __: team.credits,
    "team.credits =": lambda _, team, __: setattr(team, "credits", 5),
    "team.characters.add()": lambda _, team, __: team.characters.add(),
    "key.rotate()": lambda _, __, key: key.rotate(),
    "key.revoke()": lambda _, __, key: key.revoke(),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("back", ["restore", "reset"])
def test_a_handle_on_what_is_gone_says_so(api: Api, use: str, back: str) -> None:
    """What was made after the moment that the fake went back to is named, and using it changes nothing."""
    snapshot, before = api.aurous.snapshot(), whole(api)
    character, team, key = api.characters.add(), api.aurous.teams.add(), api.team.add_key()
    name = {"c": f"Character {character.id}", "t": f"Team {team.id}", "k": "key al_live_…"}[use[0]]
    if back == "restore":
        api.aurous.restore(snapshot)
    else:
        api.aurous.reset()

    with pytest.raises(AurousLookupError, match=re.escape(f"There is no {name} anymore: ")):
        USES[use](character, team, key)

    assert whole(api) == before


def test_a_snapshot_can_have_a_name(api: Api) -> None:
    """It is restored by name, renamed and dropped as in a dict, and a reset leaves it."""
    aurous = api.aurous
    character = aurous.characters.add(status="reviewing")
    kept = aurous.snapshot("before")
    character.delete()
    aurous.reset()
    aurous.snapshots["reviewed"] = aurous.snapshots.pop("before")
    aurous.restore("reviewed")
    assert character.status == "reviewing"
    assert aurous.snapshots == {"reviewed": kept}
    with pytest.raises(AurousLookupError, match="no snapshot has that name; did you mean 'reviewed'"):
        aurous.restore("review")
    with pytest.raises(AurousError, match="expected text such as"):
        aurous.snapshot(" ")


def test_keys_of_a_team(api: Api) -> None:
    """A team knows its keys in order of issue, also the ones that have ended."""
    team = api.aurous.team
    team.add_key("read").revoke()
    first, second = team.keys
    assert (first, first.ended, second.scope, second.ended) == (team.api_key, False, "read", True)
    first.rotate()
    api.aurous.clock.advance(seconds=86_400)
    assert [key.ended for key in team.keys] == [True, True, False]
