"""A server that starts while a test has frozen time."""

import subprocess
import sys

import pytest

_PROGRAM = """
import {library}
import httpx
import pytest_aurous.plugin

def serve(least):
    from pytest_aurous import Aurous
    from pytest_aurous._serve.server import AurousServer

    with Aurous() as aurous, AurousServer(aurous) as server, httpx.Client(base_url=server.url) as client:
        url = f"/__aurous__/calls?wait=0.05&at_least={{least}}"
        assert client.get(url, timeout=60).status_code == (408 if least else 200)
        assert client.get("/__aurous__/").status_code == 200
    assert not server._thread.is_alive(), "it did not stop"

with {frozen}:
    serve(1)
serve(1)
"""


@pytest.mark.parametrize(
    ("library", "frozen"),
    [
        ("freezegun", "freezegun.freeze_time('2026-05-08')"),
        ("time_machine", "time_machine.travel('2026-05-08', tick=False)"),
    ],
)
def test_a_server_keeps_its_own_clock(library: str, frozen: str) -> None:
    """It waits and stops as ever, and what it has loaded then serves later tests, too."""
    program = _PROGRAM.format(library=library, frozen=frozen)
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
