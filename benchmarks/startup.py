"""What the plugin costs a suite that does not use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from subprocesses import run_pytest
from timing import Result, ratio, rounds, summary

__all__ = ("measure",)

# Autoload is off, so this is what the entry point would load; and then what one writes by hand.
WAYS = {"by its entry point": "pytest_aurous.plugin", "by -p pytest_aurous": "pytest_aurous"}
HEAVY = ("httpx", "httpx2", "respx", "faker")
LOADED = f"""
import json, pathlib, sys

def test_loaded():
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    pathlib.Path(__file__).with_name("loaded.json").write_text(json.dumps(loaded))
"""


def measure(*, quick: bool) -> list[Result]:
    """Measure pytest with the plugin beside pytest without it, and look at what was imported."""
    with TemporaryDirectory() as name:
        home = Path(name)
        (home / "test_one.py").write_text("def test_one(): pass\n")
        contestants: dict[str, Callable[[], float]] = {
            way: partial(run_pytest, home, plugin) for way, plugin in WAYS.items()
        }
        samples = rounds({**contestants, "without": partial(run_pytest, home)}, 7 if quick else 41)
        loaded = {way: _loaded(home, plugin) for way, plugin in WAYS.items()}
    results = [summary("  pytest without the plugin", [value * 1e3 for value in samples["without"]], "ms")]
    for way in WAYS:
        results += [
            ratio(f"pytest, plugin loaded {way} / without", samples[way], samples["without"], bar=1.03),
            summary(f"  heavy modules then: {', '.join(loaded[way]) or 'none'}", [len(loaded[way])], "", bar=0),
        ]
    return results


def _loaded(home: Path, plugin: str) -> list[str]:
    (home / "test_one.py").write_text(LOADED)
    run_pytest(home, plugin)
    loaded: list[str] = json.loads((home / "loaded.json").read_text())
    return loaded
