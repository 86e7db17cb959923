"""The faults, each at its places, over the clients that people use."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
import trio

from pytest_aurous import Aurous, AurousError, AurousServer, BadDay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_aurous import Exploration

NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}
WRITES = "refused timeout lost late unavailable rate_limited garbled crash"
READS = "refused timeout unavailable rate_limited garbled gone greased"
FAULTS = "refused, timeout, lost, late, unavailable, rate_limited, garbled, crash, fails, slow, gone, greased"
EVERY = {
    "characters.create#1": {*WRITES.split(), "fails", "slow", "greased"},
    "characters.save#1": {*WRITES.split(), "greased"},
    **{f"characters.retrieve#{number}": set(READS.split()) for number in (1, 2, 3)},
}


def by_place(explored: Exploration) -> dict[str, set[str]]:
    """Return the faults of each place."""
    found: dict[str, set[str]] = {}
    for case in explored.cases:
        assert case.id == f"{case.operation}#{case.occurrence} {case.fault}"
        found.setdefault(f"{case.operation}#{case.occurrence}", set()).add(case.fault)
    return found


def outcomes(explored: Exploration) -> dict[str, str]:
    """Return the outcome of each case."""
    return {case.id: case.outcome for case in explored.cases}


async def publish(client: Any, pause: Any, errors: Any) -> str:
    """Publish with any async client; try four times."""

    async def send(method: str, path: str, **sent: Any) -> Any:
        for _ in range(4):
            try:
                response = await client.request(method, path, **sent)
                if response.status_code not in {429, 503}:
                    return response.json()
            except errors:
                pass
            except ValueError:
                continue
            await pause(25)
        raise LookupError(path)

    made = await send("POST", "/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"})
    for _ in range(400):
        status = (await send("GET", f"/v1/characters/{made['id']}")).get("status")
        if status != "synthesizing":
            break
        await pause(10)
    if status not in {"reviewing", "ready"}:
        raise LookupError(status)
    await send("POST", f"/v1/characters/{made['id']}/save")
    return str(made["id"])


def explore_with(stack: Any, loop: str, fake: Aurous) -> Exploration:
    """Explore publishing with an async client of a stack, in a loop of a library."""

    async def pause(seconds: float) -> None:
        await anyio.sleep(seconds)

    async def main() -> Exploration:
        async with stack.AsyncClient(base_url=fake.base_url, headers={"X-Api-Key": fake.api_key}, timeout=5) as client:
            run = partial(publish, client, pause, stack.TransportError)
            return await fake.aexplore(run, faults=FAULTS, may_raise=LookupError)

    return asyncio.run(main()) if loop == "asyncio" else trio.run(main)


@pytest.mark.parametrize(("stack", "loop"), [("httpx", "asyncio"), ("httpx2", "trio")])
def test_faults_happen_to_async_clients(fake: Aurous, stack: str, loop: str) -> None:
    """Each at each place, with the same outcomes as of a sync client, and no false alarm."""
    explored = explore_with(import_module(stack), loop, fake)

    assert by_place(explored) == EVERY
    assert "unmet" not in outcomes(explored).values()
    assert {case.id for case in explored.cases if case.outcome == "raised"} == {
        "characters.create#1 fails",
        *(f"characters.retrieve#{number} gone" for number in (1, 2, 3)),
    }


@pytest.mark.parametrize("stack", ["httpx", "httpx2"])
def test_faults_happen_to_sync_clients(fake: Aurous, shop: Any, stack: str) -> None:
    """Each at each place: what changes something, then what reads, in the order of the run."""
    module = import_module(stack)
    with module.Client(base_url=fake.base_url, headers={"X-Api-Key": fake.api_key}, timeout=5) as client:

        class Portable(type(shop)):  # type: ignore[misc]
            def send(self, method: str, path: str, **sent: Any) -> Any:
                try:
                    return super().send(method, path, **sent)
                except module.TransportError:
                    time.sleep(25)
                    return self.send(method, path, **sent)

        explored = fake.explore(Portable(client).publish, faults=FAULTS)

    assert by_place(explored) == EVERY
    assert list(by_place(explored)) == list(EVERY)
    assert "unmet" not in outcomes(explored).values()


def seen_by(client: httpx.Client, method: str, path: str, **sent: Any) -> Callable[[], object]:
    """Return a run that returns what a client sees of one response: its status and body, or its error."""

    def run() -> object:
        try:
            response = client.request(method, path, **sent)
        except httpx.TransportError as error:
            return type(error).__name__
        return response.status_code, dict(response.headers), response.text

    return run


def test_what_a_client_sees(fake: Aurous, client: httpx.Client) -> None:
    """The table of faults, by what arrives, and by whether it took effect."""
    run = seen_by(client, "POST", "/v1/characters", json=NOVA)
    cases = {case.fault: case for case in fake.explore(run, laws="ends").cases}

    assert cases["refused"].returned == "ConnectError"
    assert cases["timeout"].returned == cases["late"].returned == "ReadTimeout"
    assert cases["lost"].returned == "RemoteProtocolError"
    assert {fault: case.credits for fault, case in cases.items()} == {
        **dict.fromkeys(["refused", "timeout", "unavailable", "rate_limited", "down", "hiccup", "broke", "dies"], 0),
        **dict.fromkeys(["lost", "late", "garbled", "crash", "fails", "keeps_failing", "slow", "greased"], 4),
    }
    status, _, text = cases["unavailable"].returned
    assert (status, json.loads(text)["error"]["code"]) == (503, "provider_unavailable")
    status, headers, text = cases["rate_limited"].returned
    assert (status, headers["retry-after"], json.loads(text)["error"]["code"]) == (429, "12", "too_many_requests")
    status, _, text = cases["garbled"].returned
    assert status == 201
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(text)
    status, _, text = cases["greased"].returned
    assert status == 201
    assert any(name.startswith("grease_") for name in json.loads(text))
    assert json.loads(text)["attributes"] == {"age": 28}


def test_what_goes_on_happens_to_later_requests_too(fake: Aurous, client: httpx.Client) -> None:
    """`down` to the same operation, as a proxy responds; `outage` to all, from the first of its kind on."""

    def run() -> list[object]:
        seen: list[object] = []
        for path in ("/v1/balance", "/v1/team", "/v1/balance"):
            try:
                seen.append(client.get(path).status_code)
            except httpx.ConnectError:
                seen.append("refused")
            time.sleep(1700)
        return seen

    explored = fake.explore(run, faults="down, outage", laws="ends")

    assert {case.id: case.returned for case in explored.cases} == {
        "balance.retrieve#1 down": [503, 200, 503],
        "balance.retrieve#1 outage": ["refused", "refused", "refused"],
        "team.retrieve#1 down": [200, 503, 200],
        "team.retrieve#1 outage": [200, "refused", "refused"],
        "balance.retrieve#2 down": [200, 200, 503],
    }
    (case,) = fake.explore(seen_by(client, "GET", "/v1/balance"), faults="down", laws="ends").cases
    status, headers, text = case.returned
    assert (status, headers["content-type"], text[:6]) == (503, "text/html", "<html>")
    assert not [name for name in headers if name.startswith(("aurous", "x-"))]
    assert client.get("/v1/balance").status_code == 200


def test_an_outage_is_over_after_an_hour(fake: Aurous, client: httpx.Client) -> None:
    """Code that waits long enough gets through."""

    def run() -> int:
        with suppress(httpx.ConnectError):
            return client.get("/v1/balance").status_code
        time.sleep(1201)
        return run()

    (case,) = fake.explore(run, faults="outage").cases

    assert (case.returned, case.calls) == (200, 4)


def test_a_hiccup_reaches_what_comes_after_retries(
    fake: Aurous, client: httpx.Client, broken: Callable[..., Exploration]
) -> None:
    """A fallback that orders without a look at what it has: each other fault ends before it, or does not end."""

    def run(*, careful: bool) -> None:
        for _ in range(3):
            with suppress(httpx.TransportError):
                order("1")
                break
            time.sleep(5)
        else:
            time.sleep(60)
            for key in "1" if careful else "12":
                order(key)
        client.get("/v1/balance").raise_for_status()

    def order(key: str) -> None:
        headers = {"Idempotency-Key": key}
        client.post("/v1/images", json={"prompt": "x"}, headers=headers).raise_for_status()

    assert not fake.explore(lambda: run(careful=True)).broken
    fake.reset()
    (case,) = broken(fake, lambda: run(careful=False)).broken

    assert case.id == "images.create#1 hiccup"
    assert case.finding == (
        "The connection for images.create #1 and all later ones failed for 30 seconds, and the image 'x' exists twice: "
        "each request had another Idempotency-Key."
    )


def test_a_hiccup_begins_at_each_write_and_at_the_first_read_of_an_operation(
    fake: Aurous, client: httpx.Client
) -> None:
    """What comes after it is tried at each of them."""

    def run() -> None:
        for key in "12":
            made = client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": key}).json()["id"]
            client.get(f"/v1/characters/{made}")
            time.sleep(1)

    explored = fake.explore(run, faults="hiccup", laws="ends")

    assert list(outcomes(explored)) == [
        f"characters.{place} hiccup" for place in ("create#1", "create#2", "retrieve#1")
    ]


def test_without_credits_each_later_order_is_refused(fake: Aurous, client: httpx.Client) -> None:
    """With the API's own 402, while what is free goes on; a second run finds the credits again."""
    image = {"prompt": "a red fox"}

    def run() -> list[int]:
        sent = [client.post("/v1/images", json=image, headers={"Idempotency-Key": str(n)}) for n in range(2)]
        sent.append(client.get("/v1/balance"))
        seen = [response.status_code for response in sent]
        if 402 in seen:
            assert sent[1].json()["error"]["code"] == "balance_too_low"
            assert sent[2].json()["available_credits"] == 0
            raise LookupError
        return seen

    explored = fake.explore(run, faults="broke", may_raise=LookupError)

    assert outcomes(explored) == {"images.create#1 broke": "raised", "images.create#2 broke": "raised"}
    assert [case.credits for case in explored.cases] == [0, 1]
    assert fake.team.available_credits == 98
    fake.reset()

    def pays_with_a_key() -> int:
        client.post("/v1/images", json=image, headers={"Idempotency-Key": "1"})
        return client.post("/v1/images", json=image, headers={"Idempotency-Key": "1"}).status_code

    explored = fake.explore(pays_with_a_key, faults="broke", laws="ends")
    assert outcomes(explored) == {"images.create#1 broke": "returned"}  # a replay costs nothing


