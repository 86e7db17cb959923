"""A copied session proves what the session has shown: it passes as it is, and fails without one of its actions."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.wire.call import KEPT_BODY
from pytest_aurous._core.world.settings import used_for
from pytest_aurous._serve import copied
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.copied import told
from tests.conftest import OTHER_SETTINGS

TOOL = {"type": "function", "function": {"name": "paint", "parameters": {"type": "object"}}}
CHAT = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "What color is her hair?"}]}
STREAM = {**CHAT, "stream": True}
EMBED = {"model": "aurous-embed-vision-1.0", "encoding_format": "float"}
COMPLETION = "cmp_[0-9A-Z]{26}"
HOOK = {"url": "https://shop.example/hook", "events": ["*"]}
ORDER = {"name": "Nova", "generate": True, "attributes": {"age": 28}}

NOW = "2026-05-08T10:00:00Z"


def do(control: Control, name: str, /, *, asked: str = "", **body: Any) -> Any:
    """Make a control request that succeeds, and return what it says."""
    sent = json.dumps(body).encode()
    method = "GET" if name == "session.py" else "POST"
    reply = control.respond(method, f"/__aurous__/{name}", sent, asked)
    assert reply.status == 200, reply.body
    return reply.body.decode() if method == "GET" else json.loads(reply.body)


def copy(control: Control, asked: str = "") -> str:
    """Copy the session, or a part of it."""
    return str(do(control, "session.py", asked=asked))


def characters(control: Control, client: httpx.Client) -> None:
    """Add, fault, script, clock, snapshots, a reset and steps back."""
    do(control, "characters.add", name="Carol")
    undo = do(control, "reset", asked="undo=1", settings={"now": "2026-06-01T00:00:00Z"})["undo"]
    assert client.get("/v1/characters").json()["data"] == []
    do(control, "restore", snapshot=undo)
    aurora = do(control, "characters.add", name="Aurora", status="reviewing")["result"]["id"]
    do(control, "faults.status", operation="characters.save", status=503)
    assert [client.post(f"/v1/characters/{aurora}/save").status_code for _ in range(2)] == [503, 200]
    do(control, "characters.script", text="synthesizing:45s -> reviewing")
    made = client.post("/v1/characters", json=ORDER, headers={"Idempotency-Key": "a"}).json()["id"]
    do(control, "clock.advance", seconds=44)
    client.get(f"/v1/characters/{made}")
    do(control, "clock.advance", seconds=2)
    client.get(client.get(f"/v1/characters/{made}").json()["refs"][0]["url"])
    do(control, "snapshot", name="drawn")
    do(control, "snapshots.rename", name="drawn", to="ready")
    undo = do(control, "character.delete", asked="undo=1", id=made)["undo"]
    client.get(f"/v1/characters/{made}")
    do(control, "restore", snapshot="ready")
    client.get("/v1/characters", params={"limit": 5})
    do(control, "snapshots.remove", name="ready")
    do(control, "snapshots.rename", name=undo, to="kept")
    do(control, "assert_called", operation="characters.save", times=2)
    do(control, "assert_called_in_order", operations=["characters.save", "characters.create"])


def chats(control: Control, client: httpx.Client) -> None:
    """Say, call a tool, stream, cut streams on either side, and embed."""
    import httpx

    do(control, "chat.reply", text="She has black hair.")
    client.post("/v1/chat/completions", json=CHAT)
    do(control, "chat.reply", tool_calls=[["paint", {"color": "black"}]])
    client.post("/v1/chat/completions", json={**STREAM, "tools": [TOOL]})
    do(control, "chat.reply", text="One two three four five six seven eight.", delay=0.5, times=5)
    events = client.post("/v1/chat/completions", json=STREAM).text
    client.get(f"/v1/chat/completions/{re.findall(COMPLETION, events)[0]}")
    with client.stream("POST", "/v1/chat/completions", json=STREAM) as response:
        told(response.iter_lines(), 3)
    do(control, "faults.disconnect", operation="chat.create", after_events=3)
    do(control, "faults.stall", operation="chat.create", after_events=4)
    for error in (httpx.RemoteProtocolError, httpx.ReadTimeout):
        with pytest.raises(error):
            client.post("/v1/chat/completions", json=STREAM)
    do(control, "faults.malformed", operation="chat.create", kind="half_event")
    client.post("/v1/chat/completions", json=STREAM)
    assert client.post("/v1/embeddings", json={**EMBED, "input": "short"}).status_code == 200
    do(control, "embeddings.vectors", vectors_by_text={"black hair": [0.6, 0.8]})
    for text in ("black hair", "red hair"):
        assert client.post("/v1/embeddings", json={**EMBED, "input": text}).status_code == 200
    rivals = do(control, "teams.add", name="Rivals", credits=2)["result"]["api_key"]
    made = client.post("/v1/chat/completions", json=STREAM, headers={"X-Api-Key": rivals}).text
    client.get(f"/v1/chat/completions/{re.findall(COMPLETION, made)[0]}", headers={"X-Api-Key": rivals})
    with client.stream("POST", "/v1/chat/completions", json=STREAM) as first:
        next(first.iter_lines())
        client.get("/v1/balance")
        client.post("/v1/chat/completions", json=STREAM)
    client.get("/v1/balance")


def deliveries(control: Control, client: httpx.Client) -> None:
    """Register receivers, one of which does not respond, and deliver twice."""
    made = client.post("/v1/webhook_endpoints", json=HOOK).json()["id"]
    named = {"url": f"https://shop.example/{made}", "events": ["image.failed"], "description": f"beside {made}"}
    client.post("/v1/webhook_endpoints", json=named)
    two = do(control, "webhooks.deliver_to", url="https://two.example/hook")["result"]["id"]
    client.get(f"/v1/webhook_endpoints/{two}")
    image = client.post("/v1/images", json={"prompt": "Aurora on a bench"}).json()["id"]
    do(control, "image.finish", id=image)
    client.get(f"/v1/images/{image}")
    control.aurous.webhooks.deliver_to(lambda _: 1 // 0, url="https://two.example/hook")
    control.aurous.webhooks.route("https://shop.example/*", lambda _: 503)
    do(control, "webhooks.flush")
    do(control, "clock.advance", seconds=60)
    do(control, "webhooks.flush")


def money(control: Control, client: httpx.Client) -> None:
    """Limits, teams, keys and credits."""
    do(control, "limit.exhaust", bucket="reads")
    assert client.get("/v1/images").status_code == 429
    do(control, "limit.refill", bucket="reads")
    assert client.get("/v1/images").status_code == 200
    do(control, "limit.set", bucket="reads", burst=1, per_minute=2)
    assert [client.get("/v1/balance").status_code for _ in range(2)] == [200, 429]
    do(control, "limit.set", bucket="reads", burst=100, per_minute=100)
    rivals = do(control, "teams.add", name="Rivals", credits=2)["result"]
    client.post("/v1/images", json={"prompt": "x"}, headers={"X-Api-Key": rivals["api_key"]})
    key = do(control, "team.add_key", scope="read")["result"]
    client.delete("/v1/images/img_1", headers={"X-Api-Key": key["key"]})
    do(control, "key.revoke", number=key["number"])
    client.get("/v1/team", headers={"X-Api-Key": key["key"]})
    do(control, "team.credits", credits=3)
    client.get("/v1/balance")
    nova = do(control, "characters.add", name="Nova", team=rivals["id"])["result"]["id"]
    do(control, "character.delete", id=nova)
    for headers in ({"Authorization": f"Bearer {key['key']}"}, {"X-Api-Key": "wrong"}, {"X-Api-Key": ""}):
        client.get("/v1/balance", headers=headers)


def prepared(control: Control, client: httpx.Client) -> None:
    """Prepare much, and ask for little."""
    do(control, "chat.reply", text="She is never asked.")
    do(control, "embeddings.vectors", vectors_by_text={"x": [1, 0]})
    do(control, "uploads.pose", pose="front")
    do(control, "images.script", text="pending*9 -> processing -> succeeded")
    do(control, "limit.set", bucket="reads", burst=9)
    do(control, "team.balance_low_threshold", balance_low_threshold=3)
    do(control, "models.add", id="tiny")
    do(control, "loras.add", name="Ink")
    do(control, "video_loras.add", name="Zoom")
    do(control, "completions.add")
    do(control, "limit.refill", bucket="chat_post")
    client.get("/v1/team")


def odd(control: Control, client: httpx.Client) -> None:
    """Send what is no JSON, no text, or secret; let the clock run, and judge wrongly."""
    client.post("/v1/characters/uploads/presign", json={"filename": "a.png"})
    client.request("GET", "/v1/balance", content=b"\xff\x00")
    client.post("/v1/images", content=b"{", headers={"Content-Type": "application/json"})
    client.post("/v1/images", content="not JSON", headers={"Content-Type": "text/plain"})
    client.post("/v1/images", json={"prompt": 'a "bench" {1}\n\u2028'})
    for body in (b'{"prompt": NaN}', b'{"prompt": 1e999}', b'{"prompt": "\\ud83d"}', b'{"prompt": "a", "prompt": "b"}'):
        client.post("/v1/images", content=body, headers={"Content-Type": "application/json"})
    client.get("/v1/team", headers=[(b"X-Name", "caf\u00e9".encode("latin-1"))])
    for secret in ("al_live_0123456789abcdef", "https://me:hunter2pass@shop.example/"):
        question = [{"role": "user", "content": f"Use {secret} and be quick"}]
        for more in ({}, {"stream": True}):
            client.post("/v1/chat/completions", json={**CHAT, **more, "messages": question})
    film = do(control, "videos.add", status="succeeded")["result"]
    client.post("/v1/images", json={"prompt": f'"Like" {film["output_video_url"]} \u00e9\n {film["id"]}'})
    sent = b'{"operation": "characters.save", "times": 7}'
    assert control.respond("POST", "/__aurous__/assert_called", sent).status == 422
    do(control, "chat.reply", json={"a": [1, None, True]})
    do(control, "clock.speed", speed=2)
    do(control, "clock.freeze", at="2027-02-01T00:00:00Z")


def failures(control: Control, client: httpx.Client) -> None:
    """Lose, delay and spoil responses."""
    import httpx

    do(control, "faults.timeout", operation="images.create", commit=True)
    do(control, "faults.delay", operation="images.create", seconds=20)
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/images", json={"prompt": "y"})
    do(control, "faults.disconnect", operation="images.list", after_bytes=20)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/images")
    for kind in ("truncated", "html", "empty"):
        do(control, "faults.malformed", operation="images.list", kind=kind)
        client.get("/v1/images")
    do(control, "faults.greased", operation="images.list", kind="all")
    client.get("/v1/images")
    number = do(control, "faults.connect_error", operation="*")["result"]["number"]
    do(control, "fault.remove", number=number)
    client.get("/v1/nothing")
    do(control, "clock.freeze", at="2027-01-01T00:00:00Z")
    do(control, "videos.add", status="succeeded")
    do(control, "send", method="GET", path="/v1/team")


PARTS = (characters, chats, deliveries, money, failures, prepared, odd)


def of_parts(*parts: Callable[[Control, httpx.Client], None]) -> Control:
    """Return a session of some kinds."""
    control = Control(Aurous(now=NOW, pitfalls="off", strict="off", rate_limits="enforce"))
    with control.aurous.client(headers={"X-Stainless-Lang": "python"}, timeout=5) as client:
        for part in parts:
            part(control, client)
    return control


@pytest.fixture(scope="module")
def session() -> Control:
    """A session with actions of every kind."""
    return of_parts(*PARTS)


def run(text: str) -> None:
    names: dict[str, Any] = {"__name__": "copied"}
    exec(compile(text, "test_copied.py", "exec"), names)  # noqa: S102 - our own text
    next(one for name, one in names.items() if name.startswith("test_"))()


def without_each(text: str) -> Iterator[tuple[str, str]]:
    """Yield each action of a copied test, and the test without it."""
    tree = ast.parse(text)
    block = next(node for node in ast.walk(tree) if isinstance(node, ast.With))
    whole = block.body
    for index, statement in enumerate(whole):
        line = ast.unparse(statement)
        if isinstance(statement, ast.Assert) or re.match(r"receive =|aurous\.webhooks\.route|\w+ = response", line):
            continue
        block.body = whole[:index] + whole[index + 1 :]
        yield line, ast.unparse(tree)


def unnoticed(changed: list[tuple[str, str]]) -> list[str]:
    """Return what can be changed so that the test still passes."""
    found: list[str] = []
    for line, text in changed:
        try:
            run(text)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001, S112 - whatever tells that something is missing
            continue
        found.append(line)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_it_passes_and_at_most_one_action_in_ten_can_go_unnoticed(
    part: Callable[[Control, httpx.Client], None],
) -> None:
    """Of each kind of session, down to cut streams, timeouts, and snapshots with other names."""
    text = copy(of_parts(part))
    run(text)
    actions = list(without_each(text))
    missed = unnoticed(actions)
    assert len(actions) > 8
    assert len(missed) * 10 <= len(actions), missed


def test_no_expression_with_quotes_is_in_an_fstring() -> None:
    """What is found below the keys of a record gets a name first, before a text has it."""
    control = Control(Aurous(pitfalls="off", strict="off"))
    image = do(control, "images.add", prompt="x", status="succeeded")["result"]
    with control.aurous as aurous, aurous.client() as client:
        client.get(f"/v1/images/{image['id']}")
        client.post("/v1/images", json={"prompt": f"as 'in' {image['output_urls'][0]} {{}}"})

    text = copy(control)

    fields = [one.value for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FormattedValue)]
    assert len(fields) > 1
    assert all(isinstance(one, ast.Name | ast.Attribute) for one in fields)
    run(text)


def test_all_of_them_together_pass(session: Control) -> None:
    """Headers that a client adds for itself are not in it."""
    text = copy(session)
    run(text)
    assert "Stainless" not in text
    assert "# A secret is left out, so its response is not asserted." in text


def test_a_part_passes_under_a_name_of_its_own(session: Control) -> None:
    """What was before it is done, too, since what follows needs it; nothing is asserted of it."""
    last = session.tape.last
    for after in range(0, last, 20):
        text = copy(session, f"after={after}&until={after + 20}&name=Part+{after}")
        run(text)
        assert f"def test_part_{after}() -> None:" in text
    assert copy(session, f"after={last}").count("assert response") == 0
    assert copy(session).count("assert response") > 60


def test_a_part_says_what_is_not_in_it() -> None:
    """Also where nothing has happened; any words are a name."""
    whole = Aurous(now=NOW)
    control = Control(whole)
    run(copy(control))
    do(control, "characters.add", name="Aurora")
    do(control, "import_", exported=whole.export())
    with whole.client() as client:
        client.get(f"/v1/characters/{whole.characters.last.id}")
    after = copy(control, "after=1")
    assert "Steps 1 to 1 are repeated, but nothing is asserted about them." in after
    assert len(after.splitlines()) < 350  # the numbers of the random state are one line
    run(after)
    assert "1 actions" in copy(control, "after=1&until=1")
    assert "def test_that_it_waits() -> None:" in copy(control, "name=Test+that+it+waits%21")
    assert "def test_copied() -> None:" in copy(control, "name=%21")


@pytest.mark.parametrize("why", ["the first 3 steps", "the step that took the snapshot 'mine'"])
def test_what_cannot_be_repeated_is_refused_until_a_reset(why: str) -> None:
    """Steps that are not kept, and a snapshot that no step has taken."""
    control = Control(Aurous(now=NOW), keep=3)
    control.aurous.snapshot("mine")
    for _ in range(5 if "first" in why else 1):
        do(control, "characters.add", name="Aurora")
    do(control, "restore", snapshot="mine")
    reply = control.respond("GET", "/__aurous__/session.py")
    assert reply.status == 400
    assert why in reply.body.decode()
    do(control, "reset")
    do(control, "characters.add", name="Nova")
    run(copy(control))


def test_it_ends_before_a_body_that_is_not_kept() -> None:
    """Nobody knows what the request has done, on which all that follows may depend."""
    control = Control(Aurous(now=NOW))
    with control.aurous.client() as client:
        client.get("/v1/balance")
        long = [{"role": "user", "content": "long " * 20_000}]
        made = client.post("/v1/chat/completions", json={**CHAT, "messages": long}).json()["id"]
        client.get(f"/v1/chat/completions/{made}")
    text = copy(control)
    run(text)
    assert "It ends before request 2, whose body is too large to be kept." in text
    assert "1 requests" in text


def test_an_imported_clock_stands_still() -> None:
    """It would go on in real time."""
    earlier = Aurous()
    earlier.clock.advance(seconds=3600)
    made = earlier.characters.add("Aurora", status="synthesizing", script="synthesizing:45s -> reviewing")
    control = Control(Aurous())
    do(control, "import_", exported=earlier.export())
    with control.aurous.client() as client:
        assert client.get(f"/v1/characters/{made.id}").json()["status"] == "synthesizing"
    run(copy(control))


def test_nobody_waits_while_it_is_written(session: Control) -> None:
    """The steps are taken under the lock of the fake, and written without it."""
    entered: list[bool] = []

    def enter() -> None:
        entered.append(session.aurous._session.app.world.lock.acquire(timeout=60))
        session.aurous._session.app.world.lock.release()

    def text(_test: object, _name: str) -> str:
        thread = Thread(target=enter)
        thread.start()
        thread.join()
        return "written"

    with patch.object(copied._Test, "text", text):
        assert copy(session) == "written"
    assert entered == [True]


def test_a_reset_with_settings_is_in_it() -> None:
    """The test begins with it; what only a reading of the API's pages leaves out is not asserted."""
    control = Control(Aurous())
    with control.aurous.client() as client:
        client.get("/v1/team")
        settings = {"now": NOW, "credits": 3, "rate_limits": "enforce", "readings": {"err-4": "absent"}}
        do(control, "reset", settings=settings)
        unknown = "https://elsewhere.example/img_01KRM000000000000000000000"
        assert "param" not in client.get("/v1/nothing").json()["error"]
        client.post("/v1/images", json={"prompt": unknown})
        client.get("/v1/images")
    text = copy(control)
    run(text)
    assert "/v1/team" not in text
    assert re.search(r"aurous\.reset\(\s*(settings=)?\{", text)
    for _, rest in without_each(text):
        with pytest.raises((AssertionError, UnboundLocalError)):
            run(rest)


