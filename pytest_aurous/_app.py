"""The pipeline, readable from top to bottom: a `Call` comes in, a `Reply` or a `Break` goes out."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from . import _messages as say
from ._auth import require_scope
from ._catalog import Catalog, Methods, plans
from ._endpoint import Context, Endpoint
from ._resources.team import found_team
from ._settings import Settings
from ._unmatched import explain
from ._wire import ApiProblem, Break, Call, Reply, to_json
from ._world import UPLOAD_HOST, VERSION, World

__all__ = ("App", "Problem")

_TYPES: Final = {
    401: "authentication",
    403: "authentication",
    404: "not_found",
    410: "not_found",
    429: "rate_limit",
    500: "server_error",
    502: "server_error",
    503: "server_error",
    504: "server_error",
}
_GLOBAL_CODES: Final = {"invalid_request_error": "invalid_request", "insufficient_credits": "balance_too_low"}
_JSON: Final = ("Content-Type", "application/json")
_VENDOR_HOSTS: Final = ("aurous-labs.com", "aurous.storage")
_DOCS: Final = "https://docs.aurous-labs.com/errors#"


@dataclass(frozen=True)
class Problem:
    """Something that fails the test: an unmatched request, or a bug of ours.

    Attributes:
        call: The call that met it.
        text: What to tell the author.
        unmatched: Whether it is the former.
    """

    call: Call
    text: str
    unmatched: bool


class App:
    """The API: everything below HTTP. Plain, synchronous, deterministic, safe among threads.

    Attributes:
        world: The state.
        problems: What fails the test, in order.
    """

    def __init__(self, settings: Settings, api_key: str | None = None) -> None:
        self.world = World(settings)
        self.catalog = Catalog()
        self.problems: list[Problem] = []
        self.world.default_team = found_team(self.world, "Acme Studio", settings.credits)
        self.world.default_key = self.world.keys.issue(self.world.default_team, "write", api_key)
        for resource, plan in plans(settings.script).items():
            self.world.scripts[resource, None] = plan
        home = urlsplit(settings.base_url)
        self._scheme, self._prefix = home.scheme, home.path
        self._hosts = {home.netloc.lower(): "api", urlsplit(UPLOAD_HOST).netloc: "upload"}

    def owns(self, host: str) -> bool:
        """Whether requests to *host*, with its port if that is unusual, are ours to answer."""
        return host in self._hosts or host.endswith(_VENDOR_HOSTS)

    def handle(self, call: Call) -> Reply | Break:
        """Answer one call. Everything that it decides and changes happens under one lock."""
        world = self.world
        with world.lock:
            now = world.clock.time()
            world.journal.arrive(call, now)
            world.runs.settle()
            request_id = world.ids.new("req")
            extra: tuple[tuple[str, str], ...] = ()
            try:
                row, ctx = self._match(call)
                if not row.signed:
                    grant = world.keys.authenticate(call.incoming, now)
                    require_scope(grant, call.method)
                    call.team = ctx.team = grant.team
                    if row.bucket is not None:
                        bucket = row.bucket if isinstance(row.bucket, str) else row.bucket(ctx)
                        extra = world.buckets.spend(grant.team, bucket, now)
                _check_version(call)
                status, body, kind = row.status, row.handler(ctx), row.media_type
                content = body if isinstance(body, bytes) else to_json(body)
                call.committed = call.method != "GET"
            except ApiProblem as problem:
                status, kind = problem.status, "application/json"
                content = to_json(self._envelope(call, problem, request_id))
                extra += problem.headers
            except Exception:  # noqa: BLE001 - a bug of ours: the client meets a 500, the test its traceback
                self.problems.append(Problem(call, _bug(call, traceback.format_exc()), unmatched=False))
                status, kind = 500, "application/json"
                content = to_json(self._envelope(call, ApiProblem(500, "internal_error", say.INTERNAL), request_id))
            reply = Reply(
                status,
                (
                    _JSON if kind == "application/json" else ("Content-Type", kind),
                    ("Content-Length", str(len(content))),
                    ("Aurous-Request-Id", request_id),
                    _APPLIED,
                    *extra,
                ),
                content,
            )
            call.answered(reply)
            return reply

    def operation_of(self, call: Call) -> str | None:
        """Return the operation that *call* would meet, or None where there is none."""
        found = self._find(call)[0].get(call.method)
        return found and found[0].operation

    def overrule(self, call: Call, operation: str) -> None:
        """Write down a call that a route of the test answers instead of us."""
        with self.world.lock:
            self.world.journal.arrive(call, self.world.clock.time())
            call.operation = operation
            call.fault = "overridden by a route"

    def _find(self, call: Call) -> tuple[Methods, list[str]]:
        host = self._hosts.get(call.host)
        path = call.path
        if host == "api":
            path = path[len(self._prefix) :] if path.startswith(self._prefix) else ""
            host = host if call.scheme == self._scheme else None
        return self.catalog.find(host or "", path)

    def _match(self, call: Call) -> tuple[Endpoint, Context]:
        rows, values = self._find(call)
        found = rows.get(call.method)
        if found is None:
            self.problems.append(
                Problem(call, explain(self.catalog, call, self.world.settings.base_url), unmatched=True)
            )
            if rows:
                allowed = ", ".join(sorted(rows))
                message = say.WRONG_METHOD.format(method=call.method, path=call.path, allowed=allowed)
                raise ApiProblem(405, "method_not_allowed", message, headers=(("Allow", allowed),))
            message = say.UNKNOWN_PATH.format(method=call.method, path=call.path)
            raise ApiProblem(404, "resource_not_found", message)
        row, names = found
        call.operation, call.fault = row.operation, None
        return row, Context(self.world, call, dict(zip(names, values, strict=True)))

    def _envelope(self, call: Call, problem: ApiProblem, request_id: str) -> dict[str, Any]:
        code = problem.code
        if self.world.settings.reading("err-6") == "global":
            code = _GLOBAL_CODES.get(code, code)
        call.error_code = code
        return {
            "error": {
                "type": _TYPES.get(problem.status, "invalid_request"),
                "code": code,
                "message": problem.message,
                "param": problem.param,
                "doc_url": f"{_DOCS}{code}",
                "request_id": request_id,
            }
        }


_APPLIED: Final = ("Aurous-Version", VERSION)


def _check_version(call: Call) -> None:
    """Refuse a version that does not exist (ver-3)."""
    version = call.incoming.get("aurous-version", VERSION)
    if version != VERSION:
        raise ApiProblem(
            400, "unknown_version", say.UNKNOWN_VERSION.format(version=version, known=VERSION), "Aurous-Version"
        )


def _bug(call: Call, trace: str) -> str:
    return (
        f"pytest-aurous itself failed while it answered {call.method} {call.url}; the client was given a 500.\n"
        f"Please report this with the test that shows it.\n{trace}"
    )
