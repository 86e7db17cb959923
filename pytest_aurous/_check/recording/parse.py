"""JSON and YAML as plain data, whatever a file contains: no tag constructs an object, and no alias fills the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

from ..._core.base.data import MOST_BYTES, LimitError
from ..._core.base.errors import AurousError, shown

_YAML: Final = (".yaml", ".yml")
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


class UnreadableError(Exception):
    """Why a file cannot be read, in plain words."""


class SyntaxUnreadableError(UnreadableError):
    """What is wrong with a file that is neither JSON nor YAML, and may be no recording at all."""


@contextmanager
def reading(what: str, more: str) -> Generator[None]:
    """Raise an `AurousError` for whatever keeps a file from being read; *what* names it, and *more* is a URL."""
    try:
        yield
    except (LimitError, UnreadableError, BadZipFile, OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        why = "it is not text in UTF-8. Save it as UTF-8" if isinstance(error, UnicodeDecodeError) else why
        raise AurousError(f"{what}: {why}.\n{more}") from None


def parse(file: Path, raw: bytes, *, yaml: bool = False) -> Any:
    """Return the content of a file as data; it is *yaml* also if its name says so.

    Raises:
        UnreadableError: If it is neither JSON nor plain YAML, is too large, or has two fields of one name in an object.
        UnicodeDecodeError: If it is not text.
    """
    text = raw.decode("utf-8-sig")
    if yaml or file.suffix.lower() in _YAML:
        return _parse_yaml(text)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise SyntaxUnreadableError(f"{line}truncated, or not valid JSON") from None


def _parse_yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise UnreadableError(
            "YAML needs PyYAML, the extra check: install it with python -m pip install pyyaml"
        ) from None
    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]  # a class that is known when PyYAML is
        yaml_implicit_resolvers: Final = {
            first: [pair for pair in pairs if pair[0].rpartition(":")[2] in {"null", "merge"}]
            for first, pairs in safe.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - PyYAML's
            _unique([(str(name.value), None) for name, _ in node.value if not name.tag.endswith(":merge")])
            return {str(name): value for name, value in safe.construct_mapping(self, node, deep).items()}

    for name, pattern in _KINDS.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), None)
    try:
        _check_count(yaml.parse(text, safe))
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_aliases(node)
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise SyntaxUnreadableError(f"{line}truncated, or not plain YAML") from None


def _check_count(events: Iterable[Any]) -> None:
    if sum(1 for _ in islice(events, _MOST_NODES + 1)) > _MOST_NODES:
        raise UnreadableError(f"it has more than {_MOST_NODES} values")


def _check_aliases(root: Any) -> None:
    if _size(root, {}) > MOST_BYTES:
        raise UnreadableError("its aliases make it too large, or endless")


def _size(node: Any, known: dict[int, int]) -> int:
    """Return the size of a node with its aliases written out; *known* has the sizes of others."""
    if id(node) not in known:
        known[id(node)] = MOST_BYTES  # as long as it is open, for an alias that is in its own value
        parts = [part for pair in node.value for part in pair] if node.id == "mapping" else node.value
        inner = len(parts) if isinstance(parts, str) else sum(_size(part, known) for part in parts)
        known[id(node)] = _NODE + inner
    return known[id(node)]


def _refuse(constant: str) -> Any:
    raise UnreadableError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose names are all different.

    Raises:
        UnreadableError: If two are the same.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise UnreadableError(f"an object has the name {shown(name)} twice, and only one of the two would count")
    return found