@pytest.mark.parametrize("name", used_for("start", "responses", "address"))
def test_each_setting_that_a_fake_begins_with_is_in_it(name: str) -> None:
    """It passes under the setting, and has it."""
    settings: dict[str, Any] = {name: OTHER_SETTINGS[name]}
    control = Control(Aurous(strict="off", pitfalls="off", **settings))
    with control.aurous.client() as client:
        client.get("/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")
        character = client.post("/v1/characters", json=ORDER).json()["id"]
        client.request("DELETE", f"/v1/characters/{character}")
        client.get(f"/v1/characters/{character}")
        client.post("/v1/chat/completions", json=CHAT)
        do(control, "limit.exhaust", bucket="reads")
        client.get("/v1/balance")
    text = copy(control)
    run(text)
    assert re.search(rf"\b{name}=", text)


def test_of_a_large_response_its_length_is_asserted() -> None:
    """The fake keeps no more of it; and of a large stream only that it was read."""
    control = Control(Aurous(now=NOW, pitfalls="off"))
    with control.aurous.client() as client:
        do(control, "chat.reply", text="She has very long hair. " * 3000, times=2)
        for body in (CHAT, STREAM):
            assert len(client.post("/v1/chat/completions", json=body).content) > KEPT_BODY
    text = copy(control)
    run(text)
    assert "assert len(response.content) == " in text
    assert "assert seen" not in text


