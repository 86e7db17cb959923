"""The laws, each with a careless client that breaks it and a careful one that does not."""

from __future__ import annotations

import builtins
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, Call
from pytest_aurous._explore.laws import _both

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aurous import Exploration

    Broken = Callable[..., Exploration]

NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}


def reasons(explored: Exploration) -> dict[str, dict[str, str]]:
    """Return why each case breaks which laws."""
    return {case.id: dict(case.reasons) for case in explored.cases if case.reasons}


def order(client: httpx.Client, key: str | None = "1") -> httpx.Response:
    """Send an order once."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/characters", json=NOVA, headers=headers)


def twice(client: httpx.Client, key: str | None) -> None:
    """Send an order, and once more where no usable response came."""
    try:
        order(client, key).raise_for_status().json()
    except (httpx.TransportError, ValueError):
        time.sleep(60)
        order(client, key).raise_for_status().json()


def test_pays_once(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """What is spent and held is at most the good day's; the reason names the requests and their keys."""
    assert not reasons(fake.explore(lambda: twice(client, "1")))
    fake.reset()

    found = reasons(broken(fake, lambda: twice(client, None), laws="pays_once"))

    text = (
        "paid 8 credits, the good day paid 4: characters.create #1 and #2 both took effect; "
        "neither had an Idempotency-Key"
    )
    assert found == {f"characters.create#1 {fault}": {"pays_once": text} for fault in ("lost", "late", "garbled")}


@pytest.mark.parametrize("law", ["pays_once", "recovers"])
def test_the_teams_that_a_run_creates_pay_too(broken: Broken, law: str) -> None:
    """What they spend and hold counts, and not the credits that the test gives them."""
    with Aurous(credits=100) as fake:

        def run() -> None:
            team = fake.teams.add(credits=6)
            team.credits = 100
            with fake.client(timeout=5, headers={"X-Api-Key": team.api_key}) as client:
                if law == "pays_once":
                    twice(client, None)
                else:
                    order(client, None).raise_for_status()

        found = reasons(broken(fake, run, faults="lost", laws=law))

    assert [*found] == ["characters.create#1 lost"]
    assert "paid 8 credits, the good day paid 4: characters.create #1 and #2 both took effect" in str(found)


