"""Which fakes are entered, and the patches that let them respond to the clients of this process."""

from __future__ import annotations

import _socket
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import partial, wraps
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._core.base.chains import undone_on_error
from .._core.base.frames import other_client
from .._core.wire.hosts import GUARD, RESOLVERS, refusal, refusing, served
from .stacks import Arrival, PassedThrough, stacks

if TYPE_CHECKING:
    from .router import Router

_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""Change what an SSL context is."""
_ORIGINAL: Final = "_aurous_original"
_RESPX: Final = "respx.mocks"
_ADAPTERS: Final = {
    "httpx_aiohttp.transport": ("AiohttpTransport",),
    "httpx_aiohttp.httpx2.transport": ("AiohttpTransport",),
    "httpx_curl_cffi.transport": ("AsyncCurlTransport", "CurlTransport"),
    "litellm.llms.custom_httpx.aiohttp_transport": ("LiteLLMAiohttpTransport",),
    "openai._vendor.httpx_aiohttp.transport": ("AiohttpTransport",),
    "pyreqwest.compatibility.httpx.transport": ("HttpxTransport", "SyncHttpxTransport"),
}
"""Transports that send the requests of httpx or httpx2 with another HTTP client, by module: the fake intercepts them.

Any other transport responds itself, since nobody can tell what it does; the guard stops its connections to the vendor.
"""
_Owner = type[Any] | ModuleType


class _Patch(NamedTuple):
    """A method of a transport class, or a function that transports call, and the function that replaces it."""

    original: Any
    wrapper: Any


class Interception:
    """Intercepts requests where httpx and httpx2 clients pass them to their transports, while a fake is entered."""

    def __init__(self) -> None:
        self.entered: list[Router] = []  # the latest last; twice if it is entered twice
        self._owners: dict[bytes, list[Router]] = {}
        self._patches: dict[tuple[_Owner, str], list[_Patch]] = {}  # the first of each has the genuine method
        self._contexts: dict[Any, Any] = {}
        self._former: dict[tuple[_Owner, str], _Patch] = {}  # of the last fake, to be used again
        self._lock = RLock()
        self._arrival = Arrival({"httpx2", _RESPX, *_ADAPTERS}, self.to_front)

    def enter(self, router: Router) -> None:
        with self._lock, undone_on_error(partial(self.leave, router)):
            self.entered.append(router)
            if len(self.entered) == 1:
                self._arrival.begin()
            self.to_front()

    def leave(self, router: Router) -> None:
        """Undo the latest `enter` of a fake; the last fake that leaves removes the patches."""
        with self._lock:
            del self.entered[len(self.entered) - 1 - self.entered[::-1].index(router)]
            self._owners = {}
            if self.entered:
                return
            self._arrival.end()
            _step_back()
            while self._patches:
                place, ours = self._patches.popitem()
                self._former[place] = ours[0]
                for patch in reversed(ours):
                    if getattr(*place) is patch.wrapper:  # else a later patch calls it, and it passes on
                        setattr(*place, patch.original)

    # Of several tools that patch a method, the last one sees a request first. `handle_request` in turn is:
    #   with aurous:                       ours, which passes on to httpx's
    #       with use_cassette("a"):        vcrpy's, which passes on to ours: it sees first what is for the fake
    #           with aurous:               ours again, which passes on to vcrpy's: that sees only what is for others
    # On the way out, a patch that another tool has covered cannot be taken away. It stays, knows of no fake any more,
    # and passes everything on; `_patch` looks below such a wrapper before it asks whether a method is ours already.
    def to_front(self) -> None:
        """Intercept before all other tools: pytest-httpx and vcrpy patch the same methods, and the last patch wins."""
        with self._lock:
            self._owners = {}  # a new dict: another thread may be writing into the present one
            if self.entered:
                _step_aside(self.router_for)
                for stack in stacks():
                    for kind in (stack.HTTPTransport, *_adapters(stack.BaseTransport)):
                        self._patch(stack, kind, "handle_request", self._sync)
                    for kind in (stack.AsyncHTTPTransport, *_adapters(stack.AsyncBaseTransport)):
                        self._patch(stack, kind, "handle_async_request", self._async)
                    self._patch(stack, _makes_contexts(stack), "create_ssl_context", self._context)
                if not hasattr(_socket.getaddrinfo, GUARD):  # no plugin guards the whole run
                    for owner, name in RESOLVERS:
                        self._patch(owner, owner, name, lambda _, real: refusing(real, self._refuse))

    def _patch(self, stack: ModuleType, owner: _Owner, method: str, wrap: Callable[[ModuleType, Any], Any]) -> None:
        place, current = (owner, method), getattr(owner, method)
        ours = self._patches.get(place, [])
        wrappers = [patch.wrapper for patch in ours]
        while current not in wrappers and hasattr(current, _ORIGINAL):
            current = getattr(current, _ORIGINAL)  # a wrapper of an earlier test, which was restored too late
        if current in wrappers:
            return
        new = self._former.get(place)
        if new is None or new.original is not current:
            new = _Patch(current, wrap(stack, current))
            setattr(new.wrapper, _ORIGINAL, current)
        setattr(owner, method, new.wrapper)
        self._patches[place] = [*ours[:1], new]  # the ones between are not needed any more

    def router_for(self, request: Any) -> Router | None:
        """Return the router for a request: among the routers that serve its host, by the best matching base URL."""
        host, known = request.url.netloc, self._owners
        owners = known[host] if host in known else known.setdefault(host, self._owners_of(host.decode("ascii")))
        if len(owners) < 2:  # noqa: PLR2004 - more than one
            return owners[0] if owners else None
        name, target = host.decode("ascii"), request.url.raw_path.decode("ascii")
        return max(owners, key=lambda owner: owner.app.fit(name, target))  # the latest one of equals

    def _owners_of(self, host: str) -> list[Router]:
        """Return the routers with the best claim to *host*, the latest first."""
        claims = [(router.app.addresses.claim(host), router) for router in reversed(self.entered)]
        best = max((claim for claim, _ in claims), default=0)
        return [router for claim, router in claims if claim == best > 0]

    def in_front(self) -> list[str]:
        """Return the modules that have patched the transports after us."""
        wrappers = [patch.wrapper for ours in self._patches.values() for patch in ours]
        current = {getattr(*place) for place in self._patches if isinstance(place[0], type)}
        # Not `__module__`, which `functools.wraps` copies from the original.
        return sorted({found.__globals__["__name__"] for found in current if found not in wrappers})

    def _sync(self, stack: ModuleType, original: Any) -> Any:
        @wraps(original)
        def handle_request(transport: Any, request: Any) -> Any:
            router = self.router_for(request)
            if router is None:
                return original(transport, request)
            try:
                return router.respond(stack, request)
            except PassedThrough:
                return original(transport, request)

        return handle_request

    def _async(self, stack: ModuleType, original: Any) -> Any:
        @wraps(original)
        async def handle_async_request(transport: Any, request: Any) -> Any:
            router = self.router_for(request)
            if router is None:
                return await original(transport, request)
            try:
                return await router.arespond(stack, request)
            except PassedThrough:
                return await original(transport, request)

        return handle_async_request

    def _refuse(self, host: Any) -> None:
        """Refuse a connection to the vendor, unless a fake that is entered allows it, or none is."""
        __tracebackhide__ = True
        with self._lock:
            if self.entered and all(router.app.world.settings.network == "block" for router in self.entered):
                raise refusal("inside `with Aurous()`", host, self.explain(), 'Aurous(network="allow")')

    def explain(self) -> str:
        """Return why the fakes that are entered do not respond to the connection of this thread, in whole lines."""
        if client := other_client():
            return f"The fake is active, but it intercepts only httpx and httpx2; {served(client)}"
        if before := self.in_front():
            return (
                f"The fake is active, but {', '.join(before)} intercepts requests before it. Start that before the "
                "fake, or enter the fake again inside it: `with ..., aurous:`.\n"
            )
        return (
            "The fake is active, but it intercepts only httpx and httpx2 clients whose transport is one of theirs, or "
            "a known adapter such as that of httpx-aiohttp; this connection was made in another way. Pass "
            "aurous.transport to an httpx client. For any other client, use the fixture aurous_server and its url.\n"
        )

    def _context(self, _: ModuleType, original: Any) -> Any:
        """Return a function that makes SSL contexts as *original*, httpx's own, does, and a default one once.

        Making one takes longer than most tests. A client cannot tell: a request that the fake intercepts needs no
        context, and any other one has an equal context.
        """

        @wraps(original)
        def create_ssl_context(verify: Any = True, cert: Any = None, **options: Any) -> Any:  # noqa: FBT002 - as in httpx
            if verify is not True or cert is not None:
                return original(verify, cert, **options)
            replaced = ssl.SSLContext, ssl.create_default_context  # by truststore
            key = original, *options.items(), *map(os.environ.get, _VARIABLES), *replaced
            if key not in self._contexts:
                self._contexts[key] = original(verify, cert, **options)
            return self._contexts[key]

        return create_ssl_context


def _makes_contexts(stack: ModuleType) -> ModuleType:
    """Return the module whose transports call `create_ssl_context` when they are built."""
    return sys.modules[f"{stack.__name__}._transports.default"]


def _adapters(base: type[Any]) -> Iterator[type[Any]]:
    """Yield the adapters that extend *base* and that somebody has imported."""
    for module in _ADAPTERS.keys() & sys.modules.keys():
        # Another thread may be importing it at this moment.
        kinds = [getattr(sys.modules[module], name, None) for name in _ADAPTERS[module]]
        yield from [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, base)]


def _step_aside(ours: Callable[[Any], object]) -> None:
    """Let respx pass on the requests that are *ours*; with ``using="httpx"`` it sees them before a transport does."""
    above = _respx()
    if above is None or "handler" in vars(above):
        return
    from respx.models import PassThrough

    def passing(below: Any) -> Any:
        def handler(request: Any) -> Any:
            if ours(request):
                raise PassThrough("The fake responds to this request", request=request, origin=None)  # type: ignore[arg-type]
            return below(request)

        return staticmethod(handler)

    above.handler, above.async_handler = passing(above.handler), passing(above.async_handler)


def _step_back() -> None:
    above = _respx()
    for name in ("handler", "async_handler"):
        if above is not None and name in vars(above):
            delattr(above, name)


def _respx() -> Any:
    """Return what intercepts for ``using="httpx"``, if somebody has imported respx: it loads slowly."""
    mocker = getattr(sys.modules.get(_RESPX), "Mocker", None)  # another thread may be importing it at this moment
    return None if mocker is None else mocker.registry.get("httpx")


INTERCEPTION: Final = Interception()
"""The one of this process, as the transport classes are."""
