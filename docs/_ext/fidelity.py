"""The page Fidelity, and what others show of the rules."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from rules import PROVENANCE, Rule, load_rules, tests_by_rule
from shared import DOCS, rule_link, table

__all__ = ("fidelity", "fidelity_summary", "planned_rules", "with_proofs")

_TESTS: Final = DOCS.parent / "tests"


def fidelity(family: str) -> None:
    """Print the rules of one family: what each promises, on what ground, and how to run the tests that prove it.

    Raises:
        LookupError: If there is no such rule.
    """
    entries = [_entry(rule) for rule in load_rules(DOCS).values() if rule.family == family]
    if not entries:
        raise LookupError(f"no rule of rules.toml is called {family}-...")
    print("\n" + "\n\n".join(entries) + "\n")


def with_proofs(page: str) -> str:
    """Return the page Fidelity with the names of the tests of each rule, which the site shows."""
    tests = tests_by_rule(sorted(_TESTS.rglob("test_*.py")), load_rules(DOCS))
    for rule, names in tests.items():
        lines = "\n".join(f"- `{name}`" for name in names)
        count = f"{len(names)} test{'s' if len(names) > 1 else ''}"
        details = f"<details><summary>{count}</summary>\n\n{lines}\n\n</details>"
        page = page.replace(_proof(rule), details)
    return page


def fidelity_summary() -> None:
    """Print how many rules there are, by provenance."""
    rules = load_rules(DOCS).values()
    count = Counter((rule.provenance, rule.status) for rule in rules)
    columns = {"in this version": "delivered", "planned": "planned"}
    shown = [column for column, status in columns.items() if any(rule.status == status for rule in rules)]
    rows = [(word, *(count[letter, columns[column]] for column in shown)) for letter, word in PROVENANCE.items()]
    table(["provenance", *shown], rows)


def planned_rules() -> None:
    """Print the rules that are not in this version, whole or in part."""
    rules = [rule for rule in load_rules(DOCS).values() if rule.status == "planned" or rule.later]
    lines = [f"- {rule_link(rule.id)}: {rule.later or rule.statement}" for rule in rules]
    if rules:
        print("\nThe rules, one by one:\n\n" + "\n".join(lines) + "\n")


def _entry(rule: Rule) -> str:
    pages = ", ".join(f"`{page}`" for page in rule.source)
    source = f"{pages}: “{rule.quote}”" if rule.quote else pages
    contradicted = re.sub(r"(?<=see )([a-z]+-\d+)", r"[\1](#\1)", rule.contradicted)
    marked = {
        "Assumed": rule.assumed,
        "Contradicted": contradicted,
        "Observed": rule.observed,
        "Not in this version": rule.later,
        "Source": source,
    }
    planned = ", planned" if rule.status == "planned" else ""
    statement = f"**{PROVENANCE[rule.provenance].capitalize()}{planned}.** {rule.statement}"
    texts = [f"### {rule.id}", statement, *(f"*{mark}:* {text}" for mark, text in marked.items() if text)]
    proof = [_proof(rule.id)] if rule.status == "delivered" else []
    return "\n\n".join([*texts, *proof])


def _proof(rule: str) -> str:
    return f"*Tests:* `pytest -k {rule.replace('-', '_')}_`"
