"""Files as plain data, whatever they contain: no tag constructs an object, and nothing fills the memory.

Cassettes of VCR.py become HAR.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from ..._core.base.data import MOST_BYTES, LimitError, as_list, as_object, read_file
from ..._core.base.errors import AurousError, shown
from ..._core.wire.har import field, plain_text

_YAML: Final = (".yaml", ".yml")
_MOST_NODES: Final = 1_000_000
"""The most values in YAML, as they are written."""
_NODE: Final = 32
"""What a value of YAML counts beside its text, where the aliases are written out."""
_MOST_PARTS: Final = 3_000_000
"""The most objects and lists in a file, and in all bodies of a recording together."""
_MOST_DEPTH: Final = 100
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
        if _size(node, {}) > MOST_BYTES:
            raise UnreadableError("its aliases make it too large, or endless")
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise SyntaxUnreadableError(f"{line}truncated, or not plain YAML") from None


def _check_count(events: Iterable[Any]) -> None:
    if sum(1 for _ in islice(events, _MOST_NODES + 1)) > _MOST_NODES:
        raise UnreadableError(f"it has more than {_MOST_NODES} values")


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


class Total:
    """Adds up what is read; *what* names the sum in messages."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bytes = 0
        self._parts = 0

    def add(self, raw: bytes) -> None:
        """Count some bytes, and the objects and lists that JSON in them can have.

        Raises:
            LimitError: If that is too much; it does not count then.
        """
        size, parts = self._bytes + len(raw), self._parts + raw.count(b"[") + raw.count(b"{")
        if size > MOST_BYTES:
            raise LimitError(f"{self._what} is larger than {MOST_BYTES // 1024 // 1024} MB")
        if parts > _MOST_PARTS:
            raise LimitError(f"{self._what} has more than {_MOST_PARTS} objects and lists")
        self._bytes, self._parts = size, parts


def read(file: Path) -> bytes:
    """Return what is in a file.

    Raises:
        LimitError: If it is too large, or not a regular file.
        OSError: If it cannot be read.
    """
    raw = read_file(file, MOST_BYTES)
    Total("it").add(raw)
    return raw


def read_member(archive: ZipFile, name: str) -> bytes:
    """Return what is in a file of an archive.

    Raises:
        LimitError: If it is too large.
    """
    with archive.open(name) as stream:
        raw = stream.read(MOST_BYTES + 1)
    Total(name).add(raw)
    return raw


def check_depth(body: bytes) -> None:
    """Refuse JSON that is nested too deep for what walks through it.

    Raises:
        LimitError: If a body is such JSON.
    """
    if body.count(b"[") + body.count(b"{") <= _MOST_DEPTH:
        return
    try:
        level: list[Any] = [json.loads(body)]
        for _ in range(_MOST_DEPTH):
            level = [part for one in level for part in (*as_object(one).values(), *as_list(one))]
        deep = bool(level)
    except RecursionError:
        deep = True
    except ValueError:  # no JSON
        deep = False
    if deep:
        raise LimitError(f"its JSON is nested more than {_MOST_DEPTH} deep")


def entry_of(interaction: Any) -> dict[str, Any]:
    """Return an interaction of a cassette as an entry of HAR, whose bodies are bytes.

    Raises:
        FieldError: If a field cannot be read.
    """
    status = field(interaction, "response.status")
    old = field(interaction, "response.status_code")  # of httpx, as the content
    body = field(interaction, "response.body", _body)
    return {
        "request": {
            "method": field(interaction, "request.method"),
            "url": field(interaction, "request.uri", plain_text),
            "headers": field(interaction, "request.headers", _headers),
            "postData": {"text": field(interaction, "request.body", _body)},
        },
        "response": {
            "status": as_object(status).get("code", status) or old,
            "headers": field(interaction, "response.headers", _headers),
            "content": {"text": body or field(interaction, "response.content", _body), "size": 0},
        },
    }


def _headers(headers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return [
        {"name": name, "value": value}
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    ]


def _body(body: Any) -> bytes:
    shape = as_object(body)
    if "base64_string" in shape:
        return b64decode(shape["base64_string"])
    body = shape.get("string", "") if isinstance(body, dict) else body
    return body if isinstance(body, bytes) else plain_text(body).encode(errors="replace")
