"""The options of httpx clients, for type checkers: what `Aurous.client` and `Aurous.async_client` take."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    import httpx
    from httpx import _types as types

    Hooks = Mapping[str, list[Callable[..., object]]]


class _Options(TypedDict, total=False):
    auth: types.AuthTypes | None
    params: types.QueryParamTypes | None
    headers: types.HeaderTypes | None
    cookies: types.CookieTypes | None
    verify: ssl.SSLContext | str | bool
    cert: types.CertTypes | None
    trust_env: bool
    http1: bool
    http2: bool
    proxy: types.ProxyTypes | None
    timeout: types.TimeoutTypes
    follow_redirects: bool
    limits: httpx.Limits
    max_redirects: int
    event_hooks: Hooks | None
    base_url: httpx.URL | str
    default_encoding: str | Callable[[bytes], str]


class ClientOptions(_Options, total=False):
    """The options of `httpx.Client`."""

    transport: httpx.BaseTransport | None
    mounts: Mapping[str, httpx.BaseTransport | None] | None


class AsyncClientOptions(_Options, total=False):
    """The options of `httpx.AsyncClient`."""

    transport: httpx.AsyncBaseTransport | None
    mounts: Mapping[str, httpx.AsyncBaseTransport | None] | None
