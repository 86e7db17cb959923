import httpx

from pytest_aurous import Aurous


def test_a_client_with_a_transport_of_its_own(aurous: Aurous) -> None:
    """A client that is made by hand can be given the fake as its transport."""
    api = httpx.Client(transport=aurous.transport, base_url=aurous.base_url)

    answer = api.get("/v1/balance", headers={"X-Api-Key": aurous.api_key})

    assert answer.json()["credits"] == 1000


def test_without_interception() -> None:
    """A fake that was never entered answers its own clients; nothing is patched."""
    fake = Aurous(credits=10)

    with fake.client(timeout=1.0) as api:
        assert api.get("/v1/balance").json()["credits"] == 10
