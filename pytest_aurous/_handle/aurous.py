"""`Aurous`: what the fixture yields, and the context manager for wider scopes, `unittest` and scripts."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from .._check import Check
from .._engine.pipeline import App, Snapshot
from .._framework.live import Live
from .._redaction import protecting
from .._resources.team import ApiKey
from .._world.keys import check_key
from .._world.settings import Settings, read_setting
from ..errors import hide_mistakes
from ..faults.collection import Faults
from .calls import Calls
from .environment import environment
from .team import Belongings, Team, Teams
from .verdict import Verdict
from .webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import faker
    import httpx
    import respx
    from typing_extensions import Self, Unpack  # for checkers, which know it

    from .._engine.pitfalls import Pitfall
    from .._httpx.router import AurousRouter
    from .._httpx.transport import AurousTransport
    from .._time.clock import Clock
    from .._world.outbox import Delivery
    from .._world.script import Plan
    from .._world.settings import SettingsDict
    from .._world.world import World

__all__ = (
    "Aurous",
    "Clients",
)

__tracebackhide__ = hide_mistakes


class Clients:
    """What leads to a fake. The binding, and so httpx, is loaded when it is first needed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._router: AurousRouter | None = None
        self._transport: AurousTransport | None = None

    @property
    def base_url(self) -> str:
        """Where the fake answers, without ``/v1``."""
        return self._app.world.settings.base_url

    @property
    def api_key(self) -> ApiKey:
        """The key of the default team; ``AUROUS_API_KEY`` while the fake is entered."""
        world = self._app.world
        with world.lock:
            return ApiKey.of(world, world.keys.first(world.default_team))

    @property
    def transport(self) -> AurousTransport:
        """The fake as a transport, for hand-made clients; works without entering.

        Example:
            ``httpx.Client(transport=aurous.transport)``
        """
        with self._app.world.lock:  # of two threads, the second finds what the first has made
            if self._transport is None:
                from .._httpx.transport import AurousTransport

                self._transport = AurousTransport(self._bound)
            return self._transport

    def client(self, **options: Any) -> httpx.Client:
        """Return a ready client: base URL and key are set; *options* are for `httpx.Client`, and win.

        Example:
            ``aurous.client(timeout=3).get("/v1/balance")``
        """
        from .._httpx.transport import client

        return client(self.transport, self.base_url, self.api_key, **options)

    def async_client(self, **options: Any) -> httpx.AsyncClient:
        """Return a ready async client; *options* are for `httpx.AsyncClient`, and win."""
        from .._httpx.transport import async_client

        return async_client(self.transport, self.base_url, self.api_key, **options)

    def route(self, operation: str) -> respx.Route:
        """Return the respx route of one operation, to spy on or to override; it answers as the fake does until told.

        Args:
            operation: Such as ``characters.save``.

        Raises:
            AurousLookupError: If nothing bears the name, with the nearest one.

        Example:
            ``aurous.route("characters.save").respond(503)``
        """
        return self._bound.route_for(operation)

    @property
    def _bound(self) -> AurousRouter:
        with self._app.world.lock:
            if self._router is None:
                from .._httpx.router import AurousRouter

                self._router = AurousRouter(self._app)
            return self._router


