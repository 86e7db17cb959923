"""The fake on a local port, for processes whose requests cannot be intercepted (extra ``server``)."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import ExitStack, suppress
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Final, cast

from .._core.base.arguments import Check, Public, encodable
from .._core.base.chains import undone_on_error
from .._core.base.errors import AurousError, hide_mistakes, see
from .._core.base.redaction import redacted
from .._core.base.work import MONOTONIC
from .._core.wire.hosts import is_loopback
from .._fake.aurous import Aurous
from .._fake.objects import session_of
from .asgi import AsgiApp
from .guard import HEADERS, Guarded
from .tape import KEEP

if TYPE_CHECKING:
    from typing_extensions import Self

    from .control import Control

__tracebackhide__ = hide_mistakes

_MORE: Final = see("how-to/server.html")
_LAST_PORT: Final = 65535
_PATIENCE: Final = 60.0
"""Seconds for the start and the end of the server, which take milliseconds: then something is wrong."""
_GRACE: Final = 0.2
"""Seconds for responses that are under way when the server stops."""
_KEPT: Final = 120
"""Seconds for which a connection without a request stays open: longer than servers in front of real APIs keep it.

The vendor's clients poll each 5 seconds; one that meets a connection which is just being closed fails.
"""
_BACKLOG: Final = 2048
"""As uvicorn has it: so many clients may connect at once."""


class AurousServer(Public):
    """A fake over HTTP. It shares state, script, faults, clock and calls with its `Aurous`.

    Args:
        aurous: The fake.
        host: A loopback address or name.
        port: 0 takes a free one.
        allow_remote: Allow an address that is not loopback, and clients to use any name for it, such as a
            container's; control requests then need a token.
        control_token: What control requests must send; by default nothing, or one that is drawn for *allow_remote*.
        keep: How many of the last requests the page, `Aurous.calls` and the log have.

    Raises:
        AurousError: If the port is in use, the address is not loopback, or uvicorn is not installed.

    Example:
        ``subprocess.run(["node", "app.mjs"], env=os.environ | aurous_server.env)``
    """

    def __init__(
        self,
        aurous: Aurous,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        control_token: str | None = None,
        keep: int = KEEP,
    ) -> None:
        check = Check("AurousServer", "how-to/server.html")
        check.instance("aurous", aurous, Aurous, "a fake, such as the fixture aurous or Aurous().")
        check.text("host", host, "127.0.0.1")
        check.whole("port", port, 0, _LAST_PORT)
        check.instance("allow_remote", allow_remote, bool, "True or False.")
        token = cast("object", control_token)  # it may come from anywhere
        if token is not None and not (isinstance(token, str) and token.strip() and encodable(token)):
            # Without the value: most of it may be the secret of somebody.
            raise AurousError(
                f"AurousServer(control_token=...): expected text that is not blank and that UTF-8 can encode, from "
                f"AUROUS_CONTROL_TOKEN or your code. Use a long random text.\n{_MORE}"
            )
        check.whole("keep", keep, 1)
        if not allow_remote and not is_loopback(host):
            raise AurousError(
                f"{host} is not a loopback address: anybody who reaches it could use and control the fake. "
                f"Use 127.0.0.1, or allow it with --allow-remote or allow_remote=True.\n{_MORE}"
            )
        self.aurous: Aurous = aurous
        self.control_token: str | None = control_token or (token_urlsafe() if allow_remote else None)
        self._asgi = AsgiApp(aurous, remote=allow_remote, token=self.control_token, keep=keep)
        self._server = _server(self._asgi)
        self._socket = _bind(host, port)
        self.host: str = host
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="aurous-server", daemon=True
        )
        self._undo = ExitStack()

    def __repr__(self) -> str:
        return redacted(f"<AurousServer at {self.url}>")

    @property
    def url(self) -> str:
        """The base URL of the server, without ``/v1``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """``AUROUS_BASE_URL`` and ``AUROUS_API_KEY``, for a subprocess, and ``AUROUS_CONTROL_TOKEN``, if it has one."""
        found = {"AUROUS_BASE_URL": self.url, "AUROUS_API_KEY": str(self.aurous.api_key)}
        return found | ({} if self.control_token is None else {"AUROUS_CONTROL_TOKEN": self.control_token})

    def start(self) -> None:
        """Start the server in its own thread.

        Raises:
            AurousError: If it does not start, or was started or stopped before.
        """
        if self._thread.ident is not None or self._socket.fileno() == -1:
            state = "is running already" if self._thread.is_alive() else "has been stopped"
            raise AurousError(
                f"The server on port {self.port} of {self.host} {state}: a server can only be started once. "
                f"Make another AurousServer, with another port, or without one to take a free one.\n{_MORE}"
            )
        with undone_on_error(self.stop):
            self._thread.start()
            self._asgi.control.url = self.url
            until = MONOTONIC() + _PATIENCE
            while not self._server.started:
                if not self._thread.is_alive() or MONOTONIC() > until:
                    raise AurousError(f"the server at {self.url} did not start.\n{_MORE}")
                time.sleep(0.002)
            self._undo.enter_context(session_of(self.aurous).serving(self.url))

    def stop(self) -> None:
        """Stop the server, and free its port."""
        self._undo.close()
        self._asgi.control.tape.stop()
        self._server.end()
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)
        self._socket.close()

    def __enter__(self) -> Self:
        """Start the server, and set ``AUROUS_BASE_URL`` to `url`."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()


def control_of(server: AurousServer) -> Control:
    return server._asgi.control


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends small packets immediately; else each response waits 40 ms for its rest.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # On Windows, SO_REUSEADDR would let two servers share one port.
    found.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
    try:
        found.bind((host, port))
        found.listen(_BACKLOG)  # immediately: until then, another server can bind the same port
    except (OSError, OverflowError) as error:
        found.close()
        why = getattr(error, "strerror", None) or error
        raise AurousError(
            f"port {port} of {host} cannot be used ({why}): use another port, or 0 for a free one, "
            f"and an address of this machine.\n{_MORE}"
        ) from None
    return found


class _Ending:
    """A server that ends at once when it is told to, and waits for no client that never finishes a request.

    It is for a server of uvicorn: derive from both, from this first.
    """

    should_exit: bool
    started: bool
    servers: list[Any]
    server_state: Any

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and let requests that wait for nothing be answered where they arrive, on Python 3.12 and later."""
        loop: Any = asyncio.get_running_loop()
        self._loop, self._ended = loop, asyncio.Event()
        loop.time = MONOTONIC  # a test may freeze the one in `time`
        loop.set_task_factory(getattr(asyncio, "eager_task_factory", None))
        await super().startup(sockets)  # type: ignore[misc]

    async def main_loop(self) -> None:
        """Wait for the end, without uvicorn's look at it each 0.1 s."""
        await self._ended.wait()

    def end(self) -> None:
        """End, from another thread."""
        self.should_exit = True
        if self.started:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._ended.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, wait a moment for the responses of those that are open, and abort them."""
        for one in (*self.servers, *(sockets or ())):
            one.close()
        left = self.server_state.connections
        for connection in list(left):
            connection.shutdown()
        until = MONOTONIC() + _GRACE
        while left and MONOTONIC() < until:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        for connection in list(left):
            connection.transport.abort()
        await asyncio.sleep(0)  # now the transports say that they are closed


def _server(app: AsgiApp) -> Any:
    """Return a server with our limits, and the faster parser of uvicorn that is installed."""
    try:
        import uvicorn
        from uvicorn.protocols.http.h11_impl import H11Protocol as Protocol
    except ImportError:
        raise AurousError(
            f"The server needs uvicorn, the extra server: install it with python -m pip install uvicorn.\n{_MORE}"
        ) from None
    with suppress(ImportError):
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Protocol  # type: ignore[assignment]

    protocol = type("GuardedProtocol", (Guarded, Protocol), {})
    options: dict[str, Any] = {"http": protocol, "loop": "asyncio", "ws": "none", "lifespan": "off"}
    options |= {"access_log": False, "server_header": False, "date_header": False, "proxy_headers": False}
    options["timeout_keep_alive"] = _KEPT
    server = type("Server", (_Ending, uvicorn.Server), {})
    return server(uvicorn.Config(app, log_level="critical", h11_max_incomplete_event_size=2 * HEADERS, **options))