def test_of_a_stream_so_many_events_are_read() -> None:
    """What is no event is left out."""
    events = ('{"choices": [{"delta": {"content": "One"}}]}', "[DONE]", "{}", "{}")
    lines = iter([": keep-alive", *(f"data: {event}" for event in events)])
    assert told(lines, 2) == {"text": "One", "tool calls": ""}
    assert list(lines) == ["data: {}"]


def beside_a_stream(control: Control, client: httpx.Client) -> None:
    """Credits, a snapshot, a reply, a delayed request and a cancel, each at its event of one of two open streams."""
    do(control, "chat.reply", text="One two three four five six seven eight nine ten.", delay=2, finish_reason="length")
    with (
        client.stream("POST", "/v1/chat/completions", json=STREAM) as whole,
        client.stream("POST", "/v1/chat/completions", json=STREAM) as cancelled,
    ):
        lines, others = whole.iter_lines(), cancelled.iter_lines()
        told(lines, 2)
        do(control, "team.credits", credits=5)
        do(control, "faults.delay", operation="balance.retrieve", seconds=4)
        client.get("/v1/balance")
        made = told(others, 2)["id"]
        do(control, "snapshot", name="meanwhile")
        do(control, "chat.reply", text="Later.")
        client.post(f"/v1/chat/completions/{made}/cancel")
        told(others)
        client.get("/v1/balance")
        do(control, "characters.add", name="Aurora")
        told(lines)
    do(control, "faults.rate_limited", operation="balance.retrieve", retry_after=31)
    client.get("/v1/balance")