def test_a_process_dies_before_a_request_arrives(fake: Aurous, client: httpx.Client) -> None:
    """Also before a read; nothing has taken effect, and a second run has to recover."""

    def run() -> None:
        client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"})
        client.get("/v1/balance")

    explored = fake.explore(run, faults="dies")

    assert outcomes(explored) == {"characters.create#1 dies": "crashed", "balance.retrieve#1 dies": "crashed"}
    assert [(case.credits, case.broken) for case in explored.cases] == [(0, ()), (4, ())]
    with AurousServer(fake) as server, httpx.Client(base_url=server.url, headers={"X-Api-Key": fake.api_key}) as other:
        assert "dies" not in {case.fault for case in fake.explore(lambda: other.get("/v1/balance"), laws="ends").cases}


def test_work_keeps_failing(fake: Aurous, client: httpx.Client) -> None:
    """All that starts from there on fails; the repeated documented failure is accepted, also by a second run."""

    def run() -> list[str]:
        seen: list[str] = []
        for number in range(3):
            key = {"Idempotency-Key": f"{number} {len(fake.calls)}"}
            made = client.post("/v1/characters", json=NOVA, headers=key).json()["id"]
            while (status := client.get(f"/v1/characters/{made}").json()["status"]) == "synthesizing":
                time.sleep(9)
            seen.append(status)
        return seen

    explored = fake.explore(run, faults="fails, keeps_failing", laws="ends")

    assert [case.returned for case in explored.cases if case.fault == "keeps_failing"] == [
        ["failed", "failed", "failed"],
        ["reviewing", "failed", "failed"],
        ["reviewing", "reviewing", "failed"],
    ]
    assert explored.cases[0].returned == ["failed", "reviewing", "reviewing"]
    fake.reset()
    fake.script("synthesizing*2 -> reviewing")

    def careful() -> None:
        for attempt in range(2):
            key = {"Idempotency-Key": f"order {attempt}"}
            made = client.post("/v1/characters", json=NOVA, headers=key).json()["id"]
            while (status := client.get(f"/v1/characters/{made}").json()["status"]) == "synthesizing":
                time.sleep(9)
            if status == "reviewing":
                return
        raise LookupError

    explored = fake.explore(careful, faults="fails, keeps_failing", may_raise=LookupError)
    assert [(case.fault, case.outcome) for case in explored.cases] == [
        ("fails", "returned"),
        ("keeps_failing", "raised"),
    ]


