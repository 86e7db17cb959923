"""Retries a create without an Idempotency-Key: if the response was lost, it pays twice."""

from clients.common import Json, connect, drawing, finish, send

FOUND = {
    "characters.create#1 lost": ("tells", "pays_once", "no_pitfall"),
    "characters.create#1 crash": ("recovers",),
}


def careless(name: str) -> Json:
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", body=drawing(name)))


def careful(name: str) -> Json:
    """Order with a key of the job, which is the same for each attempt."""
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", key=f"job {name}", body=drawing(name)))
