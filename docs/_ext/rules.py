"""The rules of `rules.toml`, the readings of `readings.toml`, and the tests that prove the rules.

Sphinx is not needed, so that our tests can use it.

As a program it writes them to `pytest_aurous/_generated/rules.json`, where the installed package reads them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from pytest_aurous._resources.base.rules import PROVENANCE, Rule, rule_of

__all__ = ("PROVENANCE", "Rule", "as_json", "load_readings", "load_rules", "read_toml", "tests_by_rule")

_ROOT: Final = Path(__file__).parents[2]
_TEST: Final = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
_OBSERVED: Final = {"recording", "version", "month"}
_ID: Final = re.compile(r"([a-z]+)_(\d+)_")


def read_toml(file: Path) -> Any:
    """Return what a TOML file holds."""
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return toml.loads(file.read_text(encoding="utf-8"))


def load_rules(docs: Path) -> dict[str, Rule]:
    """Return the rules by id, in the order of the file.

    Raises:
        ValueError: On an id that is there twice, a value that means nothing, or a ground without its page or recording.
    """
    rules: dict[str, Rule] = {}
    for row in read_toml(docs / "rules.toml")["rule"]:
        if set(row.get("observed", _OBSERVED)) != _OBSERVED:
            raise ValueError(f"rules.toml: {row}")
        rule = rule_of(row)
        if (
            rule.id in rules
            or rule.provenance not in PROVENANCE
            or rule.status not in {"delivered", "planned"}
            or (rule.provenance in {"D", "C"} and not rule.source)
            or (rule.provenance == "O") != bool(rule.observed)
        ):
            raise ValueError(f"rules.toml: {rule}")
        rules[rule.id] = rule
    return rules


def as_json(docs: Path) -> str:
    """Return the rules as JSON, one a line, so that changes can be read and merged."""
    rows = read_toml(docs / "rules.toml")["rule"]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def load_readings(docs: Path) -> dict[str, dict[str, Any]]:
    """Return by rule, for each of its readings, what the pages say (``says``) and what the fake does (``does``)."""
    return {row.pop("rule"): row for row in read_toml(docs / "readings.toml")["readings"]}


def tests_by_rule(files: Iterable[Path], rules: Iterable[str]) -> dict[str, list[str]]:
    """Return for each rule the names of the tests that begin with its id, after ids of other rules perhaps."""
    found: dict[str, list[str]] = {rule: [] for rule in rules}
    for file in files:
        for name in _TEST.findall(file.read_text(encoding="utf-8")):
            rest = name.removeprefix("test_")
            while (match := _ID.match(rest)) and (rule := f"{match[1]}-{match[2]}") in found:
                found[rule].append(f"{file.stem}::{name}")
                rest = rest[match.end() :]
    return found


if __name__ == "__main__":
    (_ROOT / "pytest_aurous" / "_generated" / "rules.json").write_text(as_json(_ROOT / "docs"), encoding="utf-8")
