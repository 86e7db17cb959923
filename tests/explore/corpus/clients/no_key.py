"""Retries a create without an Idempotency-Key: if the response was lost, it pays twice."""

from clients.common import Json, Shop

FOUND = {
    "characters.create#1 lost": ("tells", "pays_once", "no_pitfall"),
    "characters.create#1 crash": ("recovers",),
}


def careless(name: str) -> Json:
    with Shop() as shop:
        return shop.finish(shop.order(name))


def careful(name: str) -> Json:
    """Order with a key of the job, which is the same for each attempt."""
    with Shop() as shop:
        return shop.finish(shop.order(name, f"job {name}"))
