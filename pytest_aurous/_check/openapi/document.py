"""OpenAPI documents: read from a file, with their references resolved, and their operations by method and path."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from ..._core.base.data import as_list, as_object
from ..._core.base.errors import AurousError, see, shown
from ..recording.parse import parse, read, reading

MORE: Final = see("reference/check.html#documents")
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_CODE: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
_MOST_STEPS: Final = 50_000
"""Refuse a document whose schemas contain each other in more ways than this; the fake's document has 4,000."""
_MOST_DEEP: Final = 100
_VALUES: Final = 10
"""This many values of an enum take as long as a schema."""

Part = Mapping[str, Any]


@dataclass
class Document:
    """An OpenAPI document.

    Attributes:
        name: The name of its file.
        content: What is in it.
        unread: References that lead out of it, or nowhere, in the order of their names in the schemas.
    """

    name: str
    content: Part
    unread: dict[str, None] = field(default_factory=dict[str, None])
    _steps: int = 0

    def parts(self, part: Any, seen: Collection[str] = ()) -> list[dict[str, Any]]:
        """Return a part of the document, what it refers to, and all that it is composed of, each without the others.

        Raises:
            AurousError: If the schemas contain each other too often.
        """
        here = as_object(part)
        self._steps += 1 + len(as_list(here.get("enum"))) // _VALUES
        if self._steps > _MOST_STEPS or len(seen) > _MOST_DEEP:
            why = "its schemas contain each other too often, or too deeply, or have too many values"
            raise AurousError(f"check --spec {self.name}: {why}.\n{MORE}")
        found, reference = [here], here.get("$ref")
        if isinstance(reference, str):
            inner = self.parts(self._target(reference, seen), [*seen, reference])
            if str(self.content["openapi"]).startswith("3.0"):  # there, what is beside a reference does not count
                return inner
            found += inner
        for name in ("allOf", "oneOf", "anyOf"):
            for one in as_list(here.get(name)):
                found += self.parts(one, [*seen, ""])
        return found

    def follow(self, part: Any) -> dict[str, Any]:
        """Return a part that is no schema, or what it refers to; empty where that cannot be read."""
        return self.parts(part)[-1]

    def _target(self, reference: str, seen: Collection[str]) -> dict[str, Any]:
        found = None if reference in seen else self._at(reference)
        if not isinstance(found, (dict, bool)):
            why = "leads nowhere" if reference.startswith("#") else "is in another file, which is not read"
            why = "leads back to itself" if reference in seen else why
            self.unread[f"{shown(reference)} {why}"] = None
        return as_object(found)

    def _at(self, reference: str) -> Any:
        """Return what a reference leads to; None if it is nowhere in this document."""
        first, *names = reference.split("/")
        found: Any = self.content if first == "#" else None
        for name in names:
            items, step = as_list(found), unquote(name).replace("~1", "/").replace("~0", "~")
            index = int(step) if step.isdecimal() and len(step) < 6 else len(items)  # noqa: PLR2004 - digits
            found = items[index] if index < len(items) else as_object(found).get(step)
        return found

    def operations(self) -> Iterator[DocumentedOperation]:
        """Yield the operations."""
        for path, item in as_object(self.content["paths"]).items():
            shared = self.follow(item)
            yield from (DocumentedOperation(self, path, method, shared) for method in _METHODS if method in shared)


class DocumentedOperation:
    """One operation of a document.

    Attributes:
        name: Its ``operationId``.
        title: Method and path, as written.
        place: Method and path, without what is before the version and the names of parameters: a server may have that.
        parameters: The schemas of its parameters, by place and name.
        body: The schema of the body of its request.
        responses: Its responses by status.
    """

    def __init__(self, document: Document, path: str, method: str, shared: Part) -> None:
        own = as_object(shared[method])
        self.document = document
        self.name = str(own.get("operationId", ""))
        self.title = f"{method.upper()} {path}"
        self.place: tuple[str, str] = (method, re.sub(r"\{[^}]*\}", "{}", path.rpartition("/v1/")[2]).strip("/"))
        some = map(document.follow, [*as_list(shared.get("parameters")), *as_list(own.get("parameters"))])
        self.parameters: dict[tuple[str, str], Any] = {
            (str(one.get("in", "")), str(one.get("name", "")).removesuffix("[]")): one.get("schema") for one in some
        }
        self.body: Any = schema_of(document.follow(own.get("requestBody")))
        responses = as_object(own.get("responses"))
        self.responses: dict[str, dict[str, Any]] = {
            status.upper(): document.follow(one) for status, one in responses.items() if status
        }

    @property
    def successes(self) -> list[str]:
        """The statuses that are no refusals, such as 200 and 2XX."""
        return [status for status in self.responses if status[0] in "23"]

    @property
    def refusals(self) -> list[str]:
        """The statuses of refusals, without ``4XX`` and ``default``."""
        return [status for status in self.responses if status[0] in "45" and status.isdecimal()]

    def response(self, status: str) -> dict[str, Any] | None:
        """Return the response with a status, also where it is written down as ``4XX``, or as ``default``."""
        usual = ("DEFAULT",) if status >= "4" else ()
        names = (status, f"{status[0]}XX", *usual)
        return next((self.responses[name] for name in names if name in self.responses), None)

    def codes(self, status: str) -> frozenset[str]:
        """Return the error codes that a response can have, from its schema or its description; empty without a list."""
        response = self.response(status) or {}
        parts = self.document.parts(schema_of(response))
        for name in ("error", "code"):
            parts = self.document.parts({"allOf": [as_object(one.get("properties")).get(name) for one in parts]})
        listed = frozenset(code.strip('"') for code in values_of(parts))
        words = {*re.findall(r"[^\s,;|`.]+", str(response.get("description", "")))} - {"and", "or"}
        return listed or frozenset(words if all(map(_CODE.fullmatch, words)) else ())


def schema_of(part: Part) -> Any:
    """Return the schema of a body or a response: as JSON, if there is one; else None."""
    media = as_object(part.get("content"))
    some = [one for name, one in media.items() if name.partition(";")[0].strip().lower().endswith("json")]
    return next((as_object(one).get("schema") for one in [*some, *media.values()]), None)


def values_of(parts: list[dict[str, Any]]) -> frozenset[str]:
    """Return the values that schemas allow, as JSON; empty if a schema lists none."""
    listed = [as_list(part.get("enum")) if "const" not in part else [part["const"]] for part in parts]
    return frozenset(json.dumps(one, default=str) for values in listed for one in values if one is not None)


def read_document(file: Path) -> Document:
    """Read an OpenAPI document.

    Raises:
        AurousError: If it cannot be read, or is not of version 3.0 or 3.1.
    """
    with reading(f"check --spec {file}", MORE):
        content = as_object(parse(file, read(file)))
    version = str(content.get("openapi", ""))
    faults = {
        "it is Swagger 2.0. Convert it to OpenAPI 3.0 or 3.1": "swagger" in content,
        "it is not an OpenAPI document, which begins with openapi: 3.1.0": not version,
        f"it is OpenAPI {shown(version)}. Expected 3.0 or 3.1": re.match(r"3\.[01](\.|$)", version) is None,
        "it has no paths, so there is nothing to compare": not as_object(content.get("paths")),
    }
    why = next((fault for fault, there in faults.items() if there), "")
    if why:
        raise AurousError(f"check --spec {file}: {why}.\n{MORE}")
    return Document(file.name, content)
