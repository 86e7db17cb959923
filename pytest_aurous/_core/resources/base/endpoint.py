"""Endpoints: the rows of the catalog, what their handlers receive and return, and checks of their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec
from urllib.parse import parse_qsl, urlsplit

from ...base.arguments import Check
from ...base.errors import AurousLookupError, closest, hide_mistakes, nearest, see, shown
from ...wire.call import Call
from ...wire.fields import Shape, read_body, without_nulls
from ...wire.refusal import not_found
from ...wire.reply import Pairs, Stream
from ...world.tables import R, Table
from ...world.world import World
from .schema import RecordRow

__tracebackhide__ = hide_mistakes

NO_RESPONSE: Final = "no response"
"""The outcome of a request whose client receives no response."""


@dataclass(eq=False, repr=False)
class Context:
    """A request on its way through the pipeline.

    Attributes:
        world: The state.
        endpoint: Its endpoint, or None.
        args: The path parameters.
        record_id: The id in the path, or empty.
        team: Id of the calling team; empty for signed URLs, which need no API key.
        request_id: Id of the request.
        limits: The rate-limit headers of its response.
        stream: The body of its response, if it is sent event by event.
        lost: Called if a fault keeps its response from the client.
        busy: For how many seconds the server works on it after it has taken effect (idem-5).
    """

    world: World
    call: Call
    endpoint: Endpoint | None
    args: Mapping[str, str]
    record_id: str = ""
    team: str = ""
    request_id: str = ""
    limits: Pairs = ()
    stream: Stream | None = None
    lost: Callable[[], object] | None = None
    busy: float = 0
    _body: dict[str, Any] | None = None

    # A `cached_property` has a lock before Python 3.12, and a forked process would wait for it for ever.
    @property
    def body(self) -> dict[str, Any]:
        """The JSON object in the request body; empty without a body. Nulls of optional fields are left out (err-9).

        Raises:
            ApiProblem: 400 for any other body (err-8).
        """
        if self._body is None:
            # Read at most once, and only if a handler asks: endpoints that take no body accept any (save-7).
            self._body = read_body(self.call.content) if self.call.content else {}
            if (
                self.world.settings.reading("err-9") != "refused"
                and self.endpoint is not None
                and self.endpoint.body is not None
            ):
                self._body = without_nulls(self._body, self.endpoint.body)
        return self._body

    def row_of(self, kind: type[R], resource: str, param: str | None = None) -> R:
        """Return the row of *kind* with the id in the path, if it is the calling team's and not deleted.

        Raises:
            ApiProblem: 404 for any other id; *resource* and *param* are for its message.
        """
        table: Table[R] = self.world.table(kind)
        row = table.find(self.record_id, self.team)
        if row is None or not table.lives(row):
            raise not_found(resource, self.record_id, param)
        return row

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.call.query, keep_blank_values=True))


class Result(NamedTuple):
    """The part of a response that is special to its endpoint.

    Attributes:
        body: The bytes of the body.
        status: The HTTP status.
        media_type: The ``Content-Type``.
        headers: Headers to add; None removes a header that every response has.
        stream: The body, if it is sent event by event; then `body` is empty.
        delay: Seconds on the clock before the response.
    """

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: tuple[tuple[str, str | None], ...] = ()
    stream: Stream | None = None
    delay: float = 0


Handler = Callable[[Context], Any]
"""Returns the body as JSON, the body as bytes of the endpoint's media type, or a `Result`."""


