"""Records the cassettes from the fake, since the API has no sandbox."""

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import vcr

from application import connect, publish
from pytest_aurous import Aurous, AurousServer
from test_vcr import LosesTheFirstResponse

CASSETTES = Path(__file__).parent / "cassettes" / "test_vcr"
TRANSPORTS = {
    "test_publishes_when_the_poses_are_ready.yaml": None,
    "test_a_lost_response_is_paid_once.yaml": LosesTheFirstResponse(),
}


def main() -> None:
    """Record the cassettes of both tests."""
    tape = vcr.VCR(
        record_mode="all",
        filter_headers=["Host", "X-Api-Key"],
        before_record_request=address,
    )
    fake = Aurous(script="synthesizing*2 -> reviewing", now="2026-05-08T10:00:00Z")
    with AurousServer(fake) as server, patch.dict(os.environ, server.env):
        for name, transport in TRANSPORTS.items():
            with tape.use_cassette(str(CASSETTES / name)), connect(transport) as api:
                publish(api, "Aurora", pause=0)


def address(request: Any) -> Any:
    """Replace the address of the fake with the address of the API."""
    fake, vendor = os.environ["AUROUS_BASE_URL"], "https://api.aurous-labs.com"
    request.uri = request.uri.replace(fake, vendor)
    return request


if __name__ == "__main__":
    main()
