"""The table of the character calls."""

from __future__ import annotations

from typing import Final

from ..._endpoint import Endpoint
from ..._pages import PAGE
from ..._shape import body_of, deleted, listing, reference
from . import calls
from .record import CREATE, CharacterRow

__all__ = ("ENDPOINTS",)

_OF_BODY: Final = ("400 invalid_format", "400 invalid_request", "400 missing_field", "400 value_out_of_range")
_OF_CURSOR: Final = ("400 invalid_format", "400 parameter_invalid_combination", "400 value_out_of_range")
_OF_STATE: Final = ("400 invalid_request_error",)
_OF_MONEY: Final = ("402 insufficient_credits",)

_ONE: Final = reference(CharacterRow)

ENDPOINTS: Final = (
    Endpoint(
        "characters.create",
        "POST",
        "/v1/characters",
        calls.create,
        bucket=calls.create_bucket,
        status=201,
        idempotent=calls.synthesizes,
        shape=_ONE,
        body=body_of(CREATE, ("name",)),
        errors=(
            *_OF_BODY,
            *_OF_MONEY,
            "400 parameter_invalid_combination",
            "400 upload_invalid",
            "404 resource_not_found",
        ),
        rules=("create-1", "create-2", "create-3", "create-4", "create-5", "create-6", "create-7"),
    ),
    Endpoint(
        "characters.list",
        "GET",
        "/v1/characters",
        calls.list_all,
        bucket="characters_get",
        errors=(*_OF_CURSOR, "400 invalid_request"),
        shape=listing(CharacterRow),
        query={**PAGE, "status": {"enum": list(calls.LISTABLE)}},
        rules=("list-1", "list-2", "list-3", "list-4", "list-5"),
    ),
    Endpoint(
        "characters.retrieve",
        "GET",
        "/v1/characters/{id}",
        calls.retrieve,
        bucket="characters_get",
        shape=_ONE,
        rules=("get-1", "get-2", "get-3"),
    ),
    Endpoint(
        "characters.update",
        "PATCH",
        "/v1/characters/{id}",
        calls.update,
        bucket="characters_post",
        shape=_ONE,
        body=body_of(calls.UPDATE),
        errors=_OF_BODY,
        rules=("patch-1", "patch-2", "patch-3", "patch-4"),
    ),
    Endpoint(
        "characters.save",
        "POST",
        "/v1/characters/{id}/save",
        calls.save,
        bucket="characters_post",
        errors=_OF_STATE,
        shape=_ONE,
        rules=("save-1", "save-2", "save-3", "save-4", "save-5", "save-6", "save-7"),
    ),
    Endpoint(
        "characters.resynthesize",
        "POST",
        "/v1/characters/{id}/resynthesize",
        calls.resynthesize,
        bucket="characters_synthesize",
        idempotent=True,
        errors=(*_OF_STATE, *_OF_MONEY, "400 invalid_format", "400 invalid_request"),
        shape=_ONE,
        body=body_of(calls.RESYNTHESIZE),
        rules=("resyn-1", "resyn-2", "resyn-3", "resyn-4", "run-1"),
    ),
    Endpoint(
        "characters.regenerate_ref",
        "POST",
        "/v1/characters/{id}/refs/regenerate",
        calls.regenerate_ref,
        bucket="characters_synthesize",
        idempotent=True,
        errors=(*_OF_STATE, *_OF_MONEY, *_OF_BODY),
        shape=_ONE,
        body=body_of(calls.REGENERATE, ("pose",)),
        rules=("regen-1", "regen-2", "regen-3", "run-1"),
    ),
    Endpoint(
        "characters.delete",
        "DELETE",
        "/v1/characters/{id}",
        calls.delete,
        bucket="characters_post",
        shape=deleted("character"),
        rules=("del-1", "del-2", "del-3", "del-4", "del-5"),
    ),
)
