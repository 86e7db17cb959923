"""Retries a refused request after one second, whatever Retry-After says."""

import time

import httpx

from clients.common import Json, PublishError, connect, drawing, is_temporary

FOUND = {"characters.create#1 rate_limited": ("no_pitfall",), "characters.save#1 rate_limited": ("no_pitfall",)}


class Publisher:
    """Publishes characters with a retry loop of its own."""

    obeys = True

    def publish(self, name: str) -> Json:
        """Order, poll and save."""
        with connect() as api:
            character = self.send(api, "POST", "/v1/characters", json=drawing(name), headers={"Idempotency-Key": name})
            path = f"/v1/characters/{character['id']}"
            while character["status"] == "synthesizing":
                time.sleep(10)
                character = self.send(api, "GET", path)
            if character["status"] == "failed":
                raise PublishError(character["error_message"])
            return self.send(api, "POST", f"{path}/save")

    def send(self, api: httpx.Client, method: str, path: str, **parts: object) -> Json:
        """Send a request up to 30 times."""
        for _ in range(30):
            try:
                response = api.request(method, path, **parts)  # type: ignore[arg-type]
                content: Json = response.json()
            except (httpx.TransportError, ValueError):
                time.sleep(1)
                continue
            if not is_temporary(response):
                response.raise_for_status()
                return content
            time.sleep(float(response.headers.get("Retry-After", 1)) if self.obeys else 1)
        raise PublishError("the API cannot be reached")


class Hasty(Publisher):
    """Does not read Retry-After."""

    obeys = False


careless = Hasty().publish
careful = Publisher().publish
