"""The report of an exploration, its data, and what it costs."""

import gc
import json
import re
import sys
import time
import weakref
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from pytest_aurous import Aurous
from pytest_aurous._core.base.frames import shown_place
from pytest_aurous._explore.kinds import KINDS
from pytest_aurous._explore.report.result import Case, Exploration
from tests.explore.conftest import NOVA, broken


def test_the_first_lines_say_what_to_change(fake: Aurous, client: httpx.Client) -> None:
    """A headline; then for each mistake what happened, its line, the worst law, its case, and how to run that again."""

    def run() -> None:
        try:
            order()
        except httpx.TransportError:
            time.sleep(60)
            order()

    def order() -> None:
        client.post("/v1/characters", json=NOVA).json()
        client.post("/v1/characters", json=NOVA).json()

    line = order.__code__.co_firstlineno + 1
    fake._session.explore_with = lambda: {"again": "pytest <case>"}
    explored = broken(fake, run, faults="refused, lost, unavailable")

    headline, _, found = explored.report().partition("\n\n")
    text = " ".join(found.partition("\n\n")[0].split())
    assert headline.endswith(" findings in 5 of 6 cases")
    assert text.startswith("1 The response to characters.create #1 was lost, and the ")
    place = shown_place((__file__, line, "order"))
    assert f" at {place} pays_once characters.create#1 lost (and 2 more) again: pytest characters.create-1-" in text
    assert [case.sent_at.endswith(f"test_report.py:{line} in order") for case in explored.cases] == [True] * 3 + [
        False
    ] * 3


def test_a_schedule_and_a_long_sentence() -> None:
    """Two workers have no matrix; no sentence loses its end, which is what has happened."""
    explored = schedules(1)

    first, story = explored.report().split("\n\n1  first#2 | second#1\n")
    assert " ".join(first.split()).startswith(f"1 finding in 1 of 1 schedules 1 {explored.broken[0].finding} serial")
    assert story.strip() == "when"


def schedules(number: int) -> Exploration:
    """Return an exploration that has a number of findings with long sentences."""
    cases = [
        Case(
            id="first#2 | second#1",
            outcome="returned",
            credits=8,
            calls=2,
            broken=("serial",),
            cause=str(one),
            happened="the first worker waited",
            reasons={"serial": f"the team paid {'more and ' * 40}more."},
            timeline="when",
        )
        for one in range(number)
    ]
    return Exploration(cases=tuple(cases), good_day=cases[0], _again="pytest t.py --aurous-explore-only=<case>")


def test_the_report_shows_a_matrix_and_each_finding(fake: Aurous, client: httpx.Client) -> None:
    """In 100 columns, but for the command that runs a case again."""

    def run() -> str:
        response = client.post("/v1/characters", json=NOVA, headers={"Idempotency-Key": "k" * 90})
        for _ in range(3):
            client.get("/v1/balance")
        return str(response.status_code)

    faults = "refused, timeout, lost, late, unavailable, rate_limited, garbled, crash, fails, slow, greased"
    explored = broken(fake, run, faults=faults, may_raise=httpx.TransportError)

    report = explored.report()
    matrix = report.split("\n\n")[2].split("\n")
    assert matrix[0] == "                     refused"
    assert matrix[1] == "                     | timeout"
    assert matrix[-3:] == [
        "characters.create#1  r r r r T T . c . . .",
        "balance.retrieve#1   r r     . N .       .",  # it does not wait after the 429
        "balance.retrieve#3   r r     . . .       .",
    ]
    assert ". returned  r raised  c crashed  T breaks tells  N breaks no_pitfall" in report
    assert "tells   characters.create#1 unavailable (and 1 more)" in report
    assert "Read on: pytest-aurous docs reference/exploring#tells" in report
    assert report.count("The request characters.create #1 met") <= 1
    assert [line for line in report.split("\n") if len(line) > 100 and "again:" not in line] == []
    assert str(explored) == report[: len(str(explored))] == str(explored)


def test_a_report_without_what_is_not_known() -> None:
    """Over HTTP nobody knows the line that sends the request, and outside of pytest no command."""
    case = Case(id="x#1 lost", operation="x", occurrence=1, fault="lost", outcome="returned", credits=0, calls=1)
    assert Exploration(cases=(case,), good_day=case).report() == str(Exploration(cases=(case,), good_day=case))
    lost = replace(case, broken=("tells",), reasons={"tells": "why"}, timeline="when")
    report = Exploration(cases=(lost,), good_day=case).report()
    assert report.startswith("1 finding in 1 of 1 cases\n\n1  Why.\n   tells   x#1 lost\n\n")
    assert "again:" not in report
    assert str(Exploration(cases=(), good_day=case)).startswith("0 of 0 cases hold")


