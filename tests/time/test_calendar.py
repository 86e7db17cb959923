"""The ends of the calendar: every request gets a response, and the clock says what it cannot show."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_aurous import Aurous, AurousError
from pytest_aurous._core.base.instants import iso, moment
from pytest_aurous._core.time.clock import Clock
from tests.conftest import SYNTHESIS, TICKET, Api

pytestmark = pytest.mark.slow

FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
DAY: Final = 86_400.0
instants = st.datetimes(timezones=st.just(timezone.utc))


def requests(api: Api) -> list[int]:
    """Send a request of each kind, and return what came back."""
    aurous = api.aurous
    aurous.webhooks.deliver_to(lambda _: 500)
    aurous.team.credits = 50
    character = api.synthesize("synthesizing -> reviewing:60s -> ready")
    statuses: list[int] = []

    def send(method: str, path: str, **sent: Any) -> Any:
        response = api.send(method, path, **sent)
        statuses.append(response.status)
        return response

    for _ in range(3):
        send("GET", f"/v1/characters/{character.id}")
    for ref in character.refs:
        assert send("GET", ref.url.removeprefix(aurous.base_url)).status == 200
    send("POST", f"/v1/characters/{character.id}/save")
    send("POST", "/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "k"})
    send("POST", "/v1/characters", json=SYNTHESIS, headers={"Idempotency-Key": "k"})
    send("POST", "/v1/images", json={"prompt": "x", "webhook_url": "https://app.example/x"})
    aurous.images.last.finish()
    send("GET", aurous.images.last.output_urls[0].removeprefix(aurous.base_url))
    send("GET", "/v1/images")
    url = send("POST", "/v1/characters/uploads/init", json=TICKET).json["upload_url"]
    assert send("PUT", url, content=b"x").status == 200
    send("GET", f"/v1/files/{aurous.files.add().id}")
    now = api.clock.now()
    for start in (now, now - timedelta(seconds=min(DAY, (now - moment(-1e12)).total_seconds()))):
        text = start.isoformat().replace("+00:00", "Z")
        for width in ("1m", "30d"):
            send("GET", f"/v1/usage?start_time={text}&bucket_width={width}&limit=1")
        send("GET", f"/v1/usage/events?start_time={text}")
    send("GET", "/v1/usage?start_time=0001-01-01T00:00:00%2B14:00&end_time=9999-12-31T23:59:59-14:00")
    send("GET", "/v1/balance")
    aurous.team.add_key().rotate()
    send("GET", "/v1/team")
    aurous.webhooks.flush()
    aurous.team.credits = 1
    assert repr(aurous.clock)
    assert aurous._session.verdict.timeline("pytest")
    return statuses


@given(at=instants)
@example(at=datetime.min.replace(tzinfo=timezone.utc))
@example(at=datetime.max.replace(tzinfo=timezone.utc))
@example(at=datetime(9999, 12, 31, 23, 59, 58, tzinfo=timezone.utc))
@example(at=datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc))
@settings(max_examples=40)
def test_requests_work_at_any_instant(at: datetime) -> None:
    """No instant that a clock can show makes a request fail, nor a signed URL that is fresh."""
    api = Api(Aurous(now=at, credits=50))
    assert all(status < 500 for status in requests(api))
    api.clock.move(10 * DAY)
    assert all(status < 500 for status in requests(api))


@given(at=instants)
def test_time_1_timestamps_are_of_four_digits_and_read_back(at: datetime) -> None:
    """The year 1 is 0001, and what is written is the second that is meant."""
    whole = at.replace(microsecond=0)
    text = iso(whole.timestamp())
    assert len(text) == 20
    assert datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc) == whole


def test_what_lies_beyond_is_the_last_second() -> None:
    """An expiry after the year 9999, or an instant before the year 1, is the nearest that there is."""
    assert (iso(1e15), iso(-1e15), iso(float("inf"))) == (LAST, FIRST, LAST)
    assert moment(1e15).year == 9999


@pytest.mark.parametrize("seconds", [2.0, 1e300, float("inf"), float("nan"), 10**400])
def test_advancing_beyond_the_calendar_is_refused(seconds: float) -> None:
    """The clock stays where it was."""
    clock = Clock(LAST)
    with pytest.raises(AurousError, match="9999"):
        clock.advance(seconds=seconds)
    assert iso(clock.time()) == LAST


def test_delays_and_skipped_sleeps_stop_at_the_last_second(make_api: Callable[..., Api]) -> None:
    """A wait that the code under test begins is no mistake of the test, and time stands still there."""
    api = make_api(now="9999-12-31T23:00:00Z")
    api.aurous.faults.delay("team.retrieve", 7200)
    api.aurous.faults.delay("balance.retrieve", 7200)
    assert api.get("/v1/team").status == 200
    assert iso(api.clock.time()) == LAST
    assert api.get("/v1/balance").status == 200
    with api.clock.skip_sleeps():
        time.sleep(DAY)
    assert iso(api.clock.time()) == LAST
    assert all(status < 500 for status in requests(api))
    api.clock.freeze("2026-05-08T10:00:00Z")
    assert iso(api.clock.time()) == "2026-05-08T10:00:00Z"


def test_hook_11_a_team_is_warned_in_any_century(make_api: Callable[..., Api]) -> None:
    """The hour in which a warning is not repeated begins with a warning."""
    api = make_api(now="0001-01-01T00:00:00Z", credits=20)
    api.aurous.webhooks.deliver_to(lambda _: None)
    api.team.credits = 5
    api.team.credits = 4
    assert [one.event for one in api.aurous.webhooks.deliveries] == ["usage.balance_low"]
