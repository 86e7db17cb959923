"""``pytest-aurous docs``: the pages of the documentation as plain text, from the package or from a checkout."""

from __future__ import annotations

import re
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import metadata
from pathlib import Path
from pydoc import pager
from textwrap import fill
from typing import Final

from .._core.base.errors import AurousLookupError, nearest

_INSTALLED: Final = Path(__file__).parents[1] / "_docs"
_CHECKOUT: Final = Path(__file__).parents[2] / "docs"
_ON_THE_SITE: Final = {"CHANGELOG", "CONTRIBUTING", "SECURITY"}
_NOT_PAGES: Final = {".pytest_cache", "_build", "beside", *_ON_THE_SITE}
_CODE: Final = ".py"
_WIDEST: Final = 100
_MOST: Final = 20
"""A search lists this many sections."""
_FENCE: Final = "```"
_fill: Final = partial(fill, break_long_words=False, break_on_hyphens=False)
_HEADING: Final = re.compile(r"^(#+) (.*)$")
_LISTED: Final = re.compile(r"^- \[(.*)\]\((.*)\.md\)$")
_ITEM: Final = re.compile(r"^( *)([-*]|\d+\.) +(.*)$")


def run(options: Namespace) -> int:
    """Print a page or a section of one, list the topics, or search for words; return the exit code."""
    terminal = shutil.get_terminal_size()
    width = min(terminal.columns, _WIDEST)
    text = "\n".join(_listed(width) if options.topic is None else _shown(options.topic, width))
    if sys.stdout.isatty() and text.count("\n") >= terminal.lines:
        pager(f"{text}\n")
    else:
        print(text)  # noqa: T201 - a command prints
    return 0


def topics() -> dict[str, Path]:
    """Return the file of each page by its topic, such as ``reference/faults``; an example keeps its suffix."""
    root = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    pages = {file.relative_to(root).with_suffix(""): file for file in sorted(root.rglob("*.md"))}
    pages |= {file.relative_to(root): file for file in sorted((root / "examples").rglob(f"*{_CODE}"))}
    return {name.as_posix(): file for name, file in pages.items() if not _NOT_PAGES & set(name.parts)}


