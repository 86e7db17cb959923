"""``pytest-aurous docs``: the documentation in the terminal."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pytest_aurous._cli import docs as pages
from pytest_aurous._cli.main import main

PAGE: Final = """\
# Faults

<!-- [[[cog made() ]]] -->

Each `fault` is **one** *method*, with ``two`` backticks;
see [the lists](lists.md#long) and [time-1](../fidelity.md#time-1), or https.
- [Lists](../how-to/lists.md#long): what they are
  and more
- [a site](https://example.com)

## Stall

```python
# no heading
x = 1
```

| name | what |
| --- | --- |
| `a` | one \\| two |

## Wide

| name | what it is |
| --- | --- |
| `stall` | a stream that sends nothing more, until the client gets its read timeout, or closes the connection |

| name | type | what it is |
| --- | --- | --- |
| `stall` | string | a stream that sends nothing more,<br>until the client gets its read timeout |
| `b` |  | ![A picture](b.png) |
"""
INDEX: Final = """\
# All

## All pages

### Start

- [Lists of things](how-to/lists.md)

### Reference

- [Faults](reference/faults.md)

### Project

- [Changelog](CHANGELOG.md)
"""
KINDS: Final = (("tutorial", "cheat-sheet"), ("how-to/", "examples/"), ("reference/",), ("fidelity", "explanation/"))
PLAIN: Final = """\
Faults
======

Each `fault` is one method, with `two` backticks; see the lists and time-1, or
https.
- Lists (how-to/lists#long): what they are and more
- a site (https://example.com)

Stall
-----

    # no heading
    x = 1

name  what
----  ---------
`a`   one | two

Wide
----

`stall`
    a stream that sends nothing more, until the client gets its read timeout, or
    closes the connection

`stall`
    type: string
    what it is: a stream that sends nothing more, until the client gets its read
    timeout
`b`
    what it is: [picture: A picture]
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with three pages and an example."""
    texts = {
        "index.md": INDEX,
        "reference/faults.md": PAGE,
        "how-to/lists.md": "# Lists\n\nOf [a shop](../examples/shop.py).\n",
        "examples/shop.py": "SHOP = 1\n",
    }
    for name, text in texts.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "_INSTALLED", tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return what the command prints for a topic."""

    def show(*topic: str) -> str:
        assert main(["docs", *topic]) == 0, topic
        return capsys.readouterr().out

    return show


@pytest.mark.usefixtures("folder")
def test_a_page_is_plain_text(printed: Callable[..., str]) -> None:
    """No comment, no markup; tables are aligned, or listed where they are too wide; lists name the topics of links."""
    for topic in ("reference/faults", "faults", "reference/faults.md", "reference/faults.html"):
        assert printed(topic) == PLAIN


@pytest.mark.usefixtures("folder")
def test_a_section_is_printed_alone(printed: Callable[..., str]) -> None:
    """It is named as a link names it, or as its heading is written; the last one ends with the page."""
    stall, again, wide = (printed(topic).strip() for topic in ("faults#stall", "faults#Stall", "faults#wide"))

    assert stall == again == PLAIN[PLAIN.index("Stall") : PLAIN.index("Wide")].strip()
    assert wide == PLAIN[PLAIN.index("Wide") :].strip()


@pytest.mark.usefixtures("folder")
def test_without_a_topic_the_pages_are_listed(printed: Callable[..., str]) -> None:
    """Each has one line, below the headings of the first page; what only the repository has is not among them."""
    assert printed().splitlines()[:6] == [
        "Start",
        "  how-to/lists      Lists of things",
        "",
        "Reference",
        "  reference/faults  Faults",
        "",
    ]


@pytest.mark.usefixtures("folder")
def test_an_example_is_printed_as_it_is(printed: Callable[..., str]) -> None:
    """A page that shows no code of it names its topic."""
    assert printed("how-to/lists") == "Lists\n=====\n\nOf a shop (examples/shop.py).\n"
    assert printed("examples/shop.py") == "SHOP = 1\n"


def test_a_page_that_is_not_in_the_package_has_its_address(printed: Callable[..., str]) -> None:
    """The changelog and the policies are on the site; other pages name them."""
    site = "https://pytest-aurous.readthedocs.io/en/latest"
    topics = {
        "SECURITY": "SECURITY.html",
        "CHANGELOG.md": "CHANGELOG.html",
        "CONTRIBUTING#tests": "CONTRIBUTING.html#tests",
    }
    for topic, address in topics.items():
        assert printed(topic) == f"It is on the site: {site}/{address}\n"


@pytest.mark.usefixtures("folder")
def test_an_unknown_topic_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """So is an unknown section; the command exits with 2. Nothing is searched for in a section."""
    unknown = "No page is called {!r}, and none has it in its text{} pytest-aurous docs lists the pages."
    told = {
        "falts": unknown.format("falts", "; did you mean 'faults'?"),
        "fault#stall": unknown.format("fault", "; did you mean 'faults'?"),
        "faults#stal": "The page reference/faults has no section 'stal'; did you mean 'stall'? "
        "Its sections: faults, stall, wide.",
    }
    for topic, message in told.items():
        assert main(["docs", topic]) == 2
        assert capsys.readouterr().err == f"pytest-aurous: {message}\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("stall", ["reference/faults#stall  Stall", "reference/faults#wide   Wide"]),
        ("The Stream sends", ["reference/faults#wide  Wide"]),
        ("shop", ["how-to/lists#lists  Lists"]),
    ],
)
def test_other_words_are_searched_for(topic: str, found: list[str], printed: Callable[..., str]) -> None:
    """Sections with all of them are listed, in their headings before in their text; examples are not searched."""
    first, *listed = printed(topic).splitlines()

    assert first == f"No page is called {topic!r}. It is in these sections:"
    assert [line.strip() for line in listed][: len(found)] == found


def test_a_search_lists_twenty_sections(printed: Callable[..., str]) -> None:
    """Those that have the word most often come first."""
    _, first, *others = printed("idempotency").splitlines()

    assert first.split() == ["fidelity#idempotency", "Idempotency"]
    assert len(others) == 19


@pytest.mark.usefixtures("folder")
def test_only_a_terminal_has_a_pager(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And only for a page that is longer than the terminal is high."""
    shown: list[str] = []
    monkeypatch.setattr(pages, "pager", shown.append)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for lines in ("10", "1000"):
        monkeypatch.setenv("LINES", lines)
        assert main(["docs", "faults"]) == 0

    assert (shown, capsys.readouterr().out) == ([PLAIN], PLAIN)


def test_each_page_of_a_checkout_is_readable(printed: Callable[..., str]) -> None:
    """No page shows a comment, a fence or a link, and none is wider than its code."""
    found = pages.topics()

    assert len(found) > 30
    listed = re.findall(
        r"\]\((.*)\.md\)", (Path(__file__).parents[2] / "docs" / "index.md").read_text(encoding="utf-8")
    )
    assert {topic for topic in listed if topic not in found} == {"CHANGELOG", "CONTRIBUTING", "SECURITY"}
    for topic in found:
        if topic.endswith(".py"):
            continue
        prose = [line for line in printed(topic).splitlines() if not line.startswith("    ")]
        assert [line for line in prose if any(mark in line for mark in ("<!--", "```", "]("))] == [], topic


def test_each_message_leads_to_a_page_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """What the messages of this package say can be typed, wherever the package is."""
    messages = Path(__file__).parents[1] / "messages"
    commands = {
        line.partition("pytest-aurous ")[2].split()[1]
        for file in messages.glob("*.txt")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "Read on: " in line
    }

    assert len(commands) > 10
    for topic in commands:
        assert main(["docs", topic]) == 0, topic
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "word", ["asyncio.timeout", "Event.wait", "fork", "multiprocessing", "sqlite", "tenacity", "idempotency"]
)
def test_what_readers_look_for_is_found_in_a_guide_first(word: str, printed: Callable[..., str]) -> None:
    """Below the headings that have the word, a how-to stands before the reference, and that before Fidelity."""
    listed = [line.split(maxsplit=1) for line in printed(word).splitlines()[1:]]
    in_text = [topic.split("#")[0] for topic, *title in listed if word.lower() not in "".join(title).lower()]
    kinds = [next((at for at, kind in enumerate(KINDS) if page.startswith(kind)), len(KINDS)) for page in in_text]
    assert any(topic.startswith("how-to/") for topic, *_ in listed)
    assert kinds == sorted(kinds)