@dataclass(frozen=True, eq=False, repr=False)
class Endpoint(RecordRow):
    """One row of the catalog.

    Attributes:
        operation: Its name in assertions and reports.
        method: The HTTP method.
        template: The path; ``{name}`` matches one segment.
        handler: Serves a request; raises `ApiProblem` to refuse it.
        bucket: The rate bucket that a request spends from, or a function that returns it.
        status: Status of a successful response.
        host: ``api``, or ``upload`` for the upload host.
        signed: The URL is signed: no API key, no rate bucket.
        media_type: Media type of a successful response.
        any_id: Succeeds for any id in the path, even an unknown one.
        free: Costs no credits, although it accepts an ``Idempotency-Key``.
        fingerprint: Returns what a retry must repeat, in place of the whole body (idem-7).
        idempotent: Whether an ``Idempotency-Key`` is accepted, or a function that returns it (idem-2).
        longest_key: Returns the largest length of an ``Idempotency-Key``, where the endpoint has its own.
        shape: Schema of a successful response; None if it is not JSON.
        headers: Headers of a successful response that only this endpoint has, with their descriptions.
        body: Schema of the request body; None without a body.
        takes: Media type of the request body.
        sample: A good body, which the documentation shows; None without a body, or if it is not JSON.
        query: Schemas of the query parameters.
        errors: Status and code of each refusal, such as ``400 missing_field``, that not every endpoint has.
        rules: Ids of the contract's rules that it implements, first the rule of a successful response. The rules
            themselves say where else they show.
        makes: The prefix of the id that it makes, such as ``char``; empty if it makes none.
        streams: Whether a request can ask for its response as a stream of events.
    """

    operation: str
    method: str
    template: str
    handler: Handler
    bucket: str | Callable[[Context], str] = ""
    status: int = 200
    host: str = "api"
    signed: bool = False
    media_type: str = "application/json"
    idempotent: bool | Callable[[Context], bool] = False
    any_id: bool = False
    free: bool = False
    fingerprint: Callable[[Context], str] | None = None
    longest_key: Callable[[Context], int] | None = None
    shape: Shape | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Shape | None = None
    takes: str = "application/json"
    sample: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    errors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    makes: str = ""
    streams: bool = False

    @property
    def shows(self) -> str:
        """The schema of the records that a success shows, alone or in a list; empty without a record."""
        shape = self.shape or {}
        page = shape.get("properties", {}).get("data", shape)
        return str(page.get("items", page).get("$ref", "")).rpartition("/")[2]

    @property
    def lists(self) -> bool:
        shape = self.shape or {}
        return self.method == "GET" and ("items" in shape or "data" in shape.get("properties", {}))

    @property
    def shows_one(self) -> bool:
        """Whether a success shows the record in the path."""
        return self.method == "GET" and "{id}" in self.template and "$ref" in (self.shape or {})

    @property
    def acts(self) -> bool:
        """Whether it acts on the record in its path: it is neither a GET, nor does it succeed for any id."""
        return "{id}" in self.template and self.method != "GET" and not self.any_id and not self.signed

    @property
    def pays(self) -> bool:
        """Whether it costs credits, for each request or for some."""
        return bool(self.idempotent) and not self.free

    @property
    def reruns(self) -> bool:
        """Whether it begins new work on the record in its path, which it refuses while work is under way."""
        return self.acts and self.pays

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The possible outcomes, sorted: a status, followed by the code of a refusal, or `NO_RESPONSE`."""
        found = {str(self.status), "400 unknown_version", "500 internal_error", NO_RESPONSE, *self.errors}
        if not self.signed:
            found.update({"401 invalid_api_key", "401 missing_api_key", "429 too_many_requests"})
            found.update({"403 missing_scope"} if self.method != "GET" else ())
            found.update({"404 resource_not_found"} if "{" in self.template and not self.any_id else ())
        if self.idempotent:
            found.update({"409 idempotency_key_in_use", "400 invalid_format"})
        return tuple(sorted(found))

    def accepts_key(self, ctx: Context) -> bool:
        return self.idempotent(ctx) if callable(self.idempotent) else self.idempotent


P = ParamSpec("P")


def _above(
    row: Callable[Concatenate[str, str, str, Handler, P], Endpoint],
) -> Callable[Concatenate[str, str, P], Callable[[Handler], Endpoint]]:
    # The columns of a row are declared once, in its class: so type checkers see those of a wrong type here, too.
    def endpoint(operation: str, address: str, /, *args: P.args, **columns: P.kwargs) -> Callable[[Handler], Endpoint]:
        method, template = address.split(" ")
        return lambda handler: row(operation, method, template, handler, *args, **columns)

    return endpoint


endpoint: Final = _above(Endpoint)
"""Make a function the handler of a row: ``@endpoint("characters.delete", "DELETE /v1/characters/{id}", ...)``.

The name of the function is then that of the row. The table of its module has the row, too: nothing registers itself."""

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
    # An unclosed bracket, as in a template that was cut, is an error for `urlsplit`.
    path = urlsplit(target.replace("[", "")).path
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
            # Literal segments win over parameters, as in the catalog.
            if matches:
                least = min(row.template.count("{") for row in matches.values())
                return [name for name, row in matches.items() if row.template.count("{") == least]
    return []


def _fits(template: str, path: list[str]) -> bool:
    wanted = template.split("/")[1:]
    return len(wanted) == len(path) and all(
        part == segment or part.startswith("{") for part, segment in zip(wanted, path, strict=True)
    )
