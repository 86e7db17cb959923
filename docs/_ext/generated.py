"""Pages that are made of what the code says and does: tables, the rules, and what pytest prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from functools import cache
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
from docutils import nodes
from docutils.parsers.rst.directives import unchanged_required
from rules import PROVENANCE, Rule, load_rules, tests_by_rule
from sphinx.util.docutils import SphinxDirective, SphinxRole
from states import draw_states

import pytest_aurous
from pytest_aurous import Aurous
from pytest_aurous._catalog import ENDPOINTS, LIFECYCLES
from pytest_aurous._limits import BUCKETS
from pytest_aurous._resources.characters.machine import DEFAULT as _DEFAULT_SCRIPT
from pytest_aurous._resources.generations.sizes import PRESETS
from pytest_aurous._settings import READINGS, ROWS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from pytest_aurous._endpoint import Endpoint

_DOCS = Path(__file__).parents[1]
_BESIDE = _DOCS / "beside"
_EXAMPLES = _DOCS / "examples"
_PACKAGE = Path(pytest_aurous.__file__).parent
_TESTS = _DOCS.parent / "tests"


class Generated(SphinxDirective):
    """A directive whose content is Markdown that the code makes."""

    def _markdown(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Make the nodes."""
        return self.parse_text_to_nodes("\n".join(self._markdown()))


class Operations(Generated):
    """Every row of the catalog."""

    def _markdown(self) -> list[str]:
        lines = ["| operation and call | answer | bucket | rules |", "| --- | --- | --- | --- |"]
        for row in ENDPOINTS:
            host = "<br>*on the upload host*" if row.host == "upload" else ""
            rules = " ".join(f"{{rule}}`{rule}`" for rule in row.rules)
            what = f"**{row.operation}**<br>`{row.method} {row.template}` {host}"
            cells = (what, str(row.status), _bucket(row), rules)
            lines.append(f"| {' | '.join(cells)} |")
        return lines


class BucketTable(Generated):
    """Every rate bucket."""

    def _markdown(self) -> list[str]:
        rows = [f"| `{name}` | {burst} | {refill} |" for name, (burst, refill) in BUCKETS.items()]
        return ["| bucket | capacity | tokens a minute |", "| --- | --- | --- |", *rows]


class Lifecycle(Generated):
    """What may follow each status in a script."""

    required_arguments = 1

    def _markdown(self) -> list[str]:
        lifecycle = LIFECYCLES[self.arguments[0]]
        lines = ["| after | may come |", "| --- | --- |"]
        for status, following in lifecycle.edges.items():
            lines.append(f"| `{status}` | {', '.join(f'`{name}`' for name in following) or 'nothing, it is final'} |")
        return lines


class States(SphinxDirective):
    """The states of a resource as a diagram."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        return [nodes.raw("", draw_states(LIFECYCLES[self.arguments[0]]), format="html")]


class Sizes(Generated):
    """Every `size` of an image."""

    def _markdown(self) -> list[str]:
        lines = ["| ratio | `2k_...` | `4k_...` |", "| --- | --- | --- |"]
        for ratio in dict.fromkeys(size.partition("_")[2] for size in PRESETS):
            small, large = (" x ".join(map(str, PRESETS[f"{tier}_{ratio}"])) for tier in ("2k", "4k"))
            lines.append(f"| `{ratio}` | {small} | {large} |")
        return lines


class Drawn(SphinxDirective):
    """Pictures that the fake draws while the page is made: an output, and the refs of its character."""

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        for file in _PACKAGE.rglob("*.py"):
            self.env.note_dependency(str(file))
        fake = Aurous(seed=7)
        character = fake.characters.add("Aurora", attributes={"age": 28})
        image = fake.images.add("Aurora on a bench by the lake", character=character, size="2k_3_2")
        refs = [(f"The ref {ref.pose}", _behind(fake, ref.url)) for ref in character.refs]
        row = nodes.container(classes=["drawn"])
        for alt, content in (("An output, with all that it stands for", image.picture()), *refs):
            uri = f"data:image/png;base64,{b64encode(content).decode()}"
            row += nodes.image(uri=uri, alt=alt, classes=["no-scaled-link"])
        return [row]


class SettingNames(Generated):
    """Every setting, in the four places where it can be given."""

    def _markdown(self) -> list[str]:
        lines = ["| name | ini option, command line | default |", "| --- | --- | --- |"]
        for name, row in ROWS.items():
            default = _DEFAULT_SCRIPT if name == "script" else row["default"]
            shown = "none" if default in ({}, None) else f"`{default}`"
            flag = f"`--aurous-{name.replace('_', '-')}`"
            lines.append(f"| {{setting}}`{name}` | `aurous_{name}`<br>{flag} | {shown} |")
        return lines


class Readings(Generated):
    """Every rule that can be read in another way."""

    def _markdown(self) -> list[str]:
        lines = ["| rule | default | other reading |", "| --- | --- | --- |"]
        lines += [f"| {{rule}}`{rule}` | `{first}` | `{other}` |" for rule, (first, other) in READINGS.items()]
        return lines


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
                for text in (rule.statement, rule.assumed and f"*Assumed:* {rule.assumed}", _absent(rule)):
                    entry += self.parse_text_to_nodes(text) if text else []
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
        return [f"- {{rule}}`{rule.id}`: {rule.later or rule.statement}" for rule in rules]


class PytestOutput(SphinxDirective):
    """What pytest prints of an example, which is run while the page is made.

    With ``:folder:`` it runs in a folder that holds these examples alone, as that of a reader does;
    ``draft.py=app.py`` is an example that lies there under another name.
    """

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = dict.fromkeys(("folder", "from", "to"), unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Make the node."""
        for file in (*_EXAMPLES.glob("*.py"), *_PACKAGE.rglob("*.py")):
            self.env.note_dependency(str(file))
        arguments = tuple(" ".join(self.arguments).split())
        if "folder" in self.options:
            with TemporaryDirectory() as folder:
                for file in self.options["folder"].split():
                    example, _, name = file.partition("=")
                    copyfile(_EXAMPLES / example, Path(folder, name or example))
                shown = _printed(arguments, Path(folder))
        else:
            shown = _printed(arguments, _EXAMPLES)
        shown = shown[self._line("from", shown) :]
        if "to" in self.options:
            shown = shown[: self._line("to", shown)]
        text = "\n".join(shown).strip("\n")
        return [nodes.literal_block(text, text, language="text", classes=["report"])]

    def _line(self, option: str, lines: list[str]) -> int:
        for number, line in enumerate(lines):
            if re.match(self.options[option], line):
                return number
        raise self.error("\n".join([f"no line begins as :{option}: says:", *lines]))


