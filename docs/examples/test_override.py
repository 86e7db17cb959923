import httpx

from pytest_aurous import Aurous


def test_one_response_after_another(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """When the side effect returns None, the fake responds."""
    responses = iter([httpx.Response(503), httpx.Response(429)])

    def play(_: httpx.Request) -> httpx.Response | None:
        return next(responses, None)

    aurous.route("balance.retrieve").side_effect = play

    seen = [aurous_client.get("/v1/balance").status_code for _ in range(3)]

    assert seen == [503, 429, 200]
