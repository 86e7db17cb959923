"""The test client of FastAPI and Starlette: the way into the app is theirs, the app's own way out leads to the fake."""

from typing import Final

import pytest

pytest.importorskip("fastapi")

APP: Final = """
    import asyncio, os
    import httpx, pytest
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    def key():
        return {"X-Api-Key": os.environ["AUROUS_API_KEY"]}

    def url(path):
        return os.environ["AUROUS_BASE_URL"] + path

    def balance():
        return httpx.get(url("/v1/balance"), headers=key()).json()["credits"]

    async def create():
        async with httpx.AsyncClient(headers=key()) as client:
            body = {"name": "Aurora", "generate": True, "attributes": {"age": 20}}
            return (await client.post(url("/v1/characters"), json=body)).json()

    async def wrong():
        async with httpx.AsyncClient(headers=key()) as client:
            return (await client.get(url("/v1/charcters"))).status_code

    app = FastAPI()
    app.get("/v1/balance")(balance)
    app.post("/create")(create)
    app.get("/wrong")(wrong)
"""

TESTS: Final = """
    @pytest.fixture(params=["http://testserver", "https://api.aurous-labs.com"], ids=["usual host", "host of the fake"])
    def client(request):
        with TestClient(app, base_url=request.param) as client:
            yield client

    def check(aurous, client):
        assert client.get("/v1/balance").json() == 1000
        made = client.post("/create").json()
        assert aurous.characters[made["id"]].status == "synthesizing"
        assert client.get("/nowhere").status_code == 404
        assert [call.operation for call in aurous.calls] == ["balance.retrieve", "characters.create"]

    def test_before(client, aurous):
        check(aurous, client)

    def test_after(aurous, client):
        check(aurous, client)

    def test_wrong(aurous):
        assert TestClient(app).get("/wrong").json() == 404

    def test_asgi(aurous):
        async def drive():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url=aurous.base_url) as client:
                return await client.get("/v1/balance")

        assert asyncio.run(drive()).json() == 1000
        assert aurous.calls.count() == 1
"""


def test_only_the_way_out_meets_the_fake(pytester: pytest.Pytester) -> None:
    """What goes to the app is never taken for a call, even under the vendor's host; what it sends is judged."""
    pytester.makepyfile(APP + TESTS)

    result = pytester.runpytest()

    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["FAILED *::test_wrong - *AurousUnmatchedRequest: *"])
