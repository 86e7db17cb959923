"""Careful programs, which no law accuses, each beside its twin with a mistake that one finds and names."""

import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from pytest_aurous import Aurous, Exploration
from tests.explore.conftest import broken

Json = dict[str, Any]
Run = Callable[..., object]
RUNNING = {"pending", "processing", "synthesizing"}
AURORA = {"name": "Aurora", "generate": True, "attributes": {"age": 28}}
HERE = Path("tests/explore/test_careful.py")


class GaveUp(Exception):  # noqa: N818 - as a program calls it
    """The documented failure of the programs."""


class Garbled(GaveUp):
    """The body of a response is cut."""


def read(response: httpx.Response) -> Json:
    """Return the body of a response; raise `GaveUp` if it is a refusal."""
    if response.is_error:
        raise GaveUp(response.status_code)
    try:
        body: Json = response.json()
    except ValueError as error:
        raise Garbled("no JSON") from error
    return body


def create(client: httpx.Client, key: str | None, path: str = "/v1/images", body: Json | None = None) -> Json:
    """Send an order, and once more if no response comes."""
    headers = {"Idempotency-Key": key} if key else {}
    for _ in range(2):
        try:
            return read(client.post(path, json=body or {"prompt": "x"}, headers=headers))
        except (httpx.TransportError, Garbled):  # noqa: PERF203
            time.sleep(60)
    raise GaveUp("no response")


def wait(client: httpx.Client, work: Json, path: str = "/v1/images") -> Json:
    """Poll work for ten minutes, and return it as it is then."""
    for _ in range(10):
        if work["status"] not in RUNNING:
            break
        time.sleep(60)
        work = read(client.get(f"{path}/{work['id']}"))
    return work


def cancels_what_is_slow(client: httpx.Client, key: str | None) -> Run:
    """Cancels an image that takes too long, as on the good day; that may be impossible on a bad one."""

    def run() -> None:
        image = wait(client, create(client, key))
        if image["status"] in RUNNING:
            read(client.post(f"/v1/images/{image['id']}/cancel"))

    return run


def tells_what_failed(client: httpx.Client, key: str | None, *, raises: bool) -> Run:
    """Cancels an image that takes too long, looks for it in its history, and raises or returns what it is."""

    def run() -> bool:
        image = wait(client, create(client, key))
        if image["status"] in RUNNING:
            read(client.post(f"/v1/images/{image['id']}/cancel"))
        oldest = read(client.get("/v1/images"))["data"][-1]
        if raises and oldest["status"] != "succeeded":
            raise GaveUp(oldest["status"])
        return bool(oldest["status"] == "succeeded")

    return run


def deletes_what_failed(client: httpx.Client, *, tells: bool) -> Run:
    """Deletes a character that has failed; a second run with its key finds none."""

    def run() -> None:
        made = wait(client, create(client, "1", "/v1/characters", AURORA), "/v1/characters")
        if made["status"] == "failed":
            client.delete(f"/v1/characters/{made['id']}")
            if tells:
                raise GaveUp("failed")

    return run


def draws_its_reference(client: httpx.Client, *, again: Json) -> Run:
    """Creates a character with another reference in each attempt."""

    def run() -> None:
        draw = random.Random(1)
        for body in (AURORA, again):
            reference = f"order {draw.getrandbits(64):016x}"
            try:
                read(client.post("/v1/characters", json={**body, "client_reference_id": reference}))
            except GaveUp:
                time.sleep(30)
            else:
                return
        raise GaveUp("twice")

    return run


def orders_for_two_teams(aurous: Aurous, key: str | None) -> Run:
    """Orders the same image for its own team and for another one."""
    keys = [aurous.team.api_key, aurous.teams.add("Two", credits=9).api_key]

    def run() -> None:
        for api_key in keys:
            with aurous.client(timeout=5, headers={"X-Api-Key": str(api_key)}) as client:
                create(client, key)

    return run


def marks_what_failed(client: httpx.Client, *, only_refusals: bool) -> Run:
    """Works on jobs, and marks one as failed for good that was refused."""

    def run(jobs: dict[str, str]) -> None:
        for job in [job for job, status in jobs.items() if status == "open"]:
            try:
                image = wait(client, create(client, job))
                jobs[job] = image["status"]
            except (GaveUp, httpx.HTTPError) as error:
                if error.args == (402,) or not only_refusals:
                    jobs[job] = "failed"
                raise
            if jobs[job] == "failed":
                raise GaveUp(job)

    return run


