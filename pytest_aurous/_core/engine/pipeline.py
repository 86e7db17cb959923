"""The pipeline: a `Call` comes in, a `Reply` or a `Break` goes out. Read `App.handle` from top to bottom."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from os import getpid, urandom
from traceback import format_exc
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast
from urllib.parse import parse_qsl
from weakref import proxy

from ..base.errors import AurousError, hide_mistakes, see, shown
from ..base.frames import is_interruption
from ..base.work import ending
from ..faults.fault import CallFault, Refuse
from ..faults.queue import FaultQueue
from ..resources.base.endpoint import Context, Endpoint, Result
from ..resources.catalog import GIVEN, LIFECYCLES, MACHINES, UNDER_WAY, Addresses, addresses, plans
from ..resources.team import TeamRow, create_team
from ..wire import messages as say
from ..wire.call import BY_ROUTE, Call, Problem, to_json
from ..wire.grease import grease
from ..wire.headers import VERSION, check_version, idempotency_key, replaced
from ..wire.hosts import SERVE, is_upload
from ..wire.refusal import ApiProblem, Unscripted, envelope
from ..wire.reply import READ_TIMEOUT, Break, Delayed, Reply
from ..world.buckets import Bucket
from ..world.idempotency import LONGEST_KEY, Stored, claim_of
from ..world.keys import permits, require_scope
from ..world.settings import Settings
from ..world.state import Saved
from ..world.world import World
from .pitfalls import Pitfalls

if TYPE_CHECKING:
    from ..faults.collection import Faults

__tracebackhide__ = hide_mistakes


Outcome = Reply | Break | Delayed


@dataclass(frozen=True)
class Snapshot:
    """A moment of a fake: plain data that can be pickled. `Aurous.snapshot` returns it, `Aurous.restore` takes it."""

    fake: bytes
    world: Saved
    settings: Settings


class App:
    """The API: everything below HTTP. Plain, synchronous, deterministic, safe among threads."""

    def __init__(self, settings: Settings, api_key: str | None = None) -> None:
        self._id = urandom(16)  # not from the seed: of two fakes with the same seed, each restores its own snapshots
        self._process = getpid()
        self.world: World = World(settings)
        self.queue: FaultQueue = FaultQueue(self.world.state)
        self._faults: Faults | None = None
        self.pitfalls: Pitfalls = Pitfalls(self.world.state)
        self.problems: list[Problem] = []
        self.world.default_team = create_team(self.world, "Acme Studio", settings.credits)
        self.world.default_key = self.world.keys.issue(self.world.default_team, "write", api_key)
        self.world.lifecycles = LIFECYCLES.values()
        for resource, plan in plans(settings.script).items():
            self.world.scripts[resource, None, None] = plan
        for resource, enter in MACHINES.items():
            self.world.runs.machines[resource] = partial(enter, proxy(self.world))  # which has the runs itself
        for rows in GIVEN:
            self.world.table(rows[0].__class__).begin_with(rows)
        self._altered = _alteration(self.world)
        self.addresses: Addresses = addresses(settings.base_url)

    def _follow(self, settings: Settings) -> None:
        """Follow these settings from now on, which may differ from those at the start."""
        self.world.follow(settings)
        self._altered = _alteration(self.world)
        self.addresses = addresses(settings.base_url)

    def begin_as(self, other: App, names: Collection[str]) -> None:
        """Follow the settings of another fake that has just begun, and begin as the settings of these *names* say.

        The default team keeps its id and its key, which clients have.
        """
        world, started = self.world, other.world.state.copy()
        with world.lock:
            saved, team = world.state.copy(), world.default_team
            saved.sections["TeamRow"][team] = replace(other.world.table(TeamRow)[other.world.default_team], id=team)
            if "script" in names:
                saved.sections["scripts"] = started.sections.get("scripts", {})
            world.state.restore(
                saved._replace(
                    chance=started.chance if "seed" in names else saved.chance,
                    clock=started.clock if "now" in names else saved.clock,
                )
            )
            self._follow(other.world.settings)

    @property
    def faults(self) -> Faults:
        if self._faults is None:
            from ..faults.collection import Faults  # most tests have none

            self._faults = Faults(self.queue, self.world.clock, self.world.state.random)
        return self._faults

    def snapshot(self) -> Snapshot:
        """Copy everything but the calls, for `restore`, with the settings."""
        with self.world.lock:
            self.world.runs.settle()
            return Snapshot(self._id, self.world.state.copy(), self.world.settings)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this fake, which can be restored again."""
        if getattr(snapshot, "fake", None) != self._id:
            raise AurousError(
                f"restore({shown(snapshot)}): expected what snapshot() of the same fake returned.\n"
                f"{see('reference/records.html#back-to-a-moment')}"
            )
        with self.world.lock:
            self.world.state.restore(snapshot.world)
            if snapshot.settings is not self.world.settings:
                self._follow(snapshot.settings)
            self.world.journal.restores += 1
            self.pitfalls.begin_anew()

    def handle(self, call: Call) -> Reply | Break:
        """Handle one request at once; the clock moves by the delay of its response.

        All decisions and changes happen under one lock, completely or not at all.
        """
        return cast("Reply | Break", self.begin(call, self._at_once))

    def begin(self, call: Call, act: Callable[..., Outcome] | None = None) -> Outcome:
        """Do the same for a client that sleeps while its request is in flight, and takes each further `step`."""
        self._admit_call(call)
        try:
            return self.step(call, act or self._handle, call, self._faults_for(call))
        except BaseException:
            with self.world.lock:
                self.pitfalls.begin_anew()  # a detector may have seen half of a request
                self.world.journal.withdraw(call)
            raise

    def step(self, call: Call, act: Callable[..., Outcome], *args: Any) -> Outcome:
        """Do one step of a request; after the last one, the watchers see it leave."""
        with self.world.lock:
            outcome = self.world.state.whole(act, *args)
            for watcher in () if isinstance(outcome, Delayed) else self.world.watchers:
                watcher.leave(call)
            return outcome

    def _admit_call(self, call: Call) -> None:
        """Let the watchers see a new call, or raise what ends its run, or an `AurousError` in a forked process."""
        if getpid() != self._process:  # before any lock, which a thread that is not here may have held at the fork
            raise AurousError(
                f"{call.method} {call.path} came from a forked process, and the fake lives in the one that was forked: "
                f"its copy here would respond, and the test would see nothing of it. {SERVE}\n"
                f"{see('how-to/server.html')}"
            )
        if (error := ending()) is not None:
            raise error
        if not call.number:
            with self.world.lock:
                for watcher in self.world.watchers:
                    watcher.arrive(call)

    def _at_once(self, call: Call, faults: list[CallFault]) -> Outcome:
        """Do all steps of a request, and let the clock move by what its client waits."""
        outcome = self._handle(call, faults)
        while isinstance(outcome, Delayed):
            seconds, patient, go_on = outcome
            outcome = go_on(patient)
            self.world.clock.move(seconds)
        return outcome

    # A request takes one step, or several if its client has to sleep while it is in flight, as with the fault `delay`.
    # Nobody may hold the lock through a sleep: other clients send requests meanwhile. So a step returns a `Delayed`,
    # the client sleeps without the lock, and then calls `step` with the function that goes on. Each step is whole by
    # itself: what one has changed stays if the client gives up in its sleep. A delayed `Reply` is the response of a
    # request that has taken effect before the sleep; `UNSERVED`, whose status is 0, stands for one that reaches the
    # server after it.
    def _handle(self, call: Call, faults: list[CallFault]) -> Outcome:
        """Record the request, let it meet a fault or serve it, and record the outcome."""
        ctx, now = self._arrive(call)
        self.pitfalls.arrive(ctx)
        fault = self.queue.met_by(call, now, faults) if faults else None
        if fault is None:
            return self._proceed(ctx, self._serve(ctx, now))
        return self._proceed(ctx, fault.meet(call, self.world.clock, partial(self._serve, ctx, now)))

    def _proceed(self, ctx: Context, outcome: Reply | Break) -> Outcome:
        """Record the outcome of a request, unless its delay has to pass first."""
        if isinstance(outcome, Break) or not outcome.delay:
            return self._leave(ctx, outcome)
        self.world.journal.leave()
        patience = inf if ctx.call.patience is None else ctx.call.patience
        delay = outcome.delay
        return Delayed(min(delay, patience), delay <= patience, partial(self._go_on, ctx, outcome))

    def _go_on(self, ctx: Context, outcome: Reply, waited: bool) -> Outcome:  # noqa: FBT001 - `Delayed` has no keywords
        """Go on with a request whose client has waited for its delay, or has given up."""
        self.world.runs.settle()
        self.world.journal.resume(ctx.call)
        if not waited:
            ctx.call.delay = 0
            return self._leave(ctx, READ_TIMEOUT)
        ctx.call.delay += outcome.delay
        if not outcome.status:
            return self._proceed(ctx, self._serve(ctx, self.world.clock.time()))
        return self._leave(ctx, outcome)

    def _leave(self, ctx: Context, outcome: Reply | Break) -> Reply | Break:
        call = ctx.call
        if call.fault is not None and call.committed and ctx.lost is not None and not _arrived(outcome):
            ctx.lost()
        if ctx.stream is not None and not (isinstance(outcome, Reply) and outcome.stream is ctx.stream):
            ctx.stream.lose()  # by a fault
        elif ctx.stream is not None:
            ctx.stream.abandoned = partial(self.pitfalls.abandon, ctx)
        self.pitfalls.leave(ctx, outcome)
        self.world.journal.respond(call, outcome if isinstance(outcome, Reply) else None)
        return outcome

    def _arrive(self, call: Call) -> tuple[Context, float]:
        now = self.world.clock.time()
        self.world.runs.settle()  # the request has not caused what time has changed
        self.world.journal.arrive(call, now)
        row, args = self._row_of(call)
        call.operation, call.fault = None if row is None else row.operation, None
        return Context(self.world, call, row, args, args.get("id", "")), now

    def _serve(
        self,
        ctx: Context,
        now: float,
        *,
        effect: bool = True,
        instead: Refuse | None = None,
        free: bool = False,
        busy: float = 0,
    ) -> Reply:
        """Respond to a request that reaches the server; see `Serve` for the options that faults use."""
        ctx.request_id, ctx.busy = self.world.ids.new("req"), busy
        try:
            row = ctx.endpoint or self._unmatched(ctx.call)
            name, bucket = self._admit(row, ctx, now, free=free)
            if instead is None:
                response = self._take_effect(row, ctx, now, effect=effect)
            else:
                if effect:
                    try:
                        self._take_effect(row, ctx, now, effect=True)
                    except ApiProblem as problem:  # its response is lost, and leaves only its code
                        ctx.call.error_code = problem.code
                response = self._refusal(ctx, instead(name, bucket.wait_for() if bucket else 1, now))
        except ApiProblem as problem:
            response = self._refusal(ctx, problem)
        except Unscripted as mistake:
            self.world.state.append(self.problems, Problem(ctx.call, "reply", str(mistake)))
            response = self._refusal(ctx, ApiProblem(500, "internal_error", say.INTERNAL))
        except Exception as error:
            if is_interruption(error):
                raise
            self.world.state.append(self.problems, Problem(ctx.call, "bug", format_exc()))
            response = self._refusal(ctx, ApiProblem(500, "internal_error", say.INTERNAL))
        headers = (
            *((("Content-Type", response.media_type),) if response.body else ()),
            *((("Content-Length", str(len(response.body))),) if response.stream is None else ()),
            ("Aurous-Request-Id", ctx.request_id),
            ("Aurous-Version", VERSION),
            *ctx.limits,
        )
        headers = replaced(headers, response.headers) if response.headers else headers
        ctx.stream = response.stream
        reply = Reply(response.status, headers, response.body, response.stream, response.delay)
        return reply if self._altered is None else self._altered(reply, ctx.endpoint)

    def _admit(self, row: Endpoint, ctx: Context, now: float, *, free: bool) -> tuple[str, Bucket | None]:
        """Check key, scope, limit and version; return the name of the rate bucket, and the bucket as it was before."""
        world, call = self.world, ctx.call
        name, bucket = "", None
        if not row.signed:
            grant = world.keys.authenticate(call.incoming, now)
            call.team = ctx.team = grant.team
            name = row.bucket if isinstance(row.bucket, str) else row.bucket(ctx)
            bucket = world.buckets.get(grant.team, name, now)
            if free or not permits(grant, call.method):
                ctx.limits = bucket.headers()
                require_scope(grant, call.method)  # a key that is too narrow costs no token (rate-4)
            else:
                ctx.limits = world.buckets.spend(grant.team, name, bucket)
        check_version(call.incoming, prior_dates=world.settings.reading("ver-3") == "prior_dates")
        return name, bucket

    def _take_effect(self, row: Endpoint, ctx: Context, now: float, *, effect: bool) -> Result:
        mark = self.world.state.mark()
        try:
            return self._happen(row, ctx, now)
        except Exception as error:
            effect = effect and isinstance(error, ApiProblem)
            raise
        finally:
            if not effect:
                self.world.state.undo_to(mark)
                ctx.call.committed = False

    def _happen(self, row: Endpoint, ctx: Context, now: float) -> Result:
        """Call the handler, or replay the response that is stored for the ``Idempotency-Key``."""
        claim = None
        key = idempotency_key(ctx.call.incoming) if row.idempotent else None
        if key is not None and row.accepts_key(ctx):
            longest = row.longest_key(ctx) if row.longest_key is not None else LONGEST_KEY
            claim = claim_of(ctx.call, key, ctx.team, longest, row.fingerprint and partial(row.fingerprint, ctx))
            stored = self.world.idempotency.find(claim, now, self._works)
            if stored is not None:
                ctx.call.replayed = True
                return Result(stored.content, stored.status, headers=_REPLAYED)
        result = row.handler(ctx)
        if not isinstance(result, Result):
            content = result if isinstance(result, bytes) else to_json(result)
            result = Result(content, row.status, row.media_type)
        ctx.call.committed = ctx.call.method != "GET"
        if claim is not None:
            self.world.idempotency.store(Stored(claim, result.status, result.body, now, now + ctx.busy))
        return result

    def _works(self, stored: Stored) -> bool:
        """Whether the work that a first attempt began is under way, if that keeps its key in use (idem-5).

        Then the retry is a poll: a client whose response was lost has no other way to wait.
        """
        if self.world.settings.reading("idem-5") != "generation":
            return False
        record = json.loads(stored.content)["id"]
        if self._is_under_way(record):
            self.world.runs.poll(record)
        return self._is_under_way(record)

    def _is_under_way(self, record: str) -> bool:
        return getattr(self.world.row(record), "status", None) in UNDER_WAY

    def _faults_for(self, call: Call) -> list[CallFault]:
        """Return the faults that the request can meet; call each ``when``, without the lock."""
        faults = self.queue.open(CallFault)
        if not [fault for fault in faults if fault.conditional]:
            return faults
        with self.world.lock:
            self.world.state.whole(self._wait, call)
        try:
            return self.queue.candidates(CallFault, call)
        except Exception as error:
            if is_interruption(error):
                raise
            problem = Problem(call, "condition", format_exc())  # the code under test could swallow it
            self.world.state.append(self.problems, problem)
            return []

    def _wait(self, call: Call) -> None:
        self._arrive(call)
        self.world.journal.wait(call)

    def _refusal(self, ctx: Context, problem: ApiProblem) -> Result:
        reading = self.world.settings.reading
        body = envelope(
            problem,
            ctx.request_id,
            all_global=reading("err-6") == "global",
            null_param=reading("err-4") == "null",
        )
        ctx.call.error_code = body["error"]["code"]
        return Result(to_json(body), problem.status, headers=problem.headers)

    def _unmatched(self, call: Call) -> NoReturn:
        self.world.state.append(self.problems, Problem(call, "unmatched"))
        allowed = ", ".join(sorted(self.addresses.find(call)))
        if allowed:
            message = f"{call.method} is not allowed on {call.path}. Allowed: {allowed}."
            raise ApiProblem(405, "method_not_allowed", message, headers=(("Allow", allowed),))
        raise ApiProblem(404, "resource_not_found", f"No route matches {call.method} {call.path}.")

    def operation_of(self, call: Call) -> str | None:
        row, _ = self._row_of(call)
        return None if row is None else row.operation

    def _row_of(self, call: Call) -> tuple[Endpoint | None, Mapping[str, str]]:
        return self.addresses.find(call).get(call.method, (None, {}))

    def fit(self, host: str, target: str) -> int:
        """Return how well a path with its query fits this API, if several APIs share a host; 0 if it does not fit.

        The longest base URL fits best. On the upload host, the API that signed the URL and has the upload fits.
        """
        path, _, query = target.partition("?")
        if not is_upload(host):
            return self.addresses.root_length(host, path)
        signature = dict(parse_qsl(query)).get("signature", "")
        return int(self.world.urls.signed(path, signature) and any(map(self.world.row, path.split("/"))))

    def overrule(self, call: Call) -> None:
        """Record a request that a route of the test responds to; `overruled` records the response."""
        self._admit_call(call)
        with self.world.lock:
            self.world.journal.arrive(call, self.world.clock.time())
            call.operation = self.operation_of(call)
            call.fault = BY_ROUTE
            self.world.journal.leave()

    def overruled(self, call: Call, reply: Reply | None) -> None:
        """Record the response of a test's route; None if it raised an error, or if its body is a stream of the test."""
        with self.world.lock:
            self.world.journal.respond(call, reply)
            for watcher in self.world.watchers:
                watcher.leave(call)


def _alteration(world: World) -> Callable[[Reply, Endpoint | None], Reply] | None:
    """Return the function that changes responses as the settings say, or None."""
    file, kind = world.settings.observed, world.settings.grease
    if file is None and kind == "off":
        return None
    from ..faults.observed import as_observed, read_observed  # most tests have neither

    observed = read_observed(file)

    def altered(reply: Reply, row: Endpoint | None) -> Reply:
        if row is not None:
            reply = as_observed(reply, row.operation, observed)
        return reply if kind == "off" else grease(reply, kind, world.state.random("grease"))

    return altered


def _arrived(outcome: Reply | Break) -> bool:
    """Whether a client can read the response that it would have had without a fault."""
    if isinstance(outcome, Break) or outcome.status >= 400:  # noqa: PLR2004 - the first error
        return False
    try:
        json.loads(outcome.body)
    except ValueError:
        return False
    return True


_REPLAYED: Final = (("Aurous-Idempotent-Replayed", "true"),)
