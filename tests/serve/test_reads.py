"""What can be read of a served fake, and the steps of its tape."""

import json
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pytest_aurous import Aurous
from pytest_aurous._core.base import redaction
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.document import requests
from pytest_aurous._serve.reads import READS
from pytest_aurous._serve.table import operations

NOW = "2026-05-08T10:00:00Z"


def read(control: Control, name: str, query: str = "") -> Any:
    reply = control.respond("GET", f"/__aurous__/{name}", b"", query)
    assert reply.status == 200, (name, reply.body)
    return json.loads(reply.body) if ("Content-Type", "application/json") in reply.headers else reply.body.decode()


def test_everything_can_be_read() -> None:
    """Each of them, with what it promises; the document describes them and all operations."""
    aurous = Aurous(now=NOW, strict="off", pitfalls="off")
    control = Control(aurous)
    control.url = "http://localhost:8787"
    rivals = aurous.teams.add("Rivals")
    aurous.faults.outage(1, commit=True)
    with aurous.client(headers={"X-Api-Key": "a real key, perhaps"}) as client:
        with pytest.raises(httpx.ConnectError):
            client.get("/v1/balance")
        aurous.clock.advance(seconds=2)
        client.get("/v1/balance")
    with aurous.client() as client:
        client.post("/v1/charcters", json={})
        character = aurous.characters.add("Aurora")
        client.patch(f"/v1/characters/{character.id}", json={"attributes": {"age": 30}})
        client.delete(f"/v1/characters/{character.id}")
    found = {name: read(control, name) for name in ("", "openapi.json", *READS) if name != "steps/{seq}"}
    OpenAPIV31SpecValidator(found["openapi.json"]).validate()
    paths = found["openapi.json"]["paths"]
    assert {path.removeprefix("/__aurous__/") for path in paths} == {*requests()}
    assert '"any"' not in json.dumps(paths)  # a type that only our messages have
    for name in found:
        reply = control.respond("GET", f"/__aurous__/{name}")
        (kind,) = paths[f"/__aurous__/{name}"]["get"]["responses"]["200"]["content"]
        assert dict(reply.headers)["Content-Type"].partition(";")[0] == kind, name
    assert found["steps"]["steps"] == found["trace"]["steps"]
    timeout = paths["/__aurous__/faults.timeout"]["post"]
    assert timeout["summary"] == operations()["faults.timeout"].text
    described = timeout["requestBody"]["content"]["application/json"]["schema"]
    assert (described["required"], described["properties"]["phase"]["default"]) == (["operation"], "read")
    assert found["unmatched"][0]["near"].startswith("nearest: characters.create, POST ")
    assert found["coverage"]["operations"]["characters.update"]["200"] == 1
    assert [one["id"] for one in found["pitfalls"]] == ["wiping-patch"]
    assert found["faults"][0] == {"number": 1, "kind": "outage of 1 s", "operation": "*", "fired": 1, "times": None}
    assert [key["scope"] for key in found["keys"]] == ["write", "write"]
    assert {one["name"] for one in found["limits"]} == {*aurous.limits}
    assert read(control, "limits", f"team={rivals.id}") == [
        {**one, "remaining": one["capacity"]} for one in found["limits"]
    ]
    assert "a real key" not in json.dumps(found)
    destroys = {path for path, one in paths.items() if one.get("post", {}).get("x-destroys")}
    assert {f"/__aurous__/{name}" for name in ("reset", "character.delete", "import_")} <= destroys
    last = read(control, f"steps/{control.tape.last}")
    assert last["before"]["records"][character.id]["gone"] is False
    assert last["after"]["records"][character.id]["status"] == "deleted"
    assert control.respond("GET", "/__aurous__/calls", b"", "since=x").status == 400
    aurous.snapshot("x")
    assert read(control, "export", "snapshot=x")["kind"] == "pytest-aurous export"
    text = found["session.py"]
    assert 'pitfalls="off"' in text
    done = json.loads(control.respond("POST", "/__aurous__/clock.freeze").body)
    described = paths["/__aurous__/clock.freeze"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert {*described["required"]} <= done.keys() <= described["properties"].keys()


def test_steps_have_the_state_around_them() -> None:
    """Also where a request deletes for good, or takes something out of the state."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    reviewing = aurous.characters.add(status="reviewing")
    held = aurous.images.add(status="pending")
    with aurous.client() as client:
        client.delete(f"/v1/characters/{reviewing.id}")
        client.post(f"/v1/images/{held.id}/cancel")
    assert [step.call is None for step in control.tape.steps] == [True, False, False]
    states = list(control.tape.states(1))
    assert [state["records"][reviewing.id]["gone"] for state in states[1:]] == [False, True, True]
    assert list(control.tape.states(2)) == states[1:]
    assert control.live.step(99) is None
    assert next(control.tape.states(99))["records"].keys() == states[-1]["records"].keys()


def test_a_page_that_watches_costs_little() -> None:
    """What is the same in each request, or still as it was in the state, is looked through for keys once."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    records = [aurous.characters.add(status="reviewing") for _ in range(20)]
    with aurous.client() as client:
        for _ in range(20):
            client.get(f"/v1/characters/{records[0].id}")
    read(control, "present")
    trace = read(control, "trace")
    assert (trace["live"], len(trace["steps"])) == (True, 21)
    records[7].delete()
    with patch.object(redaction, "_spans", wraps=redaction._spans) as looked:
        assert read(control, "present")["state"]["records"][records[7].id]["status"] == "deleted"
        assert [one["kind"] for one in control.live.after(1, 99)["steps"]] == ["call"] * 20
    assert len({call.args[0] for call in looked.mock_calls}) < 10


def test_the_secret_of_one_request_is_shown_nowhere() -> None:
    """Neither in the path of another request nor in the name of a snapshot."""
    aurous, secret = Aurous(strict="off"), "the-own-token"
    control = Control(aurous)
    with aurous.client() as client:
        client.get("/v1/balance", headers={"X-Auth-Token": secret})
        client.get(f"/v1/{secret}")
    control.do("snapshot", {"name": secret})
    told = [control.respond("GET", f"/__aurous__/{name}").body for name in ("trace", "present", "steps", "steps/2")]
    assert [secret.encode() in one for one in told] == [False] * 4


CHAT = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}], "stream": True}


