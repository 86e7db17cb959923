"""The forms of an action, what has a control request, what the page takes back, and requests that are sent again."""

import json
import shlex
from typing import Any

from pytest_aurous import Aurous
from pytest_aurous._core.wire.call import Call
from pytest_aurous._core.wire.hosts import UPLOAD_HOST
from pytest_aurous._serve.asgi import AsgiApp
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.literals import Names

NOW = "2026-05-08T10:00:00Z"
ULID = "char_01KRM000000000000000000000"
SYNTHESIS = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def do(control: Control, name: str, /, *, asked: str = "", **body: Any) -> Any:
    """Make a control request that succeeds, and return what it says."""
    sent = json.dumps(body).encode()
    reply = control.respond("POST", f"/__aurous__/{name}", sent, asked)
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def read(control: Control, name: str, query: str = "") -> Any:
    reply = control.respond("GET", f"/__aurous__/{name}", b"", query)
    assert reply.status == 200, reply.body
    return json.loads(reply.body) if ("Content-Type", "application/json") in reply.headers else reply.body.decode()


def test_a_snapshot_and_an_assertion_of_a_suite() -> None:
    """A snapshot without a name gets one, also from null; an assertion that fails is no success."""
    control = Control(Aurous(now=NOW))
    assert do(control, "snapshot", name=None)["result"] == {"name": "snapshot 1"}
    for times, status in ((0, 200), (2, 422)):
        body = json.dumps({"operation": "characters.save", "times": times}).encode()
        assert control.respond("POST", "/__aurous__/assert_called", body).status == status


def test_all_forms_of_an_action_follow_from_it() -> None:
    """Curl sends the same arguments, and Python calls the same method."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    control.url = "http://localhost:8787"
    action = do(control, "characters.add", name="It's \U0001f600", status="reviewing", attributes={"age": 28})
    command = shlex.split(action["curl"])
    assert command[:3] == ["curl", "http://localhost:8787/__aurous__/characters.add", "--json"]
    assert json.loads(command[3]) == action["arguments"]
    other = Aurous(now=NOW)
    eval(action["python"], {"aurous": other})  # noqa: S307 - our own text
    assert other.characters.last.json() == aurous.characters.last.json()
    assert action["line"].startswith("characters.add(name=")
    assert (action["version"], action["number"], action["seq"]) == (1, 1, 1)
    assert do(control, "reset")["curl"] == "curl http://localhost:8787/__aurous__/reset -X POST"
    assert Names().literal("a\x00\u2028b") == r'"a\u0000\U00002028b"'
    assert Names({ULID: "one.id"}).literal(f"say {{x}} {ULID}") == 'f"say {{x}} {one.id}"'


def test_the_page_can_take_everything_back() -> None:
    """A reset from the page takes a snapshot first, and the last 20 are kept; a reset of a suite takes no snapshot."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    aurous.characters.add("Aurora")
    undo = do(control, "reset", asked="undo=1")["undo"]
    assert len(aurous.characters) == 0
    do(control, "restore", snapshot=undo)
    assert aurous.characters.last.name == "Aurora"
    do(control, "reset")
    aurous.snapshot("mine")
    for _ in range(25):
        do(control, "reset", asked="undo=1")
    automatic = [one for one in read(control, "snapshots") if one["automatic"]]
    assert len(automatic) == 20
    assert "mine" in aurous.snapshots
    reply = control.respond("POST", "/__aurous__/restore", b'{"snapshot": "x"}', "undo=1")
    assert reply.status == 400
    assert len([one for one in read(control, "snapshots") if one["automatic"]]) == 19 + 1 - 1
    do(control, "reset", asked="undo=1")  # what was refused takes no place of the 20
    assert len([one for one in read(control, "snapshots") if one["automatic"]]) == 20


def test_what_another_client_has_deleted_meanwhile_is_said() -> None:
    """A control on a record, a fault, a key, a team or a snapshot that is gone is refused in plain words."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    character = do(control, "characters.add", name="Aurora")["result"]["id"]
    fault = do(control, "faults.status", operation="*", status=500)["result"]["number"]
    do(control, "character.delete", id=character)
    do(control, "fault.remove", number=fault)
    for name, body, said in (
        ("character.delete", {"id": character}, "it is already deleted"),
        ("character.advance", {"id": character}, "its script has no next step"),
        ("character.finish", {"id": "char_x"}, "no such id"),
        ("fault.remove", {"number": fault}, "it may have been removed"),
        ("key.revoke", {"number": 7}, "key.revoke(number=7): expected a whole number from 0 to 0"),
        ("limit.refill", {"bucket": "reads", "team": "team_x"}, "no such id"),
        ("limit.refill", {"bucket": "read"}, "did you mean 'reads'"),
        ("restore", {"snapshot": "x"}, "no snapshot has that name"),
        ("snapshots.remove", {"name": "x"}, "no snapshot has that name"),
        ("send", {"of": 99}, "step 99 is not a request that is kept"),
        ("send", {"path": "v1"}, "send(path='v1'): expected a path such as"),
        ("send", {"of": 1, "path": "v1"}, "step 1 is not a request that is kept"),
    ):
        before = aurous.export()
        reply = control.respond("POST", f"/__aurous__/{name}", json.dumps(body).encode())
        assert (reply.status, said in json.loads(reply.body)["error"]) == (400, True), (name, reply.body)
        assert aurous.export() == before


def test_a_request_is_sent_again_edited() -> None:
    """All of it comes from the original but what is given; its key, too, which the page never sees."""
    aurous = Aurous(now=NOW)
    control = Control(aurous)
    rivals = aurous.teams.add("Rivals")
    with aurous.client(headers={"X-Api-Key": rivals.api_key}) as client:
        client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "a"})
    first = do(control, "send", of=2)["result"]
    assert (first["status"], aurous.calls.last.replayed, aurous.calls.last.team) == (201, True, rivals.id)
    do(control, "send", of=2, headers={"Idempotency-Key": None, "X-More": 1}, body='{"prompt": "y"}')
    last = aurous.calls.last
    assert (last.request.json, last.replayed, last.request.headers["x-more"]) == ({"prompt": "y"}, False, "1")
    do(control, "send", of=2, method="GET", path="/v1/images?limit=1", body="")
    assert (aurous.calls.last.operation, aurous.calls.last.query) == ("images.list", "limit=1")
    do(control, "send", path="/characters/x/y")
    assert aurous.calls.last.url == f"{UPLOAD_HOST}/characters/x/y"
    new = do(control, "send", method="POST", path="/v1/images", body='{"prompt": "z"}')["result"]
    assert (new["status"], aurous.calls.last.team) == (201, aurous.team.id)
    again = do(control, "send", of=2, body='{"prompt": "y"}')
    assert again["curl"] == r"""curl /__aurous__/send --json '{"of": 2, "body": "{\"prompt\": \"y\"}"}'"""
    assert again["python"].startswith(
        'client.post(\n    "/v1/images",\n    json={"prompt": "y"},\n    headers={"Idempotency-Key"'
    )
    said = {"model": "aurous-grow-2.0-pro", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    do(control, "send", method="POST", path="/v1/chat/completions", body=json.dumps(said))
    assert aurous.calls.last.ended == "complete"
    assert isinstance(aurous.calls.last, Call)
    assert AsgiApp(aurous).control.tape.last == 0
