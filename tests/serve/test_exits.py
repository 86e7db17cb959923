"""Whatever leaves the process of a served fake has no secret: each place of a secret, and each exit."""

import ast
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._check.adapt import followed
from pytest_aurous._check.check import Checked
from pytest_aurous._check.verdict import Verdicts
from pytest_aurous._core.wire.har import HarWriter, har, write_har
from pytest_aurous._serve.command import line_of, log
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.reads import READS
from pytest_aurous._trace.data import trace
from pytest_aurous._trace.page import page
from pytest_aurous._trace.recorder import Recorder


def do(control: Control, name: str, /, **body: Any) -> Any:
    """Make a control request that succeeds, and return what it says."""
    reply = control.respond("POST", f"/__aurous__/{name}", json.dumps(body).encode())
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


REAL: Final = "al_live_0123456789abcdef0123456789abcdef"
OTHER: Final = "sk-proj-of-another-vendor-4711"
SIGNING: Final = "whsec_0123456789abcdefABCDEF"
PASSWORD: Final = "hunter2-and-more"
HOOK: Final = f"https://shop:{PASSWORD}@shop.example/hook"


class Seen(NamedTuple):
    """A fake, what controls it, and a client of its own."""

    aurous: Aurous
    control: Control
    client: httpx.Client


def ask(client: httpx.Client, text: str) -> httpx.Response:
    """Send a prompt."""
    said = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": text}]}
    return client.post("/v1/chat/completions", json=said)


def with_header(name: str, seen: Seen) -> httpx.Response:
    """Send a secret in a header."""
    return seen.client.get("/v1/balance", headers={name: OTHER})


PLACES: Final[dict[str, Callable[[Seen], object]]] = {
    "query": lambda seen: seen.client.get("/v1/characters", params={"name": REAL, "limit": 1}),
    "query of a key": lambda seen: seen.client.get(f"/v1/balance?api_key={OTHER}"),
    "path": lambda seen: seen.client.get(f"/v1/characters/{REAL}"),
    "prompt": lambda seen: ask(seen.client, f"My key is {REAL}."),
    "body": lambda seen: seen.client.post("/v1/images", content=f"key {REAL}", headers={"Content-Type": "text/plain"}),
    "JSON that is none": lambda seen: seen.client.post(
        "/v1/images", content=f"{{key {REAL}", headers={"Content-Type": "application/json"}
    ),
    "bytes": lambda seen: seen.client.post("/v1/files", content=b"\xff\x00 " + REAL.encode()),
    "name of a field": lambda seen: seen.client.post("/v1/images", json={"prompt": "x", REAL: {REAL: [REAL]}}),
    "Base64": lambda seen: seen.client.post("/v1/images", json={"prompt": b64encode(f"a:{REAL}".encode()).decode()}),
    "X-Api-Key": lambda seen: seen.client.get("/v1/balance", headers={"X-Api-Key": REAL}),
    "Authorization": lambda seen: seen.client.get(
        f"/v1/images/{OTHER}", headers={"Authorization": f"Bearer {OTHER}", "X-Note": OTHER}
    ),
    **{
        name: partial(with_header, name)
        for name in ("X-Auth-Token", "OpenAI-Api-Key", "Proxy-Authorization", "Cookie", "X-Client-Secret")
    },
    "another header": lambda seen: seen.client.get("/v1/balance", headers={"X-Note": REAL}),
    "chat.reply": lambda seen: (do(seen.control, "chat.reply", text=f"It is {REAL}."), ask(seen.client, "What is it?")),
    "vectors": lambda seen: (
        do(seen.control, "embeddings.vectors", vectors_by_text={f"the key {REAL}": [0.6, 0.8]}),
        seen.client.post("/v1/embeddings", json={"model": "aurous-embed-1.0", "input": f"the key {REAL}"}),
    ),
    "send": lambda seen: do(
        seen.control,
        "send",
        method="POST",
        path=f"/v1/images?name={REAL}",
        headers={"X-Auth-Token": OTHER, "X-Note": REAL},
        body=json.dumps({"prompt": REAL}),
    ),
    "an action": lambda seen: do(seen.control, "characters.add", name=REAL),
    "a fault": lambda seen: do(seen.control, "faults.status", operation="*", status=503, headers={"X-Note": REAL}),
    "a secret header of a fault": lambda seen: do(
        seen.control, "faults.status", operation="*", status=503, headers={"X-Auth-Token": OTHER}
    ),
    "conditions": lambda seen: (
        do(seen.control, "faults.status", operation="*", status=503, when={"header": {"X-Auth-Token": OTHER}}),
        do(seen.control, "chat.reply", text="Yes.", when={"header": {"Authorization": f"Bearer {OTHER}"}}),
    ),
    "query beside a header": lambda seen: seen.client.get(f"/v1/balance?x={OTHER}", headers={"X-Auth-Token": OTHER}),
    "records beside a header": lambda seen: (
        seen.client.post("/v1/characters", json={"name": OTHER}, headers={"X-Auth-Token": OTHER}),
        seen.client.post("/v1/images", json={"prompt": f"of {OTHER}"}, headers={"Authorization": f"Bearer {OTHER}"}),
        do(seen.control, "chat.reply", text="Yes."),
        ask(seen.client, f"It is {OTHER}."),
    ),
    "a snapshot": lambda seen: do(seen.control, "snapshot", name=REAL),
    "URL of an endpoint": lambda seen: (
        seen.client.post("/v1/webhook_endpoints", json={"url": HOOK, "events": ["*"]}),
        do(seen.control, "webhook_endpoints.add", url=f"{HOOK}/2"),
        seen.client.post("/v1/images", json={"prompt": "x", "webhook_url": HOOK}),
        seen.client.get("/v1/webhook_endpoints", params={"url": HOOK}),
    ),
}


