"""Stores the key after the create: if the process crashes in between, the next one creates again."""

from uuid import uuid4

from clients.common import Json, Shop

Database = dict[str, str]
FOUND = {"characters.create#1 crash": ("recovers",)}
fresh = dict[str, str]


def careless(database: Database) -> Json:
    key = database.get("key") or str(uuid4())
    with Shop() as shop:
        character = shop.order("Aurora", key)
        database["key"] = key
        return shop.finish(character)


def careful(database: Database) -> Json:
    key = database.setdefault("key", str(uuid4()))
    with Shop() as shop:
        return shop.finish(shop.order("Aurora", key))
