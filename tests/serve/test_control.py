"""Control requests: each does what it says, and a mistake is a clear refusal that changes nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import ceil
from threading import Barrier
from typing import Any, Final

import httpx
import pytest

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._serve.control import Control
from pytest_aurous._serve.reads import READS
from pytest_aurous._serve.table import operations

NOW: Final = "2026-05-08T10:00:00Z"


@pytest.fixture
def fake() -> Aurous:
    """A fake, not entered, whose clock stands."""
    return Aurous(now=NOW)


@cache
def control_of(fake: Aurous) -> Control:
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


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", "9" * 400])
def test_err_8_what_a_client_sends_leaves_valid_json(fake: Aurous, number: str) -> None:
    """Python reads some numbers as an infinity, which it would write as no JSON."""

    def refuse(constant: str) -> None:
        pytest.fail(constant)

    body = f'{{"model": "aurous-embed-vision-1.0", "input": "x", "unknown": {number}}}'
    with fake, fake.client() as client:
        status = client.post("/v1/embeddings", content=body).status_code
    seen = control_of(fake).respond("GET", "/__aurous__/calls").body
    assert json.loads(seen, parse_constant=refuse)[0]["status"] == status
    assert status == (200 if number.isdecimal() else 400)


class TestWhatThereIs:
    """Names and methods."""

    def test_index(self, fake: Aurous) -> None:
        """The index lists each call."""
        status, content = say(fake, "GET", "")
        assert status == 200
        names = [f"GET /__aurous__/{name}" for name in ("", "openapi.json", *READS, "events")]
        names += [f"POST /__aurous__/{name}" for name in (*operations(), "send", "login")]
        assert sorted(content) == sorted(names)
        assert content["POST /__aurous__/clock.advance"] == "Move time forward, at once (seconds)"
        assert content["POST /__aurous__/team.credits"].startswith("Set the balance: held and available credits tog")
        assert content["POST /__aurous__/clock.speed"].startswith("Set how many seconds pass on the clock in a real")

    def test_unknown_query(self, fake: Aurous) -> None:
        """What is no parameter does not lead to an action that was not meant."""
        assert "has no argument 'dry'. It takes: undo." in refused(fake, "clock.advance?dry=1", {"seconds": 5})
        assert "has no argument 'undo'. It takes: nothing." in refused(fake, "send?undo=1", {"path": "/v1/team"})

    def test_unknown(self, fake: Aurous) -> None:
        """An unknown name is told the nearest, and the index."""
        status, content = say(fake, "GET", "stat")
        assert status == 404
        assert "'/__aurous__/stat'" in content["error"]
        assert "'state'" in content["error"]
        assert content["calls"] == say(fake, "GET", "")[1]

    @pytest.mark.parametrize(
        ("method", "name"),
        [("POST", "state"), ("GET", "assert_called"), ("GET", "login"), ("POST", "events"), ("PUT", "reset")],
    )
    def test_wrong_method(self, fake: Aurous, method: str, name: str) -> None:
        """A wrong method is a 405 that names the right one."""
        status, content = say(fake, method, name)
        assert status == 405
        assert f"takes {'GET' if method == 'POST' else 'POST'}, not {method}." in content["error"]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"{", "is not valid JSON"),
            (b'{"advance": NaN}', "NaN is not a finite number"),
            (b'{"advance": 1e999}', "1e999 is not a finite number"),
            (b"9" * 5000, "is not valid JSON"),
            (b"[" * 100_000, "is not valid JSON"),
            (b'{"name": "\\ud800"}', "is not valid JSON"),
            (b"[]", "not an object: []"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_bad_json(self, fake: Aurous, body: bytes, said: str) -> None:
        """A body that is no JSON object is refused."""
        for name in ("reset", "send", "faults.status"):
            assert said in refused(fake, name, body=body)


class TestDeeds:
    """What can be done."""

    def test_chat(self, fake: Aurous) -> None:
        """What the model says is added, and what was said can be read."""
        do(fake, "chat.reply", text="Black.", when="hair", times=1)
        assert "<reply 'Black.', added at /__aurous__/chat.reply: used 0>" in repr(fake.chat)
        do(fake, "chat.reply", tool_calls=[["find", {"query": "hair"}]], tokens=[10, 5])
        messages = [{"role": "user", "content": "Which hair?"}]
        chat = {"model": "aurous-grow-2.0-pro", "messages": messages}
        chat["tools"] = [{"type": "function", "function": {"name": "find"}}]
        with fake.client() as client:
            for _ in range(2):
                client.post("/v1/chat/completions", json=chat).raise_for_status()
        found = say(fake, "GET", "completions")[1]
        assert [one["text"] for one in found] == ["Black.", None]
        assert found[0]["messages"] == messages
        assert found[1]["tool_calls"] == [["find", {"query": "hair"}]]

    def test_keys_of_another_team(self, fake: Aurous) -> None:
        """A key is rotated and revoked in the team that is named, and in no other one."""
        teams = [do(fake, "teams.add", name=name)["result"] for name in ("Acme", "Umbra")]
        new = do(fake, "key.rotate", number=0, team=teams[0]["id"])["result"]
        do(fake, "key.revoke", number=0, team=teams[0]["id"])
        with fake.client() as client:

            def status(key: str) -> int:
                return client.get("/v1/balance", headers={"X-Api-Key": key}).status_code

            keys = (teams[0]["api_key"], new["key"], teams[1]["api_key"], fake.api_key)
            assert [status(key) for key in keys] == [401, 200, 200, 200]
        said = "key.revoke(number=2): expected a whole number from 0 to 1"
        assert said in refused(fake, "key.revoke", {"number": 2, "team": teams[0]["id"]})


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("characters.script", {}, "characters.script() missing 'text'. It takes: text, name, team."),
        ("faults.delay", {"secs": 1, "times": "x"}, "faults.delay() has no argument 'secs'; did you mean 'seconds'?"),
        ("key.rotate", {"number": 0.0}, "key.rotate(number=0.0): expected a whole number from 0 to 0"),
        ("webhooks.flush", {"now": True}, "has no argument 'now'. It takes: nothing."),
        ("assert_called_in_order", {"operations": "x"}, "expected a list."),
    ],
)
def test_bad_arguments(fake: Aurous, name: str, told: dict[str, Any], said: str) -> None:
    """A mistake is told in plain words, and nothing has changed."""
    assert said in refused(fake, name, told)


class TestTeams:
    """A team is the unit of isolation."""

    def test_thirty_parallel_tests_are_separate(self) -> None:
        """Replies, scripts, poses, faults, limits, keys, credits and calls, each test in a thread of its own."""
        poses, ends, together = ("front", "side", "back"), ("ready", "failed"), Barrier(30)
        aurous = Aurous(strict="off", pitfalls="off")
        aurous.chat.reply("for every other team")

        def see(number: int) -> list[Any]:
            with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as client:

                def do(name: str, **told: Any) -> Any:
                    response = client.post(f"/__aurous__/{name}", json=told)
                    assert response.status_code == 200, response.text
                    return response.json()["result"]

                team = do("teams.add", credits=10 + number)
                own, key = {"team": team["id"]}, {"X-Api-Key": team["api_key"]}
                do("chat.reply", text=f"team {number}", **own)
                do("uploads.pose", pose=poses[number % 3], **own)
                do("characters.script", text=f"synthesizing -> {ends[number % 2]}", **own)
                do("faults.status", operation="balance.retrieve", status=500 + number, when={"header": key})
                do("limit.set", bucket="reads", burst=50 + number, **own)
                together.wait(120)
                chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Who?"}]}
                said = client.post("/v1/chat/completions", json=chat, headers=key)
                upload = {"upload_id": do("uploads.add", **own)["id"]}
                sent = client.post("/v1/characters/uploads/classify", json=upload, headers=key)
                character = {"id": do("characters.add", status="synthesizing", **own)["id"], **own}
                failed, found = (client.get("/v1/balance", headers=key) for _ in range(2))
                do("assert_called", operation="chat.create", times=1, **own)
                do("key.revoke", number=0, **own)
                return [
                    said.json()["choices"][0]["message"]["content"],
                    sent.json()["pose"],
                    do("character.advance", **character)["status"],
                    failed.status_code,
                    found.headers["X-RateLimit-Limit"],
                    client.get("/v1/balance", headers=key).json()["error"]["code"],
                    ceil(found.json()["credits"]),  # the chat costs less than one
                ]

        with AurousServer(aurous) as server, ThreadPoolExecutor(30) as tests:
            seen = list(tests.map(see, range(30)))
        assert seen == [
            [f"team {one}", poses[one % 3], ends[one % 2], 500 + one, str(50 + one), "invalid_api_key", 10 + one]
            for one in range(30)
        ]
        with aurous.client() as client:
            chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Who?"}]}
            said = client.post("/v1/chat/completions", json=chat).json()
        assert said["choices"][0]["message"]["content"] == "for every other team"