def test_a_long_run_is_folded(fake: Aurous, client: httpx.Client) -> None:
    """Polls that see the same are one line, and a long middle is left out."""
    fake.script("synthesizing*40 -> reviewing")

    def run() -> None:
        made = client.post("/v1/characters", json=NOVA)
        if made.status_code != 201:
            for number in range(90):
                client.get(f"/v1/characters/char_{number}")
            return
        for number in range(41):
            time.sleep(10)
            if client.get(f"/v1/characters/{made.json()['id']}").status_code == 503 and number:
                client.delete(f"/v1/characters/{made.json()['id']}")
                return

    explored = broken(fake, run, faults="unavailable", laws="tells")

    first, last = explored.broken[0], explored.broken[-1]
    assert first.timeline is not None
    assert "       ... 56 more" in first.timeline
    assert last.timeline is not None
    assert last.timeline.split("\n")[0] == "  1-41  as on the good day"


def test_deliveries_are_shown_between_requests(fake: Aurous, client: httpx.Client) -> None:
    """With what came of them, also where all requests are as on the good day."""
    fake.images.script("pending:10s -> processing:5s -> succeeded")

    def receive(delivery: Any) -> None:
        if delivery.payload["data"]["prompt"] == "A portrait":
            client.post("/v1/images", json={"prompt": "A thumbnail"})

    fake.webhooks.deliver_to(receive, url="https://shop.example/hooks")

    def run() -> None:
        client.post("/v1/images", json={"prompt": "A portrait"})
        client.get("/v1/balance")
        client.get("/v1/models")
        time.sleep(60)
        fake.webhooks.flush()

    twice, dropped = broken(fake, run, faults="duplicate, drop", laws="tells").cases

    assert twice.finding.startswith(
        "The event image.completed #1 was delivered twice, and the code returned None, but "
    )
    assert twice.timeline is not None
    assert dropped.timeline is not None
    made = [line.strip() for line in twice.timeline.split("\n") if "delivery" in line]
    assert made == [
        "+60 s    delivery 1: image.completed to https://shop.example/hooks -> 200 (duplicate)",
        "+60 s    delivery 2: image.completed to https://shop.example/hooks -> 200",
    ]
    assert "1-2  as on the good day" not in twice.timeline
    assert dropped.timeline.endswith("image.completed to https://shop.example/hooks -> not sent (drop)")


def test_what_an_exploration_has_stands_on_a_page() -> None:
    page = Path("docs/reference/exploring.md").read_text(encoding="utf-8").partition("\n## The result")[2]
    for kind in (Exploration, Case):
        names = {*vars(kind), *(one.name for one in fields(kind))}
        assert [name for name in sorted(names) if name[0] != "_" and f"`{name}" not in page] == []


def test_json_is_data(fake: Aurous, client: httpx.Client) -> None:
    """Of exceptions and results it has the types."""
    explored = broken(fake, lambda: client.post("/v1/characters", json=NOVA), faults="refused, unavailable", known={})

    data = explored.json()
    assert json.loads(json.dumps(data)) == data
    assert data["good_day"]["returned"] == "Response"
    refused, unavailable = data["cases"]
    assert (refused["error"], refused["outcome"], refused["timeline"]) == ("ConnectError", "raised", None)
    assert unavailable == {
        "id": "characters.create#1 unavailable",
        "slug": "characters.create-1-unavailable",
        "operation": "characters.create",
        "occurrence": 1,
        "fault": "unavailable",
        "outcome": "returned",
        "broken": ["tells"],
        "differs": False,
        "reasons": {"tells": unavailable["reasons"]["tells"]},
        "error": None,
        "returned": "Response",
        "credits": 0,
        "calls": 1,
        "at": explored.cases[1].at or None,
        "assertion": None,
        "sent_at": explored.cases[1].sent_at,
        "finding": explored.cases[1].finding,
        "cause": explored.cases[1].cause,
        "timeline": explored.cases[1].timeline,
        "known": None,
        "baseline": None,
    }
    assert (data["skipped"], data["remarks"]) == (0, [])