def test_faults_that_cannot_happen_to_a_request_leave_it_alone(fake: Aurous, client: httpx.Client) -> None:
    """An order that is refused anyway, work that fails anyway, and a process that the fake cannot end."""
    dies = BadDay("balance.retrieve#1 dies")
    with fake.day(BadDay("images.create#1 broke", "characters.create#1 keeps_failing")):
        assert client.post("/v1/images", json={}).status_code == 400
        assert client.post("/v1/characters", json={}).status_code == 400
        assert client.get("/v1/balance").json()["available_credits"] == 100
    fake.script("synthesizing -> failed(moderation_rejected)")
    with fake.day(BadDay("characters.create#1 fails")):
        made = client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"}).json()["id"]
    for _ in range(3):
        shown = client.get(f"/v1/characters/{made}").json()
    assert (shown["status"], shown["error_message"]) == ("failed", "moderation_rejected")
    headers = {"X-Api-Key": fake.api_key}
    with AurousServer(fake) as server, httpx.Client(base_url=server.url, headers=headers) as other, fake.day(dies):
        assert other.get("/v1/balance").status_code == 200


def test_a_place_with_a_fault_of_the_test_is_not_broken_again(fake: Aurous, client: httpx.Client) -> None:
    """So code that gives up after four 503 is not made to order twice; the report counts what it leaves out."""

    def run() -> None:
        for _ in range(4):
            if client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"}).status_code != 503:
                return
        client.get("/v1/balance")

    fake.faults.status("characters.create", 503, times=4)
    explored = fake.explore(run, faults="lost, unavailable")

    assert list(outcomes(explored)) == ["balance.retrieve#1 unavailable"]
    assert explored.skipped == 4
    assert explored.remarks == (
        "4 requests were not broken, because a fault of the test itself meets them also on the good day.",
    )