def succeed(client: httpx.Client, key: str) -> None:
    if (status := wait(client, create(client, key))["status"]) != "succeeded":
        raise GaveUp(status)


def has_a_breaker(client: httpx.Client, *, seconds: float) -> Run:
    """Sends nothing for some seconds after a failure."""

    def run(state: dict[str, float]) -> None:
        if time.time() < state["until"]:
            raise GaveUp("open")
        try:
            succeed(client, "1")
        except (GaveUp, httpx.HTTPError):
            state["until"] = time.time() + seconds
            raise

    return run


def has_an_outbox(client: httpx.Client, *, seconds: float) -> Run:
    """Sends what is due; what has failed is due some seconds later."""

    def run(outbox: dict[str, float]) -> None:
        for job in [job for job, due in outbox.items() if due <= time.time()]:
            try:
                succeed(client, job)
            except (GaveUp, httpx.HTTPError):  # noqa: PERF203
                outbox[job] = time.time() + seconds
                raise

    return run


def has_a_lease(client: httpx.Client, *, seconds: float) -> Run:
    """Holds a lease while it works, for some seconds at most: a process that dies gives nothing back."""

    def run(state: dict[str, float]) -> None:
        if time.time() < state["until"]:
            raise GaveUp("leased")
        state["until"] = time.time() + seconds
        succeed(client, "1")
        state["until"] = 0

    return run


def falls_back(client: httpx.Client, *, tells: bool) -> Run:
    """Orders another size if there is no first one, and may say in its result which one it is."""

    def run() -> Json:
        for size in ("4k_1_1", "2k_1_1"):
            try:
                image = create(client, size, body={"prompt": "x", "size": size})
            except GaveUp:
                continue
            return {"image": wait(client, image)["id"], **({"size": size} if tells else {})}
        raise GaveUp("no size")

    return run


def asks_another(fake: Aurous, client: httpx.Client, *, tells: bool) -> Run:
    """Asks another model if the first one is not there, and may say in its result which one it is."""
    fake.models.add("plain")

    def run() -> Json:
        for model in ("aurous-grow-2.0-pro", "plain"):
            body = {"model": model, "messages": [{"role": "user", "content": "Hi."}]}
            response = client.post("/v1/chat/completions", json=body, headers={"Idempotency-Key": model})
            if response.status_code != 503:
                said = response.raise_for_status().json()
                return {"ended": said["choices"][0]["finish_reason"], **({"model": model} if tells else {})}
        raise GaveUp("no model")

    return run


def orders_again(client: httpx.Client, *, cancels: bool) -> Run:
    """Orders anew what takes too long, and may cancel that before."""

    def run() -> str:
        for key in "12":
            image = wait(client, create(client, key))
            if image["status"] == "succeeded":
                return str(image["id"])
            if cancels and image["status"] in RUNNING:
                read(client.post(f"/v1/images/{image['id']}/cancel"))
        raise GaveUp("twice")

    return run


class Told:
    """A result whose repr says nothing."""

    def __init__(self, result: object) -> None:
        self.result: object = result


class Pair(NamedTuple):
    """A careful program beside its twin.

    Attributes:
        careful: Makes the careful program of the fake and a client.
        twin: Makes the same with a mistake.
        law: What sees that.
        words: What the sentence about it says.
        terms: More arguments of ``explore``.
        remark: What a remark says about the careful one.
        script: How work goes.
    """

    careful: Callable[[Aurous, httpx.Client], Run]
    twin: Callable[[Aurous, httpx.Client], Run]
    law: str
    words: str
    terms: Json
    remark: str = ""
    script: str = "pending -> processing -> succeeded"


