"""The rules of `rules.toml`, the readings of `readings.toml`, and the tests that prove the rules.

Sphinx is not needed, so that our tests can use it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from shared import DOCS, rule_link

from pytest_aurous._check.rules import judged_rules
from pytest_aurous._core.resources.base.rules import PROVENANCE, Rule, rule_of

__all__ = (
    "PROVENANCE",
    "Rule",
    "fidelity",
    "how_true",
    "load_readings",
    "load_rules",
    "planned_rules",
    "read_toml",
    "readings",
    "tests_by_rule",
    "with_proofs",
)

_TESTS: Final = DOCS.parent / "tests"
_TEST: Final = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
_OBSERVED: Final = {"recording", "version", "month"}
_ROW: Final = re.compile(r'"([a-z]+-\d+ [a-z][^"]*)"[:)]')  # of a table by which a test is parametrized
_ID: Final = re.compile(r"([a-z]+)[_-](\d+)[_ ]")


def read_toml(file: Path) -> Any:
    """Return what a TOML file holds."""
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return toml.loads(file.read_text(encoding="utf-8"))


def load_rules(docs: Path) -> dict[str, Rule]:
    """Return the rules by id, in the order of the file.

    Raises:
        ValueError: On an id that is there twice, a value that means nothing, a ground without its page or recording, or
            a family without a title.
    """
    rules: dict[str, Rule] = {}
    table = read_toml(docs / "rules.toml")
    for row in table["rule"]:
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
        if rule.family not in table["families"]:
            raise ValueError(
                f"rules.toml: the rule {rule.id} belongs to a family without a title, and would not be on the page "
                f'Fidelity. Add a line such as {rule.family} = "Its title" to [families], at its place on the page.'
            )
        rules[rule.id] = rule
    return rules


def load_readings(docs: Path) -> dict[str, dict[str, str]]:
    """Return by rule, for each of its readings, what the pages say (``says``) and what the fake does (``does``)."""
    return {row.pop("rule"): row for row in read_toml(docs / "readings.toml")["readings"]}


def tests_by_rule(files: Iterable[Path], rules: Iterable[str]) -> dict[str, list[str]]:
    """Return for each rule the names of the tests, and of their rows, that begin with its id, after others perhaps."""
    found: dict[str, list[str]] = {rule: [] for rule in rules}
    for file in files:
        text = file.read_text(encoding="utf-8")
        for name in (*_TEST.findall(text), *_ROW.findall(text)):
            rest = name.removeprefix("test_")
            while (match := _ID.match(rest)) and (rule := f"{match[1]}-{match[2]}") in found:
                found[rule].append(f"{file.stem}::{name}")
                rest = rest[match.end() :]
    return found


def fidelity() -> None:
    """Print the rules of each family under its title: what each promises, and on what ground."""
    rules = load_rules(DOCS).values()
    for family, title in read_toml(DOCS / "rules.toml")["families"].items():
        entries = [_entry(rule) for rule in rules if rule.family == family]
        print("\n" + "\n\n".join([f"## {title}", *entries]))
    print()


def how_true() -> None:
    """Print how many rules there are, and how many of each provenance."""
    rules = load_rules(DOCS).values()
    count = Counter(rule.provenance for rule in rules)
    partly = sum(1 for rule in rules if rule.provenance == "D" and (rule.assumed or rule.contradicted))
    print(
        f"\nThe fake follows {len(rules)} rules. The vendor documents {count['D']} of them, "
        f"{partly} of these with a part that is assumed or contradicted elsewhere.\n"
        f"{count['C']} are contradictory in the documentation, {count['A']} are our assumptions, "
        f"and {count['O']} were observed in exchanges with the real API. "
        f"A recording can decide {len(judged_rules())} of them.\n"
    )


def with_proofs(page: str) -> str:
    """Return the page Fidelity with the names of the tests of each rule, which the site shows."""
    tests = tests_by_rule(sorted(_TESTS.rglob("test_*.py")), load_rules(DOCS))

    def proved(found: re.Match[str]) -> str:
        names = tests.get(found[1], [])
        lines = "\n".join(f"- `{name}`" for name in names)
        count = f"{len(names)} test{'s' if len(names) > 1 else ''}"
        return f"{found[0]}\n\n<details><summary>{count}</summary>\n\n{lines}\n\n</details>"

    return re.sub(r"^### ([a-z]+-\d+)\n.*?(?=\n+(?:###|<!--) )", proved, page, flags=re.MULTILINE | re.DOTALL)


def planned_rules() -> None:
    """Print the rules that are not in this version, whole or in part."""
    rules = [rule for rule in load_rules(DOCS).values() if rule.status == "planned" or rule.later]
    lines = [f"- {rule_link(rule.id)}: {rule.later or rule.statement}" for rule in rules]
    if rules:
        print("\nThe rules, one by one:\n\n" + "\n".join(lines) + "\n")


def readings() -> None:
    """Print both readings of each rule, the default first, and what the vendor's pages say for them."""
    lines = [
        f"- {rule_link(rule)}: " + " or ".join(f"`{reading}` ({says.rstrip('.')})" for reading, says in both.items())
        for rule, both in load_readings(DOCS).items()
    ]
    print("\n" + "\n".join(lines) + "\n")


def _entry(rule: Rule) -> str:
    """Return a rule as Markdown, with its provenance before the pages that it was taken from."""
    pages = ", ".join(f"`{page}`" for page in rule.source)
    source = f"{pages}: “{rule.quote}”" if rule.quote else pages
    provenance = PROVENANCE[rule.provenance].capitalize()
    ground = f"**{provenance}.** {rule.observed or source}".rstrip()
    marked = {
        "*Source:*": source if rule.observed else "",
        "*Assumed:*": rule.assumed,
        "*Contradicted:*": re.sub(r"(?<=see )([a-z]+-\d+)", r"[\1](#\1)", rule.contradicted),
        "*Not in this version:*": rule.later or (rule.statement if rule.status == "planned" else ""),
    }
    lines = [f"{mark} {text}" for mark, text in marked.items() if text]
    return "\n\n".join([f"### {rule.id}", rule.statement, ground, *lines])
