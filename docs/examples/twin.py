"""Make twin.har: a recording of a twisted twin, in place of one of the real API.

The twin is a fake that differs from this one in four points. It is served on a local
port, and test_staging.py runs against it. Run this file to record it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from pytest_aurous import Aurous, AurousServer

FILE = Path(__file__).with_name("twin.har")
SUITE = Path(__file__).with_name("test_staging.py")
BARE = ("-p", "pytest_aurous", "-p", "no:cacheprovider", "-c", os.devnull)
DIFFERENT = {"operation": "characters.retrieve", "where": "body.updated_at"}
NEW = {"operation": "images.retrieve", "where": "body.queue_position"}


@contextmanager
def served() -> Generator[dict[str, str], None, None]:
    """Serve the twin: two other readings, and two differences without a reading.

    Yields:
        The variables that lead test_staging.py to it.
    """
    rows = [
        {**DIFFERENT, "what": "precision", "digits": 3},
        {**NEW, "what": "added", "value": 3},
    ]
    with TemporaryDirectory() as folder:
        observed = Path(folder, "observed.json")
        observed.write_text(json.dumps({"observed": rows}), encoding="utf-8")
        aurous = Aurous(
            readings={"create-4": "ready", "err-6": "global"},
            observed=str(observed),
            pitfalls="off",
        )
    with AurousServer(aurous) as server:
        key = str(aurous.api_key)
        yield {"STAGING_URL": server.url, "STAGING_KEY": key, "STAGING_PAUSE": "0"}


def record(folder: Path) -> str:
    """Record the suite, and return what pytest printed."""
    copyfile(SUITE, folder / SUITE.name)
    command = [sys.executable, "-m", "pytest", *BARE, "--rootdir=.", SUITE.name]
    clean = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    with served() as variables:
        run = subprocess.run(
            [*command, "--aurous-record=recordings"],
            cwd=folder,
            env={**clean, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
    return run.stdout


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        sys.stdout.write(record(Path(folder)))
        (made,) = Path(folder, "recordings").glob("*.har")
        copyfile(made, FILE)
