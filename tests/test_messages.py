"""The index of messages quotes what is printed."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_aurous import errors

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE: Final = DOCS / "reference" / "messages.md"


def _module(name: str) -> Any:
    """Import what the page is made with, without leaving its folder on the path."""
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        return import_module(name)
    finally:
        sys.path.pop(0)


INDEX: Final = _module("messages")


@pytest.mark.parametrize("number", range(len(INDEX.MESSAGES)), ids=lambda number: INDEX.MESSAGES[number].title)
def test_each_message_is_quoted_as_it_is_printed(number: int) -> None:
    """The page has its text, letter for letter, below its title, and a link to a page that says more."""
    one = INDEX.MESSAGES[number]
    text = one.say()
    (entry,) = re.findall(
        rf"^### {re.escape(one.title)}\n.*?(?=^##|\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )

    assert f"```text\n{text}\n```\n" in entry
    assert f"- **When**: {one.when}\n- **What to do**: {one.do}\n- **Read on**: {INDEX._link(text, one.page)}" in entry
    assert not re.search(r"\b(told|given|whoever|legal)\b", text)


def test_titles_are_anchors() -> None:
    """No two entries have the same title, and each topic is one part of the page."""
    titles = [one.title for one in INDEX.MESSAGES]
    topics = [one.topic for one in INDEX.MESSAGES]

    assert len(set(titles)) == len(titles) >= 50
    assert topics == sorted(topics, key=list(dict.fromkeys(topics)).index)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_class_has_a_message(name: str) -> None:
    """Each public exception and warning is in the index, with its name before the text."""
    assert re.search(rf"^{name}: ", PAGE.read_text("utf-8"), re.MULTILINE)