class Aurous(Clients, Belongings):
    """The whole Aurous Labs API, offline; while entered, httpx and httpx2 clients meet it instead of the vendor.

    Args:
        api_key: The key of the default team; left out, one is made that nobody can take for a real one.
        **settings: The settings, as in the ini file without their ``aurous_``.

    Raises:
        TypeError: On a name that is no setting, with the nearest one.
        AurousError: On a value that a setting cannot have.

    Example:
        >>> import httpx
        >>> with Aurous(credits=10) as aurous:
        ...     response = httpx.get(f"{aurous.base_url}/v1/balance", headers={"X-Api-Key": aurous.api_key})
        >>> response.json()["credits"]
        10
    """

    def __init__(self, *, api_key: str | None = None, **settings: Unpack[SettingsDict]) -> None:
        if api_key is not None:
            check_key(Check("Aurous", "reference/settings.html"), api_key)
        self._settings = Settings(**{name: read_setting(name, value) for name, value in settings.items()})
        super().__init__(App(self._settings, api_key))
        self._faker: faker.Faker | None = None
        self._webhooks: Webhooks | None = None
        self._entered: list[ExitStack] = []
        self._verdict = Verdict(self._app)
        self._start = self._app.snapshot()

    def __repr__(self) -> str:
        return (
            f"<Aurous at {self.base_url}: {len(self.characters)} characters, {len(self.calls)} calls, seed {self.seed}>"
        )

    @property
    def seed(self) -> int:
        """The effective seed: ``Aurous(seed=aurous.seed)`` makes the same people and ids again."""
        return self._settings.seed

    @property
    def clock(self) -> Clock:
        """The time that everything here goes by."""
        return self._app.world.clock

    @property
    def team(self) -> Team:
        """The default team."""
        return Team(self._app.world, self._app.world.default_team)

    @property
    def teams(self) -> Teams:
        """All teams."""
        return Teams(self._app.world, "")

    @property
    def _owner(self) -> tuple[World, str]:
        return self._app.world, self._app.world.default_team

    @property
    def faker(self) -> faker.Faker:
        """A Faker of this fake's own, seeded, with `AurousProvider`."""
        with self._app.world.lock:  # of two threads, the second finds what the first has made
            if self._faker is None:
                from .._content.provider import seeded_faker

                self._faker = seeded_faker(self.seed)
            return self._faker

    def script(self, text: str | Plan, name: str | None = None) -> None:
        """Say what pollers will see of later characters; short for `Characters.script`.

        Args:
            text: The steps, or a `Script`.
            name: Only of those that are created with this name.

        Raises:
            AurousScriptError: If it cannot be played.

        Example:
            ``aurous.script("synthesizing*3 -> reviewing")``
        """
        self.characters.script(text, name)

    @property
    def webhooks(self) -> Webhooks:
        """Where webhook deliveries go, and the moment at which they do."""
        with self._app.world.lock:
            if self._webhooks is None:
                self._webhooks = Webhooks(self._app.world, self._app.queue, _send)
            return self._webhooks

    @property
    def faults(self) -> Faults:
        """What goes wrong; each method gives one fault more."""
        return self._app.faults

    def snapshot(self) -> Snapshot:
        """Return the present state: rows, money, keys, scripts and the looks they counted, faults, clock."""
        return self._app.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this fake; it can be restored more than once. Calls stay in the journal.

        Args:
            snapshot: What `snapshot` returned.

        Raises:
            AurousError: If it is not one of this fake.

        Example:
            ``before = aurous.snapshot(); ...; aurous.restore(before)``
        """
        self._app.restore(snapshot)

    def reset(self) -> None:
        """Go back to the start of the test: state, clock, faults, calls, pitfalls and routes.

        A request that the API does not know, and that came before, fails the test all the same: a reset hides nothing.
        """
        with self._app.world.lock:
            self._app.restore(self._start)
            self._app.world.journal.clear()
            self._app.pitfalls.clear()
            self._faker = None
            if self._webhooks is not None:
                self._webhooks._forget()
            if self._router is not None:
                self._router.forget()

    @property
    def pitfalls(self) -> list[Pitfall]:
        """What the code under test got away with, in order: each has ``id``, ``message``, ``call`` and ``place``."""
        with self._app.world.lock:
            return list(self._app.pitfalls.seen)

    @property
    def calls(self) -> Calls:
        """Every call that arrived, in order."""
        return Calls(self._app.world.journal.entries, self._app.catalog.by_operation)

    def assert_called(
        self,
        operation: str,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Fail unless *operation* was called: once or more, or as often as the counts say.

        Args:
            operation: Name or pattern.
            times: Exactly this often; excludes the other two.
            at_least: This often or more.
            at_most: This often or less.
            json: Count only calls whose JSON body has these parts.
            headers: Count only calls with these headers.

        Raises:
            AssertionError: With the calls that came closest.
            AurousLookupError: If no operation has that name.
            AurousError: If the counts contradict each other, or an argument has another type.

        Example:
            ``aurous.assert_called("characters.create", times=1, json={"name": "Aurora"})``
        """
        self.calls.assert_called(operation, times=times, at_least=at_least, at_most=at_most, json=json, headers=headers)

    def assert_not_called(self, operation: str) -> None:
        """Fail if *operation*, a name or a pattern, was called; see `Calls.assert_not_called`.

        Example:
            ``aurous.assert_not_called("images.*")``
        """
        self.calls.assert_not_called(operation)

    def assert_called_in_order(self, *operations: str) -> None:
        """Fail unless calls of these operations arrived in this order; see `Calls.assert_called_in_order`.

        Example:
            ``aurous.assert_called_in_order("characters.create", "characters.save")``
        """
        self.calls.assert_called_in_order(*operations)

    def assert_polled(self, record: Live | str, at_least: int | None = None, at_most: int | None = None) -> None:
        """Fail unless *record* was retrieved: once or more, or as often as the counts say, whatever the responses.

        Args:
            record: A live record of this fake, or an id.
            at_least: This often or more.
            at_most: This often or less.

        Raises:
            AssertionError: With the calls on that id.
            AurousError: If the record belongs to another fake, or the counts contradict each other.

        Example:
            ``aurous.assert_polled(aurous.characters.last, at_most=5)``
        """
        if isinstance(record, Live) and record._world is not self._app.world:
            raise Check("assert_polled", "reference/calls.html").refuse(
                "record", record, "a record of this fake, such as aurous.characters.last. This one is of another fake."
            )
        self.calls.assert_polled(record, at_least=at_least, at_most=at_most)

    def __enter__(self) -> Self:
        """Intercept, and set ``AUROUS_API_KEY`` and ``AUROUS_BASE_URL``."""
        with ExitStack() as undo:  # whatever fails on the way in is undone
            self._verdict.begin()
            self._bound.start()
            undo.callback(self._bound.leave)
            undo.enter_context(protecting(os.environ.get("AUROUS_API_KEY")))
            undo.enter_context(environment(AUROUS_API_KEY=str(self.api_key), AUROUS_BASE_URL=self.base_url))
            if self._settings.sleep == "skip":
                undo.enter_context(self.clock.skip_sleeps())
            self._entered.append(undo.pop_all())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go, and raise what ``strict`` demands, never hiding an error of the block."""
        self._entered.pop().close()
        if error is None:
            self._verdict.judge()


def _send(target: Any, delivery: Delivery, *, in_loop: bool) -> Any:
    from .._httpx.receivers import send

    return send(target, delivery, in_loop=in_loop)
