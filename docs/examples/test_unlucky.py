import pytest

from publisher import PublishError, publish
from pytest_aurous import Aurous


def test_a_synthesis_that_fails(aurous: Aurous) -> None:
    """The error has the reason, and nothing is saved."""
    aurous.script("synthesizing*2 -> failed(provider_timeout)")

    with pytest.raises(PublishError, match="provider_timeout"):
        publish("Aurora", {"age": 28})

    aurous.assert_not_called("characters.save")
