"""The laws, each with a careless client that breaks it and a careful one that does not."""

import asyncio
import builtins
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import count
from typing import Any

import anyio
import httpx
import pytest
import trio

from pytest_aurous import Aurous, AurousError, AurousExplorationError, Delivery, Exploration
from pytest_aurous._explore.laws import LAWS
from tests.conftest import synthesis_price
from tests.explore.conftest import NOVA, broken

DENIED = "which may_raise does not allow; it allows"


class Refused(Exception):  # noqa: N818
    """A documented failure."""


def reasons(explored: Exploration) -> dict[str, dict[str, str]]:
    return {case.id: dict(case.reasons) for case in explored.cases if case.reasons}


def order(client: httpx.Client, key: str | None = "1") -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/characters", json=NOVA, headers=headers)


def twice(client: httpx.Client, key: str | None) -> None:
    """Send an order, and once more where no usable response came."""
    try:
        order(client, key).raise_for_status().json()
    except (httpx.TransportError, ValueError):
        time.sleep(60)
        order(client, key).raise_for_status().json()


def test_each_law_has_a_letter_of_its_own() -> None:
    assert len({law.letter for law in LAWS.values()}) == len(LAWS)


def _orders_twice(client: httpx.Client, _: str) -> object:
    return [order(client, key).status_code for key in "ab"]


def _orders_and_fails(client: httpx.Client, _: str) -> object:
    order(client, "another")
    raise Refused


CARELESS: dict[str, Callable[[httpx.Client, str], object]] = {
    "pays_once": _orders_twice,
    "spares": lambda client, old: client.delete(old).status_code,
    "ends": lambda client, _: [client.get("/v1/team") for _ in count()],
    "tells": lambda client, old: client.patch(old, json={"name": "Draft"}).status_code,
    "returns": lambda _, __: 0,
    "no_pitfall": _orders_twice,
    "recovers": _orders_and_fails,
}
"""For each law what breaks it that a client does after a refusal."""


@pytest.mark.parametrize("law", LAWS)
def test_each_law_can_be_broken(fake: Aurous, client: httpx.Client, law: str) -> None:
    """Without a client that breaks it, nobody would know whether it judges anything."""
    assert law in CARELESS, f"add a client that breaks {law} to CARELESS"
    old = f"/v1/characters/{fake.characters.add().id}"

    def run() -> object:
        first = order(client)
        return first.status_code if first.is_success else CARELESS[law](client, old)

    explored = broken(fake, run, faults="unavailable", returns=True)
    assert law in {law for case in explored.broken for law in case.reasons}


def test_pays_once(fake: Aurous, client: httpx.Client) -> None:
    """What is spent and held is at most the good day's; the reason names the requests and their keys."""
    assert not reasons(fake.explore(lambda: twice(client, "1")))
    fake.reset()

    found = reasons(broken(fake, lambda: twice(client, None), laws="pays_once"))

    text = "the character 'Nova' exists twice: neither request had an Idempotency-Key"
    assert found == {f"characters.create#1 {fault}": {"pays_once": text} for fault in ("lost", "late", "garbled")}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([None, None], "exists twice: neither request had an Idempotency-Key"),
        (["a", "b"], "exists twice: each request had another Idempotency-Key"),
        (["a", "a"], "exists twice: the requests had one Idempotency-Key"),
        ([None, None, None], "exists 3 times: none of the requests had an Idempotency-Key"),
    ],
)
def test_the_keys_of_equal_orders_are_named(
    fake: Aurous, client: httpx.Client, keys: list[str | None], text: str
) -> None:
    """One key counts for a day only."""

    def run() -> None:
        try:
            order(client, keys[0]).json()
        except ValueError:
            for key in keys[1:]:
                time.sleep(86_400 / (len(keys) - 1))
                order(client, key)

    (case,) = broken(fake, run, faults="garbled", laws="pays_once").broken

    assert case.reasons["pays_once"] == f"the character 'Nova' {text}"
    assert case.credits == synthesis_price() * len(keys)


