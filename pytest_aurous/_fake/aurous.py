"""`Aurous`: the object of the fixture, and the context manager for wider scopes, `unittest` and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._core.base.arguments import Check
from .._core.base.errors import closest, hide_mistakes, shown
from .._core.resources.base.record import Live
from .._core.world.keys import check_key
from .._core.world.settings import ROWS, Settings
from .calls import CallAssertions
from .session import MOMENTS, Session
from .team import Belongings, Team, Teams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    import faker
    import httpx
    import respx
    from typing_extensions import Self, Unpack  # type checkers bundle it

    from .._core.base.names import Operation
    from .._core.engine.pipeline import Snapshot
    from .._core.engine.pitfalls import Pitfall
    from .._core.faults.collection import Faults
    from .._core.resources.team import ApiKey
    from .._core.time.clock import Clock
    from .._core.world.script import Plan
    from .._core.world.settings import AurousSettings
    from .._core.world.world import World
    from .._explore.day import BadDay
    from .._explore.interleaver import InterleaveOptions
    from .._explore.options import ExploreOptions
    from .._explore.report.result import Exploration
    from .._httpx.binding import AurousTransport
    from .._httpx.options import AsyncClientOptions, ClientOptions
    from .calls import Calls
    from .webhooks import Webhooks

__tracebackhide__ = hide_mistakes

_AT_ONCE: Final = {
    "credits": "aurous.team.credits",
    "now": "aurous.clock.freeze(...)",
    "reply": "aurous.chat.reply(...)",
    "script": "aurous.script(...)",
}
"""What changes a setting in the middle of a test, without beginning anew."""


class Aurous(CallAssertions, Belongings):
    """The whole Aurous Labs API, offline; while it is entered, it responds to the requests of httpx and httpx2 clients.

    Args:
        api_key: The key of the default team; by default one that the fake creates.
        **settings: The settings, named as in the ini file without ``aurous_``.

    Raises:
        TypeError: If a setting does not exist, with the nearest name.
        AurousError: If a setting has an invalid value.

    Example:
        >>> import httpx
        >>> with Aurous(credits=10) as aurous:
        ...     response = httpx.get(f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key})
        >>> response.json()["credits"]
        10
    """

    def __init__(self, *, api_key: str | None = None, **settings: Unpack[AurousSettings]) -> None:
        if api_key is not None:
            check_key(Check("Aurous", "reference/settings.html"), api_key)
        self._session = Session(Settings().changed(settings), api_key)

    def _instead(self, name: str, value: object) -> str:
        setting = closest(name, ROWS)
        if setting is None:
            return f". Settings, for Aurous(...) and the marker aurous: {', '.join(ROWS)}."
        now = f" To change it now, use {_AT_ONCE[setting]}." if setting in _AT_ONCE else ""
        return (
            f": pass the setting, as in Aurous({setting}={shown(value)}) or @pytest.mark.aurous({setting}=...), or "
            f'begin anew with it: aurous.reset({{"{setting}": ...}}).{now}'
        )

    def __repr__(self) -> str:
        characters, calls = len(self.characters), len(self.calls)
        counts = f"{characters} character{'s' * (characters != 1)}, {calls} call{'s' * (calls != 1)}"
        return f"<Aurous at {self.base_url}: {counts}, seed {self.seed}>"

    @property
    def base_url(self) -> str:
        """The base URL of the fake, without ``/v1``."""
        return self._session.settings.base_url

    @property
    def api_key(self) -> ApiKey:
        """The key of the default team; ``AUROUS_API_KEY`` while the fake is entered."""
        return self._session.api_key

    @property
    def seed(self) -> int:
        """The effective seed: ``Aurous(seed=aurous.seed)`` creates the same people and ids again."""
        return self._session.settings.seed

    @property
    def clock(self) -> Clock:
        """The clock of the fake."""
        return self._session.app.world.clock

    @property
    def faker(self) -> faker.Faker:
        """A seeded Faker of this fake alone, with `AurousProvider`."""
        return self._session.faker

    @property
    def transport(self) -> AurousTransport:
        """The fake as a transport, for clients that you create; works without entering the fake.

        Example:
            ``httpx.Client(transport=aurous.transport)``
        """
        return self._session.http.transport

    def client(self, **options: Unpack[ClientOptions]) -> httpx.Client:
        """Return a ready-to-use client with base URL and key; *options* of `httpx.Client` override them.

        Example:
            ``aurous.client(timeout=3).get("/v1/balance")``
        """
        return self._session.http.client(self.api_key, {**options})

    def async_client(self, **options: Unpack[AsyncClientOptions]) -> httpx.AsyncClient:
        """Return a ready-to-use async client; *options* of `httpx.AsyncClient` override its own."""
        return self._session.http.async_client(self.api_key, {**options})

    def route(self, operation: Operation | str) -> respx.Route:
        """Return the respx route of an operation, to spy or override; the fake responds until the test sets a response.

        Args:
            operation: Such as ``characters.save``.

        Raises:
            AurousLookupError: If no operation has that name, with the nearest one.

        Example:
            ``aurous.route("characters.save").respond(503)``
        """
        return self._session.http.router.route_for(operation)

    @property
    def team(self) -> Team:
        """The default team: its credits, keys and limits.

        Example:
            ``aurous.team.credits = 3``
        """
        return Team(*self._owner)

    @property
    def teams(self) -> Teams:
        """All teams."""
        return Teams(self._session.app.world, "")

    @property
    def _owner(self) -> tuple[World, str]:
        world = self._session.app.world
        return world, world.default_team

    def script(self, text: str | Plan, name: str | None = None) -> None:
        """Set what pollers see of later characters; the same as `Characters.script`.

        ``->`` joins the steps of a run, ``;`` the runs: each synthesis plays the next run, and the last one repeats.
        A status may have an error in parentheses, and then a hold, which says how long it lasts::

            synthesizing -> reviewing        one poll sees synthesizing, each later one reviewing
            synthesizing*3 -> reviewing      three polls see synthesizing
            synthesizing:45s -> reviewing    it takes 45 s on the clock; also ms, m and h
            synthesizing! -> reviewing       it takes until `advance()` or `finish()`
            synthesizing -> failed(provider_timeout) ; synthesizing -> reviewing
                                             it fails, and works when it is drawn again

        Args:
            text: The steps, or a `Script`.
            name: Set it only for characters that are created with this name.

        Raises:
            AurousScriptError: For an invalid script.

        Example:
            ``aurous.script("synthesizing*3 -> reviewing")``
        """
        self.characters.script(text, name)

    @property
    def webhooks(self) -> Webhooks:
        """The webhook deliveries of the fake: their receivers, and when they are made.

        Example:
            ``aurous.webhooks.deliver_to(received.append); ...; aurous.webhooks.flush()``
        """
        return self._session.webhooks

    @property
    def faults(self) -> Faults:
        """The faults of the fake; each method adds one."""
        return self._session.app.faults

    def snapshot(self, name: str | None = None) -> Snapshot:
        """Return the current state: records, credits, keys, scripts with their poll counts, faults and the clock.

        Args:
            name: A name under which `snapshots` keeps it, in place of an older one with that name.

        Raises:
            AurousError: If the name is blank.

        Example:
            ``aurous.snapshot("before the payment")``
        """
        if name is not None:
            Check("snapshot", MOMENTS).text("name", name, "before the payment")
        snapshot = self._session.app.snapshot()
        if name is not None:
            self._session.snapshots[name] = snapshot
        return snapshot

    @property
    def snapshots(self) -> dict[str, Snapshot]:
        """The snapshots that have a name; a reset leaves them.

        Example:
            ``aurous.snapshots["paid"] = aurous.snapshots.pop("before the payment")``
        """
        return self._session.snapshots

    def restore(self, snapshot: Snapshot | str) -> None:
        """Return to a snapshot of this fake, which can be restored more than once. Calls stay in the journal.

        Args:
            snapshot: What `snapshot` returned, or its name.

        Raises:
            AurousError: If it is not a snapshot of this fake.
            AurousLookupError: If no snapshot has that name.

        Example:
            ``before = aurous.snapshot(); ...; aurous.restore(before)``
        """
        found = self._session.named(snapshot) if isinstance(snapshot, str) else snapshot
        self._session.app.restore(found)

    def export(self) -> dict[str, Any]:
        """Return the current state as JSON, for a file that `import_` reads, also in another process.

        It has what a snapshot has. What JSON cannot carry, such as a fault with a ``when``, is in ``left_out``.

        Example:
            ``Path("paid.json").write_text(json.dumps(aurous.export()))``
        """
        from .exported import export  # most tests do not

        return export(self._session.app)

    def import_(self, exported: Mapping[str, Any]) -> None:
        """Go to a state that `export` has returned, of this fake or of another one. Calls stay in the journal.

        The settings stay as they are, and so does `api_key`: the exported default team becomes the one of this fake.

        Args:
            exported: What `export` returned.

        Raises:
            AurousError: If it is no such state, has another version, or contradicts itself; then nothing changes.

        Example:
            ``aurous.import_(json.loads(Path("paid.json").read_text()))``
        """
        from .exported import import_  # most tests do not

        import_(self._session.app, exported)

    def explore(
        self,
        run: Callable[..., object],
        **options: Unpack[ExploreOptions],
    ) -> Exploration:
        """Run code once undisturbed, and once for each fault at each of its requests; judge each run by the laws.

        The undisturbed run is the good day: it shows what the other runs may cost and have to leave. Each run starts
        from the current state of the fake. Afterwards the fake is as the good day left it.

        Args:
            run: The code under test. If it has a parameter without a default, it receives what *fresh* returns.
            may_raise: The exceptions by which the code reports a failure; by default, any `Exception`.
            may_return: A function that takes a result of *run*, and returns whether it reports a failure.
            returns: Whether *run* must return what it returned on the good day, apart from ids, uuids, times and URLs.
            faults: The faults to try: a name, names joined by commas, or an iterable; ``-name`` leaves out a fault, and
                ``*``, the default, is all.
            laws: The laws to judge, in the same form.
            fresh: Resets the application's own state; called before each run.
            patience: A run is stopped after this many real seconds without a request, a skipped sleep or a new line of
                code. The default is 10; once a run has been stopped, 2.
            only: The id of one case, such as ``characters.create#1 lost``: its exception is raised, and the fake stays
                as it left it.
            known: Ids of cases that may break a law, each with the reason.

        Raises:
            AurousExplorationError: If a case breaks a law.
            AurousError: If the arguments are invalid, or the good day is not the same twice.

        Example:
            ``aurous.explore(lambda: publish("Aurora"), may_raise=(httpx.TransportError, PublishFailed))``
        """
        __tracebackhide__ = hide_mistakes
        from .._explore import drivers  # loads asyncio, and most tests do not explore

        return drivers.explore(self._session, "explore", {"run": run}, options)

    async def aexplore(
        self,
        run: Callable[..., Awaitable[object]],
        **options: Unpack[ExploreOptions],
    ) -> Exploration:
        """Explore a coroutine function in the running event loop, asyncio's or trio's; see `explore`.

        *fresh* may be a coroutine function, too.

        Example:
            ``await aurous.aexplore(lambda: publish("Aurora"))``
        """
        __tracebackhide__ = hide_mistakes
        from .._explore import drivers  # loads asyncio, and most tests do not explore

        return await drivers.aexplore(self._session, "aexplore", {"run": run}, options)

    def interleave(
        self, first: Callable[..., object], second: Callable[..., object], **options: Unpack[InterleaveOptions]
    ) -> Exploration:
        """Run two workers at once, in each order in which their requests can come; find races between them.

        Each worker runs in a thread of its own. They switch at most twice, each time just before a request, and
        whenever one sleeps. The records, the credits and, with *returns*, the results must be the same as when one
        worker runs after the other, in either order. Afterwards, the fake is as if *second* had run after *first*.

        Args:
            first: A worker. If it has a parameter without a default, it receives what *fresh* returns.
            second: The other worker; it may be the same function.
            fresh: Resets the application's own state; called before each run.
            returns: Whether to judge what the workers return, too.
            patience: Real seconds without progress; see `explore`.
            only: The id of one schedule, such as ``first#2 | second#1``; the fake stays as it left it.

        Returns:
            An `Exploration` whose cases are the schedules.

        Raises:
            AurousExplorationError: If a schedule has another result than one worker after the other.
            AurousError: If the arguments are invalid, or the workers do not succeed one after the other.

        Example:
            ``aurous.interleave(lambda: find_or_create("Nova"), lambda: find_or_create("Nova"))``
        """
        __tracebackhide__ = hide_mistakes
        from .._explore import drivers  # most tests do not explore

        return drivers.explore(self._session, "interleave", {"first": first, "second": second}, options)

    async def ainterleave(
        self,
        first: Callable[..., Awaitable[object]],
        second: Callable[..., Awaitable[object]],
        **options: Unpack[InterleaveOptions],
    ) -> Exploration:
        """Interleave two coroutine functions, as tasks of the running event loop; see `interleave`.

        *fresh* may be a coroutine function, too.

        Example:
            ``await aurous.ainterleave(work, work)``
        """
        __tracebackhide__ = hide_mistakes
        from .._explore import drivers  # most tests do not explore

        return await drivers.aexplore(self._session, "ainterleave", {"first": first, "second": second}, options)

    def day(self, day: BadDay) -> AbstractContextManager[None]:
        """Play a bad day, such as one that Hypothesis chooses, in the block of a ``with``.

        Each fault happens at its place among the requests of the block. A fault that no request meets is not an error.
        Sleeps are skipped, and the clock moves only with them. After a ``crash``, each request and each sleep of the
        block raises `AurousCrash`. After the block, the faults are removed.

        Args:
            day: The faults, each with its place.

        Raises:
            AurousError: If the block does not end, or another day is played or explored.

        Example:
            ``with aurous.day(BadDay("characters.create#1 lost")): ...``
        """
        from .._explore.day import play  # most tests have none

        self._session.explored = True
        return play(self._session.handle, day)

    def reset(self, settings: AurousSettings | None = None) -> None:
        """Return to the start of the test: state, settings, clock, faults, calls, pitfalls and routes.

        An unmatched request that arrived before still fails the test.

        Args:
            settings: Settings to begin with, in place of those at the start, until the next reset. The default team
                keeps its id and its key.

        Raises:
            TypeError: If a setting does not exist, with the nearest name.
            AurousError: If a setting has an invalid value. Then nothing changes.

        Example:
            ``aurous.reset({"rate_limits": "enforce", "credits": 10})``
        """
        if settings is not None:
            Check("reset", "reference/settings.html").pairs("settings", settings)
        self._session.reset(settings or {})

    @property
    def pitfalls(self) -> list[Pitfall]:
        """The pitfalls so far, in order: each has ``id``, ``message``, ``call`` and ``place``."""
        with self._session.app.world.lock:
            return list(self._session.app.pitfalls.seen)

    @property
    def calls(self) -> Calls:
        """Every call that arrived, in order.

        Example:
            ``aurous.calls.where("characters.create").last.request.json["name"]``
        """
        return self._session.calls

    @property
    def _asserted(self) -> Calls:
        return self.calls

    def assert_polled(self, record: Live | str, at_least: int | None = None, at_most: int | None = None) -> None:
        if isinstance(record, Live) and record._world is not self._session.app.world:
            raise Check("assert_polled", "reference/calls.html").refuse(
                "record", record, "a record of this fake, such as aurous.characters.last. This one is of another fake."
            )
        super().assert_polled(record, at_least, at_most)

    def __enter__(self) -> Self:
        """Intercept requests, and set ``AUROUS_API_KEY`` and ``AUROUS_BASE_URL``."""
        self._session.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop intercepting, and raise as ``strict`` says, unless the block itself has raised an error."""
        self._session.leave()
        if error is None:
            self._session.verdict.judge()
