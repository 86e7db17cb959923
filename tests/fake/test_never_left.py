"""Fakes that are entered and never left: the interpreter exits without a word."""

import subprocess
import sys
from typing import Final

SCRIPTS: Final = {
    "all that can be entered": """
        os.environ["AUROUS_API_KEY"] = "al_live_secret_key"
        fakes = [Aurous(seed=1, base_url="https://a.example"), Aurous(sleep="skip"), Aurous(seed=2)]
        for fake in fakes:
            fake.__enter__()
        httpx.get(f"{fake.base_url}/v1/balance", headers={"X-Api-Key": fake.api_key})
        fake.route("balance.retrieve").respond(503)
        day = fake.day(BadDay("characters.create#1 lost"))
        day.__enter__()
        block = fake.clock.skip_sleeps()
        block.__enter__()
        time.sleep(60)
        server = AurousServer(Aurous())
        server.__enter__()
    """,
    "an exit in the block": """
        with Aurous(sleep="skip"):
            sys.exit()
    """,
}


def test_the_interpreter_exits_in_silence() -> None:
    """Whatever was entered and never left, nothing is written when the interpreter exits."""
    found: dict[str, tuple[int, str]] = {}
    for name, script in SCRIPTS.items():
        lines = "\n".join(line[8:] for line in script.splitlines())
        imports = "import os, sys, time\nimport httpx\nfrom pytest_aurous import Aurous, AurousServer, BadDay\n"
        done = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-c", imports + lines], capture_output=True, text=True, check=False, timeout=60
        )
        found[name] = done.returncode, done.stdout + done.stderr

    assert found == dict.fromkeys(SCRIPTS, (0, ""))
