import unittest

import httpx

from pytest_aurous import Aurous


class TestWithUnittest(unittest.TestCase):
    """`Aurous` is a plain context manager."""

    def test_balance(self) -> None:
        """While it is entered, httpx is intercepted."""
        with Aurous(credits=10) as aurous:
            answer = httpx.get(
                f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key}
            )

        assert answer.json()["credits"] == 10
