"""Control requests: each does what it says, and a mistake is a clear refusal that changes nothing."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.faults.collection import Faults
from pytest_aurous._core.faults.fault import Fault, Terms
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.reads import READS
from pytest_aurous._serve.table import operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Unpack

    from pytest_aurous._core.base.names import Operation

NOW: Final = "2026-05-08T10:00:00Z"
DEEDS: Final = ("reset", "webhooks.flush", "characters.add", "clock.advance", "faults.status", "assert_called")

_OF_DELIVERIES: Final = {"times": "number|whole", "after": "whole"}
_TERMS: Final = {**_OF_DELIVERIES, "commit": "flag"}
TAKES: Final[dict[str, dict[str, str]]] = {
    "characters.script": {
        "text": "text",
        "name": "text|null",
        "team": "text",
    },
    "clock.advance": {"seconds": "number|whole"},
    "clock.freeze": {"at": "text|null"},
    "clock.speed": {"speed": "number|whole"},
    "faults.status": {
        **_TERMS,
        "operation": "text",
        "status": "whole",
        "code": "text|null",
        "message": "text|null",
        "headers": "object|null",
        "retry_after": "whole|null",
    },
    "faults.rate_limited": {**_TERMS, "operation": "text", "retry_after": "whole"},
    "faults.timeout": {**_TERMS, "operation": "text", "phase": "text"},
    "faults.connect_error": {**_TERMS, "operation": "text"},
    "chat.reply": {
        "text": "text|null",
        "when": "text|null",
        "tool_calls": "list|nothing that anything takes",
        "json": "any",
        "refuse": "text|null",
        "error": "text|null",
        "tokens": "list|null|nothing that anything takes",
        "finish_reason": "text|null",
        "delay": "number|whole",
        "chunking": "text",
        "times": "whole|null",
        "team": "text",
    },
    "embeddings.vectors": {"vectors_by_text": "object"},
    "faults.disconnect": {
        **_TERMS,
        "operation": "text",
        "after_bytes": "whole|null",
        "after_events": "whole|null",
    },
    "faults.stall": {**_TERMS, "operation": "text", "after_events": "whole"},
    "faults.delay": {**_TERMS, "operation": "text", "seconds": "number|whole"},
    "faults.malformed": {**_TERMS, "operation": "text", "kind": "text"},
    "faults.greased": {**_TERMS, "operation": "text", "kind": "text"},
    "faults.outage": {"seconds": "number|whole", "commit": "flag"},
    "faults.drop": {**_OF_DELIVERIES, "event": "text"},
    "faults.duplicate": {**_OF_DELIVERIES, "event": "text"},
    "faults.reorder": {**_OF_DELIVERIES, "event": "text"},
    "faults.late": {**_OF_DELIVERIES, "event": "text", "seconds": "number|whole"},
    "faults.bad_signature": {**_OF_DELIVERIES, "event": "text"},
    "characters.add": {
        "name": "text|null",
        "status": "text",
        "attributes": "object|null",
        "refs": "list|null",
        "script": "text|null",
        "client_reference_id": "text|null",
        "id": "text|null",
        "team": "text",
    },
    "uploads.add": {
        "pose": "text|null",
        "confidence": "number|whole",
        "filename": "text",
        "id": "text|null",
        "team": "text",
    },
    "images.add": {
        "prompt": "text",
        "status": "text",
        "character": "text|null",
        "size": "text",
        "count": "whole",
        "script": "text|null",
        "webhook_url": "text|null",
        "id": "text|null",
        "team": "text",
    },
    "videos.add": {
        "prompt": "text|null",
        "status": "text",
        "resolution": "text",
        "ratio": "text",
        "duration": "number|whole",
        "script": "text|null",
        "webhook_url": "text|null",
        "id": "text|null",
        "team": "text",
    },
    "completions.add": {
        "text": "text",
        "status": "text",
        "messages": "list",
        "model": "text",
        "id": "text|null",
        "team": "text",
    },
    "files.add": {
        "purpose": "text",
        "metadata": "object|null",
        "id": "text|null",
        "team": "text",
    },
    "webhook_endpoints.add": {
        "url": "text",
        "events": "list",
        "secret": "text|null",
        "id": "text|null",
        "team": "text",
    },
}
"""What each call takes, and the kind of each argument."""
NEEDED: Final[dict[str, dict[str, Any]]] = {
    "characters.script": {"text": "synthesizing -> reviewing"},
    "chat.reply": {"text": "Yes."},
    "embeddings.vectors": {"vectors_by_text": {"hair": [1]}},
    "clock.advance": {"seconds": 1},
    "clock.speed": {"speed": 1},
    "faults.status": {"operation": "*", "status": 503},
    **{
        f"faults.{kind}": {"operation": "*"}
        for kind in ("rate_limited", "timeout", "connect_error", "disconnect", "stall")
    },
    "faults.delay": {"operation": "*", "seconds": 5},
    "faults.malformed": {"operation": "*"},
    "faults.greased": {"operation": "*"},
    "faults.outage": {"seconds": 5},
    "faults.late": {"event": "*", "seconds": 5},
    **{f"faults.{kind}": {"event": "*"} for kind in ("drop", "duplicate", "reorder", "bad_signature")},
}
VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "text": ("x",),
    "number": (2.5, -0.5),
    "whole": (0, 5),
    "flag": (True, False),
    "null": (None,),
    "list": (["x"],),
    "object": ({"x": 1},),
    "nothing that anything takes": ("", "  ", 1e308, 10**30, [5], [""], [[]]),
}
"""Values by their kind; each argument is given those that are of another."""


@pytest.fixture
def fake() -> Aurous:
    """A fake, not entered, whose clock stands."""
    return Aurous(now=NOW)


@cache
def control_of(fake: Aurous) -> Control:
    """Return the control requests of a fake."""
    return Control(fake)


def say(fake: Aurous, method: str, name: str, told: Any = None, *, body: bytes | None = None) -> tuple[int, Any]:
    """Make one control request, and return status and content."""
    sent = body if body is not None else (b"" if told is None else json.dumps(told).encode())
    path, _, query = name.partition("?")
    reply = control_of(fake).respond(method, f"/__aurous__/{path}", sent, query)
    assert ("Content-Length", str(len(reply.body))) in reply.headers
    return reply.status, json.loads(reply.body)


def do(fake: Aurous, name: str, /, **told: Any) -> Any:
    """Make one that succeeds."""
    status, content = say(fake, "POST", name, told)
    assert status == 200, content
    return content


def refused(fake: Aurous, name: str, told: Any = None, *, body: bytes | None = None) -> str:
    """Make one that is refused: check that nothing has changed, and return what was said."""
    before = say(fake, "GET", "state")
    status, content = say(fake, "POST", name, told, body=body)
    assert status == 400, content
    assert content["see"].endswith("how-to/server#control-requests")
    assert say(fake, "GET", "state") == before
    return str(content["error"])


class TestWhatThereIs:
    """Names and methods."""

    def test_index(self, fake: Aurous) -> None:
        """The index lists each call."""
        status, content = say(fake, "GET", "")
        assert status == 200
        deeds = {*operations(), "send"}
        names = [f"GET /__aurous__/{name}" for name in READS] + [f"POST /__aurous__/{name}" for name in deeds]
        assert sorted(content) == sorted(names)

    def test_unknown(self, fake: Aurous) -> None:
        """An unknown name is told the nearest, and the index."""
        status, content = say(fake, "GET", "stat")
        assert status == 404
        assert "'/__aurous__/stat'" in content["error"]
        assert "'state'" in content["error"]
        assert content["calls"] == say(fake, "GET", "")[1]

    @pytest.mark.parametrize("path", ["/__aurous__state", "/__aurous__/state/x", "/__aurous__/nothing"])
    def test_no_call(self, fake: Aurous, path: str) -> None:
        """What only looks like a call is none, and it is said where to read on."""
        reply = control_of(fake).respond("GET", path)
        assert reply.status == 404
        content = json.loads(reply.body)
        assert repr(path) in content["error"]
        assert content["see"].endswith("how-to/server#control-requests")

    @pytest.mark.parametrize(
        ("method", "name"),
        [
            *[("POST", name) for name in READS if name not in operations()],
            *[("GET", name) for name in DEEDS if name not in READS],
            ("PUT", "reset"),
        ],
    )
    def test_wrong_method(self, fake: Aurous, method: str, name: str) -> None:
        """A wrong method is a 405 that names the right one."""
        status, content = say(fake, method, name)
        assert status == 405
        assert ("POST" if name in DEEDS else "GET") in content["error"]
        assert content["see"].endswith("how-to/server#control-requests")

    @pytest.mark.parametrize("name", DEEDS)
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"{", "is not valid JSON"),
            (b"\xff\xfe", "is not valid JSON"),
            (b'{"advance": NaN}', "NaN is not a number"),
            (b'{"advance": -Infinity}', "-Infinity is not a number"),
            (b"9" * 5000, "is not valid JSON"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"name": "\\ud800"}', "is not valid JSON"),
            (b"[]", "not an object: []"),
            (b"5", "not an object: 5"),
            (b"null", "not an object: null"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_bad_json(self, fake: Aurous, name: str, body: bytes, said: str) -> None:
        """A body that is no JSON object is refused."""
        assert said in refused(fake, name, body=body)


class TestReads:
    """What can be seen."""

    def test_state(self, fake: Aurous) -> None:
        """Everything is there: records, money, clock, faults."""
        character = fake.characters.add(name="Aurora")
        fake.uploads.add()
        fake.faults.status("balance.retrieve", 503)
        state = say(fake, "GET", "state")[1]
        assert (state["now"], state["credits"], state["held_credits"]) == ("2026-05-08T10:00:00+00:00", 1000, 0)
        assert (state["seed"], state["api_key"], state["calls"], state["pitfalls"]) == (0, fake.api_key, 0, [])
        assert [one["id"] for one in state["characters"]] == [character.id]
        assert list(state["uploads"][0]) == ["id", "status"]
        assert "status 503" in state["faults"][0]

    def test_unmatched(self, fake: Aurous) -> None:
        """A request that the API does not know is there, and gone after a reset."""
        assert say(fake, "GET", "state")[1]["unmatched"] == []
        with fake.client() as client:
            client.get("/v1/balance")
            client.post("/v1/charcters", json={"name": "Aurora"})
            client.delete("/v1/balance")
        found = say(fake, "GET", "state")[1]["unmatched"]
        assert [(one["number"], one["method"], one["path"], one["status"]) for one in found] == [
            (2, "POST", "/v1/charcters", 404),
            (3, "DELETE", "/v1/balance", 405),
        ]
        do(fake, "reset")
        assert say(fake, "GET", "state")[1]["unmatched"] == []

    def test_calls(self, fake: Aurous) -> None:
        """Each call, with what was sent and what became of it."""
        with fake.client() as client:
            client.post("/v1/characters", json={"name": "Aurora"})
        (call,) = say(fake, "GET", "calls")[1]
        assert (call["number"], call["operation"], call["method"]) == (1, "characters.create", "POST")
        assert call["json"] == {"name": "Aurora"}

    def test_deliveries(self, fake: Aurous) -> None:
        """Deliveries that are due are seen."""
        fake.webhooks.deliver_to(lambda _: 200)
        assert say(fake, "GET", "deliveries") == (200, [])
        fake.images.add(status="processing").finish()
        found = say(fake, "GET", "deliveries")[1]
        assert found
        told = {"number", "event", "url", "at", "attempt", "status", "response_status", "headers", "fault"}
        told |= {"payload", "error"}
        assert set(found[0]) == told
        assert found[0]["payload"] == fake.webhooks.deliveries[0].payload


class TestDeeds:
    """What can be done."""

    def test_reset(self, fake: Aurous) -> None:
        """All is as at the start."""
        fake.characters.add()
        assert do(fake, "reset")["reset"] is True
        assert len(fake.characters) == 0

    def test_clock(self, fake: Aurous) -> None:
        """Time moves, or stands elsewhere."""
        assert do(fake, "clock.advance", seconds=45)["result"]["now"] == "2026-05-08T10:00:45+00:00"
        assert do(fake, "clock.freeze", at="2027-01-01T00:00:00Z")["result"]["now"] == "2027-01-01T00:00:00+00:00"

    def test_chat(self, fake: Aurous) -> None:
        """What the model says is added, and what was said can be read, with the messages of Python for mistakes."""
        do(fake, "chat.reply", text="Black.", when="hair", times=1)
        assert repr(fake.chat._newest) == "<reply 'Black.', added at /__aurous__/chat.reply: used 0>"
        do(fake, "chat.reply", tool_calls=[["find", {"query": "hair"}]], tokens=[10, 5])
        do(fake, "chat.reply", json=[1, None], delay=2)
        do(fake, "embeddings.vectors", vectors_by_text={"hair": [0.6, 0.8]})
        tools = [{"type": "function", "function": {"name": "find"}}]
        with fake.client() as client:
            for _ in range(3):
                client.post(
                    "/v1/chat/completions",
                    json={
                        "model": "aurous-grow-2.0-pro",
                        "messages": [{"role": "user", "content": "Which hair?"}],
                        "tools": tools,
                    },
                ).raise_for_status()
            body = {"model": "aurous-embed-vision-1.0", "input": "hair"}
            vector = client.post("/v1/embeddings", json=body).json()["data"][0]["embedding"]
        assert vector == [0.6, 0.8]
        found = say(fake, "GET", "completions")[1]
        assert [one["text"] for one in found] == ["Black.", None, "[1, null]"]
        assert found[0]["messages"] == [{"role": "user", "content": "Which hair?"}]
        assert found[1]["tool_calls"] == [["find", {"query": "hair"}]]
        assert [one["status"] for one in say(fake, "GET", "state")[1]["completions"]] == ["completed"] * 3
        do(fake, "reset")
        assert say(fake, "GET", "completions")[1] == []

    def test_faults(self, fake: Aurous) -> None:
        """A fault is given, and met."""
        given = do(fake, "faults.status", operation="balance.retrieve", status=503)["result"]
        assert (given["kind"], given["fired"], given["times"]) == ("status 503", 0, 1)
        with fake.client() as client:
            assert client.get("/v1/balance").status_code == 503

    def test_a_fault_is_its_method(
        self, fake: Aurous, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        """A control request adds a new kind of fault, and takes the arguments of its method that JSON can express."""

        def brownout(
            self: Faults,
            operation: Operation | str,
            hosts: Iterable[str],
            rate: float = 0.5,
            labels: Mapping[str, Any] | None = None,
            key: bytes | None = None,
            cause: Callable[[int], str] | None = None,
            **terms: Unpack[Terms],
        ) -> Fault:
            assert (list(hosts), rate, labels, key, cause) == (["a"], 0.25, {"x": 1}, None, None)
            return self.status(operation, 503, **terms)

        monkeypatch.setattr(Faults, "brownout", brownout, raising=False)
        operations.cache_clear()
        request.addfinalizer(operations.cache_clear)
        do(fake, "faults.brownout", operation="*", hosts=["a"], rate=0.25, labels={"x": 1}, times=2)
        assert fake.faults.unfired[0].times == 2
        said = refused(fake, "faults.brownout", {"operation": 5, "rate": "x", "key": "x", "cause": "x"})
        assert said == (
            "faults.brownout: operation must be a string, not a number; rate must be a number, not a string; "
            "'key' is not an argument; 'cause' is not an argument; 'hosts' is missing. It takes operation (string), "
            "hosts (array), rate (number), labels (object or null), times (number), after (integer), commit (boolean)."
        )


class TestMistakes:
    """What is refused."""

    @pytest.mark.parametrize(
        ("name", "told", "said"),
        [
            ("characters.script", {}, "text"),
            ("characters.script", {"text": "ready -> synthesising"}, "synthesi"),
            ("characters.script", {"txt": "ready"}, "txt"),
            ("characters.script", {"text": 5}, ""),
            ("clock.advance", {"seconds": -1}, "cannot go back"),
            ("clock.advance", {"seconds": "long"}, "seconds must be a number, not a string"),
            ("clock.freeze", {"at": "yesterday"}, "not an instant"),
            ("clock.freeze", {"at": 5}, "at must be a string, not a number. It takes at (string or null)."),
            ("chat.reply", {}, "one of text, json, refuse and error, or tool_calls"),
            ("chat.reply", {"text": "a", "refuse": "b"}, "one of text, json, refuse and error, or tool_calls"),
            ("chat.reply", {"tool_calls": [["find"]]}, "pairs of a name and its arguments"),
            ("chat.reply", {"text": "a", "tokens": [1]}, "such as (200, 600, 50)"),
            ("embeddings.vectors", {"vectors_by_text": {"a": "b"}}, "a mapping from texts to vectors"),
            ("faults.status", {"operation": "characters.sav", "status": 503}, "characters.save"),
            ("faults.status", {"operation": "characters.save", "status": 200}, "error status"),
            ("faults.status", {"operation": "characters.save"}, "status"),
            ("faults.timeout", {"operation": "*", "phase": "lunch"}, "lunch"),
            ("faults.timeout", {"operation": "*", "often": 3}, "often"),
            ("faults.malformed", {"operation": "*", "kind": "xml"}, "'xml'"),
            ("faults.greased", {"operation": "*", "kind": "off"}, "'off'"),
            ("faults.status", {"operation": "*", "status": 503, "headers": {"X": [1]}}, "header"),
            (
                "faults.drop",
                {"operation": "*"},
                "'operation' is not an argument; 'event' is missing. It takes event (string)",
            ),
            (
                "faults.drop",
                {"event": "*", "commit": True},
                "'commit' is not an argument. It takes event (string)",
            ),
            ("faults.timeout", {"operation": "*", "times": -1}, "1 or more"),
            ("faults.delay", {"operation": "*", "seconds": -1}, "0 or more"),
            (
                "faults.timeout",
                {"operation": "*", "times": "x" * 99},
                "times must be a number, not a string",
            ),
            (
                "characters.script",
                {"txt": "x", "name": 5},
                ": 'txt' is not an argument; did you mean 'text'?; name must be a string, not a number; ",
            ),
            (
                "faults.delay",
                {"secs": 1, "times": "x"},
                "; times must be a number, not a string; 'operation' is missing; 'seconds' is missing. It",
            ),
            ("characters.add", {"nam": "x"}, "'nam' is not an argument; did you mean 'name'? It takes name"),
            ("reset", {"now": True}, "'now' is not an argument. It takes no arguments."),
            ("webhooks.flush", {"now": True}, "'now' is not an argument. It takes no arguments."),
            ("images.add", {"character": "char_x"}, "no such id"),
            ("uploads.add", {"confidence": 1.5}, "0 to 1"),
            ("webhook_endpoints.add", {"url": "http://app.test"}, "https"),
            ("webhook_endpoints.add", {"events": []}, "expected at least one event"),
            ("videos.add", {"duration": 900}, "duration must be"),
            ("assert_called", {"operation": "characters.save", "times": "x"}, "times must be a whole number"),
            ("characters.add", {"status": "redy"}, "redy"),
            ("characters.add", {"color": "red"}, "color"),
        ],
    )
    def test_bad_arguments(self, fake: Aurous, name: str, told: dict[str, Any], said: str) -> None:
        """A mistake is told in plain words, and nothing has changed."""
        assert said in refused(fake, name, told)

    @pytest.mark.parametrize("name", TAKES)
    def test_each_argument_is_checked(self, fake: Aurous, name: str) -> None:
        """A value of another kind is refused by its name, with what is valid; nothing else is an argument."""
        told = NEEDED.get(name, {})
        takes = TAKES[name]
        before = say(fake, "GET", "state")
        for argument, kinds in takes.items():
            assert f"{argument} (" in say(fake, "POST", name, {**told, "zzz": 1})[1]["error"]
            for kind, values in VALUES.items():
                for value in values if kind not in kinds.split("|") and kinds != "any" else ():
                    status, content = say(fake, "POST", name, {**told, argument: value})
                    assert (status, f"{argument} must " in content["error"]) == (400, True), (argument, value)
        assert say(fake, "GET", "state") == before
