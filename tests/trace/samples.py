"""Traces for the tests of the viewer and for the pictures of the documentation."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import httpx

from pytest_aurous import Aurous, AurousExplorationError, Delivery, Fault
from pytest_aurous._explore.report.result import matrix
from pytest_aurous._trace.data import trace
from pytest_aurous._trace.recorder import Recorder

Run = Callable[[Aurous, httpx.Client], object]
HOSTILE = "</script><b>\u202eevil<img src=x onerror=alert(1)>"
START = "2026-05-08T10:00:00Z"


def traced(run: Run, about: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Return the trace of *run*, as a test of its name that failed, with what it explores."""
    chosen: dict[str, Any] = {"seed": 3, "strict": "off", "pitfalls": "off", "sleep": "skip", "now": START}
    with Aurous(**(chosen | settings)) as aurous:
        recorder = Recorder(aurous._session.handle)
        aurous._session.traced = True
        with aurous.client(timeout=5) as client:
            run(aurous, client)
        recorder.stop()
        name = f"tests/test_portraits.py::test_{getattr(run, '__name__', 'run')}"
        test = {
            "id": name,
            "outcome": "failed",
            "message": "assert 2 == 1",
            "duration": 0.02,
            "again": f"pytest {name}",
        }
        return trace(recorder, {**test, **(about or {})}, matrix(aurous._session.explorations))


def double_charge(aurous: Aurous, client: httpx.Client) -> None:
    """A client orders twice after a lost response, and does a bit of everything else."""
    body = {"name": "Aurora", "generate": True, "attributes": {"age": 28, "hair_color": "red"}}
    aurous.faults.timeout("characters.create", commit=True)
    with suppress(httpx.ReadTimeout):
        client.post("/v1/characters", json=body)
    time.sleep(2)
    character = client.post("/v1/characters", json=body).json()["id"]
    path = f"/v1/characters/{character}"
    client.post(f"{path}/save")
    while client.get(path).json()["status"] == "synthesizing":
        time.sleep(15)
    aurous.clock.advance(seconds=60)
    aurous.webhooks.deliver_to(lambda _: 200)
    client.post(f"{path}/save")
    aurous.webhooks.flush()
    client.patch(path, json={"name": HOSTILE})
    client.get("/v1/nothing")
    order = {"prompt": "a cat", "character_id": character}
    for _ in range(2):
        image = client.post("/v1/images", json=order, headers={"Idempotency-Key": "k-1"}).json()
    for _ in range(3):
        image = client.get(f"/v1/images/{image['id']}").json()
        time.sleep(5)
    for url in image["output_urls"]:
        httpx.get(url)


def explored(aurous: Aurous, client: httpx.Client) -> None:
    """A worker that sends a lost request again, without a key, is explored."""

    def send(method: str, path: str, **request: Any) -> Any:
        for _ in range(3):
            with suppress(httpx.TransportError):
                return client.request(method, path, **request).raise_for_status().json()
            time.sleep(2)
        raise RuntimeError("no response")

    def order() -> None:
        body = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
        path = f"/v1/characters/{send('POST', '/v1/characters', json=body)['id']}"
        while send("GET", path)["status"] == "synthesizing":
            time.sleep(15)
        send("POST", f"{path}/save")

    with suppress(AurousExplorationError):
        aurous.explore(order, may_raise=(httpx.HTTPStatusError, RuntimeError, ValueError))


def long_poll(aurous: Aurous, client: httpx.Client) -> None:
    """Sixty requests, most of them polls."""
    aurous.script("synthesizing:30m -> reviewing")
    body = {"name": "Slow", "generate": True, "attributes": {"age": 30}}
    path = f"/v1/characters/{client.post('/v1/characters', json=body).json()['id']}"
    for _ in range(59):
        client.get(path)
        time.sleep(4)