def test_the_parts_of_a_stream_are_steps() -> None:
    """Each at most every tenth of a second, as whole events, and its end, however it comes; all have what was sent."""
    with Aurous(now=NOW, strict="off", pitfalls="off") as aurous, aurous.client() as client:
        control = Control(aurous)
        aurous.chat.reply("one two three four five six", times=2)
        whole = client.post("/v1/chat/completions", json=CHAT)
        steps = read(control, "trace")["steps"]
        assert [step["kind"] for step in steps] == ["between", "call", "between"]
        assert steps[2]["part"] == {"of": 2, "text": whole.text, "ended": "complete"}
        assert steps[2]["notes"][-1] == "stream of call 1: 5 events, complete"
        assert next(iter(steps[2]["money"].values()))["held"] == 0

        with (
            patch("pytest_aurous._serve.tape.MONOTONIC", iter(range(99)).__next__),
            client.stream("POST", "/v1/chat/completions", json=CHAT) as response,
        ):
            lines = response.iter_lines()
            while "one two" not in next(lines):
                pass
            aurous.team.credits = 7
            while "four" not in next(lines):
                pass
        later = read(control, "trace")["steps"][3:]
        parts = [step.get("part", {}).get("ended") for step in later]
        assert parts == [None, "", "", None, "", "ended by the client"]
        assert next(iter(later[3]["changes"]["money"].values()))["credits"] == 7
        shown = read(control, "steps/9")
        assert (shown["step"]["kind"], shown["step"]["seq"]) == ("call", 4)
        assert shown["step"]["stream"]["ended"] == "ended by the client"
        records = shown["before"]["records"], shown["after"]["records"]
        completion = max(one for one in records[0] if one.startswith("cmp_"))
        assert [one[completion]["status"] for one in records] == ["in_progress", "cancelled_client_disconnect"]


def test_a_search_finds_words_in_bodies_and_keys() -> None:
    """Of requests and responses, in any case; not in other headers, and short words nowhere."""
    with Aurous(now=NOW, strict="off", pitfalls="off") as aurous, aurous.client() as client:
        control = Control(aurous)
        order = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
        client.post("/v1/characters", json=order, headers={"Idempotency-Key": "Order-7", "X-Note": "thursday"})
        client.get("/v1/balance")
        found = read(control, "search", f"text=AURORA+order-7+thursday+ag+available_credits+{aurous.api_key}")
        key = str(aurous.api_key).lower()
    assert found == {"aurora": [1], "order-7": [1], "thursday": [], "available_credits": [2], key: [1, 2]}


def test_each_operation_is_listed_with_its_arguments() -> None:
    """A client in another language can offer all of them."""
    actions = {one["operation"]: one for one in read(Control(Aurous()), "actions")["actions"]}

    assert [*actions] == [*operations()]
    assert (actions["reset"]["destroys"], actions["faults.timeout"]["destroys"]) == (True, False)
    told = [(one["name"], one["required"], one["default"]) for one in actions["faults.timeout"]["arguments"][:2]]
    assert told == [("operation", True, None), ("phase", False, "read")]


def test_a_step_without_states_has_what_it_has_changed() -> None:
    """A page that knows the state asks for so much."""
    aurous = Aurous()
    control = Control(aurous)
    aurous.characters.add("Aurora")
    with aurous.client() as client:
        client.post("/v1/images", json={"prompt": "x"})

    told = read(control, f"steps/{control.tape.last}", "states=false")

    assert told.keys() & {"before", "after"} == set()
    assert told["step"]["before"].keys() == {"records", "money", "buckets"}


def test_a_list_of_steps_says_of_a_request_what_its_step_says() -> None:
    """A page that shows the list need not ask for each: when it arrived, and what became of it."""
    aurous = Aurous()
    control = Control(aurous)
    with aurous.client() as client:
        client.post("/v1/images?x=1", json={"prompt": "x"})

    (brief,) = control.live.after(0, 9)["steps"]
    whole = read(control, "steps/1")["step"]

    own = {"brief", "quiet", "body", "money"}  # which a whole step has in full
    assert brief.keys() >= own
    assert {name: brief[name] for name in brief.keys() - own} == {name: whole[name] for name in brief.keys() - own}