def test_what_happens_beside_a_stream_happens_at_its_event() -> None:
    """It passes, and fails without each of it, and with another finish reason or Retry-After."""
    text = copy(of_parts(beside_a_stream))
    run(text)
    changed = [("finish_reason", text.replace('"finish_reason": "length"', '"finish_reason": "stop"'))]
    changed += [("Retry-After", text.replace('headers["Retry-After"] == "31"', 'headers["Retry-After"] == "30"'))]
    assert all(other != text for _, other in changed)
    missed = unnoticed([*changed, *without_each(text)])
    assert [line for line in missed if not line.startswith(("told(", "stream"))] == []  # the end reads on


def breaks_off(control: Control, client: httpx.Client) -> None:
    """Something happens beside a stream, which then breaks off."""
    do(control, "faults.disconnect", operation="chat.create", after_events=6)
    with client.stream("POST", "/v1/chat/completions", json=STREAM) as response:
        lines = response.iter_lines()
        told(lines, 2)
        do(control, "team.credits", credits=5)
        with pytest.raises(httpx.TransportError):
            told(lines)


def test_a_stream_breaks_off_in_the_copy_after_what_happened_beside_it() -> None:
    text = copy(of_parts(breaks_off))
    run(text)

    assert text.index("credits") < text.index("with pytest.raises(httpx.TransportError)")


