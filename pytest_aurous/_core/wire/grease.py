"""Grease: what a later version of the API may add to JSON, so that code that cannot tolerate it fails now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final, Literal, cast

from ..base.data import OPEN_ENUMS
from .call import to_json
from .headers import Headers
from .reply import Reply

GreaseKind = Literal["fields", "all"]
KINDS: Final = ("fields", "all")
_OF_THE_USER: Final = {"attributes", "metadata", "upload_headers"}
"""Fields with a map of the user's, in which the vendor adds nothing."""


def greased(content: Any, kind: GreaseKind, random: Random) -> Any:
    """Return JSON data with an unknown field in each object.

    Open enums have an unknown value, and so has each status if *kind* is ``all``. The maps of the user stay as they
    are.
    """
    name = f"grease_{random.getrandbits(16):04x}"
    value = random.choice((None, True, 7, 0.5, name, [name], {name: True}))
    replaced: dict[str, str] = dict.fromkeys((*OPEN_ENUMS, "status") if kind == "all" else OPEN_ENUMS, name)
    return _with(content, {name: value}, replaced)


def grease(reply: Reply, kind: GreaseKind, random: Random) -> Reply:
    """Return the response `greased`; the same response if it is not JSON."""
    if not reply.body or not Headers(reply.headers).get("Content-Type", "").startswith("application/json"):
        return reply
    return reply.with_body(to_json(greased(json.loads(reply.body), kind, random)))


def _with(content: Any, added: Mapping[str, Any], replaced: Mapping[str, str]) -> Any:
    if isinstance(content, list):
        return [_with(item, added, replaced) for item in cast("list[Any]", content)]  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
    if not isinstance(content, dict):
        return content
    own = {
        name: value if name in _OF_THE_USER else replaced.get(name) or _with(value, added, replaced)
        for name, value in cast("dict[str, Any]", content).items()
    }
    return {**own, **added}