def everything(seen: Seen, recorder: Recorder, logged: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what leaves the process, each with the name of the exit."""
    control = seen.control
    for name in READS:
        reply = control.respond("GET", f"/__aurous__/{name}")
        yield name, reply.body.decode()
    for step in list(control.tape.steps):
        yield "steps", control.respond("GET", f"/__aurous__/steps/{step.seq}").body.decode()
        yield "terminal", line_of(step)
        if step.action is not None:
            yield "action", json.dumps(step.action.python()) + step.action.line()
        else:
            reply = control.respond("POST", "/__aurous__/send", json.dumps({"of": step.seq}).encode())
            yield "send", reply.body.decode()
    observed = [{"operation": "team.retrieve", "where": "body.x", "what": "added", "value": f"{HOOK} {REAL}"}]
    yield "check --observed", followed(Verdicts({}), observed, lambda _: Checked(Verdicts({})))[0]
    yield "--log", logged.read_text(encoding="utf-8")
    yield "--aurous-har", write_har(folder, "test_x", seen.aurous.calls).read_text(encoding="utf-8")
    about = {"id": "test_x", "outcome": "failed", "message": "", "duration": 0.1, "again": "pytest"}
    yield "page of a trace", page(trace(recorder, about), "test_x")


@pytest.mark.parametrize("place", PLACES)
def test_no_exit_has_a_secret(place: str, tmp_path: Path) -> None:
    """Not one exit shows any of the secrets; and the copied session is Python."""
    aurous = Aurous(now="2026-05-08T10:00:00Z", strict="off", pitfalls="off")
    control = Control(aurous)
    recorder = Recorder(aurous._session.handle)
    file = tmp_path / "log.har"
    file.write_text(json.dumps(har([])), encoding="utf-8")
    with aurous.client() as client:
        seen = Seen(aurous, control, client)
        PLACES[place](seen)
        log(file, control.tape.steps, HarWriter())
        recorder.stop()
        texts = list(everything(seen, recorder, file, tmp_path))

    secrets = (REAL.removeprefix("al_live_")[:12], OTHER, PASSWORD, b64encode(f"a:{REAL}".encode()).decode())
    assert {name for name, text in texts for secret in secrets if secret in text} == set()
    ast.parse(dict(texts)["session.py"])


def test_each_copied_session_passes(pytester: pytest.Pytester) -> None:
    """Whatever place the secrets were in. One inner run has them all: each would begin anew what pytest does first."""
    for number, act in enumerate(PLACES.values()):
        aurous = Aurous(now="2026-05-08T10:00:00Z", strict="off", pitfalls="off")
        control = Control(aurous)
        with aurous.client() as client:
            act(Seen(aurous, control, client))
        session = control.respond("GET", "/__aurous__/session.py").body.decode()
        pytester.makepyfile(**{f"test_{number}": session})

    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error")

    result.assert_outcomes(passed=len(PLACES))


def test_a_copied_session_without_secrets_still_passes(pytester: pytest.Pytester) -> None:
    """Keys of fakes stay; a signed URL that no response had is redacted, and so nothing is said of its response."""
    elsewhere = Aurous(now="2026-05-08T10:00:00Z")
    elsewhere.teams.add("Rivals")
    elsewhere.webhook_endpoints.add(HOOK)
    aurous = Aurous(now="2026-05-08T10:00:00Z", strict="off", pitfalls="off")
    control = Control(aurous)
    do(control, "import_", exported=elsewhere.export())
    do(control, "webhook_endpoints.add", url="https://shop.example", secret=SIGNING)
    do(control, "embeddings.vectors", vectors_by_text={f"{REAL}0, {REAL}1": [0.6, 0.8]})
    with aurous.client() as client:
        url = do(control, "characters.add", name="Aurora")["result"]["refs"][0]["url"]
        assert [client.get(one).status_code for one in (url, f"{url}&x=1")] == [200, 200]
        client.post(f"/v1/characters/{REAL}?limit=1", headers={"X-Api-Key": OTHER})
    text = control.respond("GET", "/__aurous__/session.py").body.decode()

    hidden = (SIGNING, url.partition("token=")[2], PASSWORD, OTHER, REAL)
    assert [one for one in hidden if one in text] == []
    assert "# A secret is left out, so its response is not asserted." in text
    assert "character_url = character.json()" in text
    assert re.search("al_live_redacted1x+, al_live_redacted2x+", text)
    assert elsewhere.teams.last.api_key in text
    pytester.makepyfile(text)
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error").assert_outcomes(passed=1)
