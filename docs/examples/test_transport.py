import httpx

from pytest_aurous import Aurous


def test_a_client_with_its_own_transport(aurous: Aurous) -> None:
    """`aurous.transport` is the transport of the client."""
    api = httpx.Client(transport=aurous.transport, base_url=aurous.base_url)

    response = api.get("/v1/balance", headers={"X-Api-Key": aurous.api_key})

    assert response.json()["credits"] == 1000


def test_without_interception() -> None:
    """A fake that is not entered serves its own clients, and patches nothing."""
    fake = Aurous(credits=10)

    with fake.client(timeout=1.0) as api:
        assert api.get("/v1/balance").json()["credits"] == 10


def test_a_transport_that_retries(aurous: Aurous) -> None:
    """The fake intercepts the transport of httpx, whatever its options are."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=2)) as api:
        url = f"{aurous.base_url}/v1/balance"
        response = api.get(url, headers={"X-Api-Key": aurous.api_key})

    assert response.status_code == 200


class Signed(httpx.BaseTransport):
    """A transport of the application: it adds the key to each request."""

    def __init__(self, inner: httpx.BaseTransport, key: str) -> None:
        self.inner, self.key = inner, key

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on."""
        request.headers["X-Api-Key"] = self.key
        return self.inner.handle_request(request)


def test_a_transport_that_wraps_another(aurous: Aurous) -> None:
    """The test covers the transport of the application, too."""
    transport = Signed(aurous.transport, key=aurous.api_key)

    with httpx.Client(transport=transport, base_url=aurous.base_url) as api:
        assert api.get("/v1/balance").status_code == 200