@pytest.mark.parametrize(("key", "text"), [(None, "no Idempotency-Key"), ("a", "an Idempotency-Key")])
def test_an_order_that_the_good_day_does_not_send(
    fake: Aurous, client: httpx.Client, key: str | None, text: str
) -> None:
    """It is left over, whatever its key is."""

    def run() -> None:
        if not client.get("/v1/balance").is_success:
            order(client, key)

    (case,) = broken(fake, run, faults="unavailable", laws="pays_once").broken

    assert case.reasons["pays_once"] == f"the character 'Nova' is left over: the request had {text}"


@pytest.mark.parametrize("careful", [True, False], ids=["careful", "careless"])
def test_what_was_deleted_may_be_paid_once_more(fake: Aurous, client: httpx.Client, *, careful: bool) -> None:
    """After `gone`; but not more often."""
    fake.script("synthesizing:10s -> reviewing")

    def run() -> None:
        for key in "ab":
            path = f"/v1/characters/{order(client, key).json()['id']}"
            time.sleep(10)
            if client.get(path).is_success and client.get(path).is_success:
                return
            if not careful:
                order(client, "one more")

    with nullcontext() if careful else pytest.raises(AurousExplorationError, match="pays_once"):
        paid = [case.credits for case in fake.explore(run, faults="gone", laws="pays_once").cases]
        assert paid == [2 * synthesis_price()] * 2


@pytest.mark.parametrize("careful", [True, False], ids=["careful", "careless"])
def test_spares(fake: Aurous, client: httpx.Client, *, careful: bool) -> None:
    """What existed before, and the good day leaves alone, stays as it is, also where the run raises or dies."""
    old, other, own = (f"/v1/characters/{fake.characters.add(name=name).id}" for name in ("Old", "Other", "Own"))

    def run() -> None:
        client.patch(own, json={"name": "Draft"})
        if client.get("/v1/balance").is_error:
            client.delete(own)
            if not careful:
                client.delete(old)
                client.patch(other, json={"name": "Mine"})
            raise Refused
        client.patch(own, json={"name": "Own"})

    terms: dict[str, Any] = {"faults": "unavailable, crash, dies", "laws": "spares"}
    if careful:
        assert not fake.explore(run, **terms).broken
        return
    (case,) = broken(fake, run, **terms).broken
    before = "which existed before and which the good day leaves alone,"
    assert (case.id, case.outcome) == ("balance.retrieve#1 unavailable", "raised")
    assert case.reasons["spares"] == (
        f"the character 'Old', {before} was deleted; "
        f'the character \'Other\', {before} has name "Mine", without the run "Other"'
    )


@pytest.mark.parametrize(("own", "cancelled"), [(True, []), (True, ["timed"]), (False, ["polled", "timed"])])
def test_spares_what_is_in_progress(fake: Aurous, client: httpx.Client, *, own: bool, cancelled: list[str]) -> None:
    """Its own work goes on, by the clock and by polls; what the good day polls by its id, a bad day may cancel."""
    timed = fake.images.add("timed", status="pending", script="pending:20s -> processing:9h -> succeeded").id
    polled = fake.images.add("polled", status="pending", script="pending*2 -> processing*9 -> succeeded").id

    def run() -> None:
        if own:
            client.get(f"/v1/images/{polled}")
        for _ in range(3):
            if client.get("/v1/images").is_error:
                client.post(f"/v1/images/{polled}/cancel")
                if cancelled:
                    client.post(f"/v1/images/{timed}/cancel")
                raise Refused
            time.sleep(60)

    with pytest.raises(AurousExplorationError) if cancelled else nullcontext() as raised:
        fake.explore(run, faults="unavailable, dies", laws="spares")
    if raised is not None:
        reason = raised.value.exploration.broken[-1].reasons["spares"]
        assert [name for name in ("polled", "timed") if f"the image '{name}', which existed" in reason] == cancelled
        assert 'has status "cancelled", without the run "succeeded"' in reason


@dataclass
class _Result:
    made: str
    status: int | None
    about: object