@pytest.mark.parametrize(("fault", "seconds"), [("timeout", 5), ("late", 5), ("refused", 0), ("lost", 0)])
def test_a_timeout_passes_on_all_clocks(fake: Aurous, client: httpx.Client, fault: str, seconds: float) -> None:
    """On the clocks of the fake and of the process, by the client's own patience."""

    def run() -> tuple[float, float]:
        began, mono = fake.clock.time(), time.monotonic()
        with suppress(httpx.TransportError):
            client.post("/v1/characters", json=NOVA)
        return fake.clock.time() - began, time.monotonic() - mono

    (case,) = fake.explore(run, faults=fault, laws="ends").cases

    assert case.returned == (pytest.approx(seconds), pytest.approx(seconds, abs=1))


def test_without_a_timeout_nothing_times_out(fake: Aurous) -> None:
    """The cases are skipped and counted, and the report says so."""
    with fake.client(timeout=None) as client:
        explored = fake.explore(seen_by(client, "POST", "/v1/characters", json=NOVA), laws="ends")

    assert not {"timeout", "late"} & {case.fault for case in explored.cases}
    assert explored.skipped == 2
    assert "2 cases were skipped, because the client has no read timeout." in explored.remarks[0]


def test_a_request_that_is_late_stays_in_flight(fake: Aurous, client: httpx.Client) -> None:
    """For 20 s after the timeout, a retry with the same key gets 409; then the stored response."""
    headers = {"Idempotency-Key": "1"}

    def run() -> list[int]:
        seen: list[int] = []
        while 201 not in seen:
            with suppress(httpx.ReadTimeout):
                seen.append(client.post("/v1/characters", json=NOVA, headers=headers).status_code)
            time.sleep(9)
        return seen

    (case,) = fake.explore(run, faults="late").cases

    assert case.returned == [409, 409, 201]


def test_a_replay_counts_as_what_it_replays(fake: Aurous, client: httpx.Client) -> None:
    """It can be lost; an estimate changes nothing."""

    def run() -> None:
        for _ in range(2):
            client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "1"})
        client.post("/v1/images/estimate", json={"prompt": "x"})

    explored = fake.explore(run, laws="ends", faults="lost, crash, fails")

    assert list(outcomes(explored)) == [
        "characters.create#1 lost",
        "characters.create#1 crash",
        "characters.create#1 fails",
        "characters.create#2 lost",
        "characters.create#2 crash",
    ]