PAIRS = {
    "a cancel that is impossible": Pair(
        lambda _, client: cancels_what_is_slow(client, "1"),
        lambda _, client: cancels_what_is_slow(client, None),
        "pays_once",
        "The response to images.create #1 was lost, and the image 'x' exists twice: "
        "neither request had an Idempotency-Key.",
        {},
        script="pending -> processing:9h -> succeeded",
    ),
    "the same error in a second run": Pair(
        lambda _, client: tells_what_failed(client, "1", raises=True),
        lambda _, client: tells_what_failed(client, None, raises=True),
        "recovers",
        "and a second run raised GaveUp (failed).",
        {"faults": "fails"},
        "stuck until the key expires",
    ),
    "the same refusal in a second run": Pair(
        lambda _, client: tells_what_failed(client, "1", raises=False),
        lambda _, client: tells_what_failed(client, None, raises=False),
        "recovers",
        "and a second run returned False.",
        {"faults": "slow", "may_return": lambda result: result is False},
        "stuck until the key expires",
    ),
    "failed work that is deleted": Pair(
        lambda _, client: deletes_what_failed(client, tells=True),
        lambda _, client: deletes_what_failed(client, tells=False),
        "tells",
        "but there is no character 'Aurora', which the good day left.",
        {"faults": "fails"},
        "stuck until the key expires",
    ),
    "a reference that is drawn anew": Pair(
        lambda _, client: draws_its_reference(client, again=AURORA),
        lambda _, client: draws_its_reference(client, again={**AURORA, "attributes": {"age": 29}}),
        "tells",
        """the character 'Aurora' has attributes {"age": 29}, on the good day {"age": 28}.""",
        {"faults": "unavailable"},
    ),
    "two teams": Pair(
        lambda aurous, _: orders_for_two_teams(aurous, "1"),
        lambda aurous, _: orders_for_two_teams(aurous, None),
        "pays_once",
        "The response to images.create #2 of team 'Two' was lost, and the image 'x' of team 'Two' exists twice: "
        "neither request had an Idempotency-Key.",
        {},
    ),
    "a refusal for good": Pair(
        lambda _, client: marks_what_failed(client, only_refusals=True),
        lambda _, client: marks_what_failed(client, only_refusals=False),
        "recovers",
        "and after a second run there is no image 'x', which the good day left.",
        {"fresh": lambda: {"a": "open"}},
        "a second run ordered nothing, because",
    ),
    "a fallback": Pair(
        lambda _, client: falls_back(client, tells=True),
        lambda _, client: falls_back(client, tells=False),
        "tells",
        """but the image 'x' has width 2048, on the good day 4096""",
        {"faults": "partly_down, down, unavailable, rate_limited"},
    ),
    "a fallback that an object tells": Pair(
        lambda _, client: lambda: Told(falls_back(client, tells=True)()),
        lambda _, client: falls_back(client, tells=False),
        "tells",
        """but the image 'x' has width 2048, on the good day 4096""",
        {"faults": "partly_down, down"},
    ),
    "a fallback to another model": Pair(
        lambda fake, client: asks_another(fake, client, tells=True),
        lambda fake, client: asks_another(fake, client, tells=False),
        "tells",
        """but the completion has model "plain", on the good day "aurous-grow-2.0-pro";""",
        {"faults": "partly_down, unavailable"},
    ),
    "work that is given up": Pair(
        lambda _, client: orders_again(client, cancels=True),
        lambda _, client: orders_again(client, cancels=False),
        "pays_once",
        "took 30 minutes, and the image 'x' exists twice: each request had another Idempotency-Key.",
        {"faults": "slow, fails, down"},
    ),
    "a circuit breaker": Pair(
        lambda _, client: has_a_breaker(client, seconds=60),
        lambda _, client: has_a_breaker(client, seconds=math.inf),
        "recovers",
        "and a second run raised GaveUp (open).",
        {"fresh": lambda: {"until": 0}},
        "the code recovers only after a while: a second run at once raised GaveUp (open)",
    ),
    "an outbox": Pair(
        lambda _, client: has_an_outbox(client, seconds=600),
        lambda _, client: has_an_outbox(client, seconds=math.inf),
        "recovers",
        "and after a second run there is no image 'x', which the good day left.",
        {"fresh": lambda: {"job": 0}},
        "the code recovers only after a while: after a second run at once there is no image 'x'",
    ),
    "a lease": Pair(
        lambda _, client: has_a_lease(client, seconds=300),
        lambda _, client: has_a_lease(client, seconds=math.inf),
        "recovers",
        "and a second run raised GaveUp (leased).",
        {"fresh": lambda: {"until": 0}},
        "the code recovers only after a while: a second run at once raised GaveUp (leased)",
    ),
}


