"""Retries a 402 like a 503, although nobody adds credits in the meantime."""

import time

from clients.common import Json, PublishError, connect, drawing, finish, send

FOUND = {"characters.retrieve#1 gone": ("ends", "no_pitfall")}
CREDITS = 4  # enough for one character
SCRIPT = "synthesizing:1s -> reviewing"


def careless(name: str) -> Json:
    """Order again until it works."""
    while True:
        try:
            return _publish(name)
        except PublishError as error:
            if str(error) != "insufficient_credits":
                raise
            time.sleep(60)


def careful(name: str) -> Json:
    """Leave a 402 to a person."""
    return _publish(name)


def _publish(name: str) -> Json:
    """Publish a character, and draw another one if somebody has deleted it."""
    with connect() as api:
        for number in range(3):
            order = send(api, "POST", "/v1/characters", key=f"{name} {number}", body=drawing(name))
            try:
                return finish(api, order)
            except PublishError as error:
                if str(error) != "resource_not_found":
                    raise
        raise PublishError("deleted again and again")
