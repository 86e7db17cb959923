"""httpx and httpx2 on one side, `Call` and `Reply` on the other. THE ONLY room that imports httpx, httpx2 and respx.

We hook in where a client hands a request to its transport, above httpcore: there the request is still
whole, an answer costs a microsecond, and what is not ours goes on to the original as if we were not there.
"""

from __future__ import annotations

import re
from abc import ABC
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

import httpx
import respx
from respx.mocks import Mocker
from respx.models import AllMockedAssertionError, PassThrough

from ._app import App
from ._endpoint import Endpoint
from ._wire import Break, Call, HeaderBlock, Reply, header_block
from ._world import UPLOAD_HOST
from .errors import AurousLookupError, nearest, see

httpx2: ModuleType | None
try:
    httpx2 = import_module("httpx2")
except ImportError:  # not everybody has it
    httpx2 = None

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ("AurousMocker", "AurousRouter", "AurousTransport", "async_client", "client")

_STACKS: Final = (httpx,) if httpx2 is None or httpx2 is httpx else (httpx, httpx2)
_KNOWN_HEADERS: Final = 64


class AurousMocker(Mocker, ABC):
    """The respx mocker at transport level.

    `ABC` keeps its name out of respx's registry, where a second class of that name would be an error.
    """

    name = "aurous"
    routers: ClassVar[list[Any]] = []
    _patched: ClassVar[list[tuple[type[Any], str, Any, Any]]] = []

    @classmethod
    def start(cls) -> None:
        """Put ourselves before the transports of httpx and httpx2, once."""
        if cls._patched:
            return
        for stack in _STACKS:
            for owner, method, wrap in (
                (stack.HTTPTransport, "handle_request", cls._sync),
                (stack.AsyncHTTPTransport, "handle_async_request", cls._async),
            ):
                original = getattr(owner, method)
                ours = wrap(stack, original)
                setattr(owner, method, ours)
                cls._patched.append((owner, method, original, ours))

    @classmethod
    def stop(cls, force: bool = False) -> None:  # noqa: FBT001, FBT002 - respx's signature
        """Take ourselves out again when the last router has gone."""
        if cls.routers and not force:
            return
        while cls._patched:
            owner, method, original, ours = cls._patched.pop()
            if getattr(owner, method) is ours:  # else somebody stands before us; idle, we only pass on
                setattr(owner, method, original)

    @classmethod
    def router_for(cls, request: Any) -> AurousRouter | None:
        """Return the router that answers *request*; of several, the one started last."""
        for router in reversed(cls.routers):
            if router.app.owns(_host(request.url)):
                found: AurousRouter = router
                return found
        return None

    @classmethod
    def _sync(cls, stack: ModuleType, original: Any) -> Any:
        @wraps(original)
        def handle_request(transport: Any, request: Any) -> Any:
            router = cls.router_for(request)
            if router is None:
                return original(transport, request)
            try:
                return router.answer(stack, request)
            except PassThrough:
                return original(transport, request)

        return handle_request

    @classmethod
    def _async(cls, stack: ModuleType, original: Any) -> Any:
        @wraps(original)
        async def handle_async_request(transport: Any, request: Any) -> Any:
            router = cls.router_for(request)
            if router is None:
                return await original(transport, request)
            try:
                return await router.aanswer(stack, request)
            except PassThrough:
                return await original(transport, request)

        return handle_async_request


