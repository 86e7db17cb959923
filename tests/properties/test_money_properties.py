"""Money is exact: no sum of credits has an error of floats, in whatever order work begins and ends."""

import json
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous._core.base.amounts import exact, json_number, plain, total
from pytest_aurous._core.wire.refusal import ApiProblem
from pytest_aurous._core.world.ledger import Ledger
from pytest_aurous._core.world.state import State
from tests.conftest import Api

pytestmark = pytest.mark.slow

RATES: Final = {"480p": Decimal("0.5"), "720p": Decimal("0.75"), "1080p": Decimal("1.25")}
TENTHS: Final = [tenths / 10 for tenths in range(20, 121)]
AMOUNTS: Final = st.integers(0, 20_000_000).map(lambda units: units / 1000)


def order(api: Api, key: str, resolution: str, seconds: float, path: str = "/v1/videos") -> Any:
    """Order a video, or ask what it would cost."""
    body = {"video_lora_id": "seedance-1-pro", "resolution": resolution, "duration": seconds}
    return api.post(path, json=body, key=key)


@pytest.mark.parametrize("resolution", RATES)
def test_cred_3_credits_for_three_videos_pay_for_three(make_api: Callable[..., Api], resolution: str) -> None:
    """However long a video is, to a tenth of a second, three times its price pays for three and not for a fourth."""
    api = make_api(script={"videos": "pending!"})
    for seconds in TENTHS:
        price = RATES[resolution] * Decimal(str(seconds))
        told = order(api, api.team.api_key, resolution, seconds, "/v1/videos/estimate").json
        assert Decimal(str(told["estimated_cost"]["amount"])) == price
        team = api.aurous.teams.add(credits=3 * float(price))  # the float that a test would write, whatever its error
        responses = [order(api, team.api_key, resolution, seconds).status for _ in range(4)]
        assert responses == [201, 201, 201, 402]
        assert (team.credits, team.held_credits, team.available_credits) == (float(3 * price), float(3 * price), 0)
        first, second, third = (video.id for video in team.videos)
        for video in (first, second):
            team.videos[video].fail()
        assert (team.credits, team.available_credits) == (float(3 * price), float(2 * price))
        api.post(f"/v1/images/{third}/cancel", key=team.api_key)
        assert (team.credits, team.held_credits, team.available_credits) == (float(3 * price), 0, float(3 * price))


def test_cred_2_usage_adds_up_exactly(make_api: Callable[..., Api]) -> None:
    """Three videos of 6.475 credits have used 19.425, and what the team had is less by exactly that."""
    api = make_api(script={"videos": "pending -> processing -> succeeded"}, credits=20)
    for _ in range(3):
        order(api, api.team.api_key, "1080p", 5.18)
        api.aurous.videos.last.finish()

    (bucket,) = api.get("/v1/usage?start_time=2026-05-08T00:00:00Z").json["data"]
    metrics = bucket["groups"][0]["metrics"]
    assert (metrics["credits_used"], metrics["video_seconds"]) == (19.425, 15.54)
    assert api.team.credits == 0.575
    assert api.get("/v1/balance").body.count(b"0.575") == 2


@given(credits=AMOUNTS, prices=st.lists(AMOUNTS, max_size=30), ends=st.lists(st.booleans(), max_size=30))
def test_cred_1_held_and_available_are_the_credits(credits: float, prices: list[float], ends: list[bool]) -> None:  # noqa: A002 - the vendor's word
    """After each hold, charge and release the sums agree to the last digit, as numbers of JSON do, too."""
    ledger, holds, expected = Ledger(State(), "a"), list[tuple[int, Decimal]](), exact(credits)
    ledger.open(credits)
    for price in prices:
        try:
            holds.append((ledger.hold(price, "balance_too_low"), exact(price)))
        except ApiProblem:
            assert exact(price) > ledger.account.available
        if ends and holds:
            number, held = holds.pop(0)
            charged = ends.pop()
            (ledger.commit if charged else ledger.release)(number)
            expected -= held if charged else 0
        account = ledger.account
        assert account.credits == expected == account.held + account.available
        assert account.held == sum(held for _, held in holds)
        shown = [json.dumps(json_number(one)) for one in (account.credits, account.held, account.available)]
        assert Decimal(shown[0]) == Decimal(shown[1]) + Decimal(shown[2])


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1000, "1000"),
        (10.0, "10.0"),
        (19.425, "19.425"),
        (3 * 6.475, "19.425"),
        (0.1 + 0.2, "0.3"),
        (1e-9, "0.0"),
        (0.000000005, "1e-08"),
        (1e22, "10000000000000000000000"),
        (10**40 + 1, str(10**40 + 1)),
        (1e300, str(10**300)),
    ],
)
def test_amounts_are_plain_numbers(amount: float, text: str) -> None:
    """Whole numbers stay whole, floats count by their text, and there are at most eight decimals."""
    assert json.dumps(json_number(exact(amount))) == text


def test_the_precision_of_the_thread_changes_nothing() -> None:
    """What the code under test sets for its own decimals is its own affair."""
    with localcontext() as context:
        context.prec = 2
        assert (plain(total([1000.001, 2.002])), plain(12345.678)) == ("1002.003", "12345.678")
