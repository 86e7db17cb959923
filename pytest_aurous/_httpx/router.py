"""The respx router of one fake, and the routes that a test asked for."""

from __future__ import annotations

import re
from functools import cached_property
from inspect import isawaitable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
import respx
from respx.models import AllMockedAssertionError, SideEffectError

from .._check import Check
from .._engine.pipeline import App
from .._framework.endpoint import Endpoint
from .._framework.operations import check_operation
from .._wire.call import Call
from .._wire.hosts import UPLOAD_HOST
from .._wire.reply import Reply
from ..errors import hide_mistakes
from .mocker import AurousMocker
from .stacks import REQUEST_ERRORS, as_httpx, native, relay, response

__all__ = ("AurousRouter",)

__tracebackhide__ = hide_mistakes


class AurousRouter:
    """What stands between the clients and one fake, and answers from the core.

    A respx router holds the routes that a test asked for, to spy on or to override. It is made with the first of
    them: its lists of calls are Mocks, which cost more than most tests do.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self._routes: dict[str, respx.Route] = {}

    def start(self) -> None:
        """Intercept."""
        AurousMocker.routers.append(self)
        AurousMocker.start()

    def leave(self) -> None:
        """Let go; the routes end with it, and keep the calls that they saw."""
        routers = AurousMocker.routers
        del routers[len(routers) - 1 - routers[::-1].index(self)]  # what it was entered for last is left first
        AurousMocker.stop()
        if self not in AurousMocker.routers:  # else it was entered twice
            self.forget()

    def forget(self) -> None:
        """Drop all routes."""
        self._routes.clear()
        self.__dict__.pop("_respx", None)

    @cached_property
    def _respx(self) -> respx.MockRouter:
        return respx.MockRouter(assert_all_called=False)

    def route_for(self, operation: str) -> respx.Route:
        """Return the route of *operation*, which answers as the fake does until it is told otherwise."""
        check_operation(Check("route"), operation, self.app.catalog.by_operation, pattern=False)
        with self.app.world.lock:  # of two threads, the second finds what the first has made
            return self._routes[operation] if operation in self._routes else self._route(operation)

    def _route(self, operation: str) -> respx.Route:
        catalog = self.app.catalog.by_operation
        row = catalog[operation]
        home = urlsplit(UPLOAD_HOST if row.host == "upload" else self.app.world.settings.base_url)
        pattern = _pattern(home.path, row)
        route = self._respx.route(method=row.method, host=home.hostname, path__regex=pattern, name=operation)
        self._routes[operation] = route
        return route

    def answer(self, stack: ModuleType, request: Any) -> Any:
        """Answer a request of a sync client of *stack*.

        Raises:
            PassThrough: If a route of the test lets it through.
        """
        call = self._call(request, request.read())
        if not self._routes:
            return response(stack, request, self.app.handle(call))
        route = self._override(call)
        if route is None:
            return self._plain(stack, request, call)
        asked = as_httpx(request)
        try:
            with self._respx.resolver(asked) as resolved:
                resolved.response = _resolve(route, asked)
                resolved.route = route if resolved.response is not None else None
        except AllMockedAssertionError:  # its side effect returned None: not this one
            return self._plain(stack, request, call)
        except httpx.RequestError as error:
            raise native(stack, error, request) from error
        return self._given(stack, call, resolved.response)

    async def aanswer(self, stack: ModuleType, request: Any) -> Any:
        """Answer a request of an async client of *stack*; its side effects may be async too."""
        call = self._call(request, await request.aread())
        if not self._routes:
            return response(stack, request, self.app.handle(call))
        route = self._override(call)
        if route is None:
            return self._plain(stack, request, call)
        asked = as_httpx(request)
        try:
            with self._respx.resolver(asked) as resolved:
                answer = _resolve(route, asked)
                resolved.response = await _awaited(route, answer) if isawaitable(answer) else answer
                resolved.route = route if resolved.response is not None else None
        except AllMockedAssertionError:
            return self._plain(stack, request, call)
        except httpx.RequestError as error:
            raise native(stack, error, request) from error
        return self._given(stack, call, resolved.response)

    def _override(self, call: Call) -> respx.Route | None:
        """Return the route of the test that answers *call* instead of us; the core sees no such call."""
        route = self._routes.get(self.app.operation_of(call) or "")
        if route is None or _spies(route):
            return None
        self.app.overrule(call)
        return route

    def _given(self, stack: ModuleType, call: Call, given: Any) -> Any:
        """Write down what the test answers, and pass it on as it is."""
        if isinstance(given.stream, httpx.ByteStream):
            body = b"".join(given.stream)
            self.app.overruled(call, Reply(given.status_code, tuple(given.headers.multi_items()), body))
            stream = stack.ByteStream(body)
        else:  # the test's own stream, its own affair
            self.app.overruled(call, None)
            stream = relay(stack, given.stream)
        return stack.Response(given.status_code, headers=given.headers.raw, stream=stream)

    def _call(self, request: Any, body: bytes) -> Call:
        url = request.url
        path, _, query = url.raw_path.decode("ascii").partition("?")
        headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw])
        patience = request.extensions.get("timeout", {}).get("read")
        return Call(request.method, url.scheme, url.netloc.decode("ascii"), path, query, headers, body, patience)

    def _plain(self, stack: ModuleType, request: Any, call: Call) -> Any:
        outcome = self.app.handle(call)
        route = self._routes.get(call.operation or "")
        if route is not None and _spies(route):
            asked = as_httpx(request)
            seen = response(httpx, asked, outcome) if isinstance(outcome, Reply) else None
            if seen is not None:
                seen.read()
            self._respx.record(asked, response=seen, route=route)
        return response(stack, request, outcome)


def _spies(route: respx.Route) -> bool:
    """Whether the test has told a route nothing, so that it only looks on."""
    return route.side_effect is None and route.return_value is None and not route.is_pass_through


def _resolve(route: respx.Route, request: httpx.Request) -> Any:
    """Ask a route for its answer. The path was matched before, by our own rules, which know ``%2F``."""
    effect: Any = route.side_effect
    if isinstance(effect, type) and issubclass(effect, REQUEST_ERRORS):  # respx knows those of httpx only
        raise SideEffectError(route, effect("Mock Error", request=request))
    return request if route.is_pass_through else route.resolve(request)


async def _awaited(route: respx.Route, answer: Any) -> Any:
    try:
        return await answer
    except Exception as error:
        raise SideEffectError(route, error) from error


def _pattern(prefix: str, row: Endpoint) -> str:
    segments = ["[^/]+" if part.startswith("{") else re.escape(part) for part in row.template.split("/")]
    return f"^{re.escape(prefix)}{'/'.join(segments)}$"
