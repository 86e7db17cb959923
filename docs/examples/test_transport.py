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


def test_a_transport_that_tries_again(aurous: Aurous) -> None:
    """The transport of httpx itself is answered by the fake, whatever its options."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=2)) as api:
        url = f"{aurous.base_url}/v1/balance"
        answer = api.get(url, headers={"X-Api-Key": aurous.api_key})

    assert answer.status_code == 200


class Signed(httpx.BaseTransport):
    """A transport of the application: it adds the key to what it passes on."""

    def __init__(self, inner: httpx.BaseTransport, key: str) -> None:
        self.inner, self.key = inner, key

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on."""
        request.headers["X-Api-Key"] = self.key
        return self.inner.handle_request(request)


def test_a_transport_around_another(aurous: Aurous) -> None:
    """What wraps a transport is tested along with the rest."""
    transport = Signed(aurous.transport, key=aurous.api_key)

    with httpx.Client(transport=transport, base_url=aurous.base_url) as api:
        assert api.get("/v1/balance").status_code == 200
