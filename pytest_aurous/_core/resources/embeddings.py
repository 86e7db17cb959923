"""Embeddings: one vector for each request, its price, two endpoints, and the vectors that a test has set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha512
from math import hypot
from typing import Any, Final, NamedTuple, cast

from ..base.amounts import json_number, total
from ..base.arguments import Check, Public
from ..base.data import is_array, is_finite, is_object
from ..base.errors import hide_mistakes
from ..wire import messages as say
from ..wire.fields import Reader, body_of, described, integer, list_of, one_of, optional, read_fields, text
from ..wire.refusal import BODY_ERRORS, ApiProblem
from ..world.state import Section
from ..world.world import World
from .base.endpoint import Context, endpoint
from .base.schema import PART, VALUE, RecordRow, column, obj, row_class, text_of
from .chat.request import known, public_url, tokens_of
from .models import ModelRow, price_of, require_model
from .team import charge, pay

__tracebackhide__ = hide_mistakes

_WORD: Final = re.compile(r"\w+")


@row_class
class EmbeddingRow(RecordRow):
    id: str = column("``emb_`` and a ULID; only usage shows it.", holds="id")
    model: str = column("The model that the request named.", holds="style")
    tokens: int = column("Its input tokens.")
    credits: float = column("What it has cost.")
    creation_request_id: str = column("`Aurous-Request-Id` of the request.", holds="id")
    started: float = column("When it was requested, in epoch seconds.", seen="never")
    team: str = column("Id of the owning team.", seen="never")


def vectors(world: World) -> Section[str, tuple[float, ...]]:
    found: Section[str, tuple[float, ...]] = world.state.section("vectors")
    return found


def vector_of(parts: Sequence[str], given: Mapping[str, tuple[float, ...]], size: int, seed: int) -> list[float]:
    """Return the vector of an input: the one that a test has set, or a unit vector made from its words (emb-3).

    Equal inputs have equal vectors, and inputs with words in common are nearer than others: each word adds to some of
    the dimensions.
    """
    # A vector of the test wins, also over an input of several parts, if they are this text together.
    text = "\n".join(parts)
    if text in given:
        return list(given[text])
    found = [0.0] * size
    for word in _WORD.findall(text.casefold()) or [text]:
        # A digest gives 32 numbers: each adds to one dimension, so that a word is visible in a few of them.
        digest = sha512(f"{seed}/{word}".encode()).digest()
        for at in range(0, len(digest), 2):
            number = int.from_bytes(digest[at : at + 2], "big")
            found[number % size] += 1 if number & 0x8000 else -1
    length = hypot(*found)
    # Six digits: the length stays 1 within what applications compare, and the response stays small.
    return [round(value / length, 6) for value in found]


PAGE: Final = "reference/chat.html"


class Embeddings(Public):
    """`aurous.embeddings`: the vectors of texts."""

    _page = PAGE

    def __init__(self, world: World) -> None:
        self._world = world

    def __repr__(self) -> str:
        return f"<Embeddings: {len(vectors(self._world))} vectors set>"

    def vectors(self, vectors_by_text: Mapping[str, Sequence[float]]) -> None:
        """Set the vectors of some texts; other texts have seeded unit vectors of the same length.

        Args:
            vectors_by_text: A vector for each text.

        Raises:
            AurousError: If it is not a mapping from texts to numbers, or if the vectors differ in length.

        Example:
            ``aurous.embeddings.vectors({"black hair": [0.6, 0.8]})``
        """
        check = Check("embeddings.vectors", PAGE)
        expected = "a mapping from texts to vectors, such as {'black hair': [0.6, 0.8]}."
        check.instance("vectors_by_text", vectors_by_text, Mapping, expected)
        read: dict[str, tuple[float, ...]] = {}
        for words, vector in vectors_by_text.items():
            values: list[Any] = list(cast("Any", vector)) if hasattr(vector, "__iter__") else []
            good = all(isinstance(value, int | float) or hasattr(value, "__float__") for value in values)
            if not isinstance(cast("object", words), str) or not values or not good:
                raise check.refuse("vectors_by_text", vectors_by_text, expected)
            if not all(map(is_finite, values)):
                raise check.refuse("vectors_by_text", vectors_by_text, expected)
            read[words] = tuple(map(float, values))
        with self._world.lock:
            found = vectors(self._world)
            lengths = {len(vector) for vector in (*found.values(), *read.values())}
            if len(lengths) > 1:
                raise check.refuse("vectors_by_text", vectors_by_text, f"vectors of one length, not {sorted(lengths)}.")
            for words, numbers in read.items():
                found[words] = numbers


BUCKET: Final = "embeddings_tpm"
# The limit of a part is emb-2. A whole input is read at any length: if it is too long, it has too many tokens (emb-6).
_MOST_TEXT: Final = 1_000_000
_LIMITLESS: Final = 10**9
# The limits of emb-6.
_LIMITS: Final = "See https://docs.aurous-labs.com/api-reference/embeddings/limits."
_MOST_PARTS: Final = 16
_MOST_IMAGES: Final = 8
# Tokens of an image: the middle of what the page says, 1,000 to 1,500 (emb-5).
_IMAGE: Final = 1_250
_PARTS: Final = ("text", "image_url", "video_url")


def _part(value: Any, param: str) -> dict[str, Any]:
    if not is_object(value):
        message = say.WRONG_TYPE.format(param=param, expected="an object", got=f"{value!r:.40}")
        raise ApiProblem(400, "invalid_format", message, param)
    kind = one_of(_PARTS)(value.get("type"), f"{param}.type")
    if kind == "video_url":
        message = "Embeddings do not accept video since 2026-05-24."
        raise ApiProblem(400, "embeddings_video_unsupported", message, f"{param}.type")
    if kind == "text":
        _text(value.get("text"), f"{param}.text")
    else:
        source = value.get("image_url")
        url = source.get("url") if is_object(source) else None
        public_url(url, f"{param}.image_url.url", inline=False)
    return value


def _text(value: Any, param: str) -> str:
    found: str = text(_LIMITLESS)(value, param)
    if len(found) > _MOST_TEXT and param != "input":
        message = say.LENGTH.format(param=param, low=1, high=_MOST_TEXT, unit="characters", got=len(found))
        raise ApiProblem(400, "invalid_request", message, param)
    if "\0" in found:
        message = say.WRONG_TYPE.format(param=param, expected="text without NULL bytes", got="text with some")
        raise ApiProblem(400, "invalid_format", message, param)
    return found


def _input(value: Any, param: str) -> list[dict[str, Any]]:
    """Read the input, as parts; a text is one part. A list of one text stays one (emb-4)."""
    if not is_array(value):
        return [{"type": "text", "text": _text(value, param)}]
    if value and all(isinstance(one, str) for one in value):
        if len(value) == 1:
            return value
        raise ApiProblem(400, "embeddings_batch_not_supported", say.NO_BATCH, param)
    most = max(len(value), _MOST_PARTS)  # more are refused below, with a code of their own
    read_all = list_of(lambda part, _: _part(part, f"{param}[*]"), 1, most)
    parts: list[dict[str, Any]] = read_all(value, param)
    images = sum(part["type"] == "image_url" for part in parts)
    for got, most, what, whole in (
        (len(parts), _MOST_PARTS, "content parts", "total parts"),
        (images, _MOST_IMAGES, "images", "images"),
    ):
        if got > most:
            message = f"Embedding request has {got} {what}; the cap is {most} {whole} per request. {_LIMITS}"
            raise ApiProblem(400, "embeddings_input_too_many_items", message, param)
    return parts


_ESTIMATE: Final[dict[str, Reader]] = {
    "model": text(128, holds="style"),
    "input": described(
        _input,
        {"anyOf": [{"type": "string"}, {"type": "array", "items": PART, "minItems": 1, "maxItems": _MOST_PARTS}]},
    ),
    "dimensions": optional(integer(1, 10**6), note="A size that the model lists; has no effect."),
}
_CREATE: Final[dict[str, Reader]] = {
    **_ESTIMATE,
    "encoding_format": optional(one_of(("float", "base64")), note="Always `float` is returned."),
    "user": text(256),
}


class _Price(NamedTuple):
    text: int
    visual: int
    lines: tuple[Decimal, Decimal]

    @property
    def tokens(self) -> int:
        return self.text + self.visual

    @property
    def credits(self) -> Decimal:
        return total(self.lines)

    def breakdown(self, model: str) -> dict[str, Any]:
        words, pictures = map(json_number, self.lines)
        return {"input": {"text": words, "visual": pictures, "video": 0}, "model": model}


def _read(ctx: Context, fields: Mapping[str, Reader]) -> tuple[dict[str, Any], ModelRow, _Price]:
    body = read_fields(known(ctx.body, fields), fields, required=("model", "input"))
    if isinstance(alone := body["input"][0], str):
        if ctx.world.settings.reading("emb-4") == "refused":
            message = say.NO_BATCH + say.ASSUMED.format(what="a list of one", rule="emb-4", reading="one_accepted")
            raise ApiProblem(400, "embeddings_batch_not_supported", message, "input")
        body["input"] = _input(alone, "input")
    model = require_model(ctx, "embedding")
    if (wanted := body.get("dimensions")) is not None and wanted not in (model.dimensions or ()):
        allowed = ", ".join(map(str, model.dimensions or ()))
        message = f"dimensions must be one of {allowed} for {model.id}, not {wanted}."
        raise ApiProblem(400, "embeddings_unsupported_dimensions", message, "dimensions")
    words = sum(tokens_of(part["text"]) for part in body["input"] if part["type"] == "text")
    pictures = _IMAGE * sum(part["type"] == "image_url" for part in body["input"])
    if words + pictures > model.context_window:
        own = ctx.world.settings.reading("emb-6") == "own"
        code = "embeddings_input_too_large" if own else "max_input_tokens_exceeded"
        message = f"The input has about {words + pictures} tokens; the cap is {model.context_window}."
        raise ApiProblem(400, code, message, "input")
    lines = price_of(words, model.rate("text")), price_of(pictures, model.rate("visual"))
    return body, model, _Price(words, pictures, lines)


_COUNT: Final = {"type": "integer", VALUE: "form"}
_NUMBER: Final = {"type": "number", VALUE: "form"}
_BREAKDOWN: Final = obj(input=obj(text=_NUMBER, visual=_NUMBER, video=_NUMBER), model=text_of("style"))
_ERRORS: Final = (
    *BODY_ERRORS,
    "400 embeddings_batch_not_supported",
    "400 embeddings_input_too_large",
    "400 embeddings_input_too_many_items",
    "400 embeddings_unsupported_dimensions",
    "400 embeddings_video_unsupported",
    "400 max_input_tokens_exceeded",
    "400 model_wrong_kind",
    "404 resource_not_found",
)
_SAMPLE: Final = {"model": "aurous-embed-vision-1.0", "input": "black hair"}


def _body(readers: Mapping[str, Reader]) -> dict[str, Any]:
    return {**body_of(readers, ("model", "input")), "additionalProperties": True}


@endpoint(
    "embeddings.create",
    "POST /v1/embeddings",
    bucket="embeddings_post",
    idempotent=True,
    shape=obj(
        object={"const": "list"},
        data={
            "type": "array",
            "items": obj(
                object={"const": "embedding"},
                index={"type": "integer", "const": 0},
                embedding={"type": "array", "items": _NUMBER, VALUE: "form"},
            ),
        },
        model=text_of("style"),
        usage=obj(prompt_tokens=_COUNT, total_tokens=_COUNT, credits_charged=_NUMBER, breakdown=_BREAKDOWN),
    ),
    body=_body(_CREATE),
    sample=_SAMPLE,
    errors=(
        *_ERRORS,
        "402 balance_too_low",
        "429 tpm_rate_limit_exceeded",
        "502 embeddings_provider_unknown_error",
    ),
    rules=("emb-1", "emb-5", "tpm-1"),
)
def create(ctx: Context) -> dict[str, Any]:
    """POST /v1/embeddings: one vector."""
    body, model, price = _read(ctx, _CREATE)
    world, now = ctx.world, ctx.world.clock.time()
    # The tokens come before the credits: a refusal for too many tokens must not hold anything (tpm-2).
    ctx.limits += world.buckets.spend_tokens(ctx.team, BUCKET, price.tokens, now)
    hold = pay(world, ctx.team, price.credits, "balance_too_low")
    credits = json_number(charge(world, ctx.team, hold, now))  # noqa: A001 - the vendor's word
    world.table(EmbeddingRow).insert(
        EmbeddingRow(
            id=world.ids.new("emb"),
            model=body["model"],
            tokens=price.tokens,
            credits=credits,
            creation_request_id=ctx.request_id,
            started=now,
            team=ctx.team,
        )
    )
    given = vectors(world)
    # Vectors of one length can be compared; so those of the test decide about all others.
    size = len(next(iter(given.values()), ())) or int(world.settings.reading("emb-3"))
    parts = [part["text"] if part["type"] == "text" else part["image_url"]["url"] for part in body["input"]]
    vector = vector_of(parts, given, size, world.settings.seed)
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "model": body["model"],
        "usage": {
            "prompt_tokens": price.tokens,
            "total_tokens": price.tokens,
            "credits_charged": credits,
            "breakdown": price.breakdown(model.id),
        },
    }


@endpoint(
    "embeddings.estimate",
    "POST /v1/embeddings/estimate",
    bucket="embeddings_post",
    shape=obj(
        estimated={"const": True},
        tokens=obj(text=_COUNT, image=_COUNT, video=_COUNT, total=_COUNT),
        credits_estimated=_NUMBER,
        breakdown=_BREAKDOWN,
    ),
    body=_body(_ESTIMATE),
    sample=_SAMPLE,
    errors=_ERRORS,
    rules=("emb-8",),
)
def estimate(ctx: Context) -> dict[str, Any]:
    """POST /v1/embeddings/estimate: what an embedding would cost."""
    _, model, price = _read(ctx, _ESTIMATE)
    return {
        "estimated": True,
        "tokens": {"text": price.text, "image": price.visual, "video": 0, "total": price.tokens},
        "credits_estimated": json_number(price.credits),
        "breakdown": price.breakdown(model.id),
    }


ENDPOINTS: Final = (create, estimate)
