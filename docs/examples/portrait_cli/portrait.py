"""Make a portrait: a character, and a picture of it in a PNG file.

Until the picture is saved, a file next to it stores the order. Run the command again
after an interruption: it continues this order, and nothing is paid twice.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]

RUNNING = {"synthesizing", "pending", "processing"}
WORTH_A_RETRY = {409, 429, 500, 502, 503, 504}
ATTEMPTS = 6  # of one request: the pauses add up to half a minute
CHARACTER = 4  # a character costs as much as four pictures
PNG_END = b"IEND\xaeB`\x82"


class PortraitError(Exception):
    """There is no portrait; running the command again may help."""


class FailedError(PortraitError):
    """The order has failed: another run has to order again, with a new key."""


@dataclass
class Order:
    """An order, and the idempotency keys of its requests."""

    name: str
    age: int
    prompt: str
    character_key: str = field(default_factory=lambda: str(uuid4()))
    picture_key: str = field(default_factory=lambda: str(uuid4()))

    @contextmanager
    def renewed(self, key: str) -> Generator[None]:
        """Replace a key if the work that it paid for has failed."""
        try:
            yield
        except FailedError:
            setattr(self, key, str(uuid4()))
            raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    file = options.output.with_suffix(".order")
    try:
        with connect() as api:
            if file.exists():
                order = Order(**json.loads(file.read_text(encoding="utf-8")))
                print(f'Continuing with {order.name}, "{order.prompt}".')
            else:
                order = Order(options.name, options.age, options.prompt)
                if not options.yes and not confirm(api, order):
                    return 1
            remember(file, order)  # before anything is paid
            try:
                picture = make(api, order, options.patience)
            except FailedError:
                remember(file, order)  # with a new key
                raise
            options.output.write_bytes(picture)
    except PortraitError as error:
        print(f"portrait: {error}\nRun it again to continue.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again to continue.", file=sys.stderr)
        return 130
    file.unlink()
    print(f"Saved {options.output}.")
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="portrait", description=__doc__)
    parser.add_argument("name", help="the name of the character")
    parser.add_argument("--age", type=int, required=True, help="its age")
    parser.add_argument("--prompt", required=True, help="what the picture shows")
    parser.add_argument("--output", type=Path, required=True, help="the PNG file")
    parser.add_argument("--yes", action="store_true", help="do not ask about the cost")
    parser.add_argument("--patience", type=float, default=600, help="in seconds")
    return parser.parse_args(arguments)


def confirm(api: httpx.Client, order: Order) -> bool:
    """Show the cost, and ask for confirmation."""
    body = {"prompt": order.prompt}
    estimate = send(api, "POST", "/v1/images/estimate", body=body)
    cost = estimate["estimated_cost"]["amount"] * (CHARACTER + 1)
    available = send(api, "GET", "/v1/balance")["available_credits"]
    if cost > available:
        raise PortraitError(f"it costs {cost} credits, and there are {available}")
    question = f"It costs {cost} of {available} credits. Continue? [y/N] "
    return input(question).lower() in {"y", "yes"}


def remember(file: Path, order: Order) -> None:
    """Write the order to its file."""
    file.write_text(json.dumps(asdict(order)), encoding="utf-8")


def make(api: httpx.Client, order: Order, patience: float) -> bytes:
    """Make or continue the portrait, and return the picture."""
    with order.renewed("character_key"):
        body = {"name": order.name, "generate": True, "attributes": {"age": order.age}}
        key = order.character_key
        character = send(api, "POST", "/v1/characters", key=key, body=body)
        path = f"/v1/characters/{character['id']}"
        wait(api, path, {"reviewing", "ready"}, patience)
        send(api, "POST", f"{path}/save")  # needs no key: it may be repeated
    with order.renewed("picture_key"):
        body = {"prompt": order.prompt, "character_id": character["id"]}
        image = send(api, "POST", "/v1/images", key=order.picture_key, body=body)
        image = wait(api, f"/v1/images/{image['id']}", {"succeeded"}, patience)
    with httpx.Client(timeout=10) as web:  # without the key
        picture: bytes = send(web, "GET", image["output_urls"][0], read=whole_picture)
    return picture


def wait(api: httpx.Client, path: str, ends: set[str], patience: float) -> Json:
    """Poll until the work on a record has ended, and show the progress."""
    start = time.monotonic()
    while True:
        record: Json = send(api, "GET", path)
        seconds = time.monotonic() - start
        print(f"\r{record['status']}, {seconds:.0f} s ", end="", flush=True)
        if record["status"] not in RUNNING:
            break
        if seconds > patience:
            raise PortraitError(f"still {record['status']} after {seconds:.0f} s")
        time.sleep(5)
    print()
    if record["status"] not in ends:
        raise FailedError(record["error_message"] or record["status"])
    return record


def connect() -> httpx.Client:
    """Return a client of the API."""
    url = os.environ.get("AUROUS_BASE_URL", "https://api.aurous-labs.com")
    key = {"X-Api-Key": os.environ["AUROUS_API_KEY"]}
    return httpx.Client(base_url=url, headers=key, timeout=10)


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
            problem = str(error)  # it may have taken effect
        else:
            if response.status_code == 404:
                raise FailedError(problem)
            if response.status_code not in WORTH_A_RETRY:
                raise PortraitError(problem)
            pause = max(pause, float(response.headers.get("Retry-After", 0)))
        print(f"\n{problem} Next try in {pause:.0f} s.", file=sys.stderr)
        time.sleep(pause)
    raise PortraitError(problem)


def whole_picture(response: httpx.Response) -> bytes:
    """Return the picture; raise an error if it was cut off."""
    if not response.content.endswith(PNG_END):
        raise ValueError("The picture was cut off.")
    return response.content


if __name__ == "__main__":
    sys.exit(main())
