"""The pipeline, readable from top to bottom: a `Call` comes in, a `Reply` or a `Break` goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from traceback import format_exc
from typing import Final, NoReturn
from urllib.parse import parse_qsl

from .._framework.endpoint import Answer, Context, Endpoint
from .._resources.catalog import CATALOG, Addresses, Catalog, plans
from .._resources.styles import LoraRow, VideoLoraRow
from .._resources.team import create_team
from .._resources.webhooks import EVENTS
from .._wire import messages as say
from .._wire.call import Call, to_json
from .._wire.headers import idempotency_key, replaced
from .._wire.hosts import is_upload
from .._wire.refusal import ApiProblem, envelope
from .._wire.reply import Break, Pairs, Reply
from .._wire.version import VERSION, check_version
from .._world.idempotency import Stored, claim_of
from .._world.keys import permits, require_scope
from .._world.settings import Settings
from .._world.world import World, WorldState
from ..errors import AurousError, hide_mistakes, see, shown
from ..faults.collection import Faults
from ..faults.kinds import Fault
from ..faults.queue import FaultState, Given
from .pitfalls import Pitfalls
from .problems import Problem, is_interruption

__all__ = ("App", "Snapshot")

__tracebackhide__ = hide_mistakes

_Happened = tuple[bytes, int, str, Pairs]
"""What an `Answer` is made of, which is not made for each call."""


@dataclass(frozen=True)
class Snapshot:
    """A moment of a fake, as `Aurous.snapshot` gives it and `Aurous.restore` takes it."""

    app: App
    world: WorldState
    faults: FaultState


class App:
    """The API: everything below HTTP. Plain, synchronous, deterministic, safe among threads.

    Attributes:
        world: The state.
        addresses: Which hosts and paths are ours.
        given: What goes wrong.
        faults: What the test says of that.
        pitfalls: What the code under test got away with.
        observe: Called with each call after its response.
        screen: Called with each call that was recorded: the verdict takes those of older tests out.
        problems: The requests that fail the test, in order.
    """

    def __init__(self, settings: Settings, api_key: str | None = None) -> None:
        self.world: World = World(settings)
        self.catalog: Catalog = CATALOG
        self.given: Given = Given()
        self.faults: Faults = Faults(self.given, self.world.clock, self.catalog.by_operation, EVENTS)
        self.pitfalls: Pitfalls = Pitfalls()
        self.observe: Callable[[Call], object] | None = None
        self.screen: Callable[[Call], object] | None = None
        self.problems: list[Problem] = []
        self.world.default_team = create_team(self.world, "Acme Studio", settings.credits)
        self.world.default_key = self.world.keys.issue(self.world.default_team, "write", api_key)
        for resource, plan in plans(settings.script).items():
            self.world.scripts[resource, None] = plan
        for kind in (LoraRow, VideoLoraRow):  # there from the start
            self.world.table(kind)
        self.addresses: Addresses = Addresses(self.catalog, settings.base_url)

    def snapshot(self) -> Snapshot:
        """Return everything but the calls, to go back to."""
        with self.world.lock:
            self.world.runs.settle()
            return Snapshot(self, self.world.state(), self.given.state())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot, which can be restored again.

        Raises:
            AurousError: If it is not one of this fake.
        """
        if getattr(snapshot, "app", None) is not self:
            raise AurousError(
                f"restore({shown(snapshot)}): expected what snapshot() of the same fake returned.\n"
                f"{see('reference/records.html#back-to-a-moment')}"
            )
        with self.world.lock:
            self.world.restore(snapshot.world)
            self.given.restore(snapshot.faults)
            self.pitfalls.begin_anew()

    def handle(self, call: Call) -> Reply | Break:
        """Handle one request. Everything that it decides and changes happens under one lock, wholly or not at all."""
        with self.world.lock:
            if not self.given.conditional:
                return self._finished(call, self.given.faults)
        try:
            with self.world.lock:
                self.world.undo.whole(self._wait, call)
            faults = self._holding(call)
            with self.world.lock:
                return self._finished(call, faults)
        except BaseException:
            with self.world.lock:
                self.world.journal.withdraw(call)
            raise

    def _wait(self, call: Call) -> None:
        self._arrive(call)
        self.world.journal.wait(call)

    def _finished(self, call: Call, faults: Iterable[Fault]) -> Reply | Break:
        outcome = self.world.undo.whole(self._handle, call, faults)
        if self.screen is not None:
            self.screen(call)
        if self.observe is not None:
            self.observe(call)
        return outcome

    def _arrive(self, call: Call) -> tuple[Context, float]:
        world = self.world
        now = world.clock.time()
        world.runs.settle()  # what time has changed is not the call's doing
        world.journal.arrive(call, now)
        row, args = self.addresses.find(call).get(call.method, _NO_ROW)
        call.operation, call.fault = None if row is None else row.operation, None
        return Context(world, call, row, args), now

    def _handle(self, call: Call, faults: Iterable[Fault]) -> Reply | Break:
        world = self.world
        world.undo.before(self.pitfalls.back_to, len(self.pitfalls.seen))
        world.undo.end_of(self.problems)
        ctx, now = self._arrive(call)
        self.pitfalls.arrive(ctx)
        fault = self._meet(ctx, faults, now) if faults else None
        outcome: Reply | Break | None = None
        if fault is not None:
            world.undo.before(world.clock.restore, world.clock.state())
            if not fault.commit:
                outcome = fault.before(call, world.clock)
        if outcome is None:
            reply = self._answer(ctx, fault, now)
            outcome = reply if fault is None else fault.after(call, world.clock, reply)
        self.pitfalls.leave(ctx, outcome)
        world.journal.answer(call, outcome if isinstance(outcome, Reply) else None)
        return outcome

    def operation_of(self, call: Call) -> str | None:
        """Return the operation that *call* would meet, or None where there is none."""
        row, _ = self.addresses.find(call).get(call.method, _NO_ROW)
        return None if row is None else row.operation

    def fit(self, host: str, target: str) -> int:
        """Return how well a request suits this API, where several serve its host: 0 not at all.

        The longest base URL is best. On the upload host it is for whoever has signed the URL, and has the upload.

        Args:
            host: As it stands on the wire.
            target: Path and query.
        """
        path, _, query = target.partition("?")
        if not is_upload(host):
            return self.addresses.root_length(host, path)
        signature = dict(parse_qsl(query)).get("signature", "")
        return int(self.world.signed(path, signature) and any(map(self.world.row, path.split("/"))))

    def overrule(self, call: Call) -> None:
        """Record a request that a route of the test responds to; `overruled` records the response."""
        with self.world.lock:
            self.world.journal.arrive(call, self.world.clock.time())
            call.operation = self.operation_of(call)
            call.fault = "overridden by a route"
            self.world.journal.leave()
            if self.screen is not None:
                self.screen(call)

    def overruled(self, call: Call, reply: Reply | None) -> None:
        """Record the response of a test's route; None where its body is a stream of the test."""
        with self.world.lock:
            self.world.journal.answer(call, reply)

    def _answer(self, ctx: Context, fault: Fault | None, now: float) -> Reply:
        """Take the call through key, limit and version to its effect; each may refuse."""
        world, call, row = self.world, ctx.call, ctx.row
        ctx.request_id = request_id = world.ids.new("req")
        limits: Pairs = ()
        mark = world.undo.mark()
        kind = "application/json"
        more: tuple[tuple[str, str | None], ...]
        try:
            if row is None:
                self._unmatched(call)
            name, wait = "", 1
            if not row.signed:
                grant = world.keys.authenticate(call.incoming, now)
                call.team = ctx.team = grant.team
                name = row.bucket if isinstance(row.bucket, str) else row.bucket(ctx)
                bucket = world.buckets.get(grant.team, name, now)
                world.undo.before(bucket.restore, bucket.state())
                wait = 1 if fault is None else bucket.wait(now)
                if not permits(grant, call.method) or (fault is not None and fault.spares_token(name, now)):
                    limits = bucket.headers(now)
                    require_scope(grant, call.method)  # a narrow key spends nothing (rate-4)
                else:
                    limits = bucket.spend(now)
            check_version(call)
            mark = world.undo.mark()
            if fault is None:
                content, status, kind, more = self._happen(row, ctx, now)
            else:
                content, status, kind, more = self._happen_to(row, ctx, fault, (name, wait), now)
        except ApiProblem as problem:
            status, more = problem.status, problem.headers
            content = self._refuse(call, problem, request_id)
        except Exception as error:
            if is_interruption(error):
                raise
            world.undo.back_to(mark)
            call.committed = call.replayed = False
            self.problems.append(Problem(call, "bug", format_exc()))
            status, more = 500, ()
            content = self._refuse(call, ApiProblem(500, "internal_error", say.INTERNAL), request_id)
        headers = (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Aurous-Request-Id", request_id),
            ("Aurous-Version", VERSION),
            *limits,
        )
        return Reply(status, replaced(headers, more) if more else headers, content)

    def _holding(self, call: Call) -> list[Fault]:
        """Ask the conditions of the faults, without the lock."""
        try:
            return self.given.holding(call) if call.operation is not None else []
        except Exception as error:
            if is_interruption(error):
                raise
            self.problems.append(Problem(call, "condition", format_exc()))  # the code under test could swallow it
            return []

    def _meet(self, ctx: Context, faults: Iterable[Fault], now: float) -> Fault | None:
        concerned = [fault for fault in faults if fault.concerns(ctx.call)] if ctx.row is not None else []
        for fault in concerned:
            fault.noted(self.world.undo)
        return self.given.met_by(ctx.call, now, concerned)

    def _happen_to(self, row: Endpoint, ctx: Context, fault: Fault, bucket: tuple[str, int], now: float) -> _Happened:
        """Let the call happen as far as the fault that it meets lets it."""
        if refusal := fault.refusal(*bucket, now):
            if fault.commit:
                try:
                    self._happen(row, ctx, now)
                except ApiProblem as lost:  # the client meets another; that there was one is all that stays
                    ctx.call.error_code = lost.code
            fault.fire(ctx.call)
            raise refusal
        if fault.commit or not fault.rehearse:
            return self._happen(row, ctx, now, fault.busy() if fault.commit else 0)
        mark = self.world.undo.mark()
        try:
            return self._happen(row, ctx, now)
        finally:
            self.world.undo.back_to(mark)
            ctx.call.committed = False

    def _happen(self, row: Endpoint, ctx: Context, now: float, busy: float = 0) -> _Happened:
        """Let the call happen, or give the answer again that it had before."""
        claim = None
        key = idempotency_key(ctx.call.incoming) if row.idempotent else None
        if key is not None and row.honours_key(ctx):
            claim = claim_of(ctx.call, key, ctx.team, row.fingerprint and partial(row.fingerprint, ctx))
            stored = self.world.idempotency.find(claim, now)
            if stored is not None:
                ctx.call.replayed = True
                return stored.content, stored.status, "application/json", _REPLAYED
        body = row.handler(ctx)
        happened: _Happened
        if isinstance(body, Answer):
            happened = body
        else:
            happened = body if isinstance(body, bytes) else to_json(body), row.status, row.media_type, ()
        ctx.call.committed = ctx.call.method != "GET"
        if claim is not None:
            content, status, *_ = happened
            self.world.idempotency.store(Stored(claim, status, content, now, now + busy))
        return happened

    def _refuse(self, call: Call, problem: ApiProblem, request_id: str) -> bytes:
        body = envelope(problem, request_id, all_global=self.world.settings.reading("err-6") == "global")
        call.error_code = body["error"]["code"]
        return to_json(body)

    def _unmatched(self, call: Call) -> NoReturn:
        self.problems.append(Problem(call, "unmatched"))
        allowed = ", ".join(sorted(self.addresses.find(call)))
        if allowed:
            message = say.WRONG_METHOD.format(method=call.method, path=call.path, allowed=allowed)
            raise ApiProblem(405, "method_not_allowed", message, headers=(("Allow", allowed),))
        raise ApiProblem(404, "resource_not_found", say.UNKNOWN_PATH.format(method=call.method, path=call.path))


_NO_ROW: Final[tuple[None, Mapping[str, str]]] = None, {}
_REPLAYED: Final = (("Aurous-Idempotent-Replayed", "true"),)
