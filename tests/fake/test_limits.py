"""What a test sees of rate limits."""

import re
from collections.abc import Callable
from math import nan
from typing import Any

import pytest

from pytest_aurous import AurousError, AurousLookupError
from tests.conftest import Api

BUCKETS = [
    *("characters_get", "characters_post", "characters_synthesize"),
    *("chat_post", "chat_tpm", "embeddings_post", "embeddings_tpm"),
    *("images_post", "videos_post", "estimate_post", "files_post", "webhooks_post", "webhooks_test", "reads"),
]


def test_limits_are_a_mapping_of_the_vendors_names(api: Api) -> None:
    """Every bucket is there by its name, full, and shows what it holds."""
    limits = api.aurous.limits

    assert (list(limits), len(limits)) == (BUCKETS, len(BUCKETS))
    assert [limit.name for limit in limits.values()] == BUCKETS
    assert all((limit.capacity, limit.overruns) == (limit.remaining, 0) for limit in limits.values())
    assert repr(limits["reads"]) == "<Limit reads: 1200 of 1200 left, 0 overruns>"
    assert repr(limits).startswith("<Limits: [<Limit characters_get: 240 of 240 left, 0 overruns>, ")


@pytest.mark.parametrize(("name", "hint"), [("character_get", "; did you mean 'characters_get'?"), ("zzz", ".")])
def test_a_bucket_that_is_none_is_told_with_the_nearest(api: Api, name: str, hint: str) -> None:
    """A misspelt name raises, and lists the buckets."""
    with pytest.raises(AurousLookupError, match=re.escape(f"No rate bucket is called {name!r}{hint} Buckets: ")):
        api.aurous.limits[name]
    assert "zzz" not in api.aurous.limits


def test_remaining_follows_calls_and_clock(api: Api) -> None:
    """It is what the next response's header will have one less of, and refills on the clock."""
    limit = api.aurous.limits["reads"]

    left = [int(api.get("/v1/balance").headers["X-RateLimit-Remaining"]) for _ in range(3)]

    assert (left, limit.remaining) == ([1199, 1198, 1197], 1197)
    api.clock.advance(seconds=0.25)
    assert limit.remaining == 1199
    api.clock.advance(seconds=60)
    assert limit.remaining == 1200


@pytest.mark.parametrize("rate_limits", ["report", "enforce"])
def test_exhaust_empties_and_overruns_count(make_api: Callable[..., Api], rate_limits: str) -> None:
    """Calls that find the bucket empty are counted, refused or not; the clock fills it again."""
    api = make_api(rate_limits=rate_limits)
    limit = api.aurous.limits["reads"]
    limit.exhaust()

    statuses = [api.get("/v1/balance").status for _ in range(3)]

    assert statuses == [200 if rate_limits == "report" else 429] * 3
    assert (limit.remaining, limit.overruns) == (0, 3)
    api.clock.advance(seconds=0.125)
    assert limit.remaining == 1
    assert api.get("/v1/balance").status == 200
    assert limit.overruns == 3


@pytest.mark.parametrize(
    ("size", "capacity", "a_second"),
    [({"burst": 2}, 2, 10), ({"per_minute": 60}, 1200, 1), ({"burst": 5, "per_minute": 120}, 5, 2), ({}, 1200, 10)],
    ids=str,
)
def test_set_resizes_and_fills(api: Api, size: dict[str, Any], capacity: int, a_second: int) -> None:
    """What is given changes, the rest stays, and the bucket is full."""
    limit = api.aurous.limits["reads"]
    limit.exhaust()

    limit.set(**size)

    assert (limit.capacity, limit.remaining) == (capacity, capacity)
    assert api.get("/v1/balance").headers["X-RateLimit-Limit"] == str(capacity)
    limit.exhaust()
    api.clock.advance(seconds=1)
    assert limit.remaining == min(capacity, a_second)


@pytest.mark.parametrize(
    "size",
    [
        {"burst": 0},
        {"burst": 2.5},
        {"per_minute": 0},
        {"per_minute": nan},
        {"burst": 5, "per_minute": -0.5},
    ],
    ids=str,
)
def test_set_refuses_what_no_bucket_can_have(api: Api, size: dict[str, Any]) -> None:
    """Nothing changes, and the error names the bucket and the size."""
    limit = api.aurous.limits["reads"]

    with pytest.raises(
        AurousError, match=r"limits\['reads'\].set\((burst|per_minute)=.*\): expected a (whole )?number"
    ):
        limit.set(**size)
    assert (limit.capacity, limit.remaining) == (1200, 1200)


def test_rate_3_each_team_has_its_own(api: Api) -> None:
    other = api.aurous.teams.add()
    api.get("/v1/balance", key=other.api_key)
    api.get("/v1/balance", key=other.add_key())

    assert (other.limits["reads"].remaining, api.aurous.limits["reads"].remaining) == (1198, 1200)


def test_refill(api: Api) -> None:
    """An empty bucket is full again, and its overruns still count."""
    limit = api.aurous.limits["reads"]
    limit.exhaust()
    api.get("/v1/balance")
    limit.refill()
    assert (limit.remaining, limit.overruns) == (1200, 1)
