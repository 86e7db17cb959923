"""Webhooks: the endpoints that a team registers, six API calls on them, and the events that they receive."""

from __future__ import annotations

from .emit import announce, check_balance, disabled
from .endpoints import ENDPOINTS
from .record import WebhookEndpoint, WebhookEndpoints
from .row import EVENTS, EndpointRow

__all__ = (
    "ENDPOINTS",
    "EVENTS",
    "EndpointRow",
    "WebhookEndpoint",
    "WebhookEndpoints",
    "announce",
    "check_balance",
    "disabled",
)
