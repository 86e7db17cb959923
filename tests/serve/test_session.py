"""What was done to a served fake, as one pytest test: it runs as it is, and it passes."""

from __future__ import annotations

import ast
import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.wire.call import Call
from pytest_aurous._core.wire.hosts import UPLOAD_HOST
from pytest_aurous._serve.asgi import AsgiApp
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.literals import Names
from pytest_aurous._serve.table import INTERNAL, REASONS, SUBJECTS, name_of, operations, parity, public

if TYPE_CHECKING:
    import httpx

NOW = "2026-05-08T10:00:00Z"
ULID = "char_01KRM000000000000000000000"
SYNTHESIS = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def do(control: Control, name: str, /, *, asked: str = "", **body: Any) -> Any:
    """Make a control request that succeeds, and return what it says."""
    sent = json.dumps(body).encode()
    method = "POST" if "POST" in control.methods(name) else "GET"
    reply = control.respond(method, f"/__aurous__/{name}", sent if method == "POST" else b"", asked)
    assert reply.status == 200, reply.body
    return json.loads(reply.body) if ("Content-Type", "application/json") in reply.headers else reply.body.decode()


def read(control: Control, name: str, query: str = "") -> Any:
    """Read something."""
    reply = control.respond("GET", f"/__aurous__/{name}", b"", query)
    assert reply.status == 200, reply.body
    return json.loads(reply.body) if ("Content-Type", "application/json") in reply.headers else reply.body.decode()


def somebody_clicks(control: Control, client: httpx.Client) -> None:
    """Do what somebody does on the page, while an application sends requests."""
    import httpx

    aurora = do(control, "characters.add", name="Aurora", status="reviewing")["result"]["id"]
    do(control, "faults.status", operation="characters.save", status=503, times=1)
    assert [client.post(f"/v1/characters/{aurora}/save").status_code for _ in range(2)] == [503, 200]
    made = client.post("/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "a"}).json()["id"]
    do(control, "character.fail", id=made, error="provider_timeout")
    client.get(f"/v1/characters/{made}")
    do(control, "character.script", id=made, text="synthesizing:45s -> reviewing")
    client.post(f"/v1/characters/{made}/resynthesize")
    do(control, "clock.advance", seconds=46)
    assert client.get(f"/v1/characters/{made}").json()["status"] == "reviewing"
    do(control, "character.delete", asked="undo=1", id=made)
    assert client.get(f"/v1/characters/{made}").status_code == 404
    do(control, "restore", snapshot=read(control, "snapshots")[-1]["name"])
    client.get(f"/v1/characters/{made}")
    first = do(control, "faults.timeout", operation="images.create", commit=True)["result"]["number"]
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v1/images", json={"prompt": 'a "bench" {1}\n\u2028'})
    do(control, "faults.connect_error", operation="*")
    do(control, "fault.remove", number=first + 1)
    rivals = do(control, "teams.add", name="Rivals", credits=2)["result"]
    client.post("/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": rivals["api_key"]})
    nova = do(control, "characters.add", name="Nova", team=rivals["id"])["result"]["id"]
    do(control, "character.delete", id=nova)
    key = do(control, "team.add_key", scope="read")["result"]
    client.delete(f"/v1/characters/{made}", headers={"X-Api-Key": key["key"]})
    do(control, "key.revoke", number=key["number"])
    client.get("/v1/balance", headers={"Authorization": f"Bearer {key['key']}", "X-Api-Key": key["key"]})
    client.get("/v1/balance", headers={"X-Api-Key": "wrong"})
    client.get("/v1/balance", headers={"X-Api-Key": ""})
    ticket = client.post("/v1/characters/uploads/presign", json={"filename": "a.png"})
    ticket = client.get(f"/v1/characters/{aurora}")
    client.get(ticket.json()["refs"][0]["url"])
    client.request("GET", "/v1/balance", content=b"\xff\x00")
    client.post("/v1/images", content=b"{", headers={"Content-Type": "application/json"})
    client.post("/v1/images", content="not JSON", headers={"Content-Type": "text/plain"})
    client.post("/v1/images", content=b"x" * 70_000, headers={"Content-Type": "text/plain"})
    do(control, "team.credits", credits=3)
    do(control, "limit.exhaust", bucket="reads")
    do(control, "chat.reply", json={"a": [1, None, True]})
    do(control, "snapshot", name="paid")
    do(control, "snapshots.rename", name="paid", to="p2")
    do(control, "snapshots.remove", name="p2")
    do(control, "clock.speed", speed=2)
    do(control, "clock.freeze", at="2027-01-01T00:00:00Z")
    do(control, "send", of=5)
    do(control, "assert_called", operation="characters.save", times=3)
    do(control, "assert_called_in_order", operations=["characters.save", "images.create"])
    do(control, "assert_polled", record=made, at_least=2)


