"""What a test sees of webhook endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from ..._check import Check
from ..._framework.fields import url as https_url
from ..._framework.live import Collection, Live
from ..._redaction import redacted
from ..._wire.hosts import is_loopback
from ..._wire.refusal import ApiProblem
from ...errors import AurousError, choices, hide_mistakes, nearest, see, shown
from .record import EVENTS, EndpointRow, expanded, make, render

__all__ = ("WebhookEndpoint", "WebhookEndpoints", "check_only_routed", "check_secret", "check_url", "known_events")

__tracebackhide__ = hide_mistakes

_MORE: Final = see("reference/webhooks.html")

if TYPE_CHECKING:  # what the row has, the handle has
    _EndpointFields = EndpointRow
else:
    _EndpointFields = object


class WebhookEndpoint(Live, _EndpointFields):
    """A webhook endpoint, live: its attributes are those of the wire, and its secret besides."""

    __slots__ = ()

    _kind = EndpointRow

    def __repr__(self) -> str:
        row = self._row
        return redacted(f"<WebhookEndpoint {row.id} {row.url!r} {'active' if row.is_active else 'off'}>")

    def json(self) -> dict[str, Any]:
        """Return what GET would answer."""
        return render(self._row)


class WebhookEndpoints(Collection[WebhookEndpoint]):
    """The webhook endpoints of a team."""

    _record = WebhookEndpoint

    def add(
        self, url: str = "https://receiver.example/webhooks", events: Iterable[str] = ("*",), secret: str | None = None
    ) -> WebhookEndpoint:
        """Register an endpoint, without a request.

        Args:
            url: Where deliveries go: https, or http to this machine, where a receiver of the test may listen.
            events: Names of events, or ``*``.
            secret: What they are signed with; left out, one is made.

        Raises:
            AurousError: On an event that does not exist, or a URL that no endpoint can have.
        """
        wanted = known_events("webhook_endpoints.add", events)
        check_url("webhook_endpoints.add", url)
        check_secret("webhook_endpoints.add", secret)
        with self._world.lock:
            return self._live(make(self._world, self._team, url, wanted, secret).id)


def known_events(who: str, events: Iterable[str]) -> list[str]:
    """Return the names of events that a test gave.

    Raises:
        AurousError: If one is none, or there are none.
    """
    if not isinstance(cast("object", events), Iterable):
        raise Check(who, "reference/webhooks.html").refuse(
            "events", events, "names of events, such as ['image.completed']."
        )
    wanted = [events] if isinstance(events, str) else list(events)
    if not wanted:
        raise AurousError(f"{who}(events=...): expected one at least. Events: {choices(EVENTS)}.\n{_MORE}")
    for name in wanted:
        if not isinstance(cast("object", name), str) or (name != "*" and name not in EVENTS):
            raise AurousError(
                f"{who}(events=...): {shown(name)} is not an event{nearest(name, EVENTS)} "
                f"Events: {choices(EVENTS)}.\n{_MORE}"
            )
    return wanted


def check_secret(who: str, secret: object) -> None:
    """Refuse a secret that cannot sign anything."""
    if secret is not None:
        Check(who, "reference/webhooks.html").text("secret", secret, "whsec_...")


def check_url(who: str, url: str, name: str = "url") -> None:
    """Refuse a URL that no endpoint can have; the API takes https alone (hook-1).

    Raises:
        AurousError: If *url* is one.
    """
    try:
        _HTTPS(url, name)
    except ApiProblem as problem:
        with suppress(AttributeError, TypeError, ValueError):  # no text, or brackets that do not close
            parts = urlsplit(url)
            if parts.scheme == "http" and is_loopback(parts.hostname):
                return
        raise AurousError(
            f"{who}({name}=...): {problem.message} Plain http may lead to this machine alone, where no TLS is needed, "
            f"such as http://127.0.0.1:8000/hooks.\n{_MORE}"
        ) from None


def check_only_routed(url: str, row: EndpointRow | None, wanted: list[str], secret: str | None) -> None:
    """Refuse to change what stands at a URL that is known already: an endpoint, or the ``webhook_url`` of a request.

    Raises:
        AurousError: If that has other events, or another secret.
    """
    other = {
        "events": wanted != ["*"] and (row is None or expanded(wanted) != row.events),
        "secret": secret is not None and (row is None or secret != row.signing_secret),
    }
    if any(other.values()):
        what = "the webhook_url of a request, which is told of its own end, unsigned" if row is None else repr(row.id)
        raise AurousError(
            f"webhooks.deliver_to({', '.join(f'{name}=...' for name in other if other[name])}): {url} is {what}: "
            "it is only routed to the target, and keeps what it was registered with. Leave that out, "
            f"or take another URL.\n{see('reference/webhooks.html#who-receives')}"
        )


_HTTPS: Final = https_url(2048)
