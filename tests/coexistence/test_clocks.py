"""freezegun and time-machine: the fake goes by the time that they make."""

from typing import Final

import pytest

pytest.importorskip("freezegun")
pytest.importorskip("time_machine")

CHECK: Final = """
    import asyncio, datetime as dt
    import httpx, pytest

    BODY = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}

    def status(client, made):
        return client.get(f"/v1/characters/{made['id']}").json()["status"]

    def check(aurous, client, move):
        assert aurous.clock.now() == dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
        aurous.script("synthesizing:45s -> reviewing")
        made = client.post("/v1/characters", json=BODY).json()
        assert made["created_at"].startswith("2030-01-02T03:04:05")
        move(44)
        assert status(client, made) == "synthesizing"
        move(1)
        assert status(client, made) == "reviewing"
        aurous.clock.advance(seconds=3600)
        assert aurous.clock.now() == dt.datetime(2030, 1, 2, 4, 4, 50, tzinfo=dt.timezone.utc)
"""


def test_freezegun_and_time_machine(pytester: pytest.Pytester) -> None:
    """Our clock stands, ticks and moves with theirs, as a block, marker or fixture, and can move on beside it.

    With the setting `now`, the fake's time is its own.
    """
    pytester.makepyfile(
        f"""{CHECK}
    from freezegun import freeze_time
    import time_machine as tm

    AT = dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)

    def test_block(aurous, aurous_client):
        with freeze_time(AT) as frozen:
            check(aurous, aurous_client, frozen.tick)

    def test_block_of_time_machine(aurous, aurous_client):
        with tm.travel(AT, tick=False) as traveller:
            check(aurous, aurous_client, traveller.shift)

    @pytest.fixture
    def frozen():
        with freeze_time(AT) as frozen:
            yield frozen

    def test_fixture_after(aurous, aurous_client, frozen):
        check(aurous, aurous_client, frozen.tick)

    def test_fixture_of_time_machine(aurous, aurous_client, time_machine):
        time_machine.move_to(AT, tick=False)
        check(aurous, aurous_client, time_machine.shift)

    def test_async(frozen, aurous):
        async def ask():
            async with httpx.AsyncClient(headers={{"X-Api-Key": aurous.api_key}}) as client:
                return await client.post(aurous.base_url + "/v1/characters", json=BODY)
        assert asyncio.run(ask()).json()["created_at"].startswith("2030-01-02T03:04:05")

    @pytest.mark.time_machine(AT, tick=False)
    def test_marker(aurous, aurous_client, time_machine):
        check(aurous, aurous_client, time_machine.shift)

    @tm.travel(AT, tick=False)
    def test_its_frame_is_no_code_under_test(aurous, aurous_client):
        aurous_client.get("/v1/balance")
        assert {{file for file, *_ in aurous.calls.last.stack}} == {{__file__}}

    def test_ticking(aurous, aurous_client):
        with tm.travel(AT):
            before, after = aurous.clock.now(), aurous.clock.now()
            assert AT <= before <= after < AT + dt.timedelta(minutes=1)

    @pytest.mark.aurous(now="2026-05-08T10:00:00Z")
    def test_a_clock_of_our_own(aurous, aurous_client):
        for travel in (freeze_time(AT), tm.travel(AT)):
            with travel:
                made = aurous_client.post("/v1/characters", json=BODY).json()
                assert made["created_at"].startswith("2026-05-08T10:00:00")
    """
    )

    pytester.runpytest("-p", "time_machine").assert_outcomes(passed=9)
