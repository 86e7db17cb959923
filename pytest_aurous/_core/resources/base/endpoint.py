"""Endpoints: the rows of the catalog, and what their handlers receive and return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec
from urllib.parse import parse_qsl

from ...wire.call import Call
from ...wire.fields import Shape, read_body, without_nulls
from ...wire.refusal import not_found
from ...wire.reply import Pairs, Stream
from ...world.tables import R, Table
from ...world.world import World
from .schema import RecordRow

NO_RESPONSE: Final = "no response"
"""The outcome of a request whose client receives no response."""


@dataclass(eq=False, repr=False)
class Context:
    """A request on its way through the pipeline."""

    world: World
    call: Call
    endpoint: Endpoint | None
    args: Mapping[str, str]  # the path parameters
    record_id: str = ""  # in the path
    team: str = ""  # that calls; empty for signed URLs, which need no API key
    request_id: str = ""
    limits: Pairs = ()  # the rate-limit headers of its response
    stream: Stream | None = None  # the body of its response, if it is sent event by event
    lost: Callable[[], object] | None = None  # called if a fault keeps its response from the client
    busy: float = 0  # for how many seconds the server works on it after it has taken effect (idem-5)
    _body: dict[str, Any] | None = None

    # A `cached_property` has a lock before Python 3.12, and a forked process would wait for it for ever.
    @property
    def body(self) -> dict[str, Any]:
        """The JSON object in the body, without nulls of optional fields (err-9); other bodies are refused (err-8)."""
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
        """Return the row with the id in the path, if it is the team's and not deleted; refuse any other id."""
        table: Table[R] = self.world.table(kind)
        row = table.find(self.record_id, self.team)
        if row is None or not table.lives(row):
            raise not_found(resource, self.record_id, param)
        return row

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.call.query, keep_blank_values=True))


class Result(NamedTuple):
    """The part of a response that is special to its endpoint."""

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: tuple[tuple[str, str | None], ...] = ()  # to add; None removes a header that every response has
    stream: Stream | None = None  # the body, if it is sent event by event; then `body` is empty
    delay: float = 0  # seconds on the clock before the response


Handler = Callable[[Context], Any]
"""Returns the body as JSON, the body as bytes of the endpoint's media type, or a `Result`."""


@dataclass(frozen=True, eq=False, repr=False)
class Endpoint(RecordRow):
    """One row of the catalog.

    Attributes:
        operation: Its name in assertions and reports.
        template: The path; ``{name}`` matches one segment.
        handler: Serves a request; raises `ApiProblem` to refuse it.
        bucket: The rate bucket that a request spends from, or a function that returns it.
        host: ``api``, or ``upload`` for the upload host.
        signed: The URL is signed: no API key, no rate bucket.
        any_id: Succeeds for any id in the path, even an unknown one.
        free: Costs no credits, although it accepts an ``Idempotency-Key``.
        fingerprint: Returns what a retry must repeat, in place of the whole body (idem-7).
        idempotent: Whether an ``Idempotency-Key`` is accepted, or a function that returns it (idem-2).
        longest_key: Returns the largest length of an ``Idempotency-Key``, where the endpoint has its own.
        shape: Schema of a successful response; None if it is not JSON.
        headers: Headers of a successful response that only this endpoint has, with their descriptions.
        body: Schema of the request body; None without a body.
        sample: A good body, which the documentation shows; None without a body, or if it is not JSON.
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