def test_returns(fake: Aurous, client: httpx.Client) -> None:
    """What a run returned is as on the good day, without ids, uuids and times; with unknown fields it is not judged."""

    def run() -> object:
        for attempt in range(3):
            response = client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": f"key {attempt}"})
            if response.is_success:
                time.sleep(1)
                about = [response.json(), datetime.now(timezone.utc), (attempt < 1,)]
                return _Result(response.json()["id"], response.status_code, about)
        raise LookupError

    terms: dict[str, Any] = {"faults": "unavailable, greased", "laws": "ends"}
    (case,) = broken(fake, run, **terms, returns=True).broken
    assert case.id == "characters.create#1 unavailable"
    assert case.reasons["returns"].startswith("the code returned _Result(made='char_")
    assert ", on the good day _Result(made='char_" in case.reasons["returns"]
    assert not fake.explore(run, **terms, may_return=lambda _: True, returns=True).broken
    assert not fake.explore(run, **terms).remarks


def test_returns_of_odd_results(fake: Aurous, client: httpx.Client) -> None:
    """One that contains itself, and one without a repr or an `==`; two good days return the same."""

    class Odd:
        def __eq__(self, other: object) -> bool:
            raise LookupError

        __hash__ = None  # type: ignore[assignment]

        def __repr__(self) -> str:
            raise LookupError

    def run() -> list[object]:
        client.get("/v1/balance")
        found: list[object] = [Odd()]
        found.append(found)
        return found

    assert not fake.explore(run, faults="unavailable", returns=True).broken
    seen = count(1)
    with pytest.raises(AurousError, match=r"return different values.*\n  first run:  1\n  second run: 2\n"):
        fake.explore(lambda: client.get("/v1/balance").is_success and next(seen), returns=True)


def test_no_pitfall(fake: Aurous, client: httpx.Client) -> None:
    """A misuse that the good day did not have breaks the law; a misuse on the good day is the test's own."""
    (case,) = broken(fake, lambda: twice(client, None), faults="timeout", laws="no_pitfall").broken
    assert case.reasons["no_pitfall"].startswith("the code met a pitfall: [double-charge] a paid POST")
    assert case.advice[0].endswith("reference/pitfalls#double-charge")

    with Aurous(pitfalls="off") as other, other.client() as careless:

        def run() -> None:
            order(careless, None)
            order(careless, None)
            while careless.get("/v1/balance").status_code == 429:
                pass

        other.faults.status("characters.create", 503)
        faults = "greased, rate_limited"
        (case,) = broken(other, run, faults=faults, laws="no_pitfall").broken
        assert case.id == "balance.retrieve#1 rate_limited"
        assert case.advice == ("Read on: pytest-aurous docs reference/pitfalls#early-retry",)  # not the good day's
        assert [pitfall.id for pitfall in other.pitfalls] == ["double-charge"]


@pytest.mark.parametrize("careful", [True, False], ids=["careful", "careless"])
def test_what_chance_draws_into_a_picture_is_not_compared(fake: Aurous, client: httpx.Client, *, careful: bool) -> None:
    """Not its bytes, nor the size of a file made of it; but a picture that is cut is no result."""

    def run() -> bytes:
        for key in ("first", "again"):  # work that has failed is ordered again, and another seed is drawn
            image = client.post("/v1/images", json={"prompt": "a cat"}, headers={"Idempotency-Key": key}).json()
            while image["status"] in {"pending", "processing"}:
                time.sleep(60)
                image = client.get(f"/v1/images/{image['id']}").json()
            if image["status"] == "succeeded":
                break
        picture = client.get(f"/v1/images/{image['id']}/output/0").raise_for_status().content
        if careful and not picture.endswith(b"IEND\xaeB`\x82"):
            raise Refused
        sent: dict[str, Any] = {"files": {"file": ("cat.png", picture, "image/png")}, "data": {"purpose": "reference"}}
        client.post("/v1/files", **sent, headers={"Idempotency-Key": "file"}).raise_for_status()
        return picture

    with nullcontext() if careful else pytest.raises(AurousExplorationError, match="breaks returns"):
        fake.explore(run, faults="fails,garbled", returns=True, may_raise=(Refused, ValueError))


@pytest.mark.parametrize("careful", [True, False], ids=["careful", "careless"])
def test_tells_misses_no_older_record_that_a_fault_has_deleted(
    fake: Aurous, client: httpx.Client, *, careful: bool
) -> None:
    """A run that goes on without it has achieved what it can; a record that it leaves out counts."""
    for name in "ab":
        fake.characters.add(name=name, status="reviewing")

    def save_all() -> None:
        for one in client.get("/v1/characters").raise_for_status().json()["data"]:
            if client.get(f"/v1/characters/{one['id']}").is_success:
                client.post(f"/v1/characters/{one['id']}/save").raise_for_status()
            elif not careful:
                return

    with nullcontext() if careful else pytest.raises(AurousExplorationError, match="retrieve#1 gone"):
        assert len(fake.explore(save_all, faults="gone", laws="tells").cases) == 2


