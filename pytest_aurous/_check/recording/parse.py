"""JSON and YAML as plain data, whatever a file contains: no tag constructs an object, and no alias fills the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ..._base.errors import shown
from ..._report.bodies import MOST_BYTES, LimitError
from .limits import read_file

YAML: Final = (".yaml", ".yml")
_MOST_NODES: Final = 1_000_000
"""The most values in YAML, as they are written."""
_NODE: Final = 32
"""What a value of YAML counts beside its text, where the aliases are written out."""
_KINDS: Final = {
    "bool": "true|True|TRUE|false|False|FALSE",
    "int": "[-+]?(?:0|[1-9][0-9]*)",
    "float": r"[-+]?(?:[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)",
}
"""Words and numbers of YAML 1.2: a time is no number of base 60, and `no` is a word."""


class UnreadableError(ValueError):
    """Why a file cannot be read, in plain words."""


class SyntaxUnreadableError(UnreadableError):
    """What is wrong with a file that is neither JSON nor YAML, and may be no recording at all."""


def text_of(file: Path) -> str:
    """Return the text of a file in UTF-8, without its mark.

    Raises:
        UnreadableError: If it cannot be read, is too large, or is no text.
    """
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("it is not text in UTF-8. Save it as UTF-8") from None
    except (LimitError, OSError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or str(error)) from None


def parse_json(text: str, *, strict: bool = False) -> Any:
    """Return JSON as data; if *strict*, an object with two fields of one name is refused, and so is NaN.

    Raises:
        UnreadableError: If it is not valid.
    """
    hooks: dict[str, Any] = {"object_pairs_hook": unique, "parse_constant": _refuse} if strict else {}
    try:
        return json.loads(text, **hooks)
    except UnreadableError:
        raise
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise SyntaxUnreadableError(f"{line}truncated, or not valid JSON") from None


def parse_yaml(text: str, check: Callable[[Any], object] = id) -> Any:
    """Return YAML as data; *check* may refuse its root node before anything is constructed.

    Raises:
        UnreadableError: If it is not plain YAML, is too large, or PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise UnreadableError('YAML needs the extra check: pip install "pytest-aurous[check]"') from None
    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]  # a class that is known when PyYAML is
        yaml_implicit_resolvers: Final = {
            first: [pair for pair in pairs if pair[0].rpartition(":")[2] in {"null", "merge"}]
            for first, pairs in safe.yaml_implicit_resolvers.items()
        }

    for name, pattern in _KINDS.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), None)
    try:
        _check_count(yaml.parse(text, safe))
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_aliases(node)
        check(node)
        return loader.construct_document(node)
    except UnreadableError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        if "could not determine a constructor" in str(error):
            raise UnreadableError(f"{line}an object of a program, which is not made") from None
        raise SyntaxUnreadableError(f"{line}truncated, or not plain YAML") from None


def _check_count(events: Iterable[Any]) -> None:
    if sum(1 for _ in islice(events, _MOST_NODES + 1)) > _MOST_NODES:
        raise UnreadableError(f"it has more than {_MOST_NODES} values")


def _check_aliases(root: Any) -> None:
    if _size(root, {}) > MOST_BYTES:
        raise UnreadableError("its aliases make it too large")


def _size(node: Any, known: dict[int, int]) -> int:
    """Return the size of a node with its aliases written out; *known* has the sizes of others, and 0 on the way."""
    size = known.get(id(node))
    if size == 0:
        raise UnreadableError("an alias contains itself")
    if size is None:
        known[id(node)] = 0
        parts = [part for pair in node.value for part in pair] if node.id == "mapping" else node.value
        inner = len(parts) if isinstance(parts, str) else sum(_size(part, known) for part in parts)
        size = known[id(node)] = _NODE + inner
    return size


def _refuse(constant: str) -> Any:
    raise UnreadableError(f"{constant} is not JSON")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose names are all different.

    Raises:
        UnreadableError: If two are the same.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise UnreadableError(f"an object has the name {shown(name)} twice, and only one of the two would count")
        found[name] = value
    return found


def check_names(root: Any) -> None:
    """Refuse a node of YAML with two fields of one name in an object, as `unique` does."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or node.id == "scalar":
            continue
        seen.add(id(node))
        if node.id == "mapping":
            unique([(str(name.value), None) for name, _ in node.value if not name.tag.endswith(":merge")])
            waiting += [part for pair in node.value for part in pair]
        else:
            waiting += node.value
