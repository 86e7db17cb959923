"""Tables that are made of the tables in the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import load_readings
from shared import DOCS, rule_link, table

from pytest_aurous._check.live.probes import PROBES
from pytest_aurous._resources.catalog import ENDPOINTS, LIFECYCLES
from pytest_aurous._resources.generations.images import PRESETS
from pytest_aurous._world.buckets import BUCKETS
from pytest_aurous._world.settings import READINGS, ROWS

if TYPE_CHECKING:
    from pytest_aurous._resources.base.endpoint import Endpoint

__all__ = ("buckets", "lifecycle", "operations", "probes", "reading_names", "readings", "setting_names", "sizes")


def operations() -> None:
    """Print every row of the catalog."""
    rows = []
    for row in ENDPOINTS:
        host = " *on the upload host*" if row.host == "upload" else ""
        rules = " ".join(map(rule_link, row.rules))
        what = f"**{row.operation}**<br>`{row.method} {row.template}`{host}{rules and '<br>'}{rules}"
        rows.append((what, f"{row.status}<br>{_bucket(row)}"))
    table(["operation, request and rules", "response and bucket"], rows)


def probes() -> None:
    """Print every probe of the real API."""
    rows = []
    for probe in PROBES:
        key = {"": ["without a key"], "key-1": []}.get(probe.key, ["with an unknown key"])
        parts = [*key, *(f"`{name}: {value}`" for name, value in probe.headers.items() if name != "Content-Type")]
        parts += [f"`{probe.body}`"] if probe.body else []
        rows.append(("<br>".join([f"`{probe.method} {probe.target}`", *parts]), " ".join(map(rule_link, probe.rules))))
    table(["request", "asks about"], rows)


def buckets() -> None:
    """Print every rate bucket."""
    rows = [(f"`{name}`", burst, refill) for name, (burst, refill) in BUCKETS.items()]
    table(["bucket", "capacity", "tokens a minute"], rows)


def lifecycle(resource: str) -> None:
    """Print what may follow each status in a script."""
    rows = [
        (f"`{status}`", ", ".join(f"`{name}`" for name in following) or "nothing, it is final")
        for status, following in LIFECYCLES[resource].edges.items()
    ]
    table(["status", "can be followed by"], rows)


def sizes() -> None:
    """Print every `size` of an image."""
    rows = []
    for ratio in dict.fromkeys(size.partition("_")[2] for size in PRESETS):
        small, large = (" x ".join(map(str, PRESETS[f"{tier}_{ratio}"])) for tier in ("2k", "4k"))
        rows.append((f"`{ratio}`", small, large))
    table(["ratio", "`2k_...`", "`4k_...`"], rows)


def setting_names() -> None:
    """Print every setting, with the names that it has in an ini file and on the command line."""
    rows = []
    for name, row in ROWS.items():
        shown = row["shown"] if row["shown"] == "none" else f"`{row['shown']}`"
        rows.append((f"[{name}](#{name})", f"`aurous_{name}`<br>`--aurous-{name.replace('_', '-')}`", shown))
    table(["name", "ini option, command line", "default"], rows)


def reading_names() -> None:
    """Print every rule that has another reading."""
    rows = [(rule_link(rule), f"`{first}`", f"`{other}`") for rule, (first, other) in READINGS.items()]
    table(["rule", "default", "other reading"], rows)


def readings() -> None:
    """Print both readings of each rule: how to choose it, what the pages say, and what the fake does."""
    rows = []
    for rule, both in load_readings(DOCS).items():
        for number, (reading, row) in enumerate(both.items()):
            head = f"{rule_link(rule)}, the default<br>" if number == 0 else ""
            rows.append((f"{head}`{rule} = {reading}`", row["says"], row["does"]))
    table(["to choose it", "a page says", "the fake does"], rows)


def _bucket(row: Endpoint) -> str:
    if callable(row.bucket):  # one operation chooses its bucket by what is sent
        return "`characters_synthesize` or `characters_post`"
    return f"`{row.bucket}`" if row.bucket else "no bucket"
