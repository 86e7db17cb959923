"""Responds to the requests of clients: a route of the test does, or the fake."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx

from .._core.base.arguments import Check
from .._core.base.errors import hide_mistakes
from .._core.base.frames import stack_under_test
from .._core.resources.catalog import CATALOG, check_operation
from .._core.wire.call import Call
from .._core.wire.hosts import UPLOAD_HOST
from .._core.wire.reply import Break, Delayed, Reply
from .stacks import PassedThrough, as_httpx, native, relay, response, stacks

if TYPE_CHECKING:
    import respx
    from respx.models import ResolvedRoute

    from .._core.engine.pipeline import App

__tracebackhide__ = hide_mistakes


class Router:
    """Responds to the requests for one fake.

    A respx router holds the routes that the test asked for, to spy on or to override. respx is imported with the first
    route: it loads slowly, and its lists of calls are Mocks, which cost more than most tests do.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._routes: dict[str, respx.Route] = {}
        self._mock_router: respx.MockRouter | None = None

    def forget(self) -> None:
        self._routes.clear()
        self._mock_router = None

    def keep(self) -> Callable[[], None]:
        router, routes = self._mock_router, dict(self._routes)
        if router is None:
            return self.forget
        backs = [_keep(route) for route in routes.values()]
        calls = list[Any](router.calls)

        def back() -> None:
            for name in {str(route.name) for route in router.routes} - routes.keys():
                router.pop(name)
            router.calls[:] = calls
            for one in backs:
                one()
            self._mock_router, self._routes = router, dict(routes)

        return back

    @property
    def _respx(self) -> respx.MockRouter:
        if self._mock_router is None:
            import respx

            self._mock_router = respx.MockRouter(assert_all_called=False)
        return self._mock_router

    def route_for(self, operation: str) -> respx.Route:
        """Return the route of *operation*, which leaves the response to the fake until the test sets one."""
        check_operation(Check("route"), operation, pattern=False)
        with self.app.world.lock:  # two threads must not create two
            if operation not in self._routes:
                row = CATALOG.by_operation[operation]
                home = urlsplit(UPLOAD_HOST if row.host == "upload" else self.app.world.settings.base_url)
                segments = ["[^/]+" if part.startswith("{") else re.escape(part) for part in row.template.split("/")]
                pattern = f"^{re.escape(home.path)}{'/'.join(segments)}$"
                self._routes[operation] = self._respx.route(
                    method=row.method, host=home.hostname, path__regex=pattern, name=operation
                )
            return self._routes[operation]

    def respond(self, stack: ModuleType, request: Any) -> Any:
        """Return the response to a request of a sync client, or raise `PassedThrough` if a route of the test does."""
        call = self._call(request, request.read())
        if (gate := self.app.world.gate) is not None:
            gate.enter(call)
        route = self._override(call) if self._routes else None
        if route is not None:
            sent = as_httpx(request)
            with self._recording(stack, request, call, route, sent) as resolved:
                resolved.response = _resolve(route, sent)
            if resolved.response is not None:
                return self._overridden(stack, call, resolved.response)
        time = self.app.world.clock.shared
        if time is None:
            return self._respond(stack, request, call, self.app.handle(call))
        outcome = self.app.begin(call)
        while isinstance(outcome, Delayed):
            seconds, patient, go_on = outcome
            waited = False
            try:
                time.sleep(seconds)
                waited = patient
            finally:
                outcome = self.app.step(call, go_on, waited)
        return self._respond(stack, request, call, outcome)

    async def arespond(self, stack: ModuleType, request: Any) -> Any:
        """Return the response to a request of an async client of *stack*; side effects may be async, too."""
        call = self._call(request, await request.aread())
        if (gate := self.app.world.gate) is not None:
            await gate.aenter(call)
        route = self._override(call) if self._routes else None
        if route is not None:
            sent = as_httpx(request)
            with self._recording(stack, request, call, route, sent) as resolved:
                result = _resolve(route, sent)
                resolved.response = await _awaited(route, result) if isawaitable(result) else result
            if resolved.response is not None:
                return self._overridden(stack, call, resolved.response)
        time = self.app.world.clock.shared
        if time is None:
            return self._respond(stack, request, call, self.app.handle(call))
        outcome = self.app.begin(call)
        while isinstance(outcome, Delayed):
            seconds, patient, go_on = outcome
            waited = False
            try:
                await time.asleep(seconds)
                waited = patient
            finally:
                outcome = self.app.step(call, go_on, waited)
        return self._respond(stack, request, call, outcome)

    def _call(self, request: Any, body: bytes) -> Call:
        url = request.url
        path, _, query = url.raw_path.decode("ascii").partition("?")
        headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw])
        patience = request.extensions.get("timeout", {}).get("read")
        call = Call(request.method, url.scheme, url.netloc.decode("ascii"), path, query, headers, body, patience)
        call.stack = stack_under_test(sys._getframe())
        return call

    @contextmanager
    def _recording(
        self, stack: ModuleType, request: Any, call: Call, route: respx.Route, sent: httpx.Request
    ) -> Generator[ResolvedRoute, None, None]:
        """Let respx record the response that the block sets, and raise errors of the client's stack."""
        from respx.models import AllMockedAssertionError, PassThrough

        try:
            with self._respx.resolver(sent) as resolved:
                yield resolved
                resolved.route = route if resolved.response is not None else None
        except AllMockedAssertionError:  # its side effect returned None: the fake responds
            pass
        except BaseException as error:
            self.app.overruled(call, None)
            if isinstance(error, PassThrough):
                raise PassedThrough(str(route.name)) from None
            if isinstance(error, httpx.RequestError):
                raise native(stack, error, request) from error
            raise

    def _override(self, call: Call) -> respx.Route | None:
        """Return the route of the test that responds to *call* instead of the fake."""
        route = self._routes.get(self.app.operation_of(call) or "")
        if route is None or _spies(route):
            return None
        self.app.overrule(call)
        return route

    def _overridden(self, stack: ModuleType, call: Call, resolved: Any) -> Any:
        """Record the response of a route, and pass it on unchanged."""
        if isinstance(resolved.stream, httpx.ByteStream):
            body = b"".join(resolved.stream)
            self.app.overruled(call, Reply(resolved.status_code, tuple(resolved.headers.multi_items()), body))
            stream = stack.ByteStream(body)
        else:  # a stream of the test can be read only once
            self.app.overruled(call, None)
            stream = relay(stack, resolved.stream)
        return stack.Response(resolved.status_code, headers=resolved.headers.raw, stream=stream)

    def _respond(self, stack: ModuleType, request: Any, call: Call, outcome: Reply | Break) -> Any:
        """Return the response of the fake, and let a route that only spies see it."""
        route = self._routes.get(call.operation or "")
        if route is not None and _spies(route):
            sent = as_httpx(request)
            seen = response(httpx, sent, outcome._replace(stream=None)) if isinstance(outcome, Reply) else None
            if seen is not None:
                seen.read()
            self._respx.record(sent, response=seen, route=route)
        return response(stack, request, outcome)