def test_what_a_run_returns_and_raises_is_kept_alone(fake: Aurous, client: httpx.Client) -> None:
    """Errors have no tracebacks, also those in groups and causes, and each case has its own."""
    seen: list[weakref.ref[Any]] = []

    class Big:
        """What a frame of a run holds."""

    class Failed(Exception):  # noqa: N818
        exceptions = ()

    def run() -> object:
        big = Big()
        seen.append(weakref.ref(big))
        try:
            client.get("/v1/balance").raise_for_status()
        except httpx.HTTPError as error:
            failed = Failed(str(uuid4()))
            failed.exceptions = (LookupError(), error)  # type: ignore[assignment]
            raise failed from error
        return "kept"

    explored = fake.explore(run, faults="refused, timeout, unavailable, rate_limited, garbled, greased")

    gc.collect()
    assert [ref() for ref in seen] == [None] * len(seen)
    errors = [case.error for case in explored.cases if case.error is not None]
    assert len({id(error) for error in errors}) == len(errors) == 4
    assert all(error.__traceback__ is None for error in errors)
    assert all(error.__cause__ is not None and error.__cause__.__traceback__ is None for error in errors)
    assert [case.returned for case in explored.cases if case.error is None] == ["kept"] * 2


REMARKS = """
def test_loops(aurous, aurous_client):
    def run():
        for number in range(1, 9):
            aurous_client.get(f"/v1/characters?limit={number}").raise_for_status()
    assert aurous.explore(run, faults="refused").remarks

def test_no_timeout(aurous):
    with aurous.client(timeout=None) as client:
        assert not aurous.explore(lambda: client.get("/v1/balance").raise_for_status() and None).broken

def test_results(aurous, aurous_client):
    aurous.explore(lambda: aurous_client.get("/v1/balance").status_code, faults="unavailable")
"""
UNREACHED = """
import time

def test_unreached(aurous, aurous_client):
    def run():
        if aurous_client.get("/v1/balance").raise_for_status().status_code == 299:
            print("never")
    aurous.explore(run)

def test_both(aurous, aurous_client):
    def run():
        made = aurous_client.post("/v1/images", json={"prompt": "x"}, headers={"Idempotency-Key": "1"})
        path = f"/v1/images/{made.raise_for_status().json()['id']}"
        while (status := aurous_client.get(path).json()["status"]) in {"pending", "processing"}:
            time.sleep(5)
        if status == "failed":
            raise ValueError(status)
        if status == "cancelled":
            print("never")
    aurous.images.script("pending -> processing -> succeeded")
    aurous.explore(run)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_what_was_not_tried_is_shown_where_nothing_is_broken(pytester: pytest.Pytester) -> None:
    """The summary lists the lines, and what cannot run again, without an option; an exploration warns once."""
    pytester.makepyfile(test_untried=UNREACHED)

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*test_untried.py:7: AurousWarning: explore(): never ran: test_untried.py:6. No case came to these lines*",
            "*AurousWarning: explore(): In images.create#1 fails*, the code is stuck until the key expires: *",
            "*never ran: test_untried.py:18. No case came to these lines*",
        ]
    )


def test_remarks_of_an_exploration_that_passes_are_warnings(pytester: pytest.Pytester) -> None:
    """At the line of the test, with what to do; a loop and another result, which are no mistake, warn of nothing.

    A filter makes them errors, or leaves them out.
    """
    pytester.makepyfile(test_remarks=REMARKS)

    warned = pytester.runpytest("-p", "no:randomly")
    warned.assert_outcomes(passed=3, warnings=1)
    text = " ".join(warned.stdout.str().split())
    (line,) = (number for number, code in enumerate(REMARKS.strip().split("\n"), 1) if "and None).broken" in code)
    remark = "1 case was skipped, because the client has no read timeout. .* faults='-timeout,-late'"
    assert re.search(rf"test_remarks.py:{line}: AurousWarning: explore\(\): {remark}", text)
    quiet = pytester.runpytest("-W", "error", "-W", "ignore:explore()")
    quiet.assert_outcomes(passed=3)


def test_the_rows_are_in_the_order_of_the_requests(fake: Aurous, client: httpx.Client) -> None:
    """Although writes are broken first."""

    def run() -> None:
        client.get("/v1/balance").raise_for_status()
        client.post("/v1/characters", json=NOVA).raise_for_status()

    explored = fake.explore(run, faults="refused", laws="pays_once")

    assert [case.id for case in explored.cases] == ["characters.create#1 refused", "balance.retrieve#1 refused"]
    rows = [line.split("  ")[0] for line in str(explored).split("\n") if "#1 " in line]
    assert rows == [*explored.places] == ["balance.retrieve#1", "characters.create#1"]


def test_each_way_to_break_a_request_is_said_in_plain_words() -> None:
    """In a sentence, with the request or event in it."""
    for kind in KINDS.values():
        sentence = kind.happened.format("images.create #1")
        assert "images.create #1" in sentence
        assert sentence[0].islower()
        assert not sentence.startswith("images")
