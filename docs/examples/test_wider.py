import unittest

import httpx
import pytest

from pytest_aurous import Aurous, AurousPitfallWarning


class TestWithUnittest(unittest.TestCase):
    """`Aurous` is a plain context manager."""

    def test_balance(self) -> None:
        """While it is entered, httpx is intercepted."""
        with Aurous(credits=10) as aurous:
            response = httpx.get(
                f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key}
            )

        assert response.json()["credits"] == 10


def test_a_block_warns_at_its_end() -> None:
    """A fake that is entered by hand warns about pitfalls when it exits."""
    fake = Aurous()
    character = fake.characters.add(attributes={"age": 28, "gender": "female"})
    path, changed = f"/v1/characters/{character.id}", {"attributes": {"age": 29}}

    with pytest.warns(AurousPitfallWarning, match=r"^\[wiping-patch\]"), fake:
        fake.client().patch(path, json=changed)