def test_a_session_is_copied_as_a_test_that_passes(pytester: pytest.Pytester) -> None:
    """Whatever was clicked and requested: the test does it again, and gets the same responses."""
    aurous = Aurous(now=NOW, pitfalls="off", strict="off", rate_limits="enforce")
    control = Control(aurous)
    with aurous.client() as client:
        client.get("/v1/team")
        do(control, "reset")
        somebody_clicks(control, client)
    text = read(control, "session.py")
    tree = ast.parse(text)
    assert text.startswith('"""Copied from a served fake: ')
    assert "is not kept: 70000 bytes" in text
    assert "/v1/team" not in text  # before the reset
    assert [one.name for one in tree.body if isinstance(one, ast.FunctionDef)] == ["test_copied"]

    whole = Aurous(now=NOW)
    short = Control(whole, keep=3)
    do(short, "characters.add", name="Aurora")
    do(short, "import_", exported=whole.export())
    with whole.client() as client:
        client.get(f"/v1/characters/{whole.characters.last.id}")
    after = read(short, "session.py", "after=1")
    assert "What was until step 1 is done, but not asserted." in after
    for _ in range(3):
        do(short, "clock.advance", seconds=0.5)
    assert "The first 3 steps are not kept" in read(short, "session.py")
    assert "3 actions" in read(short, "session.py", "after=3")
    assert "1 actions" in read(short, "session.py", "after=3&until=4")
    named = read(short, "session.py", "name=Test+that+it+waits%21")
    assert "def test_that_it_waits() -> None:" in named
    assert "def test_copied() -> None:" in read(short, "session.py", "name=%21")
    empty = read(Control(Aurous(now=NOW)), "session.py")

    earlier = Aurous()  # its clock goes on
    earlier.clock.advance(seconds=3600)
    earlier.characters.add("Aurora", status="synthesizing", script="synthesizing:45s -> reviewing")
    later = Control(Aurous(strict="off"))
    do(later, "import_", exported=earlier.export())
    do(later, "chat.reply", text="Nobody asks.")
    with later.aurous.client() as client:
        assert client.get(f"/v1/characters/{earlier.characters.last.id}").json()["status"] == "synthesizing"
    imported = read(later, "session.py")

    pytester.makepyfile(test_clicked=text, test_after=after, test_empty=empty, test_imported=imported)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error").assert_outcomes(passed=4)


def test_an_assertion_that_fails_is_copied_as_a_test_that_fails(pytester: pytest.Pytester) -> None:
    """That is how a bug becomes a regression test."""
    control = Control(Aurous(now=NOW))
    reply = control.respond("POST", "/__aurous__/assert_called", b'{"operation": "characters.save"}')
    assert reply.status == 422
    assert json.loads(reply.body)["result"]["report"].startswith("Expected characters.save to be called")
    pytester.makepyfile(read(control, "session.py"))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines("*Expected characters.save to be called at least once*")


def test_a_snapshot_and_an_assertion_of_a_suite() -> None:
    """A snapshot without a name gets one, also from null; an assertion that fails is no success."""
    control = Control(Aurous(now=NOW))
    assert do(control, "snapshot", name=None)["result"] == {"name": "snapshot 1"}
    assert 'aurous.snapshot(name="snapshot 1")' in read(control, "session.py")
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


def test_each_public_name_has_a_control_request_or_a_reason() -> None:
    """Nothing is forgotten: a new method of Python has one at once, or must have a reason."""
    rows = [row for row in parity() if not row.argument]
    names = [row.name for row in rows]
    assert len(set(names)) == len(names)
    every = {name_of(word, name) for word, subject in SUBJECTS.items() for name in public(subject.kind)}
    assert every == {*names} | (INTERNAL & every)
    for row in parity():
        assert bool(row.request) != bool(row.reason), row
    assert REASONS.keys() <= every
    methods = {one.name for one in operations().values() if one.verb and not one.sets}
    assert {row.request.removeprefix("POST ") for row in rows if row.request.startswith("POST")} >= methods


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
        ("key.revoke", {"number": 7}, "There is no item 7: the items have the numbers 0 to 0."),
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