def trouble(aurous: Aurous, client: httpx.Client) -> None:
    """Each kind of refusal that a copied test has to set up."""
    aurous.team.credits = 3
    body = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
    client.post("/v1/characters", json=body)  # 402
    aurous.team.credits = 50
    client.post("/v1/characters", json={"generate": True})  # 400
    client.post("/v1/characters", content=b"{not json", headers={"Content-Type": "application/json"})
    client.get("/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")  # 404
    key = {"Idempotency-Key": "in-flight"}
    aurous.faults.delay("images.create", seconds=20, commit=True)
    with suppress(httpx.ReadTimeout):
        client.post("/v1/images", json={"prompt": "slow"}, headers=key)
    client.post("/v1/images", json={"prompt": "slow"}, headers=key)  # 409
    time.sleep(20)
    client.post("/v1/images", json={"prompt": "slow"}, headers=key)  # replayed
    aurous.limits["reads"].exhaust()
    client.get("/v1/balance")  # 429 where limits are enforced
    time.sleep(60)
    one = aurous.characters.add("Aurora", attributes={"age": 28, "hair_color": 'red "and" \U0001f600'})
    other = aurous.characters.add("Borealis", status="failed")
    client.post(f"/v1/characters/{other.id}/save")
    client.get("/v1/characters", params={"limit": 5})
    client.request("DELETE", f"/v1/characters/{one.id}")
    client.get(f"/v1/characters/{one.id}")
    httpx.get(other.refs[0].url if other.refs else aurous.characters.add("C").refs[0].url)
    httpx.get("https://api.aurous-labs.com/v1/balance")  # 401: no key
    httpx.get("https://api.aurous-labs.com/v1/balance", headers={"X-API-Key": "al_live_wrong"})
    httpx.get("https://api.aurous-labs.com/v1/balance", auth=("user", "password"))  # 401: no key either
    with aurous.client(headers={"X-API-Key": aurous.team.add_key("read")}) as reader:
        reader.post("/v1/characters", json=body)
        reader.get("/v1/balance", headers={"X-Other": aurous.api_key})
    for odd in (
        b'{"prompt": "\\ud800"}',
        b'{"prompt": "x", "seed": 1e999}',
        b'{"prompt": ' + b"[" * 300 + b"]" * 300 + b"}",
    ):
        client.post("/v1/images", content=odd, headers={"Content-Type": "application/json"})
    with aurous.client(timeout=float("inf")) as patient:
        patient.get("/v1/balance")
    rivals = aurous.teams.add("Rivals", credits=20)
    with aurous.client(headers={"X-API-Key": rivals.api_key}) as theirs:
        theirs.post("/v1/characters", json=body)
        theirs.get(f"/v1/characters/{other.id}")
    client.post(
        "/v1/images", json={"prompt": "x", "lora_id": next(iter(aurous.loras)).id, "seed": 12345678901234567890}
    )
    client.post("/v1/images", json={"prompt": "with a style", "loras": [{"id": next(iter(aurous.loras)).id}]})


def settings(aurous: Aurous, client: httpx.Client) -> None:
    """Whatever a setting decides about responses: statuses, and what they say."""
    client.get("/v1/characters/char_01HXMQ7Z3K8Y2NABCDEFGHJKMR")
    character = aurous.characters.add("Aurora")
    client.request("DELETE", f"/v1/characters/{character.id}")
    client.get(f"/v1/characters/{character.id}")
    httpx.get(f"{aurous.base_url}/v1/balance")  # 401: no key
    chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}]}
    client.post("/v1/chat/completions", json=chat)
    aurous.limits["reads"].exhaust()
    client.get("/v1/balance")


