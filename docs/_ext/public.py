"""The public names, for readers of the repository: the site shows each with its signature and its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from typing import Any, Final, get_args

from shared import DOCS, ON_THE_SITE, table, with_links

__all__ = ("public_names",)

_MODULE: Final = re.compile(r"^\.\. py:module:: (\S+)$", re.MULTILINE)
_NAME: Final = re.compile(r"^\.\. auto(\w+):: ([\w.]+)(?:\(\))?\n((?:   :.*(?:\n|\Z))*)", re.MULTILINE)


def public_names(page: str, part: int = 1) -> None:
    """Print the names that a part of a page shows on the site, each with the first sentence of its docstring."""
    text = f"{ON_THE_SITE.findall((DOCS / page).read_text(encoding='utf-8'))[part - 1]}\n"
    module = next(iter(_MODULE.findall(text)), "pytest_aurous")
    table(["name", "what it is"], (row for found in _NAME.findall(text) for row in _rows(module, *found)))


def _rows(module: str, kind: str, name: str, options: str) -> Iterator[tuple[str, str]]:
    home, _, short = f"{module}.{name}".rpartition(".") if "." not in name else name.rpartition(".")
    value = getattr(import_module(home), short)
    if kind == "data":
        names = get_args(value)
        yield f"**`{short}`**", f"one of {len(names)} names, such as `{names[0]}`"
        return
    yield f"**`{short}{'()' if kind == 'function' else ''}`**", _first_sentence(value)
    set_options = dict(re.findall(r":([\w-]+): ?(.*)", options))
    if "members" in set_options:
        yield from _members(value, set_options)


def _members(owner: type, options: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the methods and properties that are documented, as autodoc finds them with the same options."""
    wanted = options["members"].split(", ") if options["members"] else []
    skipped = options.get("exclude-members", "").split(", ")
    seen = set[str]()
    for base in owner.__mro__:
        if base is not owner and ("inherited-members" not in options or base.__name__ == options["inherited-members"]):
            return
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen or name in skipped or (wanted and name not in wanted):
                continue
            seen.add(name)
            method = callable(getattr(owner, name))
            text = _first_sentence(getattr(owner, name) if method else member)
            if text and (method or isinstance(member, property)):
                yield f"`.{name}{'()' if method else ''}`", text


def _first_sentence(value: Any) -> str:
    return with_links(" ".join((getdoc(value) or "").partition("\n\n")[0].split()))