def test_a_refusal_has_no_effect_to_lose(fake: Aurous, client: httpx.Client) -> None:
    """A 400 of the good day can only be refused, delayed or made unreadable."""
    explored = fake.explore(seen_by(client, "POST", "/v1/characters", json={}), faults=FAULTS, laws="ends")

    assert by_place(explored) == {
        "characters.create#1": {"refused", "timeout", "unavailable", "rate_limited", "garbled", "greased"}
    }


def test_work_fails_or_is_slow(fake: Aurous, client: httpx.Client) -> None:
    """`fails` ends the work in failed(provider_timeout), `slow` takes 30 minutes of the clock."""

    def run() -> tuple[str, object, float]:
        made = client.post("/v1/characters", json=NOVA).json()["id"]
        began = fake.clock.time()
        while True:
            shown = client.get(f"/v1/characters/{made}").json()
            if shown["status"] != "synthesizing":
                return shown["status"], shown.get("error_message"), fake.clock.time() - began
            time.sleep(60)

    explored = fake.explore(run, faults="fails, slow", laws="ends")

    failed, slow = explored.cases
    assert failed.returned[:2] == ("failed", "provider_timeout")
    assert (slow.returned[0], slow.returned[2]) == ("reviewing", pytest.approx(1800, abs=60))


def test_somebody_deletes_a_record(fake: Aurous, client: httpx.Client) -> None:
    """Before the poll: the client gets 404 or 410, and the law recovers is not judged."""
    nova = fake.characters.add(name="Nova")

    def run() -> int:
        return client.get(f"/v1/characters/{nova.id}").raise_for_status().status_code

    (case,) = fake.explore(run, faults="gone").cases

    assert isinstance(case.error, httpx.HTTPStatusError)
    assert case.error.response.status_code in {404, 410}
    assert case.remarks == ("recovers was not judged: the record was deleted",)


def test_polls_that_see_the_same_form_one_case(fake: Aurous, client: httpx.Client) -> None:
    """The first and the last are kept; so of identical reads. What is skipped is counted."""
    fake.script("synthesizing*20 -> reviewing")

    def run() -> None:
        made = client.post("/v1/characters", json=NOVA).json()["id"]
        while client.get(f"/v1/characters/{made}").json().get("status") == "synthesizing":
            time.sleep(10)
        for _ in range(5):
            client.get("/v1/balance")

    explored = fake.explore(run, faults="unavailable", laws="ends")

    assert list(outcomes(explored)) == [
        f"{place} unavailable"
        for place in (
            "characters.create#1",
            "characters.retrieve#1",
            "characters.retrieve#20",
            "characters.retrieve#21",
            "balance.retrieve#1",
            "balance.retrieve#5",
        )
    ]
    assert explored.skipped == 18 + 3


def test_a_place_that_a_run_does_not_reach_is_unmet(fake: Aurous, client: httpx.Client) -> None:
    """It is counted, and never reported as held."""
    seen: list[int] = []

    def run() -> None:
        seen.append(1)
        client.get("/v1/balance")
        if len(seen) != 4:
            client.get("/v1/team")

    explored = fake.explore(run, faults="unavailable")

    assert outcomes(explored) == {"balance.retrieve#1 unavailable": "returned", "team.retrieve#1 unavailable": "unmet"}
    assert explored.table().startswith("1 of 1 cases hold; 1 unmet\n")


def test_a_route_of_the_test_is_no_place(fake: Aurous, client: httpx.Client) -> None:
    """The fake does not respond there, so it cannot break it."""
    fake.route("team.retrieve").respond(200, json={})

    def run() -> None:
        client.get("/v1/team")
        client.get("/v1/balance")

    assert list(outcomes(fake.explore(run, faults="unavailable"))) == ["balance.retrieve#1 unavailable"]


@pytest.fixture
def inbox(fake: Aurous) -> list[Any]:
    """What the webhooks of the fake have delivered."""
    received: list[Any] = []
    fake.webhooks.deliver_to(received.append)
    return received


def order_two(fake: Aurous, client: httpx.Client) -> None:
    """Order two images, and wait until their events are delivered."""
    for prompt in ("One", "Two"):
        sent = {"character_id": fake.characters.last.id, "prompt": prompt}
        client.post("/v1/images", json=sent).raise_for_status()
        time.sleep(1)
    for _ in range(3):
        time.sleep(60)
        fake.webhooks.flush()