def every_fault(aurous: Aurous, client: httpx.Client) -> None:
    """A read and an order meet each kind of fault; an unknown path and requests with other keys meet one, too."""
    faults = aurous.faults
    body = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
    requests: dict[str, Callable[[], object]] = {
        "balance.retrieve": lambda: client.get("/v1/balance"),
        "characters.create": lambda: client.post("/v1/characters", json=body),
    }
    for where, send in requests.items():
        adds: list[Callable[..., Fault]] = [
            *(partial(faults.status, where, status) for status in (503, 500, 429, 403, 402, 401)),
            partial(faults.status, where, 503, code="of_its_own", message="Later."),
            partial(faults.status, where, 503, retry_after=3),
            partial(faults.status, where, 503, headers={"Retry-After": "Fri, 08 May 2026 12:00:00 GMT"}),
            partial(faults.status, where, 503, commit=True),
            partial(faults.rate_limited, where),
            *(partial(faults.timeout, where, phase) for phase in ("connect", "read", "write", "pool")),
            partial(faults.timeout, where, commit=True),
            partial(faults.connect_error, where),
            partial(faults.disconnect, where),
            partial(faults.disconnect, where, after_bytes=3),
            *(partial(faults.delay, where, seconds) for seconds in (2, 20)),
            *(partial(faults.malformed, where, kind) for kind in ("truncated", "html", "empty", "not_json")),
            *(partial(faults.greased, where, kind) for kind in ("fields", "all")),
            partial(faults.outage, 1),
        ]
        for add in adds:
            add()
            with suppress(httpx.TransportError):
                send()
            time.sleep(30)
    chat = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    for add in [
        *(partial(faults.stall, "chat.create", count) for count in (0, 2)),
        partial(faults.disconnect, "chat.create", after_events=2),
        *(partial(faults.malformed, "chat.create", kind) for kind in ("half_event", "ends_early")),
    ]:
        add()
        with suppress(httpx.TransportError):
            client.post("/v1/chat/completions", json=chat)
    faults.malformed("balance.retrieve")
    client.get("/v1/balance", headers={"X-API-Key": "al_live_wrong"})
    faults.status("balance.retrieve", 401)
    client.get("/v1/balance", headers={"X-API-Key": aurous.teams.add("Rivals").api_key})
    faults.malformed("*")
    client.get("/v1/nothing")


def deliveries(aurous: Aurous, client: httpx.Client) -> None:
    """A receiver gets an event twice, refuses one, and never gets another; no request is sent."""
    del client
    statuses = iter([200, 503, 200, 200])

    def receive(delivery: Delivery) -> int:
        if delivery.event == "character.failed":
            raise KeyError("color")
        return next(statuses)

    aurous.webhooks.deliver_to(receive)
    aurous.faults.duplicate("image.completed")
    aurous.faults.drop("video.completed")
    aurous.images.add()
    aurous.videos.add()
    aurous.images.add(status="failed")
    aurous.characters.add(status="synthesizing").fail()
    aurous.webhooks.flush()
    aurous.clock.advance(seconds=5)
    aurous.webhooks.flush()


def many_calls(count: int) -> dict[str, Any]:
    """Return a trace of *count* calls, made by repeating the calls of a short trace."""

    def poll(_: Aurous, client: httpx.Client) -> None:
        for number in range(30):
            client.get("/v1/balance" if number % 3 else "/v1/nothing")
            time.sleep(1)

    data = traced(poll)
    steps = [dict(step) for _ in range(count // 30) for step in data["steps"]]
    numbers = 0
    for moment, step in enumerate(steps):
        step["at"] = data["began"] + moment
        if step["kind"] == "call":
            numbers += 1
            step["number"], step["arrived"] = numbers, step["at"]
    return {**data, "steps": steps}


def index(count: int = 12) -> dict[str, Any]:
    rows = [
        {
            "file": f"test_portraits-{number}.html", "test": f"tests/test_portraits.py::test_portrait[{number}]",
            "outcome": "failed" if number % 4 == 0 else "passed", "duration": 0.02 * (number % 5 + 1),
            "clock": 45.0 * number, "calls": number * 3, "credits": number % 7, "pitfalls": number % 2,
            "error": "" if number % 4 else f"assert {number + 1} == {number}", "cases": 0, "breaking": 0,
        }
        for number in range(count)
    ]  # fmt: skip
    rows[4] |= {"cases": 34, "breaking": 15}
    rows[5] |= {"cases": 20}
    rows[1]["test"] = f"tests/test_hostile.py::test_name[{HOSTILE}]"
    return {"version": 1, "generator": "pytest-aurous 0.1.0", "index": rows}
