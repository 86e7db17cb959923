"""The internals of one fake, which `Aurous`, the plugin, the server and the ASGI application share; its moments."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .._core.base.errors import AurousLookupError, hide_mistakes, nearest, see, shown
from .._core.base.redaction import protect
from .._core.engine.pipeline import App, Snapshot
from .._core.resources.team import ApiKey
from .calls import Calls
from .environment import ENVIRONMENT
from .team import Team
from .verdict import Verdict

if TYPE_CHECKING:
    import faker

    from .._core.world.settings import Settings
    from .._explore.report.result import Exploration
    from .._facade import Handle
    from .._httpx.binding import Binding
    from .webhooks import Webhooks

MOMENTS: Final = "reference/records.html#back-to-a-moment"
Keep = Callable[[], Callable[[], object]]
"""Returns a function that goes back to what something is at this moment, as often as it is called."""

__tracebackhide__ = hide_mistakes


class Session:
    """Everything that belongs to one fake."""

    def __init__(self, settings: Settings, api_key: str | None = None) -> None:
        self.app: App = App(settings, api_key)
        self.verdict: Verdict = Verdict(self.app)
        self._webhooks: Webhooks | None = None
        self._http: Binding | None = None
        self._faker: faker.Faker | None = None
        self._entered: list[ExitStack] = []
        self.explore_with: Callable[[], dict[str, Any]] = dict  # what the run adds to the options of an exploration
        self.explorations: list[Exploration] = []
        self.explored: bool = False  # whether the test has explored code itself, or played a day
        self.left_by: str = ""  # the method that has left it as an undisturbed run did, such as ``explore``
        self.served: bool = False  # whether an `AurousServer` has served the fake
        self.traced: bool = False  # whether the test is traced, and so is what it explores
        self.snapshots: dict[str, Snapshot] = {}  # those that have a name
        # The moment does not know the session, so a fake that is left is freed at once.
        self.start: Moment = Moment(self.app, ())  # to which `reset` returns

    @property
    def handle(self) -> Handle:
        from .._facade import Handle  # most tests use none

        return Handle(self.app)

    @property
    def settings(self) -> Settings:
        """The settings, which `reset` may change."""
        return self.app.world.settings

    @property
    def api_key(self) -> ApiKey:
        """The first valid key of the default team."""
        world = self.app.world
        with world.lock:
            return ApiKey.of(world, world.keys.first(world.default_team))

    @property
    def calls(self) -> Calls:
        return Calls(self.app.world.journal.entries)

    @property
    def webhooks(self) -> Webhooks:
        with self.app.world.lock:
            if self._webhooks is None:
                from .webhooks import Webhooks  # most tests have none

                self._webhooks = Webhooks(self)
            return self._webhooks

    @property
    def http(self) -> Binding:
        with self.app.world.lock:  # two threads must not create two
            if self._http is None:
                # The one lazy import of httpx: it takes longer to load than many tests to run, and a fake that is only
                # served, or prepared for a snapshot, does not need it.
                from .._httpx.binding import Binding

                self._http = Binding(self.app)
            return self._http

    @property
    def faker(self) -> faker.Faker:
        with self.app.world.lock:
            if self._faker is None:
                from .._core.resources.content.provider import seeded_faker  # Faker loads slowly, and is optional

                self._faker = seeded_faker(self.settings.seed)
            return self._faker

    def enter(self) -> None:
        """Intercept requests, set the environment variables, and skip sleeps if the settings say so."""
        with ExitStack() as undo:  # undoes the first steps if a later one fails
            # Before the first request can come: a thread of an older test may send one at once.
            self.verdict.begin()
            undo.callback(self.http.intercept())
            undo.callback(protect(os.environ.get("AUROUS_API_KEY")))
            variables = {"AUROUS_API_KEY": str(self.api_key), "AUROUS_BASE_URL": self.settings.base_url}
            undo.callback(ENVIRONMENT.hold(**variables))
            if self.settings.sleep == "skip":
                undo.enter_context(self.app.world.clock.skipping())
            self._entered.append(undo.pop_all())

    def leave(self) -> None:
        self._entered.pop().close()

    def moment(self, *more: Keep) -> Moment:
        """Return this moment, to go back to: with *more*, such as the verdict, and the time of skipped sleeps."""
        return Moment(self.app, (self._keep, *more))

    def _keep(self) -> Callable[[], None]:
        """Return a function that goes back to the receivers and routes of this moment, and to a new Faker."""
        receivers = self._webhooks._keep() if self._webhooks is not None else None
        routes = self._http.router.keep() if self._http is not None else None
        return partial(self._go_back, receivers, routes)

    def _go_back(self, receivers: Callable[[], None] | None, routes: Callable[[], None] | None) -> None:
        """Go back to receivers and routes, or drop them all, and begin a new Faker."""
        self._faker = None
        if self._webhooks is not None:
            (receivers or self._webhooks._forget)()
        if self._http is not None:
            (routes or self._http.router.forget)()

    @contextmanager
    def returning(self) -> Generator[Callable[[], None], None, None]:
        """Yield a function that goes back to this moment, as often as it is called."""
        with self.app.world.clock.skipping() if self.settings.sleep == "skip" else nullcontext() as time:
            yield self.moment(self.verdict.keep, *([time.keep] if time is not None else [])).go_back

    @contextmanager
    def serving(self, url: str) -> Generator[None, None, None]:
        """Let other processes find the fake at *url* in the block: by the environment, and by URLs in deliveries."""
        self.served = True
        with ExitStack() as undo:
            undo.callback(ENVIRONMENT.hold(AUROUS_BASE_URL=url))
            self.app.world.served.urls.append(url)
            undo.callback(self.app.world.served.urls.remove, url)
            yield

    def named(self, name: str) -> Snapshot:
        if name not in self.snapshots:
            there = ", ".join(map(repr, self.snapshots)) or "none"
            raise AurousLookupError(
                f"restore({shown(name)}): no snapshot has that name{nearest(name, self.snapshots)} "
                f"Names: {there}.\n{see(MOMENTS)}"
            )
        return self.snapshots[name]

    def start_here(self) -> None:
        """Let `reset` return to the present state from now on."""
        self.start = Moment(self.app, ())

    def reset(self, settings: Mapping[str, Any]) -> None:
        """Return to the state at the start, without calls, pitfalls, receivers and routes, with other *settings*."""
        world = self.app.world
        begun = App(self.start.settings.changed(settings), world.default_key) if settings else None
        with world.lock:
            self.start.go_back()
            self._go_back(None, None)
            if begun is not None:
                self.app.begin_as(begun, settings)
            if "credits" in settings:
                Team(world, world.default_team).credits = self.settings.credits


class Moment:
    """The state of a fake when this was made, with its calls, notes, pitfalls, what its faults have met, and more."""

    def __init__(self, app: App, keeps: Iterable[Keep]) -> None:
        self._app = app
        with app.world.lock:
            self._snapshot = app.snapshot()
            all_keeps = (app.world.journal.keep, app.pitfalls.keep, app.queue.keep, *keeps)
            self._backs = [keep() for keep in all_keeps]

    @property
    def settings(self) -> Settings:
        return self._snapshot.settings

    def go_back(self) -> None:
        """Go back to this moment; it can be done again."""
        with self._app.world.lock:
            self._app.restore(self._snapshot)
            for back in self._backs:
                back()
