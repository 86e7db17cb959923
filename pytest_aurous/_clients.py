"""How a fake is reached: its address and its key, ready clients, a transport for others, and respx routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._app import App
from ._resources.team import ApiKey
from .errors import hide_mistakes

if TYPE_CHECKING:
    import httpx
    import respx

    from ._binding import AurousRouter, AurousTransport

__all__ = ("Clients",)

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
                from ._binding import AurousTransport

                self._transport = AurousTransport(self._bound)
            return self._transport

    def client(self, **options: Any) -> httpx.Client:
        """Return a ready client: base URL and key are set; *options* are for `httpx.Client`, and win.

        Example:
            ``aurous.client(timeout=3).get("/v1/balance")``
        """
        from ._binding import client

        return client(self.transport, self.base_url, self.api_key, **options)

    def async_client(self, **options: Any) -> httpx.AsyncClient:
        """Return a ready async client; *options* are for `httpx.AsyncClient`, and win."""
        from ._binding import async_client

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
                from ._binding import AurousRouter

                self._router = AurousRouter(self._app)
            return self._router