def terms(fake: Aurous, pair: Pair) -> Json:
    """Let the fake follow the script of a pair, and return its arguments."""
    fake.images.script(pair.script)
    return {"may_raise": (GaveUp, httpx.HTTPError), **pair.terms}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_nobody_is_accused_who_is_careful(fake: Aurous, client: httpx.Client, pair: Pair) -> None:
    """Whatever breaks; what could not be judged is a remark of its case."""
    exploration = fake.explore(pair.careful(fake, client), **terms(fake, pair))

    assert not exploration.broken, exploration.report()
    assert pair.remark in " ".join(exploration.remarks)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_mistake_of_its_twin_is_found_and_named(fake: Aurous, client: httpx.Client, pair: Pair) -> None:
    """The law sees it, and a sentence says what happened."""
    found = broken(fake, pair.twin(fake, client), **terms(fake, pair)).broken

    assert any(pair.words in case.finding and pair.law in case.broken for case in found), [one.finding for one in found]


def test_with_two_teams_each_request_and_record_names_its_team(fake: Aurous, client: httpx.Client) -> None:
    """A record of the same form in another team is another record."""
    found = broken(fake, PAIRS["two teams"].twin(fake, client), faults="lost").broken

    for case, team in zip(found, ("Acme Studio", "Two"), strict=True):
        assert f"the image 'x' of team {team!r} exists twice" in case.finding
        assert f"no response (disconnect, committed)  of team {team!r}" in str(case.timeline)


@pytest.mark.parametrize("pause", [0, 5])
def test_a_loop_that_moves_no_clock_is_a_remark(fake: Aurous, client: httpx.Client, pause: float) -> None:
    """Even if the clock moves elsewhere; one read in passing, which is repeated, is no loop."""

    def run() -> None:
        image = create(client, "1")
        client.get(f"/v1/images/{image['id']}").raise_for_status()
        while image["status"] in RUNNING:
            image = read(client.get(f"/v1/images/{image['id']}"))
            time.sleep(pause)
        if image["status"] != "succeeded":
            raise GaveUp(image["status"])
        time.sleep(5)

    fake.images.script("pending*2 -> processing -> succeeded")
    explored = fake.explore(run)

    where = f"{HERE}:{run.__code__.co_firstlineno + 4} in run"
    found = [text for text in explored.remarks if text.startswith(f"Work in progress was polled at {where}, and the")]
    assert len(found) == (pause == 0)
    need_time = {"late", "hiccup", "slow"}
    assert need_time & {case.fault for case in explored.cases} == (need_time if pause else set())


def test_a_worker_that_starts_its_task_again_makes_progress(fake: Aurous, client: httpx.Client) -> None:
    """As one of Celery does: each attempt replays its order by the key, and polls once."""

    def run() -> None:
        for _ in range(1000):
            image = create(client, "1")
            if (status := read(client.get(f"/v1/images/{image['id']}"))["status"]) not in RUNNING:
                break
            time.sleep(5)
        if status != "succeeded":
            raise GaveUp(status)

    explored = fake.explore(run, faults="slow", laws="ends")

    assert [case.calls for case in explored.cases] > [500]


def test_work_that_a_test_adds_is_not_of_the_next_request(fake: Aurous, client: httpx.Client) -> None:
    """The refused request has begun nothing, so nothing of it can fail or be slow."""

    def run() -> None:
        nova = fake.characters.add("Nova", status="synthesizing")
        assert client.post(f"/v1/characters/{nova.id}/save").is_error
        create(client, "1")

    explored = fake.explore(run, faults="fails, keeps_failing, slow, broke, lost", laws="ends")

    assert {case.operation for case in explored.cases if case.fault != "lost"} == {"images.create"}
    assert "unmet" not in {case.outcome for case in explored.cases}


@pytest.mark.parametrize("name", ["time", "monotonic", "perf_counter"])
def test_a_test_may_measure_how_long_it_really_takes(fake: Aurous, client: httpx.Client, name: str) -> None:
    """The clocks of the process are real again after a block that skips sleeps, as without exploring."""

    def run() -> None:
        before = getattr(time, name)()
        with fake.clock.skip_sleeps():
            within = getattr(time, name)()
            time.sleep(3600)
            assert getattr(time, name)() - within >= 3600
        assert getattr(time, name)() - before < 3600
        client.get("/v1/balance").raise_for_status()

    fake.explore(run, faults="down")


# What counts as one mistake, and how many cases the lines of a program make


def send(client: httpx.Client, method: str, path: str, **sent: Any) -> Any:
    """Send a request, and once more if no response comes."""
    try:
        response = client.request(method, path, **sent)
    except httpx.TransportError:
        time.sleep(60)
        response = client.request(method, path, **sent)
    return response.raise_for_status().json()


def portrait(client: httpx.Client) -> None:
    send(client, "POST", "/v1/images", json={"prompt": "A portrait"})


