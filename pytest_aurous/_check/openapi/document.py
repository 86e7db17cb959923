"""OpenAPI documents: read from a file in JSON or YAML, with the references in them."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote

from ..._base.errors import AurousError, see, shown
from ..._report.bodies import LimitError
from ..._wire.data import as_list, as_object
from ..recording.limits import check_aliases, check_yaml, read_file

_MORE: Final = see("reference/check.html#documents")
_OTHER_MARKS: Final = (BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE)
_WHOLE: Final = r"[-+]?(?:0|[1-9][0-9]*)"
_REAL: Final = r"[-+]?(?:[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"


@dataclass(frozen=True)
class Document:
    """An OpenAPI document.

    Attributes:
        name: The name of its file.
        content: What is in it.
    """

    name: str
    content: Mapping[str, Any]

    @property
    def old(self) -> bool:
        """Whether it is OpenAPI 3.0, where what is beside a reference does not count."""
        return str(self.content["openapi"]).startswith("3.0")

    def at(self, reference: str) -> Any:
        """Return what a reference leads to; None if it is nowhere in this document."""
        found: Any = self.content
        if not reference.startswith("#/"):
            return None
        for step in reference[2:].split("/"):
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            items = as_list(found)
            if items:
                found = items[int(name)] if name.isdecimal() and int(name) < len(items) else None
            else:
                found = as_object(found).get(name)
        return found


def read_document(file: Path) -> Document:
    """Read an OpenAPI document.

    Raises:
        AurousError: If it cannot be read, or is not of version 3.0 or 3.1.
    """
    try:
        raw = read_file(file)
    except OSError as error:
        raise _unreadable(file, f"{error.strerror}") from None
    except LimitError as error:
        raise _unreadable(file, str(error)) from None
    if raw.startswith(_OTHER_MARKS):
        raise _unreadable(file, "it is in UTF-16 or UTF-32. Save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(file, "it is not text in UTF-8") from None
    content = as_object(_parse_yaml(file, text) if file.suffix in {".yaml", ".yml"} else _parse_json(file, text))
    if "swagger" in content:
        raise _unreadable(file, "it is Swagger 2.0. Convert it to OpenAPI 3.0 or 3.1")
    if "openapi" not in content:
        raise _unreadable(file, "it is not an OpenAPI document, which begins with openapi: 3.1.0")
    version = str(content["openapi"])
    if re.match(r"3\.[01](\.|$)", version) is None:
        raise _unreadable(file, f"it is OpenAPI {shown(version)}. Expected 3.0 or 3.1")
    if not as_object(content.get("paths")):
        raise _unreadable(file, "it has no paths, so there is nothing to compare")
    return Document(file.name, content)


def _unreadable(file: Path, reason: str) -> AurousError:
    return AurousError(f"check --spec {file}: {reason}.\n{_MORE}")


class _MalformedError(ValueError):
    """What is wrong with a document, in plain words."""


def _parse_json(file: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except _MalformedError as error:
        raise _unreadable(file, str(error)) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(file, f"it is truncated, or not valid JSON ({error})") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose names are all different."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _MalformedError(f"an object has the name {shown(name)} twice, and only one of the two would count")
        found[name] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise _MalformedError(f"{name} is not JSON")


def _parse_yaml(file: Path, text: str) -> Any:
    """Read YAML as plain data: no tag constructs an object, and words and numbers follow YAML 1.2."""
    try:
        import yaml
    except ImportError:
        raise _unreadable(file, 'YAML needs the extra check: pip install "pytest-aurous[check]"') from None
    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kinds = {"bool": "true|True|TRUE|false|False|FALSE", "int": _WHOLE, "float": _REAL}

    class Loader(safe):  # type: ignore[misc]  # a class that is known when PyYAML is
        yaml_implicit_resolvers: Final = {
            first: [pair for pair in pairs if pair[0].rpartition(":")[2] in {"null", "merge"}]
            for first, pairs in safe.yaml_implicit_resolvers.items()
        }

    for name, pattern in kinds.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), None)
    try:
        check_yaml(text, Loader)
        loader = Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        check_aliases(node, {})
        _check_names(node)
        return _plain(loader.construct_document(node))
    except (_MalformedError, LimitError) as error:
        raise _unreadable(file, str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).partition("\n")[0]
        raise _unreadable(file, f"it is truncated, or not plain YAML ({first})") from None


def _check_names(root: Any) -> None:
    """Refuse a document with two fields of one name in an object."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or node.id == "scalar":
            continue
        seen.add(id(node))
        if node.id == "mapping":
            _unique([(str(name.value), None) for name, _ in node.value if not name.tag.endswith(":merge")])
            waiting += [part for pair in node.value for part in pair]
        else:
            waiting += node.value


def _plain(value: Any) -> Any:
    """Return what YAML constructed as JSON could have had it: keys are texts."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in cast("dict[Any, Any]", value).items()}  # type: ignore[redundant-cast]  # pyright finds dict[Unknown]
    if isinstance(value, list):
        return [_plain(item) for item in as_list(cast("Any", value))]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