def slug(title: str) -> str:
    """Return the anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _listed(width: int) -> Iterator[str]:
    groups = _groups(topics())
    room = max(len(row[2]) for rows in groups.values() for row in rows) + 2
    for heading, rows in groups.items():
        yield heading
        yield from (f"  {row[2]:{room}}{row[1]}"[:width] for row in rows)
        yield ""
    yield _fill("Print a page: pytest-aurous docs TOPIC. A section of it: pytest-aurous docs TOPIC#SECTION.", width)


def _groups(found: dict[str, Path]) -> dict[str, list[re.Match[str]]]:
    """Return the rows of the first page by heading, in the order in which a reader needs them."""
    heading = ""
    groups: dict[str, list[re.Match[str]]] = {}
    for line in _plain(found["index"]):
        heading = _level(line)[1] or heading
        if (row := _LISTED.match(line)) and row[2] in found:
            groups.setdefault(heading, []).append(row)
    return groups


def _shown(topic: str, width: int) -> Iterator[str]:
    name, _, anchor = topic.partition("#")
    found = topics()
    wanted = name.removesuffix(".md").removesuffix(".html").strip("/")
    short = {page.rpartition("/")[2]: page for page in found}
    page = wanted if wanted in found else short.get(wanted)
    if wanted in _ON_THE_SITE:
        addresses = dict(one.split(", ", 1) for one in metadata("pytest-aurous").get_all("Project-URL", []))
        return iter([f"It is on the site: {addresses['Documentation']}{wanted}.html{'#' * bool(anchor)}{anchor}"])
    if page is None:
        if not anchor and (hits := _searched(name.lower().split(), found, width)):
            return iter([f"No page is called {name!r}. It is in these sections:", *hits])
        raise AurousLookupError(
            f"No page is called {name!r}, and none has it in its text{nearest(wanted, [*found, *short])} "
            "pytest-aurous docs lists the pages."
        )
    if page.endswith(_CODE):
        return iter(found[page].read_text(encoding="utf-8").splitlines())
    lines = _plain(found[page])
    return _rendered(_section(page, lines, slug(anchor)) if anchor else lines, page, width)


def _searched(words: list[str], found: dict[str, Path], width: int) -> list[str]:
    """List the sections that have all *words*: in their headings first, then as the first page orders its groups."""
    groups = list(_groups(found).values())
    needed = {row[2]: number for number, rows in enumerate(groups) for row in rows}
    sections: dict[tuple[str, str], str] = {}
    for page, file in found.items():
        section = (page, "")
        for line in [] if page.endswith(_CODE) else _plain(file):
            level, title = _level(line)
            section = (f"{page}#{slug(title)}", title) if level else section
            sections[section] = f"{sections.get(section, '')}{_inline(line)}\n".lower()

    def rank(section: tuple[str, str]) -> tuple[bool, int, int]:
        in_text = any(word not in section[1].lower() for word in words)
        page = section[0].partition("#")[0]
        return in_text, needed.get(page, len(groups)), -sum(map(sections[section].count, words))

    hits = sorted((one for one, text in sections.items() if all(word in text for word in words)), key=rank)[:_MOST]
    room = max((len(topic) for topic, _ in hits), default=0) + 2
    return [f"  {topic:{room}}{title}"[:width] for topic, title in hits]


def _section(page: str, lines: list[str], anchor: str) -> list[str]:
    """Return a section with what is below it, or raise an `AurousLookupError`."""
    headings = [(number, *_level(line)) for number, line in enumerate(lines) if _level(line)[0]]
    begin = next((at for at, (_, _, title) in enumerate(headings) if slug(title) == anchor), None)
    if begin is None:
        main = [slug(title) for _, level, title in headings if level <= 2]  # noqa: PLR2004 - one page has 60 others
        near = nearest(anchor, [slug(title) for _, _, title in headings])
        raise AurousLookupError(f"The page {page} has no section {anchor!r}{near} Its sections: {', '.join(main)}.")
    first, level, _ = headings[begin]
    last = next((number for number, deep, _ in headings[begin + 1 :] if deep <= level), None)
    return lines[first:last]


def _level(line: str) -> tuple[int, str]:
    """Return how deep a heading is, and its text; 0 for other lines. Code is indented, so it has none."""
    match = _HEADING.match(line)
    return (len(match[1]), _inline(match[2])) if match else (0, "")


def _plain(file: Path) -> list[str]:
    """Return the lines of a page without its comments; code is indented, and has no fences."""
    text = re.sub(r"<!--.*?-->", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines: list[str] = []
    code = False
    for line in text.splitlines():
        if line.lstrip().startswith(_FENCE):
            code = not code
        elif code:
            lines.append(f"    {line}".rstrip())
        elif line.strip() or (lines and lines[-1]):  # comments leave empty lines behind
            lines.append(line.rstrip())
    return lines


def _rendered(lines: list[str], page: str, width: int) -> Iterator[str]:
    """Yield the lines as plain text: paragraphs are filled, and rows of tables are aligned or listed."""
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        level, title = _level(line)
        if level:
            yield from (title, {1: "=", 2: "-"}.get(level, "~") * len(title))
        elif line.startswith("|"):
            rows = [line, *_taken(rest, lambda one: one.startswith("|"))]
            yield from _table([_cells(row, page) for row in rows], width)
        elif not line or line.startswith("    "):
            yield line
        else:
            item = _ITEM.match(line)
            more = _taken(rest, lambda one: not _ITEM.match(one) and not one.startswith(("#", "|", "    ")) and one)
            mark = f"{item[1]}{item[2]} " if item else ""
            text = " ".join([item[3] if item else line, *(one.strip() for one in more)])
            yield _fill(
                _inline(text, page, named=bool(item)), width, initial_indent=mark, subsequent_indent=" " * len(mark)
            )


def _taken(rest: list[str], fits: Callable[[str], object]) -> list[str]:
    taken: list[str] = []
    while rest and fits(rest[0]):
        taken.append(rest.pop(0))
    return taken


def _cells(row: str, page: str) -> list[str]:
    return [_inline(cell.strip(), page) for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def _table(rows: list[list[str]], width: int) -> Iterator[str]:
    """Align the columns if they fit; else list the rows, each below its first cell."""
    head, _, *body = rows
    names = head[1:] if len(head) > 2 else [""]  # noqa: PLR2004 - with two columns, nothing needs a name
    rooms = [max(len(row[at]) for row in (head, *body)) for at in range(len(head))]
    if sum(rooms) + 2 * len(rooms) <= width:
        for row in (head, ["-" * room for room in rooms], *body):
            yield "  ".join(f"{cell:{room}}" for cell, room in zip(row, rooms, strict=True)).rstrip()
        return
    for first, *others in body:
        yield _fill(first, width)
        for name, cell in zip(names, others, strict=True):
            if cell:
                yield _fill(f"{name}: {cell}" if name else cell, width, initial_indent="    ", subsequent_indent="    ")


def _inline(text: str, page: str = "", *, named: bool = True) -> str:
    """Return text without markup; read on *page*, its links name the topics of examples and, if *named*, of pages."""

    def link(match: re.Match[str]) -> str:
        said, target = match[1], match[2]
        if "://" in target:
            return f"{said} ({target})"
        path, _, anchor = target.partition("#")
        shown = path.endswith(_CODE) or (named and path.endswith(".md"))
        if not page or not shown or said == anchor:  # a rule is named by its link already
            return said
        parts = [*page.split("/")[:-1], *path.removesuffix(".md").split("/")]
        while ".." in parts:
            at = parts.index("..")
            del parts[at - 1 : at + 1]
        return f"{said} ({'/'.join(parts)}{'#' * bool(anchor)}{anchor})"

    text = re.sub(r"<br ?/?>", " ", text)
    text = re.sub(r"<picture>.*?!\[([^]]*)\].*?</picture>|!\[([^]]*)\]\([^)]*\)", r"[picture: \1\2]", text)
    text = re.sub(r"\[((?:`[^`]*`|[^]])*)\]\(([^)\s]*)\)", link, text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    text = re.sub(r"(?<![\w*`])\*(?=\S)([^*`]+?)\*(?![\w*`])", r"\1", text)
    return text.replace("``", "`").replace("\\|", "|")
