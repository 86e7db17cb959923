"""The laws, each with a careless client that breaks it and a careful one that does not."""

from __future__ import annotations

import builtins
import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousExplorationError
from pytest_aurous._explore.runs import run as explore_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_aurous import Exploration

    Broken = Callable[..., Exploration]

NOVA = {"name": "Nova", "generate": True, "attributes": {"age": 28}}

REFUSED = "ConnectError ([Errno 111] Connection refused)"
DENIED = "which may_raise does not allow; it allows"


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

    text = "the character 'Nova' exists twice: neither request had an Idempotency-Key"
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
    assert "the character 'Nova' of team 'Team" in str(found)


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
    fake: Aurous, client: httpx.Client, broken: Broken, keys: list[str | None], text: str
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
    assert case.credits == 4 * len(keys)


@pytest.mark.parametrize(("key", "text"), [(None, "no Idempotency-Key"), ("a", "an Idempotency-Key")])
def test_an_order_that_the_good_day_does_not_send(
    fake: Aurous, client: httpx.Client, broken: Broken, key: str | None, text: str
) -> None:
    """It is left over, whatever its key is."""

    def run() -> None:
        if not client.get("/v1/balance").is_success:
            order(client, key)

    (case,) = broken(fake, run, faults="unavailable", laws="pays_once").broken

    assert case.reasons["pays_once"] == f"the character 'Nova' is left over: the request had {text}"


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


def test_work_that_fails_by_its_script_costs_nothing(fake: Aurous, client: httpx.Client) -> None:
    """Although credits are still held for it when the run ends; and so does work from before the run."""
    fake.script("synthesizing*9 -> failed(provider_timeout)")
    order(client, "before")
    fake.script("synthesizing*9 -> reviewing")

    explored = fake.explore(lambda: order(client).raise_for_status(), faults="refused, lost", laws="pays_once")
    assert (explored.good_day.credits, fake.team.held_credits) == (4, 8)
    fake.reset()
    fake.script("synthesizing*9 -> failed(provider_timeout)")
    explored = fake.explore(lambda: twice(client, None), faults="lost", laws="pays_once")
    assert [case.credits for case in explored.cases] == [0]