def test_time_goes_on_as_it_did() -> None:
    """Where something depends on the clock; requests that were delayed together go back."""
    aurous = Aurous(pitfalls="off", script={"images": "pending:9s -> processing -> succeeded"})
    control = Control(aurous)
    with aurous.client(timeout=None) as client:
        do(control, "characters.script", text="synthesizing:10s -> reviewing")
        made = client.post("/v1/characters", json=ORDER).json()["id"]
        aurous.clock.advance(seconds=9.5)
        client.get(f"/v1/characters/{made}")
        aurous.clock.advance(seconds=0.6)
        assert client.get(f"/v1/characters/{made}").json()["status"] == "reviewing"
        do(control, "faults.delay", operation="images.list", seconds=5)
        client.get("/v1/images")
        aurous.clock.undo_move(5)
        client.get("/v1/balance")
        do(control, "chat.reply", text="One two three.", delay=3)
        client.post("/v1/chat/completions", json=STREAM)
        client.get("/v1/balance")
    assert "aurous.clock.freeze(at=" in copy(control, f"until={control.tape.last - 1}")
    text = copy(control)
    assert "aurous.clock.freeze(at=" in text
    run(text)


def test_of_time_that_nothing_depends_on_there_is_no_line() -> None:
    """On a clock that goes on; what is due when the session is copied is due in the test."""
    aurous = Aurous()
    control = Control(aurous)
    with aurous.client() as client:
        for seconds in (0.5, -0.3):
            client.get("/v1/balance")
            aurous.clock.undo_move(-seconds)
            do(control, "characters.add", name="Aurora")
        assert "clock." not in copy(control).replace("clock.now()", "")
        do(control, "images.script", text="pending:1s -> processing -> succeeded")
        client.post("/v1/images", json={"prompt": "x"})
        aurous.clock.undo_move(-2)
    text = copy(control)
    run(text)
    assert '{"processing": 1}' in text