GROUP: Any = getattr(builtins, "ExceptionGroup", UnicodeError)


def group(*errors: Exception) -> Exception:
    """Return a group of exceptions, or skip the test where Python has none."""
    if GROUP is UnicodeError:
        pytest.skip("Python 3.10 has no exception groups")
    made: Exception = GROUP("both", [*errors])
    return made


@pytest.mark.parametrize(
    ("raised", "may_raise", "text"),
    [
        (lambda: KeyError("x"), (Refused, LookupError), ""),
        (lambda: group(KeyError("x"), Refused()), (Refused, LookupError), ""),
        (lambda: group(KeyError("x"), Refused()), LookupError, f"Refused, {DENIED} LookupError"),
        (lambda: group(KeyError("x"), Refused()), GROUP, ""),
        (
            lambda: group(KeyError("x"), AssertionError("x")),
            GROUP,
            "AssertionError (x), which is never a documented failure",
        ),
        (lambda: KeyError("x"), GROUP, f"KeyError ('x'), {DENIED} {GROUP.__name__}"),
        (lambda: KeyError("x"), Refused, f"KeyError ('x'), {DENIED} Refused"),
        (lambda: KeyError("x"), (), f"KeyError ('x'), {DENIED} nothing"),
        (lambda: AssertionError("x"), BaseException, "AssertionError (x), which is never a documented failure"),
        (lambda: pytest.fail.Exception("x"), BaseException, "Failed (x), which is never a documented failure"),
        (lambda: AurousError("x"), BaseException, "AurousError (x), which is never a documented failure"),
    ],
)
def test_tells_by_may_raise(
    fake: Aurous, client: httpx.Client, raised: Callable[[], BaseException], may_raise: Any, text: str
) -> None:
    """Only what it names is a documented failure, with its subclasses and in groups; a failed assertion never is."""
    raised()  # which skips the test where there are no groups: in a run, it would be an exception of the code

    def run() -> None:
        if not order(client).is_success:
            raise raised()

    terms: dict[str, Any] = {"faults": "unavailable", "laws": "tells", "may_raise": may_raise}
    if not text:
        assert not fake.explore(run, **terms).broken
        return
    assert reasons(broken(fake, run, **terms)) == {
        "characters.create#1 unavailable": {"tells": f"the code raised {text}"}
    }