class AurousRouter(respx.MockRouter):
    """The respx router of one fake: looks at the host first, and answers from the core.

    Its routes are those that a test asked for, to spy on or to override.
    """

    def __init__(self, app: App) -> None:
        super().__init__(assert_all_called=False)
        self.app = app
        self._blocks: dict[tuple[tuple[bytes, bytes], ...], HeaderBlock] = {}

    def start(self) -> None:
        """Intercept."""
        self.snapshot()
        self.Mocker = AurousMocker
        AurousMocker.register(self)
        AurousMocker.start()

    def route_for(self, operation: str) -> respx.Route:
        """Return the route of *operation*, which answers as the fake does until it is told otherwise."""
        if operation in self.routes:
            return self.routes[operation]
        catalog = self.app.catalog.by_operation
        if operation not in catalog:
            raise AurousLookupError(
                f"No operation is called {operation!r}{nearest(operation, catalog)}. "
                f"Operations: {', '.join(catalog)}.\n{see('reference/operations.html')}"
            )
        row = catalog[operation]
        home = urlsplit(UPLOAD_HOST if row.host == "upload" else self.app.world.settings.base_url)
        route = self.route(method=row.method, host=home.hostname, path__regex=_pattern(home.path, row), name=operation)
        route.side_effect = self._spy
        return route

    def answer(self, stack: ModuleType, request: Any) -> Any:
        """Answer a request of a sync client of *stack*."""
        request.read()
        call = self._call(request)
        if not self._routed(call):
            return self._plain(stack, request, call)
        try:
            return self._given(stack, call, self.handler(_as_httpx(request)))
        except AllMockedAssertionError:  # its side effect returned None: not this one
            return self._plain(stack, request, call)
        except httpx.HTTPError as error:
            raise _native(stack, error, request) from error

    async def aanswer(self, stack: ModuleType, request: Any) -> Any:
        """Answer a request of an async client of *stack*."""
        await request.aread()
        call = self._call(request)
        if not self._routed(call):
            return self._plain(stack, request, call)
        try:
            return self._given(stack, call, await self.async_handler(_as_httpx(request)))
        except AllMockedAssertionError:
            return self._plain(stack, request, call)
        except httpx.HTTPError as error:
            raise _native(stack, error, request) from error

    def _routed(self, call: Call) -> bool:
        """Whether a route of the test takes the call; one that it overrides is written down here."""
        operation = self.app.operation_of(call) if self.routes else None
        if operation is None or operation not in self.routes:
            return False
        if self.routes[operation].side_effect != self._spy:
            self.app.overrule(call, operation)
        return True

    def _spy(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self._plain(httpx, request, self._call(request))
        return response

    def _given(self, stack: ModuleType, call: Call, response: httpx.Response) -> Any:
        if not isinstance(response.stream, httpx.ByteStream):  # the test's own stream, its own affair
            return response
        reply = Reply(response.status_code, tuple(response.headers.multi_items()), b"".join(response.stream))
        if call.number:  # an override; a spied call has been answered in the core
            call.answered(reply)
        return _response(stack, reply)

    def _call(self, request: Any) -> Call:
        url = request.url
        path, _, query = url.raw_path.decode("ascii").partition("?")
        raw = tuple(request.headers.raw)
        block = self._blocks.get(raw)
        if block is None:
            if len(self._blocks) >= _KNOWN_HEADERS:
                self._blocks.clear()
            block = header_block((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
            self._blocks[raw] = block
        return Call(request.method, url.scheme, _host(url), path, query, block, request.content)

    def _plain(self, stack: ModuleType, request: Any, call: Call) -> Any:
        outcome = self.app.handle(call)
        if isinstance(outcome, Break):
            raise getattr(stack, outcome.error)(outcome.message, request=request)
        return _response(stack, outcome)


class AurousTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The fake as a transport, for hand-made clients of httpx and httpx2, sync and async.

    Example:
        ``httpx.Client(transport=aurous.transport, base_url=aurous.base_url)``
    """

    def __init__(self, router: AurousRouter) -> None:
        self._router = router

    def handle_request(self, request: Any) -> Any:
        """Answer a request of a sync client."""
        return self._router.answer(_stack_of(request), request)

    async def handle_async_request(self, request: Any) -> Any:
        """Answer a request of an async client."""
        return await self._router.aanswer(_stack_of(request), request)


def client(transport: AurousTransport, base_url: str, api_key: str, **options: Any) -> httpx.Client:
    """Return a ready client: base URL and key are set, unless *options* says otherwise."""
    return httpx.Client(**_ready(transport, base_url, api_key, options))


def async_client(transport: AurousTransport, base_url: str, api_key: str, **options: Any) -> httpx.AsyncClient:
    """Return a ready async client."""
    return httpx.AsyncClient(**_ready(transport, base_url, api_key, options))


def _ready(transport: AurousTransport, base_url: str, api_key: str, options: dict[str, Any]) -> dict[str, Any]:
    headers = httpx.Headers(options.pop("headers", None))
    if "X-Api-Key" not in headers and "Authorization" not in headers:
        headers["X-Api-Key"] = api_key
    return {"transport": transport, "base_url": base_url, "headers": headers, **options}


def _host(url: Any) -> str:
    host: str = url.host
    return host if url.port is None else f"{host}:{url.port}"


def _stack_of(request: Any) -> ModuleType:
    return next(stack for stack in _STACKS if isinstance(request, stack.Request))


def _response(stack: ModuleType, reply: Reply) -> Any:
    """Build the response unread, as a real one arrives: `elapsed` works, and the client closes it."""
    return stack.Response(reply.status, headers=list(reply.headers), stream=stack.ByteStream(reply.body))


def _as_httpx(request: Any) -> httpx.Request:
    """Translate a request of httpx2 for respx, which only knows those of httpx."""
    if isinstance(request, httpx.Request):
        return request
    return httpx.Request(
        request.method,
        str(request.url),
        headers=request.headers.raw,
        content=request.content,
        extensions=request.extensions,
    )


def _native(stack: ModuleType, error: httpx.HTTPError, request: Any) -> Exception:
    """Translate an exception of httpx into that of the client's own stack, with its request."""
    native: Exception = getattr(stack, type(error).__name__)(str(error), request=request)
    return native


def _pattern(prefix: str, row: Endpoint) -> str:
    segments = ["[^/]+" if part.startswith("{") else re.escape(part) for part in row.template.split("/")]
    return f"^{re.escape(prefix)}{'/'.join(segments)}$"
