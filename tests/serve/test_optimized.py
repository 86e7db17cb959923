"""Python without docstrings and assertions (`-OO`): nothing that runs needs them."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CONTROL = """
import httpx
from pytest_aurous import Aurous
from pytest_aurous._serve.document import requests
from pytest_aurous._serve.server import AurousServer

with AurousServer(Aurous()) as server, httpx.Client(base_url=f"{server.url}/__aurous__/", timeout=60) as client:
    for one in requests().values():
        if one.name != "events":  # which never ends
            status = client.request(one.method, one.name, json={} if one.method == "POST" else None).status_code
            print(f"{status} {one.name}: {one.summary}")
"""


def optimized(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python without docstrings."""
    command = [sys.executable, "-OO", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)  # noqa: S603 - ours


def test_control_requests_need_no_docstring() -> None:
    """Each is served, and an operation has its name for what it does."""
    done = optimized("-c", CONTROL)

    lines = done.stdout.splitlines()
    assert len(lines) > 80, done.stderr
    assert not [line for line in lines if line.startswith("5")]
    assert any(line.endswith(" clock.speed: Set clock.speed (speed)") for line in lines)


@pytest.mark.parametrize("command", ["--help", "doctor", "docs", "openapi", "check --help", "serve --help"])
def test_commands_need_no_docstring(command: str) -> None:
    """What prints help or pages has its texts elsewhere."""
    done = optimized("-m", "pytest_aurous", *command.split())

    assert (done.returncode, done.stderr) == (0, "")


def test_a_suite_and_a_check_need_no_docstring(tmp_path: Path) -> None:
    """The fixtures work, and what they write can be checked; of course no assertion of the suite fails."""
    suite = tmp_path / "test_it.py"
    suite.write_text("def test_it(aurous, aurous_client): aurous_client.get('/v1/balance')", encoding="utf-8")

    ran = optimized(
        "-m", "pytest", "-q", f"--rootdir={tmp_path}", f"--aurous-har={tmp_path}", "--aurous-har-keep=all", str(suite)
    )
    checked = optimized("-m", "pytest_aurous", "check", str(tmp_path))

    assert ran.returncode == 0, ran.stdout
    assert checked.returncode == 0, checked.stdout
