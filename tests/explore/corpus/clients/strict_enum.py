"""Treats an open enum as closed: the first new billing mode stops each create."""

from enum import Enum

from clients.common import Json, PublishError, connect, drawing, finish, send

FOUND = {"balance.retrieve#1 greased": ("tells",)}


class BillingMode(Enum):
    """The billing modes that the pages name."""

    METERED = "metered"
    EXEMPT = "exempt"


def careless(name: str) -> Json:
    """Refuse to work under a billing mode that it does not know."""
    with connect() as api:
        balance = send(api, "GET", "/v1/balance")
        return _publish(name, balance, charged=BillingMode(balance["billing_mode"]) is not BillingMode.EXEMPT)


def careful(name: str) -> Json:
    """Take each mode but one for a mode with a price."""
    with connect() as api:
        balance = send(api, "GET", "/v1/balance")
        return _publish(name, balance, charged=balance["billing_mode"] != BillingMode.EXEMPT.value)


def _publish(name: str, balance: Json, *, charged: bool) -> Json:
    if charged and balance["available_credits"] < 4:
        raise PublishError("too few credits")
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", key=name, body=drawing(name)))
