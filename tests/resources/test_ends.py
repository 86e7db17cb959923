"""Each number that the contract states outside of a schema, such as a time or a count: tried at the end, and beyond.

The bounds of fields are tested over the schemas, in `test_refusals.py` and `test_openapi.py`, prices in
`test_generations.py` and `test_team.py`, and the times of deliveries in `tests/fake/test_webhooks.py`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeAlias

import pytest

from tests.conftest import SYNTHESIS, Api, Response
from tests.resources.test_common import START
from tests.resources.test_files import FILES, PICTURE, drawn, form
from tests.resources.test_signed_urls import DAY, HOUR, URLS, opened

CHAT: Final = "/v1/chat/completions"
ASKED: Final = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]}
EMBED: Final = "/v1/embeddings"
TEXT: Final = {"model": "aurous-embed-vision-1.0", "input": "Hi"}
PART: Final = {"type": "image_url", "image_url": {"url": "https://pictures.example/a.png"}}
IMAGES: Final = "/v1/images"
IMAGE: Final = {"prompt": "A cat"}
VIDEO: Final = {"video_lora_id": "seedance-1-pro", "resolution": "1080p", "duration": 12}
REPLAYED: Final = "Aurous-Idempotent-Replayed"
Ask: TypeAlias = "Callable[[Api, Any], object]"
Prepare: TypeAlias = "Callable[[Api], Callable[[], object]]"


def told(response: Response) -> object:
    """Return the status, or the code of a refusal."""
    return response.status if response.status < 400 else response.json["error"]["code"]


# What is asked with a value


def later(prepare: Prepare) -> Ask:
    """Prepare something, let so many seconds pass, and ask."""

    def ask(api: Api, seconds: float) -> object:
        again = prepare(api)
        api.clock.advance(seconds=seconds)
        return again()

    return ask


def signed(kind: str) -> Prepare:
    def prepare(api: Api) -> Callable[[], object]:
        url = URLS[kind](api)
        return lambda: told(opened(api, url))

    return prepare


def output(medium: str) -> Prepare:
    """Ask with the first URL, with a new one, and with a key: they agree."""

    def prepare(api: Api) -> Callable[[], object]:
        record = getattr(api.aurous, medium).add()

        def url() -> str:
            shown = api.get(f"{IMAGES}/{record.id}").json
            return str(shown["output_video_url"] or shown["output_urls"][0])

        first = url()

        def ask() -> object:
            keyed = api.get(url().partition("?")[0])
            (found,) = {told(api.get(first, key=None)), told(api.get(url(), key=None)), told(keyed)}
            return found

        return ask

    return prepare


def repeats(path: str, body: Any, other: Any = None) -> Prepare:
    """Ask twice with a key: the second response is marked, or its work is paid as well."""

    def prepare(api: Api) -> Callable[[], object]:
        key = {"Idempotency-Key": "k"}
        assert api.post(path, json=body, headers=key).status < 300
        left = api.team.available_credits

        def ask() -> object:
            response = api.post(path, json=other or body, headers=key)
            paid = api.team.available_credits < left
            assert paid is (response.status < 300 and REPLAYED not in response.headers)
            return "replayed" if REPLAYED in response.headers else told(response)

        return ask

    return prepare


def ticket(api: Api) -> Callable[[], object]:
    """Classify and use a ticket."""
    upload = api.uploads.add().id
    create = {"name": "Aurora", "upload_ids": [upload]}

    def ask() -> object:
        classified = told(api.post("/v1/characters/uploads/classify", json={"upload_id": upload}))
        return classified, told(api.post("/v1/characters", json=create))

    return ask


def file(api: Api) -> Callable[[], object]:
    """Read a file, and draw from it."""
    made = api.aurous.files.add(purpose="first_frame").id

    def ask() -> object:
        drawing = api.post("/v1/videos/estimate", json={**VIDEO, "first_frame_url": made})
        return told(api.get(f"{FILES}/{made}")), told(drawing)

    return ask


def days(api: Api, count: int) -> None:
    for _ in range(count):
        api.aurous.images.add()
        api.clock.advance(seconds=DAY)


def page_token(api: Api) -> Callable[[], object]:
    days(api, 2)
    token = api.get("/v1/usage?start_time=2026-05-01T00:00:00Z&limit=1").json["next_page"]
    return lambda: told(api.get(f"/v1/usage?page_token={token}"))


def page(path: str, make: Callable[[Api, int], object]) -> Ask:
    """Make so many rows, and count those of a page without a `limit`."""

    def ask(api: Api, count: int) -> object:
        make(api, count)
        shown = api.get(path).json
        return len(shown["data"]), shown["has_more"]

    return ask


def images(api: Api, count: int) -> None:
    for _ in range(count):
        api.aurous.images.add()


def usage(query: str) -> Ask:
    """Ask for usage since so many seconds ago."""

    def ask(api: Api, seconds: float) -> object:
        start = datetime.fromtimestamp(START, timezone.utc) - timedelta(seconds=seconds)
        return told(api.get(f"{query}start_time={start:%Y-%m-%dT%H:%M:%SZ}"))

    return ask


def upload(data: Callable[[Any], bytes]) -> Ask:
    return lambda api, value: told(api.post(FILES, **form(data(value), purpose="reference")))


def affords(path: str, body: Any) -> Ask:
    """Order with so many credits."""

    def ask(api: Api, credits: float) -> object:  # noqa: A002 - the vendor's word
        url = path.format(id=api.characters.add().id)
        api.team.credits = credits
        return told(api.post(url, json=body))

    return ask


def sends(path: str, body: Callable[[Any], Any]) -> Ask:
    return lambda api, value: told(api.post(path, json=body(value)))


def chat_key(api: Api, length: int) -> object:
    return told(api.post(CHAT, json=ASKED, headers={"Idempotency-Key": "x" * length}))


def receiver(api: Api, seconds: float) -> object:
    """Deliver to one that takes so long."""
    api.aurous.webhooks.deliver_to(lambda _: api.clock.advance(seconds=seconds))
    api.clock.freeze()
    api.aurous.images.add()
    (made,) = api.aurous.webhooks.flush()
    return made.status


def text(tokens: float) -> str:
    """Return a text of so many tokens, of four bytes each."""
    return "x" * int(4 * tokens)


def message(tokens: float) -> dict[str, Any]:
    """Return a chat of so many tokens: a message has four besides its text."""
    return {**ASKED, "messages": [{"role": "user", "content": text(tokens - 4)}]}


def embed(given: Any) -> dict[str, Any]:
    return {**TEXT, "input": given}


LOW: Final = "balance_too_low"
LARGE, MANY = "embeddings_input_too_large", "embeddings_input_too_many_items"
ENDS: Final[dict[str, tuple[Ask, Any, Any, object, object]]] = {
    # What is asked, the last value inside, the first beyond, and what is told of each
    "chat-3 output tokens": (
        sends(CHAT, lambda most: {**ASKED, "max_tokens": most}), 8192, 8193, 200, "max_tokens_exceeds_hard_cap"
    ),
    "chat-3 input tokens": (sends(CHAT, message), 256_000, 256_001, 200, "max_input_tokens_exceeded"),
    "chat-6 characters of a key": (chat_key, 256, 257, 200, "invalid_format"),
    "chat-6 characters of a short key": (chat_key, 64, 65, 200, "invalid_format"),
    "chat-7 seconds of a key": (later(repeats(CHAT, ASKED)), DAY - 1, DAY, "replayed", 200),
    "create-5 credits": (affords("/v1/characters", SYNTHESIS), 4, 3.99, 201, "insufficient_credits"),
    "emb-1 seconds of a key": (later(repeats(EMBED, TEXT)), DAY - 1, DAY, "replayed", 200),
    "emb-1 another body": (later(repeats(EMBED, TEXT, embed("Ho"))), DAY - 1, DAY, "idempotency_key_in_use", 200),
    "emb-2 characters of a part": (
        sends(EMBED, lambda n: embed([{"type": "text", "text": "x" * n}])),
        1_000_000, 1_000_001, LARGE, "invalid_request",
    ),
    "emb-6 parts": (sends(EMBED, lambda n: embed([{"type": "text", "text": "x"}] * n)), 16, 17, 200, MANY),
    "emb-6 images": (sends(EMBED, lambda n: embed([PART] * n)), 8, 9, 200, MANY),
    "emb-6 tokens": (sends(EMBED, lambda n: embed(text(n))), 128_000, 128_000.25, 200, LARGE),
    "file-1 bytes": (upload(lambda n: PICTURE.ljust(n, b"\0")), 10 * 2**20, 10 * 2**20 + 1, 201, "value_out_of_range"),
    "file-1 width": (upload(lambda n: drawn("PNG", n, 1)), 4096, 4097, 201, "value_out_of_range"),
    "file-1 height": (upload(lambda n: drawn("PNG", 1, n)), 4096, 4097, 201, "value_out_of_range"),
    "get-3 time-2 seconds of a ref": (later(signed("ref")), DAY - 1, DAY, 200, "missing_scope"),
    "hook-8 seconds of a receiver": (receiver, 10, 10.5, "delivered", "failed"),
    "idem-8 seconds of a key": (later(repeats(IMAGES, IMAGE)), DAY - 1, DAY, "replayed", 201),
    "idem-8 another body": (
        later(repeats(IMAGES, IMAGE, {"prompt": "A dog"})), DAY - 1, DAY, "idempotency_key_in_use", 201
    ),
    "img-11 credits of an image": (affords(IMAGES, IMAGE), 1, 0.99, 201, LOW),
    "img-11 credits of a video": (affords("/v1/videos", VIDEO), 15, 14.99, 201, LOW),
    "regen-2 credits": (
        affords("/v1/characters/{id}/refs/regenerate", {"pose": "side"}), 1, 0.99, 200, "insufficient_credits"
    ),
    "resyn-4 credits": (affords("/v1/characters/{id}/resynthesize", {}), 4, 3.99, 200, "insufficient_credits"),
    "time-3 seconds of a file": (later(file), DAY - 1, DAY, (200, 200), ("resource_not_found",) * 2),
    "time-3 seconds of the URL of a file": (later(signed("file")), HOUR - 1, HOUR, 200, "missing_scope"),
    "time-3 up-6 seconds of a ticket": (later(ticket), DAY - 1, DAY, (200, 201), ("upload_invalid",) * 2),
    "time-4 seconds of an image": (later(output("images")), 7 * DAY - 1, 7 * DAY, 200, "output_expired"),
    "time-4 seconds of an image of a day": (later(output("images")), DAY - 1, DAY, 200, "output_expired"),
    "time-4 seconds of a video": (later(output("videos")), DAY - 1, DAY, 200, "output_expired"),
    "tpm-1 tokens of chats": (sends(CHAT, message), 200_000, 200_001, 200, "tpm_rate_limit_exceeded"),
    "up-3 seconds of a URL": (later(signed("upload")), HOUR / 4 - 1, HOUR / 4, 200, "missing_scope"),
    "usage-1 seconds of a range": (usage("/v1/usage?"), 730 * DAY, 730 * DAY + 1, 200, "value_out_of_range"),
    "usage-1 minutes of a range": (
        usage("/v1/usage?bucket_width=1m&end_time=2026-05-08T10:00:00Z&"),
        10_000 * 60, 10_000 * 60 + 1, 200, "too_many_buckets",
    ),
    "usage-2 buckets of a page": (
        page("/v1/usage?start_time=2026-05-01T00:00:00Z", days), 24, 25, (24, False), (24, True)
    ),
    "usage-2 seconds of a token": (later(page_token), DAY - 1, DAY, 200, "invalid_page_token"),
    "usage-3 events of a page": (
        page("/v1/usage/events?start_time=2026-05-01T00:00:00Z", images), 100, 101, (100, False), (100, True)
    ),
    "usage-3 seconds of a range": (usage("/v1/usage/events?"), 730 * DAY, 730 * DAY + 1, 200, "value_out_of_range"),
}  # fmt: skip
SETTINGS: Final[dict[str, dict[str, Any]]] = {  # of a row, if they are not the default
    "chat-6 characters of a short key": {"readings": {"chat-6": "64"}},
    "time-4 seconds of an image of a day": {"readings": {"time-4": "24h"}},
    "tpm-1 tokens of chats": {"rate_limits": "enforce"},
}


@pytest.mark.parametrize("end", ["last", "beyond"])
@pytest.mark.parametrize("what", ENDS)
def test_what_is_stated_holds_to_the_end_and_not_beyond(make_api: Callable[..., Api], what: str, end: str) -> None:
    """Each row begins with its rule."""
    ask, last, beyond, inside, outside = ENDS[what]
    api = make_api(**SETTINGS.get(what, {}))

    assert ask(api, last if end == "last" else beyond) == (inside if end == "last" else outside)