def orders_delivered(fake: Aurous, client: httpx.Client, inbox: list[Any]) -> list[str]:
    """Order two images, and return the prompts of their events."""
    inbox.clear()
    order_two(fake, client)
    return [one.payload["data"]["prompt"] for one in inbox]


def test_deliveries_go_wrong(fake: Aurous, client: httpx.Client, inbox: list[Any]) -> None:
    """Their place is the n-th event of its kind, not the attempt."""
    fake.characters.add()
    fake.images.script("pending:10s -> processing:5s -> succeeded")

    explored = fake.explore(
        partial(orders_delivered, fake, client, inbox), faults="duplicate, reorder, drop, bad_signature", laws="ends"
    )

    assert explored.good_day.returned == ["One", "Two"]
    assert {case.outcome for case in explored.cases} == {"returned"}
    assert {case.id: case.returned for case in explored.cases} == {
        "webhooks.image.completed#1 duplicate": ["One", "One", "Two"],
        "webhooks.image.completed#1 reorder": ["Two", "One"],
        "webhooks.image.completed#1 drop": ["Two"],
        "webhooks.image.completed#1 bad_signature": ["One", "Two"],
        "webhooks.image.completed#2 duplicate": ["One", "Two", "Two"],
        "webhooks.image.completed#2 drop": ["One"],
        "webhooks.image.completed#2 bad_signature": ["One", "Two"],
    }


def test_a_delivery_with_a_fault_of_the_test_is_a_place_of_its_own(
    fake: Aurous, client: httpx.Client, inbox: list[Any]
) -> None:
    """It is not broken again, and counts: a fault of the second event happens to the second one."""
    fake.characters.add()
    fake.images.script("pending:10s -> processing:5s -> succeeded")
    fake.faults.drop("image.*")

    run = partial(orders_delivered, fake, client, inbox)
    explored = fake.explore(run, faults="duplicate, drop", laws="ends")

    assert {case.id: case.returned for case in explored.cases} == {
        "webhooks.image.completed#2 duplicate": ["Two", "Two"],
        "webhooks.image.completed#2 drop": [],
    }
    assert "because a fault of the test itself meets it also on the good day." in explored.remarks[0]


def test_an_event_that_is_delivered_twice_is_one_place(fake: Aurous, client: httpx.Client) -> None:
    """The first attempt is refused on the good day, too: the second is one of the same event."""
    fake.characters.add()
    fake.images.script("pending:10s -> processing:5s -> succeeded")
    attempts: list[str] = []

    def receive(delivery: Any) -> int:
        attempts.append(delivery.payload["data"]["prompt"])
        return 500 if attempts.count("One") == 1 and attempts[-1] == "One" else 200

    fake.webhooks.deliver_to(receive)

    def run() -> list[str]:
        attempts.clear()
        order_two(fake, client)
        return list(attempts)

    explored = fake.explore(run, faults="drop", laws="ends")

    assert explored.good_day.returned == ["One", "Two", "One"]
    assert list(outcomes(explored)) == ["webhooks.image.completed#1 drop", "webhooks.image.completed#2 drop"]
    assert "unmet" not in outcomes(explored).values()


@pytest.fixture
def served(fake: Aurous) -> Iterator[str]:
    """The URL of the fake over HTTP."""
    with AurousServer(fake) as server:
        yield server.url


def test_a_served_fake(fake: Aurous, served: str) -> None:
    """No crash over HTTP, and no timeouts, which only the client itself knows."""

    def run() -> object:
        headers = {"X-Api-Key": fake.api_key, "Idempotency-Key": "1"}
        try:
            return httpx.post(f"{served}/v1/characters", json=NOVA, headers=headers, timeout=30).status_code
        except httpx.TransportError as error:
            return type(error).__name__

    explored = fake.explore(run, faults=FAULTS, laws="ends")

    assert {case.fault: case.returned for case in explored.cases} == {
        "refused": "RemoteProtocolError",
        "lost": "RemoteProtocolError",
        "unavailable": 503,
        "rate_limited": 429,
        "garbled": 201,
        "fails": 201,
        "slow": 201,
        "greased": 201,
    }
    assert explored.skipped == 2
    with pytest.raises(AurousError, match="there is no such case"):
        fake.explore(run, only="characters.create#1 crash")
