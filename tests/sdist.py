"""Unpack an sdist, and run its quickest tests in it."""

import subprocess
import sys
from pathlib import Path
from shutil import rmtree, unpack_archive

dist, place = map(Path, sys.argv[1:])
rmtree(place, ignore_errors=True)
(archive,) = dist.glob("*.tar.gz")
unpack_archive(archive, place)
(folder,) = place.iterdir()
tests = ("tests/world", "docs/examples/test_first.py")
command = [sys.executable, "-m", "pytest", "-q", *tests]
sys.exit(subprocess.run(command, cwd=folder, check=False, timeout=1800).returncode)  # noqa: S603
