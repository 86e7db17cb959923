"""The trace of a test as data: its steps, and the state of the fake after each of them."""

import json
import re
import threading
from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft202012Validator

from pytest_aurous import Aurous
from pytest_aurous._core.resources.content.pictures import Measured, measure, picture
from pytest_aurous._report import state as view_module
from pytest_aurous._report.coverage import Coverage
from pytest_aurous._report.state import difference, view
from pytest_aurous._report.timeline import timeline
from pytest_aurous._trace.page import SCRIPTS, page, to_text
from pytest_aurous._trace.recorder import Recorder
from tests.conftest import synthesis_price

from . import samples

SCHEMA = Path(__file__).parents[2] / "docs/reference/trace.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
SYNTHESIS = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}


def traced(run: samples.Run, about: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Return the trace of a test that does what *run* does; it follows the schema."""
    found = samples.traced(run, about, **settings)
    VALIDATOR.validate(found)
    return found


def calls(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in found["steps"] if step["kind"] == "call"]


def test_each_request_is_a_step_with_what_it_changed() -> None:
    """A create makes a record and holds credits; a poll that finds the next step changes the record."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        character = client.post("/v1/characters", json=SYNTHESIS).json()["id"]
        client.get(f"/v1/characters/{character}")
        client.get(f"/v1/characters/{character}")

    found, cost = traced(run, seed=1), synthesis_price()
    create, first, second = calls(found)
    ((character, record),) = create["changes"]["records"].items()
    (money,) = create["changes"]["money"].values()

    assert (record["kind"], record["status"], record["step"], record["polls"]) == ("character", "synthesizing", 0, 0)
    assert record["steps"] == ["synthesizing", "reviewing"]
    assert (money["credits"], money["held"], money["available"]) == (1000, cost, 1000 - cost)
    assert create["notes"] == [f"held credits 0 -> {cost}", f"{character}: new, synthesizing"]
    assert first["changes"]["records"][character]["polls"] == 1
    assert second["changes"]["records"][character]["status"] == "reviewing"
    assert len(second["changes"]["records"][character]["json"]["refs"]) == 4
    assert found["credits"] == cost


def test_what_happens_between_requests_is_a_step_too() -> None:
    """Sleeps, moves of the clock, what the test adds, and deliveries have their place between two requests."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        client.get("/v1/balance")
        aurous.clock.advance(seconds=60)
        aurous.clock.freeze()
        aurous.webhooks.deliver_to(lambda _: 200)
        aurous.characters.script("synthesizing! -> reviewing", "Nova")
        client.get("/v1/balance")
        aurous.images.add(status="pending").finish()
        aurous.webhooks.flush()

    found = traced(run)
    between, after = (step for step in found["steps"] if step["kind"] == "between")

    assert [(event["kind"], event["seconds"]) for event in between["events"]] == [("advance", 60), ("freeze", 0)]
    assert between["changes"]["scripts"] == {"characters Nova": "synthesizing! -> reviewing"}
    assert [record["kind"] for record in between["changes"]["records"].values()] == ["endpoint"]
    assert [one["status"] for one in after["changes"]["deliveries"].values()] == ["delivered"]
    assert after["notes"]


def test_each_delivery_is_a_change_and_no_note() -> None:
    """A delivery that was made twice is there twice; no note repeats what the changes say."""

    def run(aurous: Aurous, _: httpx.Client) -> None:
        aurous.webhooks.deliver_to(lambda _: 204)
        aurous.faults.duplicate("image.completed")
        image = aurous.images.add()
        aurous.webhooks.flush()
        made.append(image.id)

    made: list[str] = []
    (step,) = traced(run)["steps"]

    assert step["notes"] == [f"{made[0]}: new, succeeded"]
    assert {
        number: (one["status"], one["response_status"], one["fault"])
        for number, one in step["changes"]["deliveries"].items()
    } == {"1": ("delivered", 204, "duplicate"), "2": ("delivered", 204, None)}


def test_faults_keys_and_buckets_are_part_of_the_state() -> None:
    """A stored response, a fault that happens, and a rate bucket that is not full are shown."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        aurous.faults.outage(0)
        aurous.faults.timeout("characters.create", commit=True)
        with pytest.raises(Exception, match="timed out"):
            client.post("/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "k"})

    found = traced(run)
    (call,) = calls(found)

    assert (call["status"], call["response"], call["fault"]) == (None, None, "timeout (read), committed")
    assert [fault["fired"] for fault in call["changes"]["faults"].values()] == [1]
    assert [key.split(" ")[1] for key in call["changes"]["keys"]] == ["k"]
    assert [bucket["remaining"] for bucket in call["changes"]["buckets"].values()] == [11]
    assert found["steps"][0]["changes"]["faults"]["1"]["times"] is None


def test_a_key_knows_how_long_its_request_is_in_flight() -> None:
    """A copied test sets up the same delay; of a request that was not delayed it is null."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "a"})
        aurous.faults.delay("images.create", seconds=20, commit=True)
        with suppress(httpx.ReadTimeout):
            client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "b"})

    found = calls(traced(run))
    (quick,), (slow,) = (call["changes"]["keys"].values() for call in found)

    assert quick["in_flight_until"] is None
    assert slow["in_flight_until"] == pytest.approx(found[1]["arrived"] + 20)


def test_a_refusal_names_its_rules_with_their_provenance() -> None:
    """The rules of the endpoint, and the rules that name the code of the refusal."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        client.post(f"/v1/characters/{aurous.characters.add(status='synthesizing').id}/save")
        client.get("/v1/nothing")

    found = traced(run)
    save, unmatched = calls(found)

    assert "save-1" in save["rules"]
    assert "save-3" in save["refusal_rules"]
    assert {rule["provenance"] for rule in found["rules"].values()} <= set("ODCA")
    assert {*save["rules"], *save["refusal_rules"]} <= found["rules"].keys()
    assert (unmatched["operation"], unmatched["rules"]) == (None, [])


def test_bodies_are_text_pictures_or_digests() -> None:
    """Long text and other bytes are shown as their digest, small pictures as they are, and keys never."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        client.get(aurous.characters.add().refs[0].url)
        client.post("/v1/characters", json={"name": "x" * 5000})
        client.post("/v1/characters", content=b"\xff\xfe", headers={"Content-Type": "application/octet-stream"})
        client.post("/v1/images", json={"prompt": "x" * 1_000_000})

    found = traced(run)
    picture, long, other, huge = calls(found)

    assert picture["response"]["body"]["picture"].startswith("data:image/png;base64,")
    assert {"digest", "begins"} <= long["request"]["body"].keys()
    assert other["request"]["body"]["begins"] == ""
    sent = b'{"prompt":"' + b"x" * 1_000_000 + b'"}'
    assert huge["request"]["body"] == {
        "type": "application/json",
        "size": len(sent),
        "digest": sha256(sent).hexdigest(),
        "begins": "",
    }
    assert ["x-api-key", "(redacted)"] in [[name.lower(), value] for name, value in long["request"]["headers"]]
    assert "al_live_" not in json.dumps(found)


def test_references_and_outputs_are_drawn_in_small() -> None:
    """Each has the colors of the one that the fake serves; all together stay small, and a film is its first frame."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        client.get(aurous.characters.add("Aurora").refs[0].url)
        aurous.images.add("a cat", status="succeeded", count=2)
        aurous.videos.add("a dog", status="succeeded")
        client.get("/v1/balance")
        for _ in range(40):
            aurous.characters.add()

    found = traced(run)
    pictures = {path: b64decode(url.partition("base64,")[2]) for path, url in found["pictures"].items()}
    served = b64decode(calls(found)[0]["response"]["body"]["picture"].partition("base64,")[2])

    assert sum(map(len, found["pictures"].values())) <= 48 * 1024
    assert 60 < len(pictures) < 40 * 4
    kinds = [path for path in pictures if "/output" in path]
    assert [path.rpartition("/")[2] for path in kinds] == ["0", "1", "output"]
    assert {measure(one) for one in pictures.values()} == {Measured("image/png", 76, 76)}
    palette = slice(33, 33 + 24)
    assert pictures[calls(found)[0]["path"]][palette] == served[palette]


def test_pictures_of_the_user_are_digests() -> None:
    """What a test uploads is not drawn by the fake: neither request nor response has it."""

    def run(_: Aurous, client: httpx.Client) -> None:
        made = client.post("/v1/files", files={"file": ("a.png", mine, "image/png")}, data=purpose).json()
        client.get(made["url"])

    mine, purpose = picture(["mine"], 32, 32, "mine"), {"purpose": "reference"}
    found = traced(run)

    assert "digest" in calls(found)[1]["response"]["body"]
    assert "picture" not in json.dumps([call["request"] for call in calls(found)])


def test_recording_leaves_the_fake_as_it_was() -> None:
    """After `stop` nothing is recorded, and the other watchers still see everything."""
    seen = Coverage()
    with Aurous() as aurous, aurous.client() as client:
        app = aurous._session.app
        app.world.watchers.append(seen)
        before = app.world.watchers[:]
        recorder = Recorder(aurous._session.handle)
        client.get("/v1/balance")
        recorder.stop()
        recorder.stop()
        client.get("/v1/team")

        assert app.world.watchers == before
    assert [*seen.dump()] == ["balance.retrieve", "team.retrieve"]
    assert [step.call.operation for step in recorder.steps if step.call is not None] == ["balance.retrieve"]


def test_a_difference_has_null_for_what_is_gone() -> None:
    """Only what is new, changed or gone is in a difference."""
    assert difference({"a": {"1": 1, "2": 2, "3": 3}}, {"a": {"1": 1, "2": 0}, "b": {}}) == {"a": {"2": 0, "3": None}}


def test_records_that_are_the_same_are_written_once() -> None:
    """A request writes what it has changed, and not each record anew, however many there are."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        for _ in range(20):
            aurous.characters.add()
        aurous.clock.advance(seconds=5)
        client.get("/v1/balance")
        client.request("DELETE", f"/v1/characters/{aurous.characters.last.id}")

    with patch.object(view_module, "_record", wraps=view_module._record) as write:
        found = traced(run)

    balance, deleted = calls(found)
    assert "records" not in balance["changes"]
    assert [record["gone"] for record in deleted["changes"]["records"].values()] == [True]
    assert write.call_count == len(found["start"]["records"]) + 20 + 1


def test_the_state_shows_every_kind_of_record() -> None:
    made = ("characters", "uploads", "images", "videos", "files", "loras", "video_loras", "webhook_endpoints")
    with Aurous() as aurous:
        for collection in (*(getattr(aurous, name) for name in made), aurous.chat.completions):
            collection.add()
        kinds = {record["kind"] for record in view(aurous._session.app, {})["records"].values()}

    assert kinds == {
        *("character", "upload", "image", "video", "file", "lora", "videolora", "endpoint"),
        *("team", "model", "completion"),
    }


def test_a_chat_in_flight_is_in_progress() -> None:
    """Until its delay is over, for a client that did not wait: in the state and in the timeline, as in a GET."""
    with Aurous(now="2026-05-08T10:00:00Z", strict="off") as aurous, aurous.client(timeout=5) as client:
        app, written = aurous._session.app, dict[str, Any]()
        chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "What color?"}]}
        aurous.chat.reply("Black.", delay=30)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=chat)
        shown: list[tuple[str, ...]] = []
        for _ in range(2):
            (record,) = (one for one in view(app, written)["records"].values() if one["kind"] == "completion")
            text = timeline(app)
            said = re.search(r"at the end:\n  cmp_\w+  (\w+)", text)
            assert said is not None
            shown.append((record["status"], record["json"]["status"], said[1], aurous.chat.completions.last.status))
            aurous.clock.advance(seconds=60)

    assert ": in_progress -> completed in 30 s\n" in text
    assert shown == [("in_progress",) * 4, ("completed",) * 4]


def test_the_page_keeps_data_apart_from_code() -> None:
    """Text of the test cannot end the script element, and the policy allows only the scripts of the page."""
    text = to_text({"name": "</script><b>&\u2028"})

    assert json.loads(text) == {"name": "</script><b>&\u2028"}
    assert not set("<>&\u2028") & set(text)
    html = page({"version": 1, "name": "</script><i>"}, "<title>")
    assert html.count("</script>") == 1 + len(SCRIPTS)  # the data and each file
    assert "default-src 'none'" in html
    assert "&lt;title&gt;" in html


@pytest.mark.filterwarnings("ignore:explore")  # its polls do not sleep
def test_an_exploration_is_a_matrix_with_the_requests_of_each_case() -> None:
    """The good day is a part of the trace; of bad days only the requests are kept, identical polls folded."""

    def explore(aurous: Aurous, client: httpx.Client) -> None:
        def run() -> None:
            with suppress(httpx.TransportError):
                client.get("/v1/balance")
            character = client.post("/v1/characters", json=SYNTHESIS).json()["id"]
            for _ in range(9):
                client.get(f"/v1/characters/{character}")

        aurous.script("synthesizing! -> reviewing")
        aurous.explore(run, laws="ends")

    found = traced(explore)
    exploration = found["exploration"]
    assert "cases hold" in exploration["headline"]
    assert {"characters.create#1", "balance.retrieve#1"} <= set(exploration["rows"])
    assert len(exploration["good_day"]["calls"]) == 4
    lost = exploration["cases"]["characters.create#1 lost"]
    assert (lost["outcome"], lost["calls"][1]["fault"]) == ("raised", "disconnect, committed")
    assert exploration["start"]["records"].keys() == found["start"]["records"].keys()
    team = next(iter(exploration["start"]["money"]))
    assert [call["changes"].get("money", {}).get(team, {}).get("held") for call in lost["calls"][:2]] == [
        None, synthesis_price()
    ]  # fmt: skip
    states = [call["changes"].get("records", {}) for call in exploration["good_day"]["calls"]]
    assert [[record["status"] for record in one.values()] for one in states] == [
        [], ["synthesizing"], ["synthesizing"], ["synthesizing"]
    ]  # fmt: skip
    assert [call["operation"] for call in calls(found)] == ["balance.retrieve", "characters.create"] + 9 * [
        "characters.retrieve"
    ]


def test_each_request_names_the_line_that_sent_it() -> None:
    """With its neighbors in the source, and the callers out to the test."""

    def run(_: Aurous, client: httpx.Client) -> None:
        client.get("/v1/balance")

    (call,) = calls(traced(run))

    assert call["place"]["function"] == "run"
    assert 'client.get("/v1/balance")' in dict(call["place"]["source"])[call["place"]["line"]]
    assert [one["function"] for one in call["stack"]][:4] == [
        "run",
        "traced",
        "traced",
        "test_each_request_names_the_line_that_sent_it",
    ]


def test_a_request_of_a_library_has_no_place() -> None:
    def run(_: Aurous, client: httpx.Client) -> None:
        thread = threading.Thread(target=client.get, args=("/v1/balance",), daemon=True)
        thread.start()
        thread.join()

    (call,) = calls(traced(run))

    assert (call["place"], call["stack"]) == (None, [])


HUGE: Final = "<" + "x" * 300_000
MANY: Final = {f"X-Note-{number}": "a note" for number in range(3000)}
PLACES: Final[dict[str, samples.Run]] = {
    "header": lambda _, client: client.get("/v1/balance", headers={"X-Note": HUGE}),
    "headers": lambda _, client: client.get("/v1/balance", headers=MANY),
    "name of a header": lambda _, client: client.get("/v1/balance", headers={f"X-{HUGE[1:]}": "1"}),
    "key": lambda _, client: client.post(
        "/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "k" * 300_000}
    ),
    "query": lambda _, client: client.get("/v1/balance", params={"q": HUGE[:60_000]}),
    "path": lambda _, client: client.get(f"/v1/{HUGE[1:60_000]}"),
    "sixty headers": lambda _, client: [
        client.get("/v1/balance", headers={"X-Note": "<" * 300_000}) for _ in range(60)
    ],
    "many headers of many calls": lambda _, client: [
        client.get("/v1/balance", headers={f"X-Note-{number}": "n" * 1000 for number in range(60)}) for _ in range(30)
    ],
    "response": lambda aurous, client: (
        aurous.route("balance.retrieve").respond(400, headers={"X-Note": HUGE}, json={"error": {"message": HUGE}}),
        client.get("/v1/balance"),
    ),
    "body": lambda _, client: client.post("/v1/images", json={"prompt": HUGE, HUGE: [HUGE]}),
    "model": lambda aurous, _: aurous.models.add("x" * 300_000),
    "script": lambda aurous, _: aurous.script("synthesizing*3 -> ready", name="x" * 300_000),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_text_makes_a_page_large(place: str) -> None:
    """Whatever a header, a URL, a key, a name or a message holds, and whatever others do."""
    data = traced(PLACES[place], {"id": f"test_it[{HUGE}]", "message": HUGE})

    assert len(page(data, data["test"]["id"]).encode()) < 400_000
    assert "more characters)" in data["test"]["message"]


def test_a_long_test_is_readable() -> None:
    """Where calls make a page large, and not their texts, a text stays whole as long as it can be read."""
    data = traced(lambda _, client: [client.get("/v1/team", headers={"X-Note": "n" * 500}) for _ in range(150)])

    assert [call for call in calls(data) if ["X-Note", "n" * 500] not in call["request"]["headers"]] == []


OWN = "sk-chosen-by-the-test-4711"
STRANGE = "session-of-somebody-815"


def test_no_form_of_a_secret_is_left() -> None:
    """Escaped, in Base64, alone, cut, in a header of any name; also a key in no known form, where it was sent."""

    def run(aurous: Aurous, client: httpx.Client) -> None:
        secret = client.post("/v1/webhook_endpoints", json={"url": "https://x.example", "events": ["*"]}).json()[
            "secret"
        ]
        url = aurous.characters.add().refs[0].url
        token = url.partition("token=")[2]
        hidden.update({secret.removeprefix("whsec_"), token, OWN, STRANGE})
        for one in (secret, token, url, OWN):
            forms = (quote(one, safe=""), quote(quote(one)), "".join(f"%{ord(letter):02x}" for letter in one))
            for form in (*forms, b64encode(f"user:{one}".encode()).decode(), one.encode().hex()):
                written.add(form)
                client.get(f"/v1/balance?k={form}")
            client.post("/v1/characters", json={"name": f"<{one}>"}, headers={"X-Other": one})
            client.post("/v1/characters", json={"name": "x" * (1020 - len(one)) + one + "x" * 5000})
        client.get(url.replace("token", "%74oken"))
        client.get(f"/v1/balance?api_key={STRANGE}")
        client.get("/v1/balance", headers={"Cookie": f"id={STRANGE}", "X-Auth-Token": STRANGE})

    hidden, written = set[str](), set[str]()
    text = json.dumps(traced(run, api_key=OWN))

    assert [one for one in hidden if one in text] == []
    assert [one for one in written if one in text] == []
    assert "token=(redacted)" in text


def test_a_stream_is_its_events_with_their_instants() -> None:
    """Each with its text, which is cut; and how it ended. One that nobody has read has none."""
    body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]}

    def run(aurous: Aurous, client: httpx.Client) -> None:
        aurous._session.app.world.journal.whole = True
        aurous.clock.freeze()
        aurous.chat.reply("one two three four", delay=2)
        client.post("/v1/chat/completions", json=body)
        client.post("/v1/chat/completions", json={**body, "stream": True})
        client.send(client.build_request("POST", "/v1/chat/completions", json={**body, "stream": True}), stream=True)

    plain, read, unread = calls(traced(run))

    assert plain["stream"] is None
    assert unread["stream"] == {"count": 0, "ended": None, "events": []}
    assert (read["stream"]["count"], read["stream"]["ended"]) == (5, "complete")
    events = read["stream"]["events"]
    assert [event["at"] - read["arrived"] for event in events] == [0, 2, 4, 4, 4]
    assert events[0]["text"].startswith("data: {")
    assert events[-1]["text"] == "data: [DONE]"
    assert len(events[-2]["text"]) <= 240


def test_a_key_of_another_form_is_redacted_as_a_whole() -> None:
    """Its parts may be words: a header keeps its name, and a path stays a path."""

    def run(_: Aurous, client: httpx.Client) -> None:
        client.get("/v1/characters?q=a-characters-api-key", headers={"X-Api-Key": "a-characters-api-key"})

    (call,) = calls(traced(run))

    assert ["X-Api-Key", "(redacted)"] in call["request"]["headers"]
    assert (call["path"], call["query"]) == ("/v1/characters", "q=(redacted)")


def test_what_time_has_done_stands_before_the_next_request() -> None:
    """The request did not do it."""
    with Aurous(now="2026-05-08T10:00:00Z") as fake, fake.client() as client:
        recorder = Recorder(fake._session.handle)
        character = fake.characters.add(status="synthesizing", script="synthesizing:10s -> reviewing")
        client.get("/v1/balance")
        fake.clock.advance(seconds=20)
        client.get("/v1/balance")
        recorder.stop()

    found = [(step.call is None, character.id in str((step.changes, step.notes))) for step in recorder.steps]
    assert found == [(True, True), (False, False), (True, True), (False, False)]
