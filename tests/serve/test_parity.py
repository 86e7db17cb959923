"""What Python can do can be done over HTTP: each argument of each method, and each setting, as the tables have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from inspect import isfunction
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousServer
from pytest_aurous._core.world.settings import ROWS, read_setting
from pytest_aurous._serve.actions import Action
from pytest_aurous._serve.arguments import parameters_of
from pytest_aurous._serve.command import load
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.table import INTERNAL, LEFT_OUT, REASONS, members, operations
from tests.conftest import OTHER_SETTINGS

NOW: Final = "2026-05-08T10:00:00Z"


def prepared(**settings: Any) -> Aurous:
    """Return a fake with a record of each kind, also of another team; two of these are the same."""
    aurous = Aurous(now=NOW, strict="off", pitfalls="off", **settings)
    for owner in (aurous, aurous.teams.add("Rivals")):
        owner.characters.add("Aurora", status="synthesizing", script="synthesizing*9 -> reviewing")
        owner.images.add(status="processing", script="pending -> processing*9 -> succeeded")
        owner.videos.add(status="processing", script="pending -> processing*9 -> succeeded")
        owner.webhook_endpoints.add("https://shop.example/hook")
    with aurous.client() as client:
        client.get("/v1/balance")
    aurous.faults.drop("image.*")
    aurous.snapshot("before")
    aurous._session.start_here()
    return aurous


VALUES: Final[dict[str, Any]] = {
    "after": 1, "after_bytes": 5, "after_events": 1, "at": "2027-01-01T00:00:00Z", "at_least": 0, "at_most": 9,
    "attributes": {"age": 30}, "balance_low_threshold": 5, "billing_mode": "exempt", "body": {"credits": "many"},
    "bucket": "reads", "burst": 5,
    "capabilities": ["reasoning_effort"], "client_reference_id": "x", "code": "internal_error", "commit": True,
    "committed": False,
    "confidence": 0.5, "created_at": "2026-01-01T00:00:00Z", "credits": 5, "default_denoise_strength": 0.5,
    "default_duration": 5, "default_guidance_scale": 3, "default_ratio": "16:9", "default_resolution": "720p",
    "default_steps": 20, "delay": 1, "description": "Dark", "error": "provider_timeout", "error_code": "x",
    "event": "image.completed", "events": ["image.completed"], "fault": "x", "finish_reason": "stop",
    "has_template": True, "headers": {"X-A": "b"}, "host": "api.aurous-labs.com", "json": {"name": "Luna"},
    "message": "Down", "metadata": {"scene": 4}, "method": "GET", "name": "Luna", "number": 1,
    "operation": "balance.retrieve", "operations": ["balance.retrieve"], "path": "/v1/balance", "per_minute": 60,
    "phase": "connect", "pose": "front", "query": "", "refuse": "No.", "replayed": False, "retry_after": 3,
    "scope": "read", "script": "synthesizing*2 -> reviewing", "seconds": 5, "secret": "whsec_c2VjcmV0c2VjcmV0",
    "settings": {"credits": 10}, "slug": "noir", "snapshot": "before", "speed": 0, "status": 200,
    "text": "synthesizing*2 -> reviewing", "times": 2, "to": "after", "tokens": [1, 2], "tool_calls": [["find", {}]],
    "tps": 5, "ttft": 1, "url": "https://shop.example/new", "vectors_by_text": {"hair": [0.6, 0.8]},
    "webhook_url": "https://shop.example/one", "when": {"path": "/v1/*"},
}  # fmt: skip
"""A value of each argument; where there is none, its default."""
OTHERS: Final[dict[str, Any]] = {
    "characters.add.status": "ready", "calls.where.at": 1778234400, "assert_called.at": 1778234400,
    "assert_not_called.at": 1778234400, "faults.status.status": 503, "faults.stall.operation": "chat.create",
    "images.add.script": "pending -> processing*2 -> succeeded", "images.script.text": "pending -> failed",
    "videos.add.script": "pending -> processing*2 -> succeeded", "videos.script.text": "pending -> failed",
    "key.revoke.number": 0, "key.rotate.number": 0, "snapshots.rename.name": "before",
    "snapshots.remove.name": "before", "images.add.status": "succeeded", "videos.add.status": "succeeded",
    "completions.add.status": "failed",
}  # fmt: skip
"""Those of one operation, where they differ."""
BESIDE: Final[dict[str, dict[str, Any]]] = {
    "chat.reply": {"text": "Yes."}, "faults.disconnect.after_events": {"operation": "chat.create"},
    **{f"chat.reply.{name}": {} for name in ("text", "json", "refuse", "error")},
}  # fmt: skip
"""What an argument needs beside it."""


PREFIXES: Final = {
    "characters": "char", "uploads": "upl", "images": "img", "videos": "vid", "files": "file", "completions": "cmp",
    "webhook_endpoints": "we", "loras": "lora", "video_loras": "lora", "teams": "team",
}  # fmt: skip


def value_of(aurous: Aurous, name: str, argument: str, *, rival: bool = False) -> Any:
    """Return a value for an argument; with *rival*, of a record of the other team."""
    word = name.partition(".")[0]
    owner: Any = aurous.teams.last if rival else aurous
    if argument == "id":
        new = f"{PREFIXES.get(word)}_01KRM{'0' * 20}Z" if word != "models" else "aurous-grow-9.0"
        return new if name.endswith(".add") else getattr(owner, f"{word}s").last.id
    if argument in {"record", "character", "team"}:
        return (aurous.teams if argument == "team" else aurous.characters).last.id
    if argument == "exported":
        return aurous.export()
    shape = operations()[name].takes.schemas[argument] if name in operations() else {}
    return OTHERS.get(f"{name}.{argument}", VALUES.get(argument, shape.get("default")))


def body_of(aurous: Aurous, row: Parity) -> dict[str, Any]:
    """Return the arguments of an operation: those that it must have, and the one of the row."""
    name = row.name
    needed = {*operations()[name].takes.required, row.argument} - {""}
    body = {one: value_of(aurous, name, one, rival=row.argument == "team") for one in needed}
    return {**body, **BESIDE.get(f"{name}.{row.argument}", BESIDE.get(name, {}))}


def begin_anew(aurous: Aurous) -> None:
    """Go back to where it was `prepared`, also its snapshots, which a reset leaves."""
    aurous.reset()
    for name in [name for name in aurous.snapshots if name != "before"]:
        del aurous.snapshots[name]


@pytest.fixture(scope="module")
def twin() -> Aurous:
    """A fake that is as the served one."""
    return prepared()


@pytest.fixture(scope="module")
def server() -> Iterator[AurousServer]:
    """A served fake, which each test resets."""
    with AurousServer(prepared()) as found:
        yield found


@pytest.fixture
def client(server: AurousServer) -> Iterator[httpx.Client]:
    """Control requests to the server, which begins anew."""
    begin_anew(server.aurous)
    with httpx.Client(base_url=f"{server.url}/__aurous__/", trust_env=False) as found:
        yield found


READ: Final[dict[str, str]] = {
    "export": "export",
    "snapshots": "snapshots",
    "calls": "calls",
    "pitfalls": "pitfalls",
    "webhooks.deliveries": "deliveries",
    "chat.completions": "completions",
    "team.keys": "keys",
    "limits": "limits",
    "key.scope": "keys",
    "key.ended": "keys",
    "limit.capacity": "limits",
    "limit.overruns": "limits",
    "limit.remaining": "limits",
    "calls.where": "calls",
    "calls.count": "calls",
    "calls.last": "calls",
    "calls.timeline": "log",
    "clock.now": "state",
}
"""What is read by another GET than `state`, by its name in Python."""


class Parity(NamedTuple):
    """A public name of a fake, or one of its arguments, over HTTP: its control request, or why there is none."""

    name: str
    argument: str
    request: str
    reason: str


def parity() -> Iterator[Parity]:
    for full, _, member in members():
        if full in REASONS:
            yield Parity(full, "", "", REASONS[full])
        elif full not in INTERNAL:
            request = f"POST {full}" if full in operations() else f"GET {READ.get(full, 'state')}"
            yield Parity(full, "", request, "")
            for argument in parameters_of(member) if isfunction(member) else ():
                reason = LEFT_OUT.get(f"{full}({argument})") or LEFT_OUT.get(full.rpartition(".")[2], "")
                yield Parity(full, argument, "" if reason else request, reason)


ROWS_OF: Final = [row for row in parity() if row.request]


@pytest.mark.parametrize("row", ROWS_OF, ids=lambda row: f"{row.name} {row.argument}".strip())
def test_each_argument_does_over_http_what_it_does_in_python(
    server: AurousServer, client: httpx.Client, twin: Aurous, row: Parity
) -> None:
    """The line of Python in the response, run on a fake that began as the served one, leaves the same state."""
    method, _, path = row.request.partition(" ")
    if method == "GET":
        value = value_of(server.aurous, row.name, row.argument)
        asked = {row.argument: json.dumps(value) if isinstance(value, bool) else value} if row.argument else {}
        response = client.get(path, params=asked)
        assert response.status_code == 200
        if row.argument:
            filters: dict[str, Any] = {"operation": "*"} | {row.argument: value}
            wanted = server.aurous.calls.where(**filters)
            assert [one["number"] for one in response.json()] == [call.number for call in wanted]
        return
    response = client.post(path, json=body_of(server.aurous, row))
    done = response.json()
    assert response.status_code in {200, 422}, done
    assert not row.argument or row.argument in done["arguments"]
    begin_anew(twin)
    line = re.sub(r"whsec_\(redacted\)x*", VALUES["secret"], done["python"])
    if row.name == "import_":  # its line has a redacted key
        line = "aurous.import_(aurous.export())"
    passed = True
    try:
        exec(line, {"aurous": twin})  # noqa: S102 - our own text
    except AssertionError:
        passed = False
    assert passed == (response.status_code == 200)
    assert state_of(twin) == state_of(server.aurous)


def state_of(aurous: Aurous) -> dict[str, Any]:
    """Return the state of a fake as an export has it, without the numbers of faults and the places of replies."""
    exported = aurous.export()
    for fault in exported["faults"]:
        del fault["number"]
    sections = {name: one for name, one in exported["sections"].items() if not name.startswith("fault")}
    for _, reply in sections.get("chat replies", ()):
        del reply["place"]
    for _, delivery in sections.get("deliveries", ()):  # which leads to the server, where one runs
        del delivery["body"], delivery["payload"]
    settings = {name: getattr(aurous._session.settings, name) for name in ROWS}
    return {**exported, "sections": sections, "snapshots": sorted(aurous.snapshots), "settings": settings}


def test_each_public_name_has_a_control_request_or_a_reason() -> None:
    """Nothing is forgotten: a new method of Python has one at once, or must have a reason."""
    rows = [*parity()]
    assert len({(row.name, row.argument) for row in rows}) == len(rows)
    assert [row for row in rows if bool(row.request) == bool(row.reason)] == []
    assert REASONS.keys() <= {row.name for row in rows}
    assert {row.request for row in ROWS_OF} >= {f"POST {one.name}" for one in operations().values() if one.verb}


BAD: Final[tuple[Any, ...]] = (5, -1, True, "", "x", [[]], {"x": 1})


def test_wrong_values_are_refused_as_python_refuses_them(twin: Aurous) -> None:
    """With the same words, and nothing changes; what Python accepts is accepted."""
    aurous = prepared()
    begin_anew(twin)
    control = Control(aurous)
    refused, copy = 0, aurous._session.app.world.state.copy
    before = copy()
    for name, operation in operations().items():
        for argument in [one for one in operation.own if one != operation.takes.many and operation.verb]:
            body = body_of(aurous, Parity(name, argument, "", ""))
            for value in BAD:
                sent = {**body, argument: value}
                reply = control.respond("POST", f"/__aurous__/{name}", json.dumps(sent).encode())
                if reply.status == 400:
                    refused += 1
                    assert copy() == before, sent
                    with pytest.raises(AurousError) as python:
                        exec(Action(name, sent).python(), {"aurous": twin})  # noqa: S102 - our own text
                    assert json.loads(reply.body)["error"] == str(python.value)
                else:
                    begin_anew(aurous)
                    before = copy()
    assert refused > 1000


@pytest.mark.parametrize("name", ROWS)
def test_each_setting_can_be_set(server: AurousServer, client: httpx.Client, name: str) -> None:
    """It has the value that a marker would give it, until the next reset; a wrong value says what the marker says."""
    value = OTHER_SETTINGS[name]
    before = client.get("state").json()
    assert client.post("reset", json={"settings": {name: value}}).status_code == 200
    state = client.get("state").json()
    assert getattr(server.aurous._session.settings, name) == read_setting(name, value)
    if name != "base_url":  # which leads to the server, as everywhere
        assert {one for one in ROWS if state["settings"][one] != before["settings"][one]} == {name}
        assert state["settings"][name] == (value if name != "script" else {"characters": value})
    wrong: dict[str, Any] = {name: [[]]}
    with pytest.raises(AurousError) as marker:
        Aurous(**wrong)
    refused = client.post("reset", json={"settings": {"credits": 3, **wrong}})
    assert (refused.status_code, refused.json()["error"]) == (400, str(marker.value))
    assert client.get("state").json() == state
    client.post("reset")
    assert client.get("state").json()["settings"] == before["settings"]


@pytest.mark.parametrize("kind", ["records", "export"])
def test_a_reset_with_credits_keeps_the_state_of_the_start(tmp_path: Path, kind: str) -> None:
    """The credits are those of the setting, and the records those of `--state`; a copied session does the same."""
    before = Aurous(now=NOW, credits=500)
    before.characters.add("Aurora")
    file = tmp_path / "state.json"
    file.write_text(
        json.dumps(before.export() if kind == "export" else {"characters": [{"name": "Aurora"}]}), encoding="utf-8"
    )
    aurous = Aurous(now=NOW, strict="off")
    loaded = load(aurous, file)
    aurous._session.start_here()
    control = Control(aurous)
    control.tape.loaded = loaded
    body = json.dumps({"settings": {"credits": 10, "now": "2030-01-01T00:00:00Z"}}).encode()
    assert control.respond("POST", "/__aurous__/reset", body).status == 200
    with aurous.client() as client:
        assert client.get("/v1/balance").json()["credits"] == 10
        assert [one["name"] for one in client.get("/v1/characters").json()["data"]] == ["Aurora"]
    module: dict[str, Any] = {}
    exec(control.respond("GET", "/__aurous__/session.py").body.decode(), module)  # noqa: S102 - our own text
    module["test_copied"]()