def _spies(route: respx.Route) -> bool:
    """Whether a route only records calls, because the test has set no response."""
    return route.side_effect is None and route.return_value is None and not route.is_pass_through


def _keep(route: respx.Route) -> Callable[[], None]:
    value, passes, calls = route.return_value, route.is_pass_through, list[Any](route.calls)
    effect: Any = route.side_effect
    if isinstance(effect, Iterator):  # one response after another
        effect = route.side_effect = tuple(cast("Iterator[Any]", effect))  # type: ignore[redundant-cast]  # pyright

    def back() -> None:
        route.return_value, route.side_effect = value, effect
        route.pass_through(passes)
        route.calls[:] = calls

    return back


def _resolve(route: respx.Route, request: httpx.Request) -> Any:
    """Return what a route responds. The path was matched before, by our own rules, which know ``%2F``."""
    from respx.models import SideEffectError

    effect: Any = route.side_effect
    errors: tuple[Any, ...] = tuple(stack.RequestError for stack in stacks())
    if isinstance(effect, type) and issubclass(effect, errors):  # respx itself accepts only those of httpx
        raise SideEffectError(route, effect("Mock Error", request=request))
    return request if route.is_pass_through else route.resolve(request)


async def _awaited(route: respx.Route, result: Any) -> Any:
    from respx.models import SideEffectError

    try:
        return await result
    except Exception as error:
        raise SideEffectError(route, error) from error
