"""What these tests do without."""

import pytest


@pytest.fixture(autouse=True)
def _as_documented() -> None:
    """Compare no response with the OpenAPI document: other tests do, and here are many thousands of them."""


@pytest.fixture(autouse=True)
def _without_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write lines of 100 columns, whatever the environment of a run says."""
    monkeypatch.delenv("COLUMNS", raising=False)
