"""The operations of an OpenAPI document, found by method and path, whatever they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ..._wire.data import as_list, as_object
from .schemas import Schemas, values_of

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VERSION: Final = "/v1"
"""What the paths of the API begin with, also where neither server nor path says so."""
_WORD: Final = re.compile(r"[^\s,;|`.]+")
_CODE: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")


@dataclass(frozen=True)
class Operation:
    """One operation of a document.

    Attributes:
        name: Its ``operationId``.
        method: The HTTP method.
        path: Its path, as written.
        paths: The paths at which it may be, with the names of parameters left out.
        content: What the document says of it.
        parameters: Its parameters, including the parameters of its path, by place and name.
        schemas: The schemas of the document.
    """

    name: str
    method: str
    path: str
    paths: tuple[str, ...]
    content: Mapping[str, Any]
    parameters: Mapping[tuple[str, str], Mapping[str, Any]]
    schemas: Schemas

    @property
    def title(self) -> str:
        """Method and path."""
        return f"{self.method.upper()} {self.path}"

    @property
    def body(self) -> dict[str, Any] | None:
        """The body of its request; None if the document has none."""
        return self.schemas.follow(self.content["requestBody"]) if "requestBody" in self.content else None

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        """Its responses by status."""
        some = as_object(self.content.get("responses"))
        return {status.upper(): self.schemas.follow(one) for status, one in some.items() if status}

    def response(self, status: str) -> dict[str, Any] | None:
        """Return the response with a status, also where it is written down as ``4XX``, or as ``default``."""
        some = self.responses
        usual = ("DEFAULT",) if status >= "4" else ()
        return next((some[name] for name in (status, f"{status[0]}XX", *usual) if name in some), None)

    def successes(self) -> list[str]:
        """Return the statuses that are no refusals, such as 200 and 2XX."""
        return [status for status in self.responses if status[0] in "23"]

    def refusals(self) -> list[str]:
        """Return the statuses of refusals, without ``4XX`` and ``default``."""
        return [status for status in self.responses if status[0] in "45" and status.isdecimal()]

    def enum_of_codes(self, status: str) -> frozenset[str] | None:
        """Return the error codes in the schema of a response; None where it does not list them."""
        schema = schema_of(self.response(status) or {})
        for name in ("error", "code"):
            schema = {"allOf": [as_object(part.get("properties")).get(name) for part in self.schemas.parts(schema)]}
        listed = values_of(self.schemas.parts(schema))
        return None if listed is None else frozenset(code.strip('"') for code in listed)

    def codes(self, status: str) -> frozenset[str]:
        """Return the error codes that a response can have; none where nothing lists them."""
        listed = self.enum_of_codes(status)
        if listed is not None:
            return listed
        text = str((self.response(status) or {}).get("description", ""))
        words = set(_WORD.findall(text)) - {"and", "or"}
        return frozenset(words) if all(map(_CODE.fullmatch, words)) else frozenset()


def operations(schemas: Schemas) -> Iterator[Operation]:
    """Yield the operations of a document."""
    content = schemas.document.content
    for path, item in as_object(content["paths"]).items():
        shared = schemas.follow(item)
        for method in _METHODS:
            if method not in shared:
                continue
            own = as_object(shared[method])
            servers = own.get("servers") or shared.get("servers") or content.get("servers")
            yield Operation(
                name=str(own.get("operationId", "")),
                method=method,
                path=path,
                paths=_paths(path, [as_object(server) for server in as_list(servers)]),
                content=own,
                parameters=_parameters([*as_list(shared.get("parameters")), *as_list(own.get("parameters"))], schemas),
                schemas=schemas,
            )


def _paths(path: str, servers: list[dict[str, Any]]) -> tuple[str, ...]:
    bases = ["", *map(_base, servers), _VERSION]
    return tuple(dict.fromkeys(re.sub(r"\{[^}]*\}", "{}", base + path).rstrip("/") for base in bases))


def _base(server: dict[str, Any]) -> str:
    """Return the path of a server, whose variables have their defaults."""
    url = str(server.get("url", ""))
    for name, variable in as_object(server.get("variables")).items():
        url = url.replace(f"{{{name}}}", str(as_object(variable).get("default", "")))
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:  # no URL
        return ""


def _parameters(some: list[Any], schemas: Schemas) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in some:
        parameter = schemas.follow(part)
        place, name = str(parameter.get("in", "")), str(parameter.get("name", ""))
        found[place, name.lower() if place == "header" else name] = parameter
    return found


def schema_of(part: Mapping[str, Any]) -> Any:
    """Return the schema of a body or a response: as JSON, if there is one; else None."""
    kinds = {
        name.partition(";")[0].strip().lower(): as_object(one) for name, one in as_object(part.get("content")).items()
    }
    some = [one for name, one in kinds.items() if name.endswith("json")] or list(kinds.values())
    return some[0].get("schema") if some else None
