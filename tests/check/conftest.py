"""What these tests do without."""

import pytest


@pytest.fixture(autouse=True)
def _as_documented() -> None:
    """Compare no response with the OpenAPI document: other tests do, and here are many thousands of them."""