def test_spares(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """What existed before, and the good day leaves alone, stays as it is, also where the run raises or dies."""
    fake.characters.add(name="Old")
    other = fake.characters.add(name="Other")

    def run(*, careful: bool = False) -> None:
        made = order(client).raise_for_status().json()["id"]
        try:
            client.get("/v1/balance").raise_for_status()
        except httpx.HTTPStatusError:
            for one in client.get("/v1/characters").json()["data"]:
                if one["name"] == "Old" and not careful:
                    client.delete(f"/v1/characters/{one['id']}")
            client.patch(f"/v1/characters/{other.id}", json={"name": "Other" if careful else "Mine"})
            client.delete(f"/v1/characters/{made}")
            raise

    faults = "unavailable, crash, dies"
    assert not reasons(fake.explore(lambda: run(careful=True), faults=faults, laws="spares"))
    fake.reset()
    fake.characters.add(name="Old")
    other = fake.characters.add(name="Other")
    (case,) = broken(fake, run, faults=faults, laws="spares").broken
    before = "which existed before and which the good day leaves alone,"
    assert (case.id, case.outcome) == ("balance.retrieve#1 unavailable", "raised")
    assert case.reasons["spares"] == (
        f"the character 'Old', {before} was deleted; "
        f'the character \'Other\', {before} has name "Mine", before the run "Other"'
    )
    fake.reset()
    old = fake.characters.add(name="Old")

    def touches() -> None:
        client.patch(f"/v1/characters/{old.id}", json={"name": "Draft"})
        client.get("/v1/balance").raise_for_status()
        client.patch(f"/v1/characters/{old.id}", json={"name": "Old"})

    assert not reasons(fake.explore(touches, faults="unavailable, gone, dies", laws="spares"))
    assert not reasons(fake.explore(lambda: client.get(f"/v1/characters/{old.id}"), faults="gone", laws="spares"))


def test_spares_what_is_in_progress(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Its own work goes on, by the clock and by polls; a bad day that cancels or deletes it breaks the law."""

    def prepare() -> str:
        fake.reset()
        fake.images.add("polled", status="pending", script="pending*2 -> processing*9 -> succeeded")
        fake.characters.add(name="Old", status="synthesizing", script="synthesizing:9h -> reviewing")
        return fake.images.add("timed", status="pending", script="pending:20s -> processing:9h -> succeeded").id

    def run(last: Callable[[str], object], *, own: str = "") -> None:
        if own:
            client.get(f"/v1/images/{own}")
        try:
            for _ in range(3):
                client.get("/v1/images").raise_for_status()
                time.sleep(60)
        except httpx.HTTPStatusError:
            for resource in "images", "characters":
                for one in client.get(f"/v1/{resource}").json()["data"]:
                    last(f"/v1/{resource}/{one['id']}")
            raise

    faults, only = "unavailable", "images.list#2 unavailable"
    prepare()
    assert not reasons(fake.explore(lambda: run(client.get), faults="unavailable, outage, dies", laws="spares"))
    prepare()
    found = reasons(broken(fake, lambda: run(lambda one: client.post(f"{one}/cancel")), faults=faults, laws="spares"))
    before = "which existed before and which the good day leaves alone,"
    cancelled = 'has status "cancelled", without the run "succeeded"'
    assert [text for text in found[only]["spares"].split("; ") if "status" in text] == [
        f"the image 'polled', {before} {cancelled}",
        f"the image 'timed', {before} {cancelled}",
    ]
    prepare()
    found = reasons(broken(fake, lambda: run(client.delete), faults=faults, laws="spares"))
    assert f"the character 'Old', {before} was deleted" in found[only]["spares"]
    own = prepare()
    found = reasons(
        broken(fake, lambda: run(lambda one: client.post(f"{one}/cancel"), own=own), faults=faults, laws="spares")
    )
    assert "'polled'" in found[only]["spares"]
    assert "'timed'" not in found[only]["spares"]


@dataclass
class _Answer:
    made: str
    status: int | None
    about: object


def test_returns(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """What a run returned is as on the good day, without ids, uuids and times; unknown fields do not count."""

    def run() -> _Answer:
        for attempt in range(3):
            response = client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": f"key {attempt}"})
            if response.is_success:
                time.sleep(1)
                about = [response.json(), datetime.now(timezone.utc), (attempt < 1,)]
                return _Answer(response.json()["id"], response.status_code, about)
        raise LookupError

    faults = "unavailable, greased"
    found = reasons(broken(fake, run, faults=faults, laws="returns"))
    assert [*found] == ["characters.create#1 unavailable"]
    text = found["characters.create#1 unavailable"]["returns"]
    assert text.startswith("the code returned _Answer(made='char_")
    assert ", on the good day _Answer(made='char_" in text
    terms: dict[str, Any] = {"faults": faults, "laws": "ends"}
    assert not reasons(fake.explore(run, **terms, may_return=lambda _: True, returns=True))
    (remark,) = fake.explore(run, **terms, returns=False).remarks
    assert remark.startswith("In characters.create#1 unavailable the run returned _Answer(")
    found = reasons(broken(fake, lambda: [run(), client.get("/v1/balance").text], **terms, returns=True))
    assert [*found] == [
        "characters.create#1 unavailable",
        "balance.retrieve#1 unavailable",
        "balance.retrieve#1 greased",
    ]
    assert not reasons(fake.explore(lambda: {"n": client.get("/v1/balance").json()}, faults="greased", returns=True))


def test_returns_of_odd_results(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """One that contains itself, and one without a repr or an `==`."""

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

    assert not reasons(fake.explore(run, faults="unavailable", returns=True))

    seen: list[int] = []

    def differs() -> int:
        client.get("/v1/balance")
        seen.append(1)
        return len(seen)

    with pytest.raises(AurousError, match=r"return different values.*\n  first run:  1\n  second run: 2\n"):
        fake.explore(differs, returns=True)


def test_no_pitfall(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
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
    fake.characters.add("Aurora")

    def run() -> bytes:
        character = client.get("/v1/characters").json()["data"][0]["id"]
        for key in ("first", "again"):  # work that has failed is ordered again, and another seed is drawn
            image = client.post(
                "/v1/images", json={"character_id": character, "prompt": "a cat"}, headers={"Idempotency-Key": key}
            ).json()
            while image["status"] in {"pending", "processing"}:
                time.sleep(60)
                image = client.get(f"/v1/images/{image['id']}").json()
            if image["status"] == "succeeded":
                break
        else:
            raise RuntimeError
        picture = client.get(f"/v1/images/{image['id']}/output/0").raise_for_status().content
        if careful and not picture.endswith(b"IEND\xaeB`\x82"):
            raise ValueError
        client.post(
            "/v1/files",
            files={"file": ("cat.png", picture, "image/png")},
            data={"purpose": "reference"},
            headers={"Idempotency-Key": "file"},
        ).raise_for_status()
        return picture

    with nullcontext() if careful else pytest.raises(AurousExplorationError, match="breaks returns"):
        fake.explore(run, faults="fails,garbled", returns=True)


@pytest.mark.parametrize("careful", [True, False], ids=["careful", "careless"])
def test_a_pacer_may_compute_with_the_clock_of_python(fake: Aurous, client: httpx.Client, *, careful: bool) -> None:
    """It moves a little while the clock of the fake stands."""
    not_before = 0.0

    def run() -> None:
        nonlocal not_before
        not_before = 0.0
        for _ in range(3):
            time.sleep(max(0.0, not_before - time.monotonic()))
            response = client.get("/v1/balance")
            if response.status_code != 429:
                break
            pause = int(response.headers["Retry-After"]) if careful else 5
            not_before = time.monotonic() + pause
        response.raise_for_status()

    with nullcontext() if careful else pytest.raises(AurousExplorationError, match="early-retry"):
        fake.explore(run, faults="rate_limited", laws="ends,tells,no_pitfall")


class Refused(Exception):  # noqa: N818
    """A documented failure."""


def test_tells_by_the_end_state(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A run that returns has achieved what the good day has; the reason says what is missing."""

    def run() -> str:
        return "done" if order(client).status_code else ""

    found = reasons(broken(fake, run, faults="unavailable, rate_limited, lost", laws="tells"))

    text = "the code returned 'done', but there is no character 'Nova', which the good day left"
    assert found == {
        "characters.create#1 unavailable": {"tells": text},
        "characters.create#1 rate_limited": {"tells": text},
    }


def test_tells_misses_no_older_record_that_a_fault_has_deleted(
    fake: Aurous, client: httpx.Client, broken: Broken
) -> None:
    """A run that goes on without it has achieved what it can; a record that it has created, or leaves out, counts."""
    for name in "ab":
        fake.characters.add(name=name, status="reviewing")

    def save_all(*, careful: bool = True) -> None:
        for one in client.get("/v1/characters").raise_for_status().json()["data"]:
            if client.get(f"/v1/characters/{one['id']}").is_success:
                client.post(f"/v1/characters/{one['id']}/save").raise_for_status()
            elif not careful:
                return

    assert len(fake.explore(save_all, faults="gone", laws="tells").cases) == 2
    fake.reset()
    for name in "ab":
        fake.characters.add(name=name, status="reviewing")
    (case,) = broken(fake, lambda: save_all(careful=False), faults="gone", laws="tells").broken
    assert case.id == "characters.retrieve#1 gone"
    assert case.reasons["tells"].endswith(' has status "reviewing", on the good day "ready"')

    def create() -> None:
        client.get(f"/v1/characters/{order(client).json()['id']}")

    (case,) = broken(fake, create, faults="gone", laws="tells").broken
    assert case.reasons["tells"].endswith("the character 'Nova', which the good day left, was deleted")


def test_tells_by_may_raise(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Only what `may_raise` names is a documented failure, with its subclasses and in groups."""

    def run() -> None:
        order(client).raise_for_status()

    found = reasons(broken(fake, run, faults="unavailable, refused", may_raise=httpx.HTTPStatusError, laws="tells"))
    assert found == {"characters.create#1 refused": {"tells": f"the code raised {REFUSED}, {DENIED} HTTPStatusError"}}
    fake.reset()
    assert fake.explore(run, faults="unavailable, refused", may_raise=(httpx.HTTPError, Refused)).cases
    fake.reset()
    found = reasons(broken(fake, run, faults="refused", may_raise=(), laws="tells"))
    assert found == {"characters.create#1 refused": {"tells": f"the code raised {REFUSED}, {DENIED} nothing"}}


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
    assert reasons(found) == {"characters.create#1 refused": {"tells": f"the code raised Refused, {DENIED} HTTPError"}}


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


def test_a_function_that_cannot_read_a_result_is_named(fake: Aurous, client: httpx.Client) -> None:
    """With the result."""

    def run() -> dict[str, int]:
        status = client.get("/v1/balance").status_code
        return {"status": status} if status == 200 else {}

    text = r"explore\(may_return=...\): may_return raised KeyError: 'status' for the result {}\. It has to say of"
    with pytest.raises(AurousError, match=text):
        fake.explore(run, may_return=lambda result: result["status"] == 503, faults="unavailable")


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
    assert texts == {"tells": f"the code raised {type(error).__name__} (x), which is never a documented failure"}


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
        "the run was stopped after 121 requests; the good day sent 1; the last one was GET /v1/balance; waiting: "
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
        .startswith("the run was stopped after a day of the clock more than the good day took; waiting: ")
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


def test_polls_in_turn_do_not_count(fake: Aurous, client: httpx.Client) -> None:
    """Of several records, in whatever order, as long as one of them is in progress and the clock moves."""

    def run() -> None:
        made = [order(client, key).json()["id"] for key in "ab"]
        while {client.get(f"/v1/characters/{one}").json()["status"] for one in made} != {"reviewing"}:
            time.sleep(5)

    explored = fake.explore(run, faults="slow", laws="ends")
    assert [case.outcome for case in explored.cases] == ["returned", "returned"]
    assert explored.cases[0].calls > 500


def test_sleeps_are_limited_too(
    fake: Aurous, client: httpx.Client, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50,000 of them stop a run, and here 1,000."""
    assert explore_run.MOST_SLEEPS == 50_000
    monkeypatch.setattr(explore_run, "MOST_SLEEPS", 1_000)

    def run() -> None:
        if not client.get("/v1/balance").is_success:
            while True:
                time.sleep(0.5)

    (case,) = broken(fake, run, faults="unavailable").broken
    assert case.reasons["ends"].startswith("the run was stopped after 1,001 sleeps; the last one was at ")


def test_recovers(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A second run finds what the first has ordered, and pays nothing more."""
    assert not reasons(fake.explore(lambda: order(client, "1").raise_for_status().json(), laws="recovers"))
    fake.reset()

    explored = broken(fake, lambda: order(client, None).raise_for_status().json(), laws="recovers")

    text = "after a second run the character 'Nova' exists twice: neither request had an Idempotency-Key"
    assert reasons(explored) == {
        f"characters.create#1 {fault}": {"recovers": text} for fault in ("lost", "late", "garbled", "crash")
    }
    assert explored.remarks[0].startswith("A second run pays again even after a good day")
    assert explored.table().count("pays again") == 1


def test_recovers_where_a_second_run_fails(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """It must return."""
    done: list[str] = []

    def run() -> None:
        if done:
            raise LookupError
        done.append("x")
        order(client).raise_for_status()

    found = reasons(broken(fake, run, fresh=done.clear, faults="unavailable", laws="recovers"))
    assert found == {"characters.create#1 unavailable": {"recovers": "a second run raised LookupError"}}


def test_recovers_where_a_second_run_does_not_end(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """That is as bad as one that fails."""
    done: list[str] = []

    def run() -> None:
        while done:
            client.get("/v1/balance")
        done.append("x")
        order(client).raise_for_status()

    found = reasons(broken(fake, run, fresh=done.clear, faults="unavailable", laws="recovers"))
    assert found["characters.create#1 unavailable"]["recovers"].startswith("a second run was stopped after")


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
        'the code returned None, but the character \'Wrong\' has name "Wrong", on the good day "After"'
    )

    def delete() -> None:
        client.delete(f"/v1/characters/{nova.id}")

    found = reasons(broken(fake, delete, faults="unavailable", laws="tells"))
    assert found == {
        "characters.delete#1 unavailable": {"tells": "the code returned None, but the character 'After' is left over"}
    }


def test_an_id_in_a_text_counts_as_the_name_of_its_record(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """A record that is ordered again has another id; an order for the wrong record is another order."""
    wrong = fake.characters.add(name="Boreas").id

    def run(*, careful: bool) -> None:
        made = order(client, f"{careful} 1").json()["id"]
        if client.get(f"/v1/characters/{made}").status_code == 404:
            made = order(client, f"{careful} 2").json()["id"] if careful else wrong
        client.post("/v1/images", json={"prompt": f"A portrait of {made}"}, headers={"Idempotency-Key": f"{careful} 3"})

    assert not fake.explore(lambda: run(careful=True), faults="gone", laws="tells").broken
    (texts,) = reasons(broken(fake, lambda: run(careful=False), faults="gone", laws="tells")).values()
    assert "there is no image 'A portrait of <Nova>', which the good day left" in texts["tells"]
    assert "the image 'A portrait of <Boreas>' is left over" in texts["tells"]


def test_equal_orders_with_keys_of_their_own_are_no_pitfall(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """The good day orders the same twice, too; a key for each attempt is more keys than it has sent."""
    drawn = iter(map(str, range(1000)))

    def run(*, careful: bool) -> None:
        for number in (1, 2):
            for _ in range(3):
                key = f"order {number}" if careful else next(drawn)
                if client.post("/v1/images", json={"prompt": "A"}, headers={"Idempotency-Key": key}).status_code < 500:
                    break
                time.sleep(10)

    assert not fake.explore(lambda: run(careful=True), faults="down", laws="no_pitfall").broken
    assert "[new-key-per-attempt]" in str(
        reasons(broken(fake, lambda: run(careful=False), faults="down", laws="no_pitfall"))
    )


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
        "tells": f"the code returned None, but there is no {media_type} 'On a bench', which the good day left"
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

    explored = fake.explore(run, faults="-garbled,-gone,-fails,-keeps_failing", may_raise=(Refused, httpx.HTTPError))

    assert not {"late", "slow"} & {case.fault for case in explored.cases}
    assert [remark for remark in explored.remarks if "sleeps do nothing" in remark] == [explored.remarks[0]]
    assert " ".join(explored.table().split()).count("sleeps do nothing") == 1
    assert not reasons(explored)
