"""The rules of `rules.toml`, and the tests that prove them. Sphinx is not needed, so that our tests can use it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

__all__ = ("PROVENANCE", "Rule", "load_rules", "read_toml", "tests_by_rule")

PROVENANCE: Final = {"D": "documented", "C": "contradictory", "A": "assumed"}
_TEST: Final = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
_ID: Final = re.compile(r"([a-z]+)_(\d+)_")


@dataclass(frozen=True)
class Rule:
    """One promise.

    Attributes:
        id: Such as ``save-1``.
        provenance: A key of `PROVENANCE`.
        statement: What the fake does.
        assumed: The part of it that is an assumption.
        later: The part of it that is not in this version.
        status: ``delivered`` or ``planned``.
    """

    id: str
    provenance: str
    statement: str
    assumed: str = ""
    later: str = ""
    status: str = "delivered"

    @property
    def family(self) -> str:
        """The word before the number."""
        return self.id.partition("-")[0]


def read_toml(file: Path) -> Any:
    """Return what a TOML file holds."""
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return toml.loads(file.read_text(encoding="utf-8"))


def load_rules(docs: Path) -> dict[str, Rule]:
    """Return the rules by id, in the order of the file.

    Raises:
        ValueError: On an id that is there twice, or a value that means nothing.
    """
    rules: dict[str, Rule] = {}
    for row in read_toml(docs / "rules.toml")["rule"]:
        rule = Rule(**row)
        if rule.id in rules or rule.provenance not in PROVENANCE or rule.status not in {"delivered", "planned"}:
            raise ValueError(f"rules.toml: {rule}")
        rules[rule.id] = rule
    return rules


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
