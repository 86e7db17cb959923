"""Publishes a character, and announces it on another service."""

import httpx

from application import connect, publish

CHAT = "https://chat.example/messages"


def publish_and_announce(name: str) -> None:
    """Publish a new character, and announce it in the chat."""
    publish(connect(), name, pause=0)
    httpx.post(CHAT, json={"text": f"{name} is ready"}).raise_for_status()
