"""Stores the key after the create: if the process crashes in between, the next one creates again."""

from uuid import uuid4

from clients.common import Json, connect, drawing, finish, send

Database = dict[str, str]
FOUND = {"characters.create#1 crash": ("recovers",)}
fresh = dict[str, str]


def careless(database: Database) -> Json:
    """Write the key down when the order has been placed."""
    key = database.get("key") or str(uuid4())
    with connect() as api:
        character = send(api, "POST", "/v1/characters", key=key, body=drawing("Aurora"))
        database["key"] = key
        return finish(api, character)


def careful(database: Database) -> Json:
    """Write the key down before the order is placed."""
    key = database.setdefault("key", str(uuid4()))
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", key=key, body=drawing("Aurora")))
