import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_aurous import Aurous, AurousServer

pytest.importorskip("uvicorn", reason="the server needs pytest-aurous[server]")

NODE = shutil.which("node")
SCRIPT = """
import json, os, urllib.request
request = urllib.request.Request(
    os.environ["AUROUS_BASE_URL"] + "/v1/characters",
    headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]},
)
print([one["name"] for one in json.load(urllib.request.urlopen(request))["data"]])
"""


def test_a_subprocess_uses_the_same_fake(
    aurous: Aurous, aurous_server: AurousServer
) -> None:
    """Another process, with another HTTP library, sees the records of the test."""
    aurous.characters.add("Aurora")

    shown = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **aurous_server.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert shown.strip() == "['Aurora']"
    aurous.assert_called("characters.list", times=1)


@pytest.mark.skipif(NODE is None, reason="needs node, which is not installed")
def test_node_controls_the_fake(aurous: Aurous, aurous_server: AurousServer) -> None:
    """Control requests do in any language what `aurous` does in Python."""
    shown = subprocess.run(
        [NODE or "", str(Path(__file__).with_name("control.mjs"))],
        env={**os.environ, **aurous_server.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert shown.strip() == "passed"
    assert aurous.characters.last.status == "ready"
    assert aurous.clock.now().year == 2026
