"""Thinks that another process has finished a deleted character."""

from clients.common import PublishError, Shop

FOUND = {"characters.retrieve#1 gone": ("tells",)}


def careless(name: str) -> str:
    """Report a 404 as done."""
    try:
        return careful(name)
    except PublishError as refusal:
        if str(refusal) != "resource_not_found":
            raise
        return "done by somebody else"


def careful(name: str) -> str:
    """Let the caller know that the character is gone."""
    with Shop() as shop:
        order = shop.order(name, name)
        return str(shop.finish(order)["status"])
