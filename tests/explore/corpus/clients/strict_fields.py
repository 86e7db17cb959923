"""Parses responses into a class that refuses unknown fields, although the vendor may add some."""

from dataclasses import dataclass, fields
from typing import Any

from clients.common import Json, connect, drawing, finish, send

FOUND = {"characters.save#1 greased": ("tells",)}


@dataclass
class Character:
    """A character as the page of the save call shows it."""

    id: str
    object: str
    name: str
    status: str
    refs: list[Any]
    created_at: str
    updated_at: str
    attributes: Json | None
    error_message: str | None
    aurous_version: str
    client_reference_id: str | None = None


def careless(name: str) -> Character:
    """Take all fields."""
    return Character(**_publish(name))


def careful(name: str) -> Character:
    """Take the fields that it knows."""
    known = {field.name for field in fields(Character)}
    return Character(**{key: value for key, value in _publish(name).items() if key in known})


def _publish(name: str) -> Json:
    with connect() as api:
        return finish(api, send(api, "POST", "/v1/characters", key=name, body=drawing(name)))