class Lines(SphinxRole):
    """How many lines are not blank, in the files beside other tools whose names fit."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the node."""
        files = list(_BESIDE.glob(self.text))
        for file in files:
            self.env.note_dependency(str(file))
        lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not lines:
            raise FileNotFoundError(f"nothing in {_BESIDE} is called {self.text}")
        return [nodes.Text(str(len(lines)))], []


@cache
def _printed(arguments: tuple[str, ...], folder: Path) -> list[str]:
    """Run pytest with nobody else's plugin, and return what it prints before its short summary."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AUROUS_", "PYTEST_"))}
    bare = ("-p", "pytest_aurous", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "--disable-warnings")
    run = subprocess.run(  # noqa: S603 - an example of ours
        [sys.executable, "-m", "pytest", *bare, "--color=no", "--tb=short", *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": "80", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    before, _, _ = run.stdout.partition("= short test summary info =")
    return [*before.rstrip("=").splitlines(), *run.stderr.splitlines()]


def _behind(fake: Aurous, url: str) -> bytes:
    """Download from a fake that was never entered, without a client, which would log it."""
    return fake.transport.handle_request(httpx.Request("GET", url)).read()


def _rules(directive: SphinxDirective) -> dict[str, Rule]:
    directive.env.note_dependency(str(_DOCS / "rules.toml"))
    return load_rules(_DOCS)


def _absent(rule: Rule) -> str:
    return f"*Not in this version:* {rule.later}" if rule.later else ""


def _proof(tests: list[str]) -> list[nodes.Node]:
    if not tests:
        return []
    lines = nodes.bullet_list(classes=["proof"])
    for test in tests:
        lines += nodes.list_item("", nodes.paragraph("", "", nodes.literal(text=test.partition("::")[2])))
    return [lines]


def _bucket(row: Endpoint) -> str:
    if callable(row.bucket):  # one call chooses its bucket by what is sent
        return "`characters_synthesize` or `characters_post`"
    return f"`{row.bucket}`" if row.bucket else "none"


def _whole_sentence(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon for the type of a property."""
    if what == "property":
        lines[:0] = [".. whole", ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the roles."""
    directives: dict[str, type[SphinxDirective]] = {
        "operations": Operations,
        "buckets": BucketTable,
        "lifecycle": Lifecycle,
        "states": States,
        "sizes": Sizes,
        "drawn": Drawn,
        "setting-names": SettingNames,
        "readings": Readings,
        "fidelity": Fidelity,
        "fidelity-summary": FidelitySummary,
        "planned-rules": Planned,
        "pytest-output": PytestOutput,
    }
    for name, directive in directives.items():
        app.add_directive(name, directive)
    app.add_role("lines", Lines())
    app.add_object_type("fixture", "fixture", objname="pytest fixture", indextemplate="pair: %s; fixture")
    app.add_object_type("setting", "setting", objname="setting", indextemplate="pair: %s; setting")
    app.add_object_type("rule", "rule", objname="rule")
    app.connect("autodoc-process-docstring", _whole_sentence, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
