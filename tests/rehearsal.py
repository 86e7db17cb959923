"""Rehearse a release: install what was built in new environments, as a user would, and run the tutorial's first test.

Run as ``tox -e package``, which builds first. The Pythons are the oldest and the newest that are installed;
``tox -e package -- 3.10 3.14`` names them, and fails without one of them.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copy, rmtree, unpack_archive
from typing import Final

_LIMIT: Final = 600  # seconds for one step: an installation without a cache downloads twenty packages
_SUPPORTED: Final = [f"3.{minor}" for minor in range(10, 15)]
_UV: Final = (sys.executable, "-m", "uv")
_WAYS: Final[dict[str, dict[str, str]]] = {
    "highest": {},  # what constraints.txt pins, so that a release of somebody else breaks nothing here
    "lowest-direct": {"UV_CONSTRAINT": ""},
}


def _run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a command to its end. Raises CalledProcessError if it fails."""
    subprocess.run(command, check=True, timeout=_LIMIT, cwd=cwd, env={**os.environ, **(env or {})})  # noqa: S603 - ours


def _pythons() -> list[str]:
    """Return the oldest and the newest supported Python that this machine has."""
    found = []
    for version in _SUPPORTED:
        asked = subprocess.run((*_UV, "python", "find", version), check=False, capture_output=True, timeout=_LIMIT)  # noqa: S603 - ours
        if asked.returncode:
            print(f"Python {version} is not on this machine, and is not tried.")
        else:
            found.append(version)
    return [found[0], found[-1]]


def _first_test(archive: Path, version: str, way: str, place: Path) -> None:
    """Install the archive and what it depends on, nothing else, and run the test of the tutorial that is in it."""
    print(f"{archive.name} on Python {version}, dependencies: {way}", flush=True)
    _run(*_UV, "venv", "-q", "--python", version, place / "venv")
    python = place / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    _run(*_UV, "pip", "install", "-q", "--python", python, "--resolution", way, archive, env=_WAYS[way])
    (first,) = place.glob("venv/**/pytest_aurous/_docs/examples/test_first.py")
    _run(python, "-m", "pytest", "-q", copy(first, place), cwd=place)


def main(dist: Path, place: Path, *pythons: str) -> None:
    """Try both archives of `dist` on each Python, in the folder `place`; then run the quickest tests of the sdist."""
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    rmtree(place, ignore_errors=True)
    # Half of all combinations, in which each archive meets each Python and both ways, and each Python both ways: the
    # wheel is built from the sdist, so the others would show nothing new. Two at a time: they wait for downloads.
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(_first_test, archive, version, way, place / f"{number}-{way}")
            for number, version in enumerate(pythons or _pythons())
            for archive, way in zip((wheel, sdist), sorted(_WAYS, reverse=number % 2 == 1), strict=True)
        ]
    for run in runs:
        run.result()
    rmtree(place)
    unpack_archive(sdist, place)
    (folder,) = place.iterdir()
    _run(sys.executable, "-m", "pytest", "-q", "tests/world", "docs/examples/test_first.py", cwd=folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
