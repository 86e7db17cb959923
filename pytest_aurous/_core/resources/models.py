"""The models of chats and embeddings: their limits and rates, the endpoint that lists them, and the live records."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from ..base.amounts import product
from ..base.errors import AurousError, hide_mistakes, see
from ..base.instants import parse_instant
from ..wire.refusal import ApiProblem, not_found
from ..world.world import World
from .base.endpoint import Context, endpoint
from .base.record import Live, Usable
from .base.schema import RecordRow, assumed, column, free, obj, row_class, text_of

__tracebackhide__ = hide_mistakes

Kind = Literal["chat", "embedding"]
KINDS: Final = ("chat", "embedding")
CAPABILITIES: Final = ("multimodal_input", "reasoning_effort", "tool_choice_required")
"""What a chat model may be able to do (model-1)."""

# Invented (model-1); it is the day of the version of the API.
_CREATED: Final = int(parse_instant("2026-05-15T00:00:00Z").timestamp())


@row_class
class ModelRow(RecordRow):
    id: str = column("Its name in requests.", holds="style")
    kind: Kind = column("``chat`` or ``embedding``.", holds="word")
    rates: tuple[tuple[str, float], ...] = column("Credits per million tokens, by what is counted.")
    context_window: int = column("The largest number of input tokens.")
    capabilities: tuple[str, ...] = column("What it can do beyond the usual.", default=())
    max_output_tokens: int | None = column("The largest ``max_tokens``; None for embeddings.", default=None)
    default_output_tokens: int = column("Its ``max_tokens`` if a request sends none.", default=0)
    dimensions: tuple[int, ...] | None = column(
        "The sizes of a vector that a request may name; None for chats.", default=None
    )
    aliases: tuple[str, ...] = column("Other names of it.", default=())
    team: str = column("Id of the owning team; empty for a model of all teams.", seen="never", default="")

    def rate(self, what: str) -> float:
        return dict(self.rates)[what]


# The numbers of model-1 and emb-5; the page writes 256K, which is taken as 256,000 tokens.
MODELS: Final = (
    ModelRow(
        id="aurous-grow-2.0-pro",
        kind="chat",
        rates=(("input", 75), ("output", 450)),
        context_window=256_000,
        capabilities=CAPABILITIES,
        max_output_tokens=8192,
        default_output_tokens=4096,
    ),
    ModelRow(
        id="aurous-embed-vision-1.0",
        kind="embedding",
        rates=(("text", 18.75), ("visual", 48.75)),
        context_window=128_000,
        dimensions=(1024, 2048),
        aliases=("aurous-embed-vision",),
    ),
)


def rates_of(name: object) -> dict[str, float]:
    """Return the credits for a million tokens of a public model, by what is counted; empty for an unknown one."""
    for one in MODELS:
        if name in {one.id, *one.aliases}:
            return dict(one.rates)
    return {}


def price_of(count: float, rate: float) -> Decimal:
    """Return the credits of some tokens, at a rate for a million of them."""
    # As decimals, and not divided: two prices that add up to the hold must do so to the last digit.
    return product(count, rate).scaleb(-6)


def require_model(ctx: Context, kind: Kind) -> ModelRow:
    """Return the model that the body names; refuse an unknown one (model-3), and one of the other kind (model-2)."""
    name = ctx.body["model"]
    row = next((one for one in ctx.world.table(ModelRow).usable(ctx.team) if name in {one.id, *one.aliases}), None)
    if row is None:
        raise not_found("model", name, "model")
    if row.kind != kind:
        message = f"{name} is a model of kind {row.kind}; {ctx.call.path} needs one of kind {kind}."
        raise ApiProblem(400, "model_wrong_kind", message, "model")
    return row


def render(world: World, row: ModelRow) -> dict[str, Any]:
    rates = {name: {"credits_per_M": rate} for name, rate in row.rates}
    cap = "max_output_tokens_hard_cap" if world.settings.reading("model-4") == "page" else "hard_max_tokens"
    return {
        "id": row.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": "aurous-labs",
        "kind": row.kind,
        "chat_pricing": rates if row.kind == "chat" else None,
        "embedding_pricing": rates if row.kind == "embedding" else None,
        "aurous_metadata": {
            "kind": row.kind,
            "context_window": row.context_window,
            "capabilities": list(row.capabilities),
            cap: row.max_output_tokens,
            "dimensions": row.dimensions and list(row.dimensions),
            # As in the example of the page, although an input has at most 16 parts (emb-6).
            "max_input_items": 100 if row.kind == "embedding" else None,
        },
    }


_RATE: Final = obj(credits_per_M={"type": "number"})


def _or_null(schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_MODEL: Final = obj(
    ("created", "owned_by"),
    id=text_of("style"),
    object={"const": "model"},
    created=free({"type": "integer"}),
    owned_by=free(text_of("word")),
    kind={"enum": list(KINDS)},
    chat_pricing=_or_null(obj(input=_RATE, output=_RATE)),
    embedding_pricing=_or_null(obj(text=_RATE, visual=_RATE)),
    aurous_metadata=obj(
        ("max_output_tokens_hard_cap", "hard_max_tokens", "max_input_items"),
        kind={"enum": list(KINDS)},
        context_window=assumed({"type": "integer"}),
        capabilities=free({"type": "array", "items": text_of("word")}),
        max_output_tokens_hard_cap={"type": ["integer", "null"]},
        hard_max_tokens={"type": ["integer", "null"]},
        dimensions=_or_null({"type": "array", "items": {"type": "integer"}}),
        max_input_items={"type": ["integer", "null"]},
    ),
)


@endpoint(
    "models.list",
    "GET /v1/models",
    bucket="reads",
    shape=obj(object={"const": "list"}, data={"type": "array", "items": _MODEL}),
    rules=("model-1", "model-4"),
)
def list_all(ctx: Context) -> dict[str, Any]:
    """GET /v1/models: chat and embedding models with their rates."""
    return {"object": "list", "data": [render(ctx.world, row) for row in ctx.world.table(ModelRow).usable(ctx.team)]}


if TYPE_CHECKING:  # type checkers find the attributes of the row
    _ModelFields = ModelRow
else:
    _ModelFields = object


class Model(Live, _ModelFields):
    """A live model of chats or embeddings."""

    _kind = ModelRow
    _prefix = "model"
    _summary = "{0.kind}"

    def json(self) -> dict[str, Any]:
        """Return its row in the list of models."""
        return render(self._world, self._row)


class Models(Usable[Model]):
    """The models that a team can use."""

    _record = Model

    def add(
        self,
        id: str,  # noqa: A002 - the vendor's word
        *,
        capabilities: tuple[str, ...] = (),
        max_output_tokens: int = 8192,
        context_window: int = 256_000,
        input: float = 75,  # noqa: A002 - the vendor's word
        output: float = 450,
    ) -> Model:
        """Add a chat model for this team, such as one that cannot be forced to call a tool.

        Args:
            id: Its name in requests.
            capabilities: Any of ``multimodal_input``, ``reasoning_effort`` and ``tool_choice_required``.
            max_output_tokens: The largest ``max_tokens`` of a request.
            context_window: The largest number of input tokens.
            input: Credits per million input tokens.
            output: Credits per million output tokens.

        Raises:
            AurousError: For an invalid value, or a name that is taken.

        Example:
            ``aurous.models.add("aurous-grow-1.0", max_output_tokens=1024)``
        """
        check = self._check("add")
        check.text("id", id, "aurous-grow-1.0")
        chosen = check.items("capabilities", capabilities, CAPABILITIES)
        cap = check.whole("max_output_tokens", max_output_tokens, 1)
        window = check.whole("context_window", context_window, 1)
        rates = (("input", check.number("input", input, 0)), ("output", check.number("output", output, 0)))
        with self._world.lock:
            if id in self._living():
                raise AurousError(f"models.add({id!r}): there is such a model already.\n{see('reference/chat.html')}")
            row = ModelRow(
                id=id,
                kind="chat",
                rates=rates,
                context_window=window,
                capabilities=tuple(chosen),
                max_output_tokens=cap,
                default_output_tokens=min(cap, 4096),
                team=self._team,
            )
            return self._live(self._world.table(ModelRow).insert(row).id)


ENDPOINTS: Final = (list_all,)