def test_pays_once_with_a_new_key(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """The reason says that each had another one."""
    keys = iter(map(str, range(1000)))

    def run() -> None:
        for _ in range(3):
            try:
                order(client, next(keys)).json()
            except ValueError:
                continue
            return

    (found,) = broken(fake, run, faults="garbled, refused", laws="pays_once").broken

    assert found.reasons["pays_once"].endswith("#1 and #2 both took effect, each with another Idempotency-Key")
    assert found.credits == 8
    assert found.timeline is not None
    assert "Idempotency-Key 1" in found.timeline
    assert "Idempotency-Key 2" in found.timeline


def test_pays_once_of_three_orders(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """The reason counts them."""

    def thrice() -> None:
        try:
            order(client, None).json()
        except ValueError:
            order(client, None)
            order(client, None)

    (case,) = broken(fake, thrice, faults="garbled", laws="pays_once").broken
    assert case.reasons["pays_once"] == (
        "paid 12 credits, the good day paid 4: characters.create #1 and #2 and #3 took effect; "
        "none had an Idempotency-Key"
    )


def test_what_was_deleted_may_be_paid_once_more(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """After `gone`; but not more often."""

    def run(most: int) -> None:
        for attempt in range(most):
            made = order(client, f"key {attempt}").json()["id"]
            time.sleep(10)
            for _ in range(9):
                found = client.get(f"/v1/characters/{made}").json()
                if found.get("status") == "reviewing":
                    time.sleep(1)
                    again = client.get(f"/v1/characters/{made}").json()
                    if again.get("status") == "reviewing":
                        return
                    break
                if "status" not in found:
                    break
                time.sleep(10)

    explored = fake.explore(lambda: run(2), faults="gone", laws="pays_once")
    assert {case.outcome for case in explored.cases} == {"returned"}
    assert max(case.credits for case in explored.cases) == 8

    def dear() -> None:
        run(2)
        if len(fake.characters) < 2 and [call for call in fake.calls if call.status == 404]:
            order(client, "one more")

    assert "pays_once" in {
        law for case in broken(fake, dear, faults="gone", laws="pays_once").broken for law in case.broken
    }


def test_no_pitfall(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A misuse that the good day did not have breaks the law; a misuse on the good day is the test's own."""
    (case,) = broken(fake, lambda: twice(client, None), faults="timeout", laws="no_pitfall").broken
    assert case.reasons["no_pitfall"].startswith("[double-charge] a paid POST without Idempotency-Key was sent again")
    assert case.advice[0].endswith("reference/pitfalls.html#double-charge")

    with Aurous(pitfalls="off") as other, other.client() as careless:
        other.faults.status("characters.create", 503)
        other.explore(lambda: [order(careless, None) for _ in range(2)], faults="greased", laws="no_pitfall")
        assert [pitfall.id for pitfall in other.pitfalls] == ["double-charge"]


class Refused(Exception):  # noqa: N818
    """A documented failure."""


def test_tells_by_the_end_state(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A run that returns has achieved what the good day has; the reason says what is missing."""

    def run() -> str:
        return "done" if order(client).status_code else ""

    found = reasons(broken(fake, run, faults="unavailable, rate_limited, lost", laws="tells"))

    text = "it returned 'done', but there is no character 'Nova' reviewing, which the good day left"
    assert found == {
        "characters.create#1 unavailable": {"tells": text},
        "characters.create#1 rate_limited": {"tells": text},
    }


def test_tells_by_may_raise(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Only what `may_raise` names is a documented failure, with its subclasses and in groups."""

    def run() -> None:
        order(client).raise_for_status()

    found = reasons(broken(fake, run, faults="unavailable, refused", may_raise=httpx.HTTPStatusError, laws="tells"))
    assert found == {
        "characters.create#1 refused": {"tells": "it raised ConnectError; may_raise allows HTTPStatusError"}
    }
    fake.reset()
    assert fake.explore(run, faults="unavailable, refused", may_raise=(httpx.HTTPError, Refused)).cases
    fake.reset()
    found = reasons(broken(fake, run, faults="refused", may_raise=(), laws="tells"))
    assert found == {"characters.create#1 refused": {"tells": "it raised ConnectError; may_raise allows nothing"}}


def test_tells_of_a_group_by_its_leaves(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Each exception in it must be allowed."""
    kind = getattr(builtins, "ExceptionGroup", None)
    if kind is None:
        pytest.skip("Python 3.10 has no exception groups")

    def run(*others: Exception) -> None:
        try:
            order(client).raise_for_status()
        except httpx.HTTPError as error:
            raise kind("both", [error, *others]) from None

    assert fake.explore(lambda: run(Refused()), faults="refused", may_raise=(httpx.HTTPError, Refused)).cases
    fake.reset()
    found = broken(
        fake, lambda: run(Refused(), LookupError()), faults="refused", may_raise=httpx.HTTPError, laws="tells"
    )
    assert reasons(found) == {"characters.create#1 refused": {"tells": "it raised Refused; may_raise allows HTTPError"}}


def _leads_back() -> BaseException:
    first, second = Refused(), Refused()
    first.__context__, second.__context__ = second, first
    return first


def _is_its_own_cause() -> BaseException:
    error = Refused()
    error.__cause__ = error
    return error


def _long() -> BaseException:
    error = Refused()
    for _ in range(3000):
        cause, error = error, Refused()
        error.__cause__ = cause
    return error


@dataclass(frozen=True)
class _Frozen(Refused):
    number: int = 1


@pytest.mark.parametrize("make", [_leads_back, _is_its_own_cause, _long, _Frozen])
def test_any_exception_is_judged(fake: Aurous, client: httpx.Client, make: Callable[[], BaseException]) -> None:
    """Whatever its chain looks like, and also one that refuses assignments; its traceback is not kept."""

    def run() -> None:
        if client.get("/v1/balance").status_code != 200:
            raise make()

    (case,) = fake.explore(run, faults="unavailable", may_raise=Refused).cases
    assert (case.outcome, case.broken) == ("raised", ())
    assert case.error is not None
    assert case.error.__traceback__ is None

    if make is _Frozen:
        return  # contextlib itself cannot let it pass
    with pytest.raises(Refused) as raised:
        fake.explore(run, faults="unavailable", only="balance.retrieve#1 unavailable")
    assert "balance.retrieve" in vars(raised.value)["__notes__"][0]


def test_tells_by_may_return(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A result can be a documented refusal; then the law recovers is judged, too."""

    def run() -> bool:
        return order(client).is_success

    assert fake.explore(run, may_return=lambda result: result is False, faults="unavailable").cases
    fake.reset()

    def careless() -> bool:
        try:
            return bool(order(client, None).json()["id"])
        except ValueError:
            return False

    (case,) = broken(fake, careless, may_return=lambda result: not result, faults="garbled").broken
    assert case.broken == ("recovers",)
    assert case.outcome == "returned"


@pytest.mark.parametrize("error", [AssertionError("x"), pytest.fail.Exception("x"), AurousError("x")])
def test_tells_never_accepts_a_failed_assertion(
    fake: Aurous, client: httpx.Client, broken: Broken, error: BaseException
) -> None:
    """Whatever `may_raise` says: an `AssertionError`, `pytest.fail` and an `AurousError` are failures of the test."""

    def run() -> None:
        if not order(client).is_success:
            raise type(error)("x")

    found = reasons(broken(fake, run, faults="unavailable", may_raise=BaseException, laws="tells"))
    (texts,) = found.values()
    assert texts == {"tells": f"it raised {type(error).__name__}, which is never a documented failure"}


def test_tells_of_unmatched_requests_and_conditions(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A request that the API does not know breaks it, and so does an error of a condition of the test."""

    def run() -> None:
        if not client.get("/v1/balance").is_success:
            client.get("/v1/nothing")

    found = reasons(broken(fake, run, faults="unavailable", laws="tells"))
    assert found == {"balance.retrieve#1 unavailable": {"tells": "GET /v1/nothing is unknown to the API"}}

    def condition(_: object) -> bool:
        raise LookupError

    def conditional() -> None:
        if not client.get("/v1/balance").is_success:
            fake.faults.status("team.retrieve", 503, when=condition)
            client.get("/v1/team")

    found = reasons(broken(fake, conditional, faults="unavailable", laws="tells"))
    assert found == {"balance.retrieve#1 unavailable": {"tells": "GET /v1/team met a bug or a failing condition"}}


def test_problems_of_the_good_day_break_no_law() -> None:
    """They fail the test anyway."""
    with Aurous(strict="off") as fake, fake.client(timeout=5) as client:

        def run() -> None:
            client.get("/v1/nothing")
            client.get("/v1/balance")

        assert not reasons(fake.explore(run, faults="unavailable"))


def test_ends_where_a_loop_sends(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """After 20 times the good day's requests and 100 more; reads of work in progress count if no time passes."""

    def run() -> None:
        while True:
            try:
                order(client).raise_for_status()
            except httpx.HTTPStatusError as error:
                if error.response.status_code == 503:
                    continue
            return

    fake.faults.status("characters.create", 503, times=200, after=2)
    assert not reasons(fake.explore(run, faults="refused"))
    seen: list[int] = []

    def endless() -> None:
        while not seen or seen[-1] != 200:
            seen.append(client.get("/v1/balance").status_code)
            if 503 in seen:
                seen.append(0)

    (case,) = broken(fake, endless, fresh=seen.clear, faults="unavailable").broken
    assert case.outcome == "stopped"
    assert case.broken == ("ends",)
    assert case.reasons["ends"].startswith(
        "the run did not end by itself: it sent 121 requests, the last one GET /v1/balance; waiting: "
    )
    fake._session.app.queue.remove(next(iter(fake.faults)))


def test_ends_where_it_waits_for_a_day(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A slow poll does not count, but a day of the clock beyond the good day's ends it, also while it sleeps."""
    fake.script("synthesizing*30 -> reviewing")

    def run() -> None:
        made = order(client).json().get("id", "none")
        while client.get(f"/v1/characters/{made}").json().get("status") != "reviewing":
            time.sleep(600)

    explored = broken(fake, run, faults="fails, slow")
    assert {case.id: case.outcome for case in explored.cases} == {
        "characters.create#1 fails": "stopped",
        "characters.create#1 slow": "returned",
    }
    assert (
        explored.cases[0]
        .reasons["ends"]
        .startswith(
            "the run did not end by itself: it still waited a day of the clock after the good day had ended; waiting: "
        )
    )

    def sleeper() -> None:
        if not client.get("/v1/balance").is_success:
            time.sleep(90_000)

    (case,) = broken(fake, sleeper, faults="unavailable").broken
    assert (case.outcome, case.calls) == ("stopped", 1)


def test_polls_that_wait_do_not_count(fake: Aurous, client: httpx.Client) -> None:
    """Of a record in progress, and of a list, as long as the clock moves."""
    fake.script("synthesizing:600m -> reviewing")

    def run() -> None:
        order(client)
        while '"reviewing"' not in client.get("/v1/characters").text:
            time.sleep(120)

    explored = fake.explore(run, faults="slow", laws="ends")
    assert explored.good_day.calls > 100
    assert explored.cases[0].outcome == "returned"


def test_sleeps_are_limited_too(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """50,000 of them stop a run."""

    def run() -> None:
        if not client.get("/v1/balance").is_success:
            while True:
                time.sleep(0.5)

    (case,) = broken(fake, run, faults="unavailable").broken
    assert case.reasons["ends"].startswith("the run did not end by itself: it slept 50,001 times; waiting: ")


def test_recovers(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A second run finds what the first has ordered, and pays nothing more."""
    assert not reasons(fake.explore(lambda: order(client, "1").raise_for_status().json(), laws="recovers"))
    fake.reset()

    explored = broken(fake, lambda: order(client, None).raise_for_status().json(), laws="recovers")

    text = (
        "with a second run it paid 8 credits, the good day paid 4: characters.create #1 and #2 both took effect; "
        "neither had an Idempotency-Key; left over: character 'Nova' reviewing"
    )
    assert reasons(explored) == {
        f"characters.create#1 {fault}": {"recovers": text} for fault in ("lost", "late", "garbled", "crash")
    }
    assert explored.remarks[0].startswith("A second run pays again even after a good day")
    assert explored.table().count("pays again") == 1


def test_recovers_where_a_second_run_fails(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """It must return; after `fails`, the same documented failure is accepted."""
    done: list[str] = []

    def run() -> None:
        if done:
            raise LookupError
        done.append("x")
        order(client).raise_for_status()

    found = reasons(broken(fake, run, fresh=done.clear, faults="unavailable", laws="recovers"))
    assert found == {"characters.create#1 unavailable": {"recovers": "a second run raised LookupError"}}
    fake.reset()

    def publish() -> None:
        made = order(client).raise_for_status().json()["id"]
        for _ in range(9):
            time.sleep(9)
            if client.get(f"/v1/characters/{made}").json()["status"] == "failed":
                raise Refused

    assert not reasons(fake.explore(publish, faults="fails"))


def test_recovers_where_a_second_run_does_not_end(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """That is as bad as one that fails."""
    done: list[str] = []

    def run() -> None:
        while done:
            client.get("/v1/balance")
        done.append("x")
        order(client).raise_for_status()

    found = reasons(broken(fake, run, fresh=done.clear, faults="unavailable", laws="recovers"))
    assert found["characters.create#1 unavailable"]["recovers"].startswith(
        "a second run did not end by itself: it sent"
    )


def test_recovers_by_the_end_state(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A second run that returns has achieved what the good day has."""
    done: list[str] = []

    def run() -> None:
        if not done:
            done.append("x")
            order(client).raise_for_status()

    found = reasons(broken(fake, run, fresh=done.clear, faults="unavailable", laws="recovers"))
    assert found == {
        "characters.create#1 unavailable": {
            "recovers": "after a second run there is no character 'Nova' reviewing, which the good day left"
        }
    }


def test_in_flight_work_has_passed_before_a_second_run(fake: Aurous, client: httpx.Client) -> None:
    """The 20 s of `late`, and the rest of a `slow` run: a second run meets no 409 and no long wait."""
    seen: list[int] = []

    def run() -> None:
        response = order(client)
        seen.append(response.status_code)
        response.raise_for_status()

    fake.explore(run, faults="late")
    assert 409 not in seen


def test_the_state_counts_not_the_ids(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Records are compared by their documented fields, without ids, times and chance; deleted ones are gone."""
    nova = fake.characters.add(name="Before")

    def rename(name: str = "After") -> None:
        response = client.patch(f"/v1/characters/{nova.id}", json={"name": name})
        if response.status_code == 503:
            client.patch(f"/v1/characters/{nova.id}", json={"name": "Wrong"})

    found = reasons(broken(fake, rename, faults="unavailable", laws="tells"))
    (texts,) = found.values()
    assert texts["tells"].startswith(
        'it returned None, but the character \'Wrong\' ready has name "Wrong", on the good day "After"'
    )

    def delete() -> None:
        client.delete(f"/v1/characters/{nova.id}")

    found = reasons(broken(fake, delete, faults="unavailable", laws="tells"))
    assert found == {
        "characters.delete#1 unavailable": {
            "tells": "it returned None, but there is one more character 'After' ready than on the good day"
        }
    }


@pytest.mark.parametrize("media_type", ["image", "video"])
def test_a_missing_generation_is_called_by_its_kind(
    fake: Aurous, client: httpx.Client, broken: Broken, media_type: str
) -> None:
    """The reason says image or video, as the API does."""
    style = {"video_lora_id": "seedance-1-pro"} if media_type == "video" else {}

    def run() -> None:
        client.post(f"/v1/{media_type}s", json={"prompt": "On a bench", **style})

    found = reasons(broken(fake, run, faults="unavailable", laws="tells"))

    assert found[f"{media_type}s.create#1 unavailable"] == {
        "tells": f"it returned None, but there is no {media_type} 'On a bench' succeeded, which the good day left"
    }


def test_unused_tickets_do_not_count(fake: Aurous, client: httpx.Client) -> None:
    """They expire by themselves."""
    ticket = {"filename": "a.png", "extension": "png", "content_type": "image/png"}

    def run() -> None:
        if client.get("/v1/balance").is_success:
            client.post("/v1/characters/uploads/init", json=ticket).raise_for_status()

    assert not reasons(fake.explore(run, faults="unavailable", laws="tells"))


def test_no_op_sleeps_are_said_once_and_nothing_about_time_is_judged(fake: Aurous, client: httpx.Client) -> None:
    """Records in progress were polled, and the clock did not move."""

    def run() -> str:
        made = order(client).raise_for_status().json()["id"]
        for _ in range(2000):
            response = client.get(f"/v1/characters/{made}")
            if response.is_success and response.json()["status"] == "reviewing":
                return str(made)
            # its sleep is replaced by one that does nothing
        raise LookupError

    explored = fake.explore(run, faults="-garbled,-gone,-fails", may_raise=(Refused, httpx.HTTPError))

    assert not {"late", "slow"} & {case.fault for case in explored.cases}
    assert [remark for remark in explored.remarks if "sleeps do nothing" in remark] == [explored.remarks[0]]
    assert " ".join(explored.table().split()).count("sleeps do nothing") == 1
    assert not reasons(explored)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((None, None), "create #1 and #2 both took effect; neither had an Idempotency-Key"),
        (("a", "b"), "create #1 and #2 both took effect, each with another Idempotency-Key"),
        (("a", "a"), "create #1 and #2 both took effect"),
        ((None,), "create #1 took effect; it had no Idempotency-Key"),
        (("a",), "create #1 took effect, with an Idempotency-Key"),
        ((None, None, None), "create #1 and #2 and #3 took effect; none had an Idempotency-Key"),
    ],
)
def test_charges_are_named_with_their_keys(keys: tuple[str | None, ...], text: str) -> None:
    """One key that is charged twice, after a day, is no fault of the key."""
    sent = [Call("POST", "https", "h", "/p", "", (("Idempotency-Key", key),) if key else ()) for key in keys]

    assert _both("create", list(enumerate(sent, 1))) == text