async def in_task_group(job: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.TaskGroup() as tasks:  # type: ignore[attr-defined, unused-ignore]
        for _ in range(2):
            tasks.create_task(job())


async def in_nursery(job: Callable[[], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(job)


async def gathered(job: Callable[[], Awaitable[None]]) -> None:
    results = await asyncio.gather(job(), job(), return_exceptions=True)
    if errors := [one for one in results if isinstance(one, Exception)]:
        raise group(*errors)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no exception groups")
@pytest.mark.parametrize("asserts", [False, True])
@pytest.mark.parametrize("together", [in_task_group, in_nursery, gathered])
def test_a_group_of_failed_tasks_may_be_raised(
    fake: Aurous, together: Callable[..., Awaitable[None]], *, asserts: bool
) -> None:
    """By `may_raise=ExceptionGroup`, however it was made; a failed assertion in it never may."""

    async def main() -> Exploration:
        async with fake.async_client(timeout=5) as client:

            async def job() -> None:
                response = await client.get("/v1/balance")
                assert not asserts or response.is_success
                response.raise_for_status()

            return await fake.aexplore(lambda: together(job), may_raise=GROUP, faults="unavailable", laws="tells")

    with pytest.raises(AurousExplorationError, match="raised AssertionError") if asserts else nullcontext():
        assert {case.outcome for case in anyio.run(main, backend=BACKENDS[together]).cases} == {"raised"}


BACKENDS: Any = {in_task_group: "asyncio", in_nursery: "trio", gathered: "asyncio"}


def test_tells_names_the_function_around_a_comprehension(fake: Aurous, client: httpx.Client) -> None:
    """On each Python."""

    def run() -> None:
        [{200: 1}[client.get(path).status_code] for path in ["/v1/balance"]]

    [case] = broken(fake, run, faults="unavailable", laws="tells", may_raise=()).broken
    assert case.at.endswith(f":{run.__code__.co_firstlineno + 1} in run")


@pytest.mark.aurous(strict="off")
def test_tells_of_unmatched_requests_and_conditions(aurous: Aurous) -> None:
    """A request that the API does not know breaks it, unless the good day sends it, too."""
    client = aurous.client(timeout=5)

    def run() -> None:
        client.get("/v1/usual")
        if client.get("/v1/balance").is_error:
            client.get("/v1/nothing")

    found = broken(aurous, run, faults="unavailable", laws="tells")
    assert reasons(found) == {"balance.retrieve#1 unavailable": {"tells": "GET /v1/nothing is unknown to the API"}}
    assert "+0 s     unmatched  GET /v1/nothing -> 404" in str(found.broken[0].timeline)


def test_ends_where_it_waits_for_a_day(fake: Aurous, client: httpx.Client) -> None:
    """A day of the clock beyond the good day's ends it, also while it sleeps."""

    def sleeper() -> None:
        if not client.get("/v1/balance").is_success:
            time.sleep(90_000)

    (case,) = broken(fake, sleeper, faults="unavailable").broken
    assert (case.outcome, case.calls) == ("stopped", 1)
    assert case.reasons["ends"].startswith("the run was stopped after a day of the clock more than the good day took;")


def test_recovers(fake: Aurous, client: httpx.Client) -> None:
    """A second run finds what the first has ordered, and pays nothing more."""
    assert not reasons(fake.explore(lambda: order(client, "1").raise_for_status().json(), laws="recovers"))
    fake.reset()

    explored = broken(fake, lambda: order(client, None).raise_for_status().json(), laws="recovers")

    text = "after a second run the character 'Nova' exists twice: neither request had an Idempotency-Key"
    assert reasons(explored) == {
        f"characters.create#1 {fault}": {"recovers": text} for fault in ("lost", "late", "garbled", "crash")
    }
    assert explored.remarks[0].startswith("Running the code twice orders twice, even if nothing fails")
    assert str(explored).count("orders twice") == 1


@pytest.mark.parametrize(("ends", "text"), [(True, "raised LookupError"), (False, "was stopped after")])
def test_recovers_where_a_second_run_fails(fake: Aurous, client: httpx.Client, *, ends: bool, text: str) -> None:
    """It must return."""
    done: list[str] = []

    def run() -> None:
        while done:
            client.get("/v1/balance")
            if ends:
                raise LookupError
        done.append("x")
        order(client).raise_for_status()

    found = reasons(broken(fake, run, fresh=done.clear, faults="unavailable", laws="recovers"))
    assert found["characters.create#1 unavailable"]["recovers"].startswith(f"a second run {text}")


# Work that a fault lets fail, and what counts as its end


def test_a_failure_that_nobody_can_have_seen_breaks_no_law(fake: Aurous, client: httpx.Client) -> None:
    """Code that orders and returns has done all that it can; how the work ends is seen later."""
    fake.images.script("pending*1 -> processing*1 -> succeeded")

    def order() -> str:
        image = client.post("/v1/images", json={"prompt": "A"}, headers={"Idempotency-Key": "1"}).json()
        return str(client.get(f"/v1/images/{image['id']}").json()["status"])

    exploration = fake.explore(order, faults="fails")

    assert [(case.outcome, case.broken) for case in exploration.cases] == [("returned", ())]


# What counts for the law ends, and what it costs


def waits_for_work(client: httpx.Client) -> None:
    """Order a character and poll it; what goes wrong with a poll is ignored."""
    path = f"/v1/characters/{client.post('/v1/characters', json=NOVA).raise_for_status().json()['id']}"
    pending = True
    while pending:
        time.sleep(2)
        with suppress(httpx.HTTPError):
            pending = client.get(path).raise_for_status().json()["status"] == "synthesizing"


def test_a_poll_is_forgiven_only_if_it_has_a_response(fake: Aurous, client: httpx.Client) -> None:
    """Of three equal cases of the most common endless loop one runs, and a remark says so."""
    fake.script("synthesizing*3 -> reviewing")
    runs: list[int] = []

    def run() -> None:
        runs.append(1)
        waits_for_work(client)

    found = broken(fake, run, faults="down", laws="ends")

    assert len(runs) == 5  # three good days and two cases: the one that does not end is not repeated
    (case,) = found.broken
    assert case.id == "characters.retrieve#1 down"
    assert "the run was stopped after 201 requests; the good day sent 5" in case.reasons["ends"]
    assert any(remark.startswith("left out: 2 cases, the first is") for remark in found.remarks)


def test_polls_of_slow_work_count_for_nothing(fake: Aurous, client: httpx.Client) -> None:
    """Work that takes half an hour is polled nine hundred times, and a request a minute is no endless loop."""

    def patient() -> None:
        for number in range(400):
            if client.get("/v1/balance").status_code == 200 and not number:
                return
            time.sleep(60)

    fake.script("synthesizing*3 -> reviewing")
    assert not fake.explore(lambda: waits_for_work(client), faults="slow", laws="ends").broken
    assert not fake.explore(patient, faults="down", laws="ends").broken


def test_a_failed_delivery_explains_why_the_good_day_does_not_end(
    fake: Aurous, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error inside of a receiver is only the error of a delivery, and its work waits for ever."""
    monkeypatch.setattr("pytest_aurous._explore.runs.run.MOST_SLEEPS", 50)
    done: list[str] = []
    character = fake.characters.add("Nova").id

    def receive(_: Delivery) -> None:
        raise AurousError("no route for /hook")

    fake.webhooks.deliver_to(receive)

    def run() -> None:
        client.post("/v1/images", json={"character_id": character, "prompt": "One"})
        while not done:
            time.sleep(10)
            fake.webhooks.flush()

    fake.images.script("pending:10s -> processing:5s -> succeeded")
    with pytest.raises(AurousError, match=r"delivery that failed: image.completed.*no route for .hook") as raised:
        fake.explore(run)
    assert not isinstance(raised.value, AurousExplorationError)


def test_a_fake_keeps_no_exploration_and_a_case_no_requests(fake: Aurous, client: httpx.Client) -> None:
    """Only while it is traced: a fake may live long, and explore much."""
    for traced in (False, True):
        fake._session.traced = traced
        found = fake.explore(lambda: client.get("/v1/balance"), faults="refused")
        assert fake._session.explorations == ([found] if traced else [])
        assert [bool(case.rows) for case in found.cases] == [traced]


def test_a_second_run_may_raise_nothing_else(fake: Aurous, client: httpx.Client) -> None:
    """An excuse is for documented failures only; an exception whose text cannot be read is named by its type."""

    class UnreadableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    runs: list[int] = []

    def run() -> None:
        if client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "1"}).status_code != 201:
            runs.append(1)
            raise LookupError
        if runs:
            raise UnreadableError

    found = broken(fake, run, fresh=runs.clear, may_raise=LookupError, faults="broke", laws="recovers").broken

    assert [case.reasons["recovers"] for case in found] == ["a second run raised UnreadableError"]


def test_a_sleep_of_a_run_that_was_stopped_ends_it(fake: Aurous, client: httpx.Client) -> None:
    """Also if the code has caught what has stopped it, and outside of the main thread."""
    found: list[Exploration] = []

    def run() -> None:
        try:
            while client.get("/v1/balance").status_code != 200:
                pass
        except BaseException:  # noqa: BLE001 - it is the point
            time.sleep(1)
            raise AssertionError from None

    def explored() -> None:
        found.append(broken(fake, run, faults="down", laws="ends"))

    thread = threading.Thread(target=explored)
    thread.start()
    thread.join(60)

    assert [type(case.error).__name__ for case in found[0].cases] == ["RunEnded"]


def test_a_clock_that_the_code_has_frozen_stays_so(fake: Aurous) -> None:
    """Any other goes on as before."""
    with fake._session.handle.stopped_time():
        fake.clock.freeze("2027-01-01T00:00:00Z")

    assert fake.clock.time() == datetime(2027, 1, 1, tzinfo=timezone.utc).timestamp()
