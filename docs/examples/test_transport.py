import httpx

from pytest_aurous import Aurous


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