def banner(client: httpx.Client) -> None:
    send(client, "POST", "/v1/images", json={"prompt": "A banner"})


def causes(exploration: Exploration) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for case in exploration.broken:
        found.setdefault(case.cause, []).append(case.id)
    return found


def line_of(function: Callable[..., object]) -> int:
    """Return the number of the last line of a function of two."""
    return function.__code__.co_firstlineno + 1


def test_two_functions_with_one_mistake_are_two_findings(fake: Aurous, client: httpx.Client) -> None:
    """Each with its line, and the helper through which both send; all laws that see one mistake are one finding."""

    def run() -> None:
        send(client, "GET", "/v1/balance")
        portrait(client)
        banner(client)

    exploration = broken(fake, run)

    assert len(causes(exploration)) == 2
    for number, function in enumerate((portrait, banner), 1):
        case = next(case for case in exploration.broken if case.id == f"images.create#{number} lost")
        where = f"{HERE}:{line_of(function)} in {function.__name__}"
        assert case.at.startswith(f"{where}, through {HERE}:")
        assert case.cause.startswith(f"pays_once at images.create: no key, {where}")


def test_a_wrong_cancel_is_found_where_it_is_sent(fake: Aurous, client: httpx.Client) -> None:
    """Not where the order was sent whose response was lost."""

    def run() -> None:
        first = create(client, "1")
        try:
            client.post("/v1/images", json={"prompt": "y"}, headers={"Idempotency-Key": "2"})
        except httpx.TransportError:
            client.post(f"/v1/images/{first['id']}/cancel")

    [case] = broken(fake, run, faults="lost", laws="tells").broken

    assert case.sent_at == f"{HERE}:{run.__code__.co_firstlineno + 3} in run"
    assert case.at == f"{HERE}:{run.__code__.co_firstlineno + 5} in run"


def test_the_cause_is_what_happened_to_which_kind_of_record(fake: Aurous, client: httpx.Client) -> None:
    """Not what was broken: a page that cannot be read, and a save that fails, leave the same undone."""
    for name in "ab":
        fake.characters.add(name, status="reviewing")

    def run() -> None:
        listed = client.get("/v1/characters")
        for one in listed.json()["data"] if listed.is_success else ():
            client.post(f"/v1/characters/{one['id']}/save")

    exploration = broken(fake, run, faults="unavailable, rate_limited", laws="tells")

    assert causes(exploration) == {
        "tells at character: not as on the good day": [case.id for case in exploration.cases]
    }
    assert len(exploration.cases) == 6
    assert exploration.broken[0].finding == (
        "The response to characters.save #1 was a 503, and the code returned None, but "
        """the character 'b' has status "reviewing", on the good day "ready"."""
    )


def test_missing_records_come_first(fake: Aurous, client: httpx.Client) -> None:
    """Then what exists twice, and then what differs."""
    old = fake.characters.add("Old").id

    def run() -> None:
        made = client.post("/v1/images", json={"prompt": "x"}).is_success
        client.patch(f"/v1/characters/{old}", json={"name": "New" if made else "Newer"})

    (case,) = broken(fake, run, faults="unavailable", laws="tells").broken[:1]

    assert case.reasons["tells"] == (
        "the code returned None, but there is no image 'x', which the good day left; "
        """the character 'Newer' has name "Newer", on the good day "New\""""
    )


def test_the_number_of_cases_follows_from_the_code(fake: Aurous, client: httpx.Client) -> None:
    """Of the requests of one line, the first, the second and the last are broken; the rest is a remark."""

    def run() -> None:
        made = [client.post("/v1/images", json={"prompt": str(number)}).json()["id"] for number in range(8)]
        time.sleep(1)
        for one in made:
            client.get(f"/v1/images/{one}")
        client.post("/v1/images", json={"prompt": "one more"})

    explored = fake.explore(run, faults="refused", laws="ends")

    assert [case.id for case in explored.cases] == [
        *(f"images.create#{number} refused" for number in (1, 2, 8, 9)),
        *(f"images.retrieve#{number} refused" for number in (1, 2, 8)),
    ]
    line = test_the_number_of_cases_follows_from_the_code.__code__.co_firstlineno + 4
    rest = "not broken: the first, the second and the last one stand for them."
    assert explored.remarks == (
        f"5 more images.create at {HERE}:{line} in run were {rest}",
        f"5 more images.retrieve at {HERE}:{line + 3} in run were {rest}",
    )
    assert explored.skipped == 10
