"""What an endpoint is: a row of data, and the context in which its handler answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from .._wire.call import Call
from .._wire.refusal import not_found
from .._wire.reply import Pairs
from .._world.tables import R, Table
from .._world.world import World
from .fields import read_body
from .schema import Shape

__all__ = ("NO_ANSWER", "Answer", "Context", "Endpoint", "Handler")

NO_ANSWER: Final = "no answer"
"""The outcome of a call whose client receives no response."""


class Context:
    """One call on its way through the pipeline.

    Attributes:
        world: The state.
        call: The request.
        row: The endpoint that it meets; None where there is none.
        args: The path parameters.
        team: Id of the calling team; empty on signed URLs, which carry no key.
        request_id: Of this call.
        limits: The rate-limit headers of its response.
    """

    __slots__ = ("_body", "args", "call", "limits", "request_id", "row", "team", "world")

    def __init__(self, world: World, call: Call, row: Endpoint | None, args: Mapping[str, str]) -> None:
        self.world: World = world
        self.call: Call = call
        self.row: Endpoint | None = row
        self.args: Mapping[str, str] = args
        self.team: str = ""
        self.request_id: str = ""
        self.limits: Pairs = ()
        self._body: dict[str, Any] | None = None

    @property
    def record(self) -> str:
        """The id in the path; empty where there is none."""
        return self.args.get("id", "")

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; no body at all reads as an empty one.

        Raises:
            ApiProblem: 400, if it is none (err-8).
        """
        if self._body is None:
            self._body = read_body(self.call.content) if self.call.content else {}
        return self._body

    def row_of(self, kind: type[R], resource: str, param: str | None = None) -> R:
        """Return the row of *kind* with the id in the path, if it is the calling team's and not deleted.

        Raises:
            ApiProblem: 404 for any other id; *resource* and *param* are for its message.
        """
        table: Table[R] = self.world.table(kind)
        row = table.find(self.record, self.team)
        if row is None or not table.lives(row):
            raise not_found(resource, self.record, param)
        return row

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that were sent."""
        return dict(parse_qsl(self.call.query, keep_blank_values=True))


class Answer(NamedTuple):
    """An answer that is not the usual one of its row.

    Attributes:
        body: Its bytes.
        status: Its status.
        media_type: What the bytes are.
        headers: Further headers; None removes one that every response has.
    """

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: tuple[tuple[str, str | None], ...] = ()


Handler = Callable[[Context], Any]
"""Returns what goes into the body: JSON, bytes with the row's media type, or an `Answer`."""


@dataclass(frozen=True)
class Endpoint:
    """One row of the catalog.

    Attributes:
        operation: The name that users write in assertions and reports.
        method: The HTTP method.
        template: The path below the host; ``{name}`` takes one segment.
        handler: Answers; raises `ApiProblem` to refuse.
        bucket: The rate bucket that a call spends from, or a function that chooses it.
        status: Status of the good answer.
        host: ``api``, or ``upload`` for the upload host.
        signed: The URL carries its own permission: no key, no bucket.
        media_type: Of the good answer.
        free: Whether it costs no credits, although it honours an ``Idempotency-Key``.
        fingerprint: What an ``Idempotency-Key`` stands for instead of the whole body (idem-7).
        idempotent: Whether an ``Idempotency-Key`` is honoured, or a function that says so (idem-2).
        shape: Schema of the good answer; None where it is no JSON.
        headers: What each header says that only the good answer of this row bears.
        body: Schema of what it takes; None where it takes nothing.
        takes: Media type of that.
        query: Schema of each query parameter.
        errors: What it refuses with besides what each call may be: status and code, such as ``400 missing_field``.
        rules: Ids of the rules of the contract that it keeps.
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
    free: bool = False
    fingerprint: Callable[[Context], str] | None = None
    shape: Shape | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Shape | None = None
    takes: str = "application/json"
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    errors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What a call can come to, sorted: a status, with its code if it is a refusal, or `NO_ANSWER`."""
        found = {str(self.status), "400 unknown_version", "500 internal_error", NO_ANSWER, *self.errors}
        if not self.signed:
            found.update({"401 invalid_api_key", "401 missing_api_key", "429 too_many_requests"})
            found.update({"403 missing_scope"} if self.method != "GET" else ())
            found.update({"404 resource_not_found"} if "{" in self.template else ())
        if self.idempotent:
            found.update({"409 idempotency_key_in_use", "400 invalid_format"})
        return tuple(sorted(found))

    def honours_key(self, ctx: Context) -> bool:
        """Whether a call may be replayed."""
        return self.idempotent(ctx) if callable(self.idempotent) else self.idempotent
