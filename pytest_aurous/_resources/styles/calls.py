"""The style endpoints."""

from __future__ import annotations

from typing import Any, Final

from ..._framework.endpoint import Context, Endpoint
from ..._framework.schema import reference, to_wire
from ..._wire import messages as say
from ..._wire.refusal import ApiProblem, not_found
from ..._world.world import World
from .record import LoraRow, S, VideoLoraRow, find_style, visible_styles


def require_style(world: World, team: str, name: str, kind: type[S], param: str) -> S:
    """Return the style that a request names by id or slug.

    Raises:
        ApiProblem: 404 for an unknown style, 400 for a style of the other medium (style-5).
    """
    row = find_style(world, kind, team, name)
    if row is not None:
        return row
    if find_style(world, LoraRow, team, name) or find_style(world, VideoLoraRow, team, name):
        medium = "image" if kind is LoraRow else "video"
        message = say.OTHER_MEDIUM.format(param=param, got=name, medium=medium)
        raise ApiProblem(400, "unsupported_lora_for_mode", message, param)
    raise not_found("style", name, param)


def _endpoints(resource: str, kind: type[S], of_list: str, of_one: str) -> tuple[Endpoint, Endpoint]:
    def list_all(ctx: Context) -> list[dict[str, Any]]:
        """GET the styles: an array without pages."""
        return [to_wire(row) for row in visible_styles(ctx.world, kind, ctx.team)]

    def retrieve(ctx: Context) -> dict[str, Any]:
        """GET one style by id or slug."""
        name = ctx.args["id"]
        row = find_style(ctx.world, kind, ctx.team, name)
        if row is None:
            raise not_found("style", name)
        return to_wire(row)

    path, one = f"/v1/{resource}", reference(kind)
    array = {"type": "array", "items": one}
    return (
        Endpoint(f"{resource}.list", "GET", path, list_all, bucket="reads", shape=array, rules=(of_list,)),
        Endpoint(f"{resource}.retrieve", "GET", f"{path}/{{id}}", retrieve, bucket="reads", shape=one, rules=(of_one,)),
    )


ENDPOINTS: Final = (
    *_endpoints("loras", LoraRow, "style-1", "style-2"),
    *_endpoints("video_loras", VideoLoraRow, "style-3", "style-4"),
)
