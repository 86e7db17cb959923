"""Value fixtures of a suite."""

import pytest


@pytest.fixture
def aurous_seed() -> int:
    return 20


@pytest.fixture
def aurous_api_key() -> str:
    return "fake_key_of_the_suite"