def test_a_session_that_goes_on_passes() -> None:
    """While a stream is open, nothing is asserted at the end, since the test closes it."""
    control = Control(Aurous(now=NOW))
    with control.aurous.client() as client, client.stream("POST", "/v1/chat/completions", json=STREAM) as response:
        told(response.iter_lines(), 4)
        client.get("/v1/balance")
        text = copy(control)
    run(text)
    assert "available_credits for" not in text


def test_a_receiver_that_got_nothing_is_not_in_it() -> None:
    """Nor is a helper that nothing needs."""
    control = Control(Aurous(now=NOW))
    do(control, "webhooks.deliver_to", url="https://two.example/hook")
    text = copy(control)
    run(text)
    assert "receive" not in text


def test_no_key_of_the_fake_itself_is_in_it() -> None:
    """A key that was given to the fake may be a real one, whatever form it has; so it is the key of the test."""
    key = "key-of-acme-studio-4711"
    control = Control(Aurous(api_key=key, strict="off"))
    with control.aurous.client() as client:
        client.post("/v1/images", content=b"\xff" + key.encode())
        client.post("/v1/images", json={"prompt": f"not {key}", key: 1})
        client.get("/v1/balance", headers={key: key})
        client.post("/v1/images", json={"prompt": "zzTOKENzz12345678"}, headers={"X-Auth-Token": "zzTOKENzz12345678"})
        do(control, "restore", snapshot=do(control, "reset", asked="undo=1")["undo"])
    text = copy(control)
    run(text)
    assert key not in text
    assert "zzTOKENzz" not in text
