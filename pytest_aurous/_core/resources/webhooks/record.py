"""Live webhook endpoints, the collection that tests add endpoints to, and checks of their arguments."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from ...base.arguments import Check
from ...base.errors import AurousError, choices, hide_mistakes, nearest, see, shown
from ...base.redaction import redacted
from ...wire.hosts import is_loopback
from ...wire.refusal import ApiProblem
from ..base.fields import url as https_url
from ..base.record import Collection, Instant, Live
from .row import EVENTS, EndpointRow, expanded, make, render

__tracebackhide__ = hide_mistakes

_SEE: Final = see("reference/webhooks.html")

if TYPE_CHECKING:  # type checkers find the attributes of the row
    from ...base.names import Event

    _EndpointFields = EndpointRow
else:
    _EndpointFields = object


class WebhookEndpoint(Live, _EndpointFields):
    """A live webhook endpoint, with the attributes of the API and its secret."""

    __slots__ = ()

    _kind = EndpointRow
    _prefix = "we"

    def __repr__(self) -> str:
        row = self._row
        return redacted(f"<WebhookEndpoint {row.id} {row.url!r} {'active' if row.is_active else 'off'}>")

    def json(self) -> dict[str, Any]:
        """Return the body of the GET response."""
        return render(self._world, self._row)


class WebhookEndpoints(Collection[WebhookEndpoint]):
    """The webhook endpoints of a team."""

    _record = WebhookEndpoint

    def add(
        self,
        url: str = "https://receiver.example/webhooks",
        events: Iterable[Event | str] = ("*",),
        secret: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the vendor's word
        created_at: Instant | None = None,
    ) -> WebhookEndpoint:
        """Register an endpoint, without a request.

        Args:
            url: Where events are delivered: https, or http to this machine, where the test may run a receiver.
            events: Names of events, or ``*``.
            secret: The secret that signs deliveries; drawn by default.
            id: Its id, such as one of the vendor's pages; drawn by default.
            created_at: When it was created: a `datetime` with a time zone, or ISO 8601 text; now by default.

        Raises:
            AurousError: For an unknown event, for a URL that no endpoint can have, or for an id that is taken.
        """
        wanted = known_events("webhook_endpoints.add", events)
        check_url("webhook_endpoints.add", url)
        check_secret("webhook_endpoints.add", secret)
        with self._world.lock, self._adding(self._team, id, created_at) as row_id:
            return self._live(make(self._world, self._team, url, wanted, secret, row_id).id)


def known_events(who: str, events: Iterable[str]) -> list[str]:
    """Check the names of events, and return them as a list.

    Raises:
        AurousError: For an unknown name, or without any.
    """
    if not isinstance(cast("object", events), Iterable):
        raise Check(who, "reference/webhooks.html").refuse(
            "events", events, "names of events, such as ['image.completed']."
        )
    names = [events] if isinstance(events, str) else list(events)
    if not names:
        raise AurousError(f"{who}(events=...): expected at least one event. Events: {choices(EVENTS)}.\n{_SEE}")
    for name in names:
        if not isinstance(cast("object", name), str) or (name != "*" and name not in EVENTS):
            raise AurousError(
                f"{who}(events=...): {shown(name)} is not an event{nearest(name, EVENTS)} "
                f"Events: {choices(EVENTS)}.\n{_SEE}"
            )
    return names


def check_secret(who: str, secret: object) -> None:
    """Refuse a secret that cannot sign."""
    if secret is not None:
        Check(who, "reference/webhooks.html").text("secret", secret, "whsec_...")


def check_url(who: str, url: str, name: str = "url") -> None:
    """Refuse a URL that no endpoint can have; the API accepts https only (hook-1).

    Raises:
        AurousError: For such a URL.
    """
    try:
        _HTTPS(url, name)
    except ApiProblem as problem:
        with suppress(AttributeError, TypeError, ValueError):  # not text, or an unclosed bracket
            parts = urlsplit(url)
            if parts.scheme == "http" and is_loopback(parts.hostname):
                return
        raise AurousError(
            f"{who}({name}=...): {problem.message} For a receiver on this machine, plain http is accepted too, "
            f"such as http://127.0.0.1:8000/hooks.\n{_SEE}"
        ) from None


def check_only_routed(url: str, row: EndpointRow | None, wanted: list[str], secret: str | None) -> None:
    """Refuse to change the events or the secret of a known URL: an endpoint's, or the ``webhook_url`` of a request.

    Raises:
        AurousError: For other events or another secret.
    """
    other = {
        "events": wanted != ["*"] and (row is None or expanded(wanted) != row.events),
        "secret": secret is not None and (row is None or secret != row.signing_secret),
    }
    if any(other.values()):
        what = "the webhook_url of a request, whose one event is not signed" if row is None else repr(row.id)
        raise AurousError(
            f"webhooks.deliver_to({', '.join(f'{name}=...' for name in other if other[name])}): {url} is {what}: "
            "deliver_to only routes it to the target and changes nothing else. Omit these arguments, "
            f"or use another URL.\n{see('reference/webhooks.html#who-receives')}"
        )


_HTTPS: Final = https_url(2048)
