"""The catalog of all endpoints, with the deprecated paths, and the hosts and paths at which they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from ..base.arguments import Check, hinting
from ..base.errors import AurousLookupError, AurousScriptError, choices, closest, hide_mistakes, nearest, see, shown
from ..wire.call import Call
from ..wire.hosts import UPLOAD_HOST, host_of, is_upload, is_vendors
from ..world.script import Lifecycle, Plan, Step, parse_runs, plan_of
from ..world.world import World
from . import embeddings, files, models, styles, team, uploads, usage, webhooks
from .base.endpoint import Context, Endpoint, Result
from .base.schema import schema_name
from .characters import endpoints as characters
from .characters.machine import enter as enter_character
from .characters.row import LIFECYCLE, CharacterRow
from .chat import endpoints as chat
from .generations import endpoints as generations
from .generations.machine import enter as enter_generation
from .generations.row import IMAGES, VIDEOS, GenerationRow

if TYPE_CHECKING:
    from ..base.names import Resource

__tracebackhide__ = hide_mistakes

# The vendor removes these paths on that day; the fake answers afterwards, too (legacy-1).
_HEADERS: Final = (("Aurous-Deprecated", "route"), ("Sunset", "Tue, 04 Aug 2026 00:00:00 GMT"))
_HEADER_TEXTS: Final = {
    "Location": "The new URL of the request, including its query.",
    "Aurous-Deprecated": "The part that is deprecated: `route`.",
    "Sunset": "The date on which the vendor removes this path.",
}
_MOVED: Final = {"generations": "images", "video-generations": "videos"}


def moved(ctx: Context) -> Result:
    """Redirect to the new path."""
    call = ctx.call
    prefix = urlsplit(ctx.world.settings.base_url).path
    old = call.path[len(prefix) :].split("/")[2]
    path = call.path.replace(f"{prefix}/v1/{old}", f"{prefix}/v1/{_MOVED[old]}", 1)
    where = f"{call.scheme}://{call.host}{path}{'?' + call.query if call.query else ''}"
    return Result(b"", 308, headers=(("Location", where), *_HEADERS))


_LEGACY: Final = tuple(
    Endpoint(
        f"legacy.{row.operation}",
        row.method,
        row.template.replace(new, old, 1),
        moved,
        status=308,
        signed=True,
        headers=_HEADER_TEXTS,
        rules=("legacy-1",),
    )
    for old, new in _MOVED.items()
    for row in generations.ENDPOINTS
    if row.operation.startswith(f"{new}.")
)
ENDPOINTS: Final = (
    *characters.ENDPOINTS,
    *uploads.ENDPOINTS,
    *generations.ENDPOINTS,
    *files.ENDPOINTS,
    *styles.ENDPOINTS,
    *files.STORAGE,
    *models.ENDPOINTS,
    *chat.ENDPOINTS,
    *embeddings.ENDPOINTS,
    *team.ENDPOINTS,
    *usage.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *_LEGACY,
)
MACHINES: Final[dict[str, Callable[[World, str, Step, float], None]]] = {
    "characters": enter_character,
    "images": enter_generation,
    "videos": enter_generation,
}
"""Functions that move a record to a step of its script, by resource."""
LIFECYCLES: Final[dict[str, Lifecycle]] = {
    "characters": LIFECYCLE,
    "images": IMAGES,
    "videos": VIDEOS,
}

_STATUSES: Final = {name: one for lifecycle in LIFECYCLES.values() for name, one in lifecycle.statuses.items()}
UNDER_WAY: Final = tuple(name for name, one in _STATUSES.items() if not one.end)
ENDED_WELL: Final = tuple(name for name, one in _STATUSES.items() if one.end == "completed")
CANCELLED: Final = tuple(name for name, one in _STATUSES.items() if one.end == "cancelled")
ENDED_BADLY: Final = tuple(name for name, one in _STATUSES.items() if one.end == "failed" or not one.lives)
"""The statuses of a record from which no work is to be expected: it has failed, or the record is deleted."""


class RecordKind(NamedTuple):
    """What the records of one collection have in common."""

    row: type[Any]
    edges: Mapping[str, tuple[str, ...]] = {}  # which statuses may follow each; empty if none changes by itself

    @property
    def schema(self) -> str:
        return schema_name(self.row)


RECORDS: Final = {
    "characters": RecordKind(CharacterRow, LIFECYCLE.edges),
    "generations": RecordKind(GenerationRow, IMAGES.edges),
    "files": RecordKind(files.FileRow),
    "loras": RecordKind(styles.LoraRow),
    "video_loras": RecordKind(styles.VideoLoraRow),
    "webhook_endpoints": RecordKind(webhooks.EndpointRow),
}
"""The records that responses show and paths name, by collection."""
GIVEN: Final[tuple[tuple[Any, ...], ...]] = (styles.IMAGE_STYLES, styles.VIDEO_STYLES, models.MODELS)
"""The rows that a new fake has, kind by kind: what the vendor gives to all teams."""

Methods = Mapping[str, tuple[Endpoint, Mapping[str, str]]]
"""The rows of one path by method, each with the values of its parameters."""

# A test polls few paths, each many times; a client that walks through thousands of records must not fill the memory.
_KNOWN_PATHS: Final = 256


class Catalog:
    """Endpoints by path, where literal segments win over parameters."""

    def __init__(self, endpoints: Iterable[Endpoint] = ENDPOINTS) -> None:
        self.by_operation: dict[str, Endpoint] = {}
        self.find: Callable[[str, str], Methods] = lru_cache(_KNOWN_PATHS)(self._find)
        self._trees: dict[str, _Node] = {}
        for row in endpoints:
            if row.operation in self.by_operation:
                raise ValueError(f"two endpoints are called {row.operation!r}")
            self.by_operation[row.operation] = row
            node = self._trees.setdefault(row.host, _Node())
            for segment in row.template.split("/")[1:]:
                node = node.children.setdefault("{}" if segment.startswith("{") else segment, _Node())
            if row.method in node.rows:
                raise ValueError(f"{row.operation!r} and {node.rows[row.method][0].operation!r} share a path")
            names = tuple(part[1:-1] for part in row.template.split("/") if part.startswith("{"))
            node.rows[row.method] = row, names

    def at(self, host: str, path: str) -> Methods:
        """Return the rows of a path by method, at a *host* of the vendor or at what stands for it."""
        return self.find("upload" if is_upload(host) else "api", path)

    def _find(self, host: str, path: str) -> Methods:
        """Return the rows of *path* at ``api`` or ``upload``; `find` remembers them, as clients poll few paths."""
        node = self._trees.get(host)
        values: list[str] = []
        for segment in path.split("/")[1:]:
            if node is None:
                break
            child = node.children.get(segment)
            if child is None and segment:
                child = node.children.get("{}")
                values.append(unquote(segment) if "%" in segment else segment)
            node = child
        rows = node.rows if node is not None else {}
        return {method: (row, dict(zip(names, values, strict=True))) for method, (row, names) in rows.items()}


class _Node:
    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.rows: dict[str, tuple[Endpoint, tuple[str, ...]]] = {}


@dataclass(frozen=True, repr=False)
class Script(Plan):
    """What a polling client sees, step by step. A value: equal, hashable, readable as a pytest id.

    Example:
        >>> script = Script.parse("synthesizing*3 -> reviewing")
        >>> str(script)
        'synthesizing*3 -> reviewing'
        >>> script == Script.parse(str(script))
        True
    """

    def __post_init__(self) -> None:
        runs: Any = self.runs
        if not isinstance(runs, tuple) or not all(isinstance(run, tuple) for run in cast("tuple[Any, ...]", runs)):  # type: ignore[redundant-cast]  # pyright
            raise AurousScriptError(
                f"Script({shown(self.runs)}): expected parsed runs. Use Script.parse('synthesizing*3 -> reviewing') "
                f"to read text.\n{see('reference/scripts.html')}"
            )

    def __repr__(self) -> str:
        # Scripts of videos have the same statuses as those of images, and read the same.
        images = str(self).startswith(LIFECYCLES["images"].start)
        resource = ', "images"' if images else ""
        return f'Script.parse("{self}"{resource})'

    def _repr_pretty_(self, printer: Any, _: bool) -> None:  # noqa: FBT001 - IPython's protocol; Hypothesis has it, too
        printer.text(repr(self))

    @classmethod
    @hinting
    def parse(cls, text: str, resource: Resource | str = "characters") -> Script:
        """Read a script, checking each edge against the state machine of *resource*.

        Raises:
            AurousScriptError: With the column of the mistake, and what is valid there.
        """
        return cls(parse_runs(text, lifecycle_of(resource), LIFECYCLES.values()))


def lifecycle_of(resource: str) -> Lifecycle:
    """Return the lifecycle of a resource, or raise an `AurousScriptError` with the nearest one that has one."""
    if not isinstance(cast("object", resource), str) or resource not in LIFECYCLES:
        raise AurousScriptError(
            f"{shown(resource)} is not a resource with a lifecycle{nearest(resource, LIFECYCLES)} "
            f"Resources with a lifecycle: {choices(LIFECYCLES)}.\n{see('reference/scripts.html')}"
        )
    return LIFECYCLES[resource]


def plans(scripts: Mapping[str, str | Plan]) -> dict[str, Plan]:
    """Read the setting ``script``: for each resource what its lifecycle can play, or raise an `AurousScriptError`."""
    found: dict[str, Plan] = {}
    for name, script in scripts.items():
        # Its "=" was meant as an arrow: the error of the script says what to write.
        if name in _STATUSES:
            plan_of(f"{name} = {script}", lifecycle_of("characters"), LIFECYCLES.values())
        found[name] = plan_of(script, lifecycle_of(name), LIFECYCLES.values())
    return found


CATALOG: Final = Catalog()
"""The catalog of the API. Nothing changes it, so all fakes share it."""
_REQUEST: Final = re.compile(r"(?:([A-Za-z]+)\s+)?(\S*/\S*)")


def check_operation(check: Check, operation: object, *, pattern: bool = True) -> str:
    """Accept the name of an operation, or a *pattern* of names such as ``characters.*``."""
    rows = CATALOG.by_operation
    if not isinstance(operation, str):
        raise check.refuse("operation", operation, "the name of an operation, such as 'characters.create'.")
    if operation not in rows and not (pattern and any(fnmatchcase(name, operation) for name in rows)):
        raise no_operation(operation)
    return operation


def no_operation(name: object) -> AurousLookupError:
    """Return the error for an unknown operation; for a request, such as ``GET /v1/team``, it names the operation."""
    request = _REQUEST.fullmatch(str(name).strip())
    resource, hint = _of_request(*request.groups()) if request else _of_name(name)
    listed = [one for one in CATALOG.by_operation if not resource or _resource(one) == resource]
    return AurousLookupError(
        f"No operation is called {shown(name)}{hint} Operations{f' of {resource}' if resource else ''}: "
        f"{', '.join(listed)}.\n{see('reference/requests.html')}"
    )


def _resource(operation: str) -> str:
    return operation.rpartition(".")[0]


def _of_name(name: object) -> tuple[str, str]:
    """Return the resource that a name means, if any, and the end of the sentence about the name."""
    rows = CATALOG.by_operation
    resources = dict.fromkeys(map(_resource, rows))
    if name in resources:
        return str(name), "."
    head, _, verb = str(name).rpartition(".")
    resource = closest(head, resources) or next((one for one in resources if head.startswith(f"{one}.")), None)
    if resource is None:
        return "", nearest(name, rows)
    found = closest(verb, [one.rpartition(".")[2] for one in rows if _resource(one) == resource])
    return resource, f"; did you mean '{resource}.{found}'?" if found else "."


def _of_request(method: str | None, target: str) -> tuple[str, str]:
    """Return the resource of a path or URL, if any, and the end of the sentence about it."""
    # An unclosed bracket, as in a template that was cut, is an error for `urlsplit`.
    path = urlsplit(target.replace("[", "")).path
    parts = [part for part in path.split("/") if part]
    # A path may start with a base URL, or lack the version.
    paths = (f"/{head}{'/'.join(parts[at:])}" for at in range(len(parts)) for head in ("", "v1/"))
    found = (CATALOG.find("api", one) or CATALOG.find("upload", one) for one in paths)
    rows: Methods | None = next(filter(None, found), None)
    if rows is None:
        return "", f": operations have names such as 'characters.create', and no endpoint has the path {path!r}."
    matches = {row.operation: row.method for row, _ in rows.values()}
    resource = _resource(next(iter(matches)))
    names = [name for name in matches if method is None or matches[name] == method.upper()]
    if len(names) == 1:
        return resource, f": this is a request, and its operation is {names[0]!r}. Use that name."
    listed = " or ".join(f"{one!r} ({matches[one]})" for one in names or matches)
    has = "this path has" if names else f"the path has no {method}, but"
    return resource, f": {has} the operations {listed}. Use a name."


class Addresses:
    """The hosts of the API: *home*, scheme, host and path of its base URL, and the upload host."""

    def __init__(self, base_url: str) -> None:
        home = urlsplit(base_url)
        self.home: tuple[str, str, str] = (home.scheme, host_of(home), home.path)
        self._root = f"{home.path}/"
        self._hosts = {self.home[1]: "api", urlsplit(UPLOAD_HOST).netloc: "upload"}

    def claim(self, host: str) -> int:
        """Return how well *host* matches this fake: of several fakes, the best match responds.

        3: *host* is one of its hosts. 2: *host* is another host of the vendor, and the base URL is the vendor's too.
        1: *host* is the vendor's, to whom no request may get through. 0: no match.
        """
        if host in self._hosts:
            return 3
        return (1 + is_vendors(self.home[1])) if is_vendors(host.partition(":")[0]) else 0

    def root_length(self, host: str, path: str) -> int:
        """Return the length of the base URL's path with its last slash, if *path* on *host* is below it; else 0."""
        return len(self._root) if self._hosts.get(host) == "api" and path.startswith(self._root) else 0

    def find(self, call: Call) -> Methods:
        host = self._hosts.get(call.host, "")
        path = call.path
        if host == "api":
            if call.scheme != self.home[0] or not path.startswith(self._root):
                return {}
            path = path[len(self._root) - 1 :]
        return CATALOG.find(host, path)


addresses: Final = lru_cache(maxsize=8)(Addresses)
"""A suite has few base URLs, and nothing changes the addresses of one."""
