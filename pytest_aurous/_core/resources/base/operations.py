"""Checks of operation names, with errors that name the operation of a path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ...base.arguments import Check
from ...base.errors import AurousLookupError, closest, hide_mistakes, nearest, see, shown

if TYPE_CHECKING:
    from .endpoint import Endpoint

__tracebackhide__ = hide_mistakes

_REQUEST: Final = re.compile(r"(?:([A-Za-z]+)\s+)?(\S*/\S*)")


def check_operation(check: Check, operation: object, rows: Mapping[str, Endpoint], *, pattern: bool = True) -> str:
    """Accept the name of an operation, or a *pattern* of names such as ``characters.*``.

    Raises:
        AurousLookupError: If no operation has that name.
        AurousError: If it is not text.
    """
    if not isinstance(operation, str):
        raise check.refuse("operation", operation, "the name of an operation, such as 'characters.create'.")
    if operation not in rows and not (pattern and any(fnmatchcase(name, operation) for name in rows)):
        raise no_operation(operation, rows)
    return operation


def no_operation(name: object, rows: Mapping[str, Endpoint]) -> AurousLookupError:
    """Return the error for an unknown operation; for a request, such as ``GET /v1/team``, it names the operation."""
    request = _REQUEST.fullmatch(str(name).strip())
    resource, hint = _of_request(rows, *request.groups()) if request else _of_name(rows, name)
    listed = [one for one in rows if not resource or _resource(one) == resource]
    return AurousLookupError(
        f"No operation is called {shown(name)}{hint} Operations{f' of {resource}' if resource else ''}: "
        f"{', '.join(listed)}.\n{see('reference/requests.html')}"
    )


def _resource(operation: str) -> str:
    return operation.rpartition(".")[0]


def _of_name(rows: Mapping[str, Endpoint], name: object) -> tuple[str, str]:
    """Return the resource that a name means, if any, and the end of the sentence about the name."""
    resources = dict.fromkeys(map(_resource, rows))
    if name in resources:
        return str(name), "."
    head, _, verb = str(name).rpartition(".")
    resource = closest(head, resources) or next((one for one in resources if head.startswith(f"{one}.")), None)
    if resource is None:
        return "", nearest(name, rows)
    found = closest(verb, [one.rpartition(".")[2] for one in rows if _resource(one) == resource])
    return resource, f"; did you mean '{resource}.{found}'?" if found else "."


def _of_request(rows: Mapping[str, Endpoint], method: str | None, target: str) -> tuple[str, str]:
    """Return the resource of a path or URL, if any, and the end of the sentence about it."""
    path = urlsplit(target.replace("[", "")).path  # urlsplit() refuses an unclosed bracket
    matches = _at(rows, [segment for segment in path.split("/") if segment])
    if not matches:
        return "", f": operations have names such as 'characters.create', and no endpoint has the path {path!r}."
    resource = _resource(matches[0])
    names = [name for name in matches if method is None or rows[name].method == method.upper()]
    if len(names) == 1:
        return resource, f": this is a request, and its operation is {names[0]!r}. Use that name."
    listed = " or ".join(f"{one!r} ({rows[one].method})" for one in names or matches)
    has = "this path has" if names else f"the path has no {method}, but"
    return resource, f": {has} the operations {listed}. Use a name."


def _at(rows: Mapping[str, Endpoint], sent: list[str]) -> list[str]:
    """Return the operations of a path, which may start with a base URL or lack the version."""
    for start in range(len(sent)):
        for path in (sent[start:], ["v1", *sent[start:]]):
            matches = {name: row for name, row in rows.items() if _fits(row.template, path)}
            if matches:  # literal segments win over parameters
                least = min(row.template.count("{") for row in matches.values())
                return [name for name, row in matches.items() if row.template.count("{") == least]
    return []


def _fits(template: str, path: list[str]) -> bool:
    wanted = template.split("/")[1:]
    return len(wanted) == len(path) and all(
        part == segment or part.startswith("{") for part, segment in zip(wanted, path, strict=True)
    )
