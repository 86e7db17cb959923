"""Treats the 404 of a repeated DELETE as an error, so a job that deletes can never succeed."""

from clients.common import PublishError, Shop
from pytest_aurous import Aurous

FOUND = {"characters.delete#1 lost": ("recovers",), "characters.delete#1 crash": ("recovers",)}
AURORA = "char_01HXMQ7Z3K8Y2NABCDEFGHJKMR"


def prepare(aurous: Aurous) -> None:
    """Add a character that has to go."""
    aurous.characters.add(id=AURORA, name="Aurora", status="ready")


def careless(_: str) -> str:
    with Shop() as shop:
        shop.send("DELETE", f"/v1/characters/{AURORA}")
        return "deleted"


def careful(_: str) -> str:
    """Take a 404 for done: nobody else has such ids."""
    try:
        return careless(_)
    except PublishError as refusal:
        if str(refusal) != "resource_not_found":
            raise
        return "deleted before"
