import httpx
import pytest

from pytest_aurous import Aurous


@pytest.mark.aurous(rate_limits="enforce")
def test_an_empty_bucket_refuses(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The refusal says how long to wait; after that time there is a token again."""
    aurous.limits["reads"].exhaust()

    refused = aurous_client.get("/v1/balance")
    aurous.clock.advance(seconds=int(refused.headers["Retry-After"]))

    assert refused.status_code == 429
    assert aurous_client.get("/v1/balance").status_code == 200


def test_overruns_are_counted(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """Without `enforce` no request is refused, but each overrun is counted."""
    aurous.limits["reads"].set(burst=2, per_minute=1)

    responses = [aurous_client.get("/v1/balance") for _ in range(5)]

    assert {response.status_code for response in responses} == {200}
    assert aurous.limits["reads"].overruns == 3
