"""What a check of a long recording costs: time for each exchange, and how it grows."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_aurous import Aurous
from pytest_aurous._reality.check import check_files
from pytest_aurous._report.har import har
from timing import Result, per_call, ratio, rounds, summary

__all__ = ("measure",)

FEW = 2_000
MANY = 10_000
ORDER = {"name": "Aurora", "generate": True, "attributes": {"age": 30}}


def measure(*, quick: bool) -> list[Result]:
    """Measure the check of a short and of a long recording of synthesis, polls, save and balance."""
    with TemporaryDirectory() as folder:
        few, many = _checks(Path(folder, "few.har"), FEW), _checks(Path(folder, "many.har"), MANY)
        samples = rounds({"few": few, "many": many}, 2 if quick else 9)
    return [
        ratio(f"an exchange of {MANY:,} checked / of {FEW:,}", samples["many"], samples["few"], bar=1.25),
        summary("an exchange checked", [value * 1e6 for value in samples["many"]], "us", bar=2_000),
    ]


def _checks(file: Path, exchanges: int) -> Callable[[], float]:
    """Return what measures the check of a recording, for each of its exchanges."""
    with Aurous(now="2026-05-08T10:00:00Z", credits=10**6, pitfalls="off") as fake, fake.client() as client:
        while len(fake.calls) < exchanges:
            path = f"/v1/characters/{client.post('/v1/characters', json=ORDER).json()['id']}"
            for _ in range(6):
                client.get(path)
            client.post(f"{path}/save")
            client.get("/v1/balance")
            client.get("/v1/characters")
        file.write_text(json.dumps(har(fake.calls)), encoding="utf-8")
        made = len(fake.calls)
    check = partial(check_files, [file])
    assert not check().verdicts.refuted  # a check that fails early would be fast, too
    return lambda: per_call(check, 1) / made
