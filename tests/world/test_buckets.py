from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pytest_aurous._core.world.buckets import BUCKETS, Bucket, Buckets
from pytest_aurous._core.world.state import State
from tests.conftest import Api

NOW = 1_778_241_600.0


@pytest.fixture(name="buckets")
def _buckets() -> Buckets:
    return Buckets(State(), enforce=False)


def shown(buckets: Buckets, name: str, now: float = NOW, team: str = "team_a") -> tuple[int, int, int]:
    headers = dict(buckets.spend(team, name, buckets.get(team, name, now)))
    return (
        int(headers["X-RateLimit-Limit"]),
        int(headers["X-RateLimit-Remaining"]),
        int(headers["X-RateLimit-Reset"]),
    )


def test_rate_1_the_refill_is_continuous(buckets: Buckets) -> None:
    """Six a minute are one in ten seconds, and half of one in five; a full bucket gets no fuller."""
    for _ in range(6):
        shown(buckets, "characters_synthesize")

    assert shown(buckets, "characters_synthesize", NOW + 10) == (12, 6, NOW + 70)
    assert shown(buckets, "characters_synthesize", NOW + 15) == (12, 5, NOW + 80)
    assert shown(buckets, "characters_synthesize", NOW + 20) == (12, 5, NOW + 90)
    assert shown(buckets, "characters_synthesize", NOW + 99_999) == (12, 11, NOW + 99_999 + 10)


def test_an_empty_bucket_stays_at_zero(buckets: Buckets) -> None:
    """Under `report` nobody is refused: the headers say 0, and one pause earns one token, not more."""
    seen = [shown(buckets, "characters_synthesize")[1] for _ in range(15)]

    assert seen == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0]
    assert shown(buckets, "characters_synthesize", NOW + 20)[1] == 1


def test_a_bucket_of_another_size_keeps_the_rest(buckets: Buckets) -> None:
    """Another capacity leaves the refill and the overruns as they are, and another refill the capacity."""
    buckets.fill("team_a", "reads", 0, NOW)
    shown(buckets, "reads")
    buckets.resize("team_a", "reads", 5, None, NOW)
    buckets.resize("team_a", "reads", None, 30, NOW)
    buckets.resize("team_a", "reads", 7, None, NOW + 1)

    assert buckets.get("team_a", "reads", NOW + 1) == Bucket(7, 0.5, 7, NOW + 1, overruns=1)


def test_a_clock_that_was_set_back_earns_nothing(buckets: Buckets) -> None:
    """Freezing at an earlier instant neither fills nor drains a bucket."""
    shown(buckets, "characters_synthesize")

    assert shown(buckets, "characters_synthesize", NOW - 100)[1] == 10


def test_rate_4_headers_are_shown_without_a_token(buckets: Buckets) -> None:
    """Who is refused before the count sees what the own team has left, in a bucket that nobody has touched, too."""
    full = buckets.get("team_a", "reads", NOW)
    assert full.headers()[1] == ("X-RateLimit-Remaining", "1200")

    spent = buckets.spend("team_a", "reads", full)

    assert buckets.get("team_a", "reads", NOW).headers() == spent


# Through the pipeline, with the limits of life


@pytest.fixture(name="strict_api")
def _strict_api(make_api: Callable[..., Api]) -> Api:
    return make_api(rate_limits="enforce")


@pytest.mark.parametrize(
    ("method", "path", "bucket", "wait"),
    [
        ("GET", "/v1/balance", "reads", 1),
        ("POST", "/v1/characters/char_x/save", "characters_post", 2),
        ("POST", "/v1/characters/char_x/resynthesize", "characters_synthesize", 10),
    ],
)
def test_rate_2_an_empty_bucket_refuses(strict_api: Api, method: str, path: str, bucket: str, wait: int) -> None:
    """429 with `Retry-After` in whole seconds, which no refusal puts off; after the wait there is a token."""
    strict_api.aurous.limits[bucket].exhaust()
    capacity, per_minute = BUCKETS[bucket]
    full = int(strict_api.clock.time()) + capacity * 60 // per_minute

    for left in range(wait, 0, -1):
        response = strict_api.refused(method, path, status=429, code="too_many_requests")
        assert response.headers["Retry-After"] == str(left)
        assert response.headers["X-RateLimit-Limit"] == str(capacity)
        assert response.headers["X-RateLimit-Remaining"] == "0"
        assert response.headers["X-RateLimit-Reset"] == str(full)
        strict_api.clock.advance(seconds=1)
    assert strict_api.send(method, path).status != 429


def test_rate_2_a_refused_call_has_no_effect(strict_api: Api) -> None:
    """No row, no hold, no poll: what is refused has not happened."""
    character = strict_api.synthesize("synthesizing*1 -> reviewing")
    for name in ("characters_get", "characters_synthesize"):
        strict_api.aurous.limits[name].exhaust()

    assert strict_api.poll(character, 3) == ["too_many_requests"] * 3
    strict_api.clock.advance(seconds=1)
    assert strict_api.poll(character, 2) == ["synthesizing", "reviewing"]
    assert strict_api.post(f"/v1/characters/{character.id}/resynthesize").status == 429
    assert strict_api.team.held_credits == 0


def test_rate_3_the_count_is_atomic(strict_api: Api) -> None:
    """Of 16 threads that call at once, exactly as many are served as the bucket pays for."""
    strict_api.aurous.limits["reads"].set(burst=40)
    barrier = Barrier(16)

    def call(_: int) -> list[tuple[int, str]]:
        barrier.wait(timeout=60)
        responses = [strict_api.get("/v1/balance") for _ in range(5)]
        return [(response.status, response.headers["X-RateLimit-Remaining"]) for response in responses]

    with ThreadPoolExecutor(16) as pool:
        seen = [pair for pairs in pool.map(call, range(16)) for pair in pairs]

    assert sorted(int(left) for status, left in seen if status == 200) == list(range(40))
    assert [left for status, left in seen if status == 429] == ["0"] * 40
    assert strict_api.aurous.limits["reads"].overruns == 40


@pytest.mark.parametrize(
    ("status", "spent"),
    [(200, 1), (400, 1), (404, 1), (401, 0), (403, 0), (429, 0)],
)
def test_rate_4_what_a_call_spends(strict_api: Api, status: int, spent: int) -> None:
    """A refusal for the key, the scope or the limit is free; any other response costs one token."""
    limit = strict_api.aurous.limits["characters_post"]
    character = strict_api.characters.add()
    narrow = strict_api.team.add_key("read")
    if status == 429:
        limit.exhaust()
    left = limit.remaining

    response = strict_api.patch(
        f"/v1/characters/{'char_x' if status == 404 else character.id}",
        json={} if status == 400 else {"name": "A"},
        key="al_live_x" if status == 401 else narrow if status == 403 else strict_api.aurous.api_key,
    )

    assert (response.status, left - limit.remaining) == (status, spent)
    assert ("X-RateLimit-Remaining" in response.headers) is (status != 401)
