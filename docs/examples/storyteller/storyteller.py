"""Tell a story with pictures: the model writes it, and orders the pictures by a tool.

Each paid request has a key that follows from the job, so a request that is repeated,
by a retry or by the next process, gets the response of the first one.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]

MODEL = "aurous-grow-2.0-pro"
TOOL: Json = {
    "type": "function",
    "function": {
        "name": "draw",
        "description": "Draw a picture of the story.",
        "parameters": {
            "type": "object",
            "properties": {"prompt": {"type": "string"}},
            "required": ["prompt"],
        },
    },
}
CHATS = "/v1/chat/completions"
RUNNING = {"pending", "processing"}
WORTH_A_RETRY = {409, 429, 500, 502, 503, 504}
ATTEMPTS = 6  # of one request: the pauses add up to half a minute
STEPS = 8  # the model may ask for pictures that many times
PATIENCE = 300.0
PNG_END = b"IEND\xaeB`\x82"


class StoryError(Exception):
    """There is no story. Running the same job again continues it."""


def tell(job: str, wish: str, folder: Path) -> str:
    """Return a story, with its pictures in a folder: `1.png` and so on.

    Args:
        job: Names the job. Another run of the same job pays for nothing twice.
        wish: What the story is about.
        folder: Where the pictures go.
    """
    messages: list[Json] = [{"role": "user", "content": f"Illustrate: {wish}"}]
    pictures = 0
    with connect() as api:
        for step in range(STEPS):
            body: Json = {"model": MODEL, "messages": messages, "tools": [TOOL]}
            made = send(api, "POST", CHATS, key=f"{job}-step-{step}", body=body)
            message = made["choices"][0]["message"]
            messages.append(message)
            if not message.get("tool_calls"):
                messages.append({"role": "user", "content": "Write it."})
                return stream(api, messages)
            for call in message["tool_calls"]:
                pictures += 1
                result = use(api, f"{job}-{pictures}", call, folder / f"{pictures}.png")
                called = {"role": "tool", "tool_call_id": call["id"], "content": result}
                messages.append(called)
    raise StoryError(f"the model still draws after {STEPS} steps")


def use(api: httpx.Client, key: str, call: Json, file: Path) -> str:
    """Draw what the model asks for, and return what it is told about it."""
    body = {"prompt": json.loads(call["function"]["arguments"])["prompt"]}
    image: Json = send(api, "POST", "/v1/images", key=key, body=body)
    end = time.monotonic() + PATIENCE
    while image["status"] in RUNNING and time.monotonic() < end:
        time.sleep(5)
        image = send(api, "GET", f"/v1/images/{image['id']}")
    if image["status"] in RUNNING:
        raise StoryError(f"a picture is still {image['status']}")
    if image["status"] != "succeeded":
        return f"There is no picture: {image['error_message']}."
    with httpx.Client(timeout=10) as web:  # without the key
        file.write_bytes(send(web, "GET", image["output_urls"][0], read=whole_picture))
    return f"Drawn: {file.name}."


def stream(api: httpx.Client, messages: list[Json]) -> str:
    """Return what the model writes; a stream that breaks off is asked for again.

    A stream takes no key: what was sent before it broke off is paid.
    """
    body = {"model": MODEL, "messages": messages, "stream": True}
    problem = ""
    for attempt in range(ATTEMPTS):
        pause = 2.0**attempt
        try:
            with api.stream("POST", CHATS, json=body) as response:
                if response.is_success:
                    return "".join(pieces(response))
                problem = str(response.status_code)
                pause = max(pause, float(response.headers.get("Retry-After", 0)))
        except (httpx.TransportError, ValueError) as error:
            problem = str(error)
        time.sleep(pause)
    raise StoryError(problem)


def pieces(response: httpx.Response) -> Iterator[str]:
    """Yield the text of each event; raise an error if the end is missing."""
    for line in response.iter_lines():
        if line == "data: [DONE]":
            return
        if line.startswith("data: "):
            event = json.loads(line.removeprefix("data: "))
            yield event["choices"][0]["delta"].get("content") or ""
    raise ValueError("The stream broke off.")


def connect() -> httpx.Client:
    """Return a client of the API."""
    url = os.environ.get("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    return httpx.Client(base_url=url, headers=key, timeout=30)


def send(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    key: str | None = None,
    body: Json | None = None,
    read: Callable[[httpx.Response], Any] = httpx.Response.json,
) -> Any:
    """Send a request until it succeeds, and return the content of its response."""
    headers = {"Idempotency-Key": key} if key else {}
    problem = ""
    for attempt in range(ATTEMPTS):
        pause = 2.0**attempt
        try:
            response = client.request(method, url, json=body, headers=headers)
            if response.is_success:
                return read(response)
            problem = response.json()["error"]["message"]
        except (httpx.TransportError, ValueError) as error:
            problem = str(error)  # it may have taken effect: the key finds it
        else:
            if response.status_code not in WORTH_A_RETRY:
                raise StoryError(problem)
            pause = max(pause, float(response.headers.get("Retry-After", 0)))
        time.sleep(pause)
    raise StoryError(problem)


def whole_picture(response: httpx.Response) -> bytes:
    """Return the picture; raise an error if it was cut off."""
    if not response.content.endswith(PNG_END):
        raise ValueError("The picture was cut off.")
    return response.content


if __name__ == "__main__":
    print(tell(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
