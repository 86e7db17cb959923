"""A kind of fault is one function around the request: it may come before the request, after it, or instead of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import AurousUnfiredFault
from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.wire.reply import Break

if TYPE_CHECKING:
    from pytest_aurous import Call, Fault
    from pytest_aurous._core.faults.fault import Meet, Serve
    from pytest_aurous._core.time.clock import Clock
    from pytest_aurous._core.wire.reply import Reply
    from tests.conftest import Api

SYNTHESIS = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def add(api: Api, operation: str, meet: Meet) -> Fault:
    """Add a fault of a new kind."""
    return api.aurous.faults._add("new", operation, meet, {})


def test_a_fault_can_change_the_response(api: Api) -> None:
    """An unknown field is four lines."""

    def greased(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
        fault.fire(call)
        reply = serve()
        return reply.with_body(json.dumps(json.loads(reply.body) | {"made_up": 1}).encode())

    fault = add(api, "balance.retrieve", greased)
    assert api.get("/v1/balance").json["made_up"] == 1
    assert "made_up" not in api.get("/v1/balance").json
    assert (fault.fired, api.aurous.calls[0].fault) == (1, "new")


def test_a_fault_can_change_the_world_before_and_after_the_request(api: Api) -> None:
    """Somebody deletes the record under a poll; the work that a request has started fails."""
    character = api.characters.add()

    def gone(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
        fault.fire(call)
        character.delete()
        return serve()

    def fails(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
        fault.fire(call)
        reply = serve()
        api.characters.last.fail("provider_timeout")
        return reply

    add(api, "characters.retrieve", gone)
    add(api, "characters.create", fails)
    assert api.get(f"/v1/characters/{character.id}").status == 404
    created = api.post("/v1/characters", json=SYNTHESIS)
    assert (created.status, created.json["status"], api.characters.last.status) == (201, "synthesizing", "failed")


@pytest.mark.parametrize("effect", [False, True])
def test_a_fault_decides_whether_the_request_takes_effect(api: Api, effect: bool) -> None:  # noqa: FBT001
    """A rehearsal has the same response, and leaves nothing."""
    replies: list[Any] = []

    def lost(fault: Fault, call: Call, _: Clock, serve: Serve) -> Break:
        fault.fire(call)
        replies.append(serve(effect=effect))
        return Break("ReadError", "gone")

    add(api, "characters.create", lost)
    assert api.broken("POST", "/v1/characters", json=SYNTHESIS).error == "ReadError"
    assert (replies[0].status, len(api.characters), api.aurous.calls.last.committed) == (201, effect, effect)


@pytest.mark.parametrize("free", [False, True])
def test_a_refusal_keeps_its_place_behind_key_limit_and_version(api: Api, free: bool) -> None:  # noqa: FBT001
    """A request that the API refuses before does not meet the fault; a free one costs no token."""
    seen: list[Any] = []

    def refused(fault: Fault, call: Call, _: Clock, serve: Serve) -> Reply:
        def refuse(*place: Any) -> ApiProblem:
            fault.fire(call)
            seen.append(place[:2])
            return ApiProblem(418, "teapot", "No.")

        return serve(effect=False, instead=refuse, free=free)

    fault = add(api, "team.retrieve", refused)
    assert api.get("/v1/team", headers={"Aurous-Version": "1999-01-01"}).status == 400
    assert (fault.fired, seen) == (0, [])
    with pytest.raises(AurousUnfiredFault):
        api.aurous._session.verdict.judge()
    left = api.aurous.limits["reads"].remaining
    assert (api.get("/v1/team").status, seen, fault.fired) == (418, [("reads", 1)], 1)
    assert api.aurous.limits["reads"].remaining == left - (not free)
