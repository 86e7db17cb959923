"""The page Fidelity, and what others show of the rules."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from docutils import nodes
from rules import PROVENANCE, Rule, load_rules, tests_by_rule
from shared import DOCS, Generated
from sphinx.util.docutils import SphinxDirective

__all__ = ("DIRECTIVES",)

_TESTS: Final = DOCS.parent / "tests"


class Fidelity(SphinxDirective):
    """The rules of one family: what each promises, on what ground, and the tests that prove it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        rules = _rules(self)
        tests = tests_by_rule(sorted(_TESTS.rglob("test_*.py")), rules)
        out: list[nodes.Node] = []
        for rule in rules.values():
            if rule.family == self.arguments[0]:
                entry = nodes.container(classes=["rule", rule.status], ids=[f"rule-{rule.id}"])
                entry += self._head(rule)
                for text in _texts(rule):
                    entry += self.parse_text_to_nodes(text)
                entry += _proof(tests[rule.id])
                self.env.domains.standard_domain.note_object("rule", rule.id, f"rule-{rule.id}", location=entry)
                out.append(entry)
        if not out:
            raise self.error(f"no rule of rules.toml is called {self.arguments[0]}-...")
        return out

    def _head(self, rule: Rule) -> nodes.Node:
        head = nodes.paragraph(classes=["rule-head"])
        link = nodes.reference("", "", nodes.strong(text=rule.id), refid=f"rule-{rule.id}", internal=True)
        word = PROVENANCE[rule.provenance]
        badge = nodes.inline(text=word, classes=["provenance", word])
        head += [link, nodes.Text(" "), badge]
        if rule.status == "planned":
            head += [nodes.Text(" "), nodes.inline(text="planned", classes=["provenance", "planned"])]
        return head


class FidelitySummary(Generated):
    """How many rules there are, by provenance."""

    def _markdown(self) -> list[str]:
        rules = _rules(self).values()
        count = Counter((rule.provenance, rule.status) for rule in rules)
        columns = {"in this version": "delivered", "planned": "planned"}
        shown = [column for column, status in columns.items() if any(rule.status == status for rule in rules)]
        lines = [f"| provenance | {' | '.join(shown)} |", "| --- " * (len(shown) + 1) + "|"]
        for letter, word in PROVENANCE.items():
            lines.append(f"| {word} | {' | '.join(str(count[letter, columns[column]]) for column in shown)} |")
        return lines


class Planned(Generated):
    """The rules that are not in this version, whole or in part."""

    def _markdown(self) -> list[str]:
        rules = [rule for rule in _rules(self).values() if rule.status == "planned" or rule.later]
        lines = [f"- {{rule}}`{rule.id}`: {rule.later or rule.statement}" for rule in rules]
        return ["The rules, one by one:", "", *lines] if rules else []


def _rules(directive: SphinxDirective) -> dict[str, Rule]:
    directive.env.note_dependency(str(DOCS / "rules.toml"))
    return load_rules(DOCS)


def _texts(rule: Rule) -> list[str]:
    """Return what the page says of a rule, as Markdown."""
    pages = ", ".join(f"`{page}`" for page in rule.source)
    source = f"{pages}: “{rule.quote}”" if rule.quote else pages
    contradicted = re.sub(r"(?<=see )([a-z]+-\d+)", r"{rule}`\1`", rule.contradicted)
    marked = {
        "Assumed": rule.assumed,
        "Contradicted": contradicted,
        "Not in this version": rule.later,
        "Source": source,
    }
    return [rule.statement, *(f"*{mark}:* {text}" for mark, text in marked.items() if text)]


def _proof(tests: list[str]) -> list[nodes.Node]:
    if not tests:
        return []
    lines = nodes.bullet_list()
    for test in tests:
        lines += nodes.list_item("", nodes.paragraph("", "", nodes.literal(text=test)))
    count = f"{len(tests)} test{'s' if len(tests) > 1 else ''}"
    opening = f'<details class="proof"><summary>{count}</summary>'
    return [nodes.raw("", opening, format="html"), lines, nodes.raw("", "</details>", format="html")]


DIRECTIVES: Final = {
    "fidelity": Fidelity,
    "fidelity-summary": FidelitySummary,
    "planned-rules": Planned,
}
