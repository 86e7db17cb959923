"""The same application, written with requests."""

import os
import time
from typing import Any
from uuid import uuid4

import requests


def connect() -> requests.Session:
    """Return a client of the API."""
    api = requests.Session()
    api.headers["X-Api-Key"] = os.environ["AUROUS_API_KEY"]
    return api


def publish(api: requests.Session, name: str, *, pause: float = 2.0) -> Any:
    """Publish a new character; retry the create once if its response is lost."""
    characters = f"{os.environ['AUROUS_BASE_URL']}/v1/characters"
    body: dict[str, Any] = {"name": name, "generate": True, "attributes": {"age": 28}}
    once = {"Idempotency-Key": str(uuid4())}
    try:
        character = read(api.post(characters, json=body, headers=once))
    except requests.ConnectionError:
        character = read(api.post(characters, json=body, headers=once))
    url = f"{characters}/{character['id']}"
    while character["status"] == "synthesizing":
        time.sleep(pause)
        character = read(api.get(url))
    return read(api.post(f"{url}/save"))


def read(response: requests.Response) -> Any:
    """Return the body of a response; raise an error if it is a refusal."""
    response.raise_for_status()
    return response.json()
