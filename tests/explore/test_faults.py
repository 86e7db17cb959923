"""The faults, each at its places, over the clients that people use."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from clients.common import publish
from pytest_aurous import Aurous, AurousServer, BadDay, Exploration
from pytest_aurous._core.faults.collection import fault_kinds
from pytest_aurous._explore import kinds
from tests.conftest import synthesis_price
from tests.explore.conftest import NOVA, broken

WRITES = "refused timeout lost late unavailable rate_limited garbled crash hiccup"
READS = "refused timeout unavailable rate_limited garbled gone greased"
FAULTS = "refused, timeout, lost, late, unavailable, rate_limited, garbled, crash, hiccup, fails, slow, gone, greased"
EVERY = {
    "characters.create#1": {*WRITES.split(), "fails", "slow", "greased"},
    "characters.save#1": {*WRITES.split(), "greased"},
    "characters.retrieve#1": {*READS.split(), "hiccup"},
    **{f"characters.retrieve#{number}": set(READS.split()) for number in (2, 3)},
}


UNUSED = {
    "timeout": "the kinds timeout and late wait as long as the client does",
    "delay": "a client that waits long enough sees no difference, and for any other one it is the kind timeout or late",
    "stall": "for a client, it is a timeout; the kinds disconnect and ends_early break streams",
    "body": "it has no body that each operation could have; the kinds garbled and greased change what is there",
    "late": "the kind reorder delivers an event after the next one",
}
"""The faults of a test that no kind of exploring adds, and why."""


def by_place(explored: Exploration) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for case in explored.cases:
        assert case.id == f"{case.operation}#{case.occurrence} {case.fault}"
        found.setdefault(f"{case.operation}#{case.occurrence}", set()).add(case.fault)
    return found


def outcomes(explored: Exploration) -> dict[str, str]:
    return {case.id: case.outcome for case in explored.cases}


def test_exploring_uses_each_fault_or_says_why_not() -> None:
    """A fault of which nobody has decided that would stay unexplored."""
    source = Path(kinds.__file__).read_text(encoding="utf-8")
    unused = {*fault_kinds()} - {*re.findall(r"""\b(?:_by\("|_of_event\("|faults\.)(\w+)""", source)}

    assert unused == {*UNUSED}, "each fault is added by a kind in KINDS, or has a row in UNUSED"


def test_each_fault_at_each_place(fake: Aurous) -> None:
    """What changes something, then what reads, in the order of the run."""
    explored = fake.explore(lambda: publish("Nova"), faults=FAULTS)

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
    price = synthesis_price()
    assert {fault: case.credits for fault, case in cases.items()} == {
        **dict.fromkeys(["refused", "timeout", "unavailable", "rate_limited", "down", "hiccup", "broke", "dies"], 0),
        **dict.fromkeys(["lost", "late", "garbled", "crash", "fails", "keeps_failing", "slow", "greased"], price),
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
    """`down` to the same operation, as a proxy responds."""

    def run() -> list[str]:
        return [client.get(path).text[:6] for path in ("/v1/balance", "/v1/team", "/v1/balance")]

    for case in fake.explore(run, faults="down", laws="ends").cases:
        found = [number for number, text in enumerate(case.returned) if text == "<html>"]
        assert found == {"balance.retrieve#1": [0, 2], "team.retrieve#1": [1]}.get(case.id.split()[0], [2])


def test_an_operation_is_down_for_one_body(fake: Aurous, client: httpx.Client) -> None:
    """So a fallback behind retries runs, whose caller has to be told; no code that sends one body has such a case."""

    def order(size: str) -> str:
        for attempt in range(6):
            headers = {"Idempotency-Key": size}
            response = client.post("/v1/images", json={"prompt": "x", "size": size}, headers=headers)
            if response.status_code != 503:
                return size
            time.sleep(2**attempt)
        return ""

    def run() -> str:
        return order("4k_1_1") or order("2k_1_1")

    def untold() -> bool:
        return run() != ""

    found = broken(fake, untold, faults="down, partly_down", laws="tells", may_return=lambda made: not made)
    [case] = found.broken
    assert case.id == "images.create#1 partly_down"
    assert "the code returned True, but the image 'x' has" in case.finding
    fake.reset()
    fallen_back = ValueError  # which tells the caller

    def careful() -> None:
        size = run()
        if size != "4k_1_1":
            raise fallen_back(size)

    explored = fake.explore(careful, faults="down, partly_down", laws="tells, recovers", may_raise=fallen_back)
    assert [case.id for case in explored.cases] == ["images.create#1 down", "images.create#1 partly_down"]
    fake.reset()
    alone = fake.explore(lambda: order("4k_1_1"), faults="down, partly_down", laws="ends")
    assert [case.fault for case in alone.cases] == ["down"]


def test_a_fallback_that_pays_as_well(fake: Aurous, client: httpx.Client) -> None:
    """The first size was ordered although its response was lost; the report says so, whatever is drawn."""

    def run() -> None:
        for size in ("4k_1_1", "2k_1_1"):
            with suppress(httpx.TransportError):
                send(size)
                break

    def send(size: str) -> None:
        headers = {"Idempotency-Key": size}
        client.post("/v1/images", json={"prompt": f"x {uuid4()}", "size": size}, headers=headers).raise_for_status()

    [case] = broken(fake, run, faults="lost", laws="pays_once").broken
    assert case.finding.endswith("another size was paid as well.")


def test_failed_work_is_named_as_failed(fake: Aurous, client: httpx.Client) -> None:
    """And a long result leaves the sentence its end."""

    def run() -> object:
        image = client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "1"}).json()
        while image["status"] in {"pending", "processing"}:
            time.sleep(5)
            image = client.get(f"/v1/images/{image['id']}").json()
        return image

    [case] = broken(fake, run, faults="fails", laws="tells").broken
    assert case.finding.endswith(", but the image 'x' has failed.")


def test_a_hiccup_reaches_what_comes_after_retries(fake: Aurous, client: httpx.Client) -> None:
    """A fallback that orders without reading what it has: each other fault ends before it, or does not end."""

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


def test_without_credits_each_later_order_is_refused(fake: Aurous, client: httpx.Client) -> None:
    """With the API's own 402, while what is free goes on; a second run finds the credits again."""

    def run() -> None:
        for key in "12":
            sent = client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": key})
            if sent.status_code == 402:
                assert sent.json()["error"]["code"] == "balance_too_low"
                assert client.get("/v1/balance").json()["available_credits"] == 0
                raise LookupError

    explored = fake.explore(run, faults="broke", may_raise=LookupError)

    assert outcomes(explored) == {"images.create#1 broke": "raised", "images.create#2 broke": "raised"}
    assert [case.credits for case in explored.cases] == [0, 1]
    assert fake.team.available_credits == 98


def test_work_keeps_failing(fake: Aurous, client: httpx.Client) -> None:
    """All that starts from there on fails."""

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


def test_somebody_deletes_a_record(fake: Aurous, client: httpx.Client) -> None:
    """Before the poll: the client gets 404 or 410, and the law recovers is not judged."""
    nova = fake.characters.add(name="Nova")

    def run() -> int:
        return client.get(f"/v1/characters/{nova.id}").raise_for_status().status_code

    (case,) = fake.explore(run, faults="gone").cases

    assert isinstance(case.error, httpx.HTTPStatusError)
    assert case.error.response.status_code in {404, 410}


def test_deliveries_go_wrong(fake: Aurous, client: httpx.Client) -> None:
    """Their place is the n-th event of its kind, not the attempt."""
    character = fake.characters.add().id
    fake.images.script("pending:10s -> processing:5s -> succeeded")
    inbox: list[Any] = []
    fake.webhooks.deliver_to(inbox.append)

    def run() -> list[str]:
        inbox.clear()
        for prompt in ("One", "Two"):
            client.post("/v1/images", json={"character_id": character, "prompt": prompt}).raise_for_status()
            time.sleep(1)
        for _ in range(3):
            time.sleep(60)
            fake.webhooks.flush()
        return [one.payload["data"]["prompt"] for one in inbox]

    explored = fake.explore(run, faults="duplicate, reorder, drop, bad_signature", laws="ends")

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
