"""A twisted twin for probes, in place of the real API: a fake that differs from this one in two points."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_aurous import Aurous, AurousServer


@contextmanager
def served() -> Generator[tuple[str, str], None, None]:
    """Serve the twin, and yield its URL and an API key."""
    limits = {"operation": "characters.list", "where": "status", "what": "refusal"}
    row = {**limits, "of": "400 value_out_of_range", "status": 400, "code": "limit_out_of_range"}
    with TemporaryDirectory() as folder:
        observed = Path(folder, "observed.json")
        observed.write_text(json.dumps({"observed": [row]}), encoding="utf-8")
        readings = {"ver-3": "prior_dates"}
        aurous = Aurous(readings=readings, observed=str(observed), pitfalls="off", strict="off")
    aurous.characters.add(status="ready")
    aurous.images.add()
    with AurousServer(aurous) as server:
        yield server.url, str(aurous.api_key)
