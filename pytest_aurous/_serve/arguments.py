"""Arguments of control requests: which there are, by the signatures of Python, whose methods read the values."""

from __future__ import annotations

import json
from collections import abc
from collections.abc import Callable, Collection, Mapping
from functools import cache
from inspect import Parameter, signature
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, Union, cast, get_args, get_origin, is_typeddict

from .._core.base.arguments import Check
from .._core.base.data import read_json
from .._core.base.errors import AurousError, UnknownArgument, see
from .._core.base.redaction import shortened
from .._fake.objects import annotations_of

Shape = Mapping[str, Any]
"""A JSON schema."""
PAGE: Final = "reference/control.html"


class Takes(NamedTuple):
    """The arguments of a control request.

    Attributes:
        schemas: The JSON schema of each of them, with its default.
        required: Those that have no default.
        many: The one whose items are arguments of their own, in Python.
    """

    schemas: Mapping[str, Shape]
    required: Collection[str] = ()
    many: str = ""


NOTHING: Final = Takes({})
TEXT: Final = {"type": "string"}
WHOLE: Final = {"type": "integer"}
NUMBER: Final = {"type": "number"}
FLAG: Final = {"type": "boolean"}


def check_names(who: str, given: Collection[str], takes: Takes) -> None:
    """Refuse an argument that does not exist, and one that is missing, as Python does.

    Raises:
        UnknownArgument: It says what there is.
    """
    Check(who, PAGE).keywords(given, takes.schemas)
    missing = [name for name in takes.required if name not in given]
    if missing:
        raise UnknownArgument(
            f"{who}() missing {', '.join(map(repr, missing))}. It takes: {', '.join(takes.schemas)}.\n{see(PAGE)}"
        )


def read_query(who: str, asked: Mapping[str, str], takes: Takes) -> dict[str, Any]:
    """Return the parameters of a query, those that are numbers as numbers.

    Raises:
        AurousError: If one does not exist, or is something else.
    """
    check_names(who, asked, takes)
    check = Check(who, PAGE)
    found: dict[str, Any] = {}
    for name, text in asked.items():
        kinds = takes.schemas[name]["type"]  # a word, or a list of words
        try:
            value: Any = text if "string" in kinds else read_json(text)
        except ValueError:
            value = text
        if "boolean" in kinds:
            check.instance(name, value, bool, "true or false.")
        elif "string" not in kinds:
            (check.whole if "integer" in kinds else check.number)(name, value, 0)
        found[name] = value
    return found


def parsed(body: bytes) -> dict[str, Any]:
    """Return the body of a control request.

    Raises:
        AurousError: If it is not a JSON object.
    """
    try:
        content: Any = read_json(body) if body.strip() else {}
        json.dumps(content, ensure_ascii=False).encode()  # JSON can escape a lone surrogate, but UTF-8 cannot carry it
    except (RecursionError, ValueError) as error:
        raise AurousError(f"The body is not valid JSON ({error}): a control request takes a JSON object.") from None
    if not isinstance(content, dict):
        shown = shortened(json.dumps(content), 40)
        raise AurousError(f"The body is JSON, but not an object: {shown}. A control request takes an object.")
    return cast("dict[str, Any]", content)


def parameters_of(method: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of the arguments of *method* by name, those of its keywords among them."""
    hints = annotations_of(method)
    found: dict[str, Any] = {}
    for name, parameter in list(signature(method).parameters.items())[1:]:  # without `self`
        hint: Any = hints.get(name)  # what is inherited from a collection has none
        if parameter.kind is Parameter.VAR_POSITIONAL:
            hint = abc.Iterable[hint]
        found |= annotations_of(hint) if parameter.kind is Parameter.VAR_KEYWORD else {name: hint}
    return found


def shapes_of(kind: type[Any]) -> dict[str, Shape]:
    return {name: shape for name, hint in annotations_of(kind).items() if (shape := _shape_of(hint)) is not None}


@cache
def taken_by(method: Callable[..., Any]) -> Takes:
    """Return the arguments of *method* that JSON can express."""
    parameters = signature(method).parameters
    schemas = {name: shape for name, hint in parameters_of(method).items() if (shape := _shape_of(hint)) is not None}
    own = [one for name, one in parameters.items() if name in schemas]
    for one in own:
        default: object = one.default
        if isinstance(default, str | int | float | tuple):
            schemas[one.name] = {**schemas[one.name], "default": default}
    many = next((one.name for one in own if one.kind is Parameter.VAR_POSITIONAL), "")
    return Takes(schemas, [one.name for one in own if one.default is Parameter.empty], many)


def _shape_of(hint: Any) -> Shape | None:
    """Return the JSON schema for an annotation; None if JSON cannot express such values."""
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    shapes = [shape for kind in kinds if (shape := _shape_of_one(kind)) is not None]
    if _ANY in shapes:  # also where Python 3.10 makes `Any | None` of an argument whose default is None
        return _ANY
    types = list(dict.fromkeys(shape["type"] for shape in shapes if "type" in shape))
    if not shapes or types == ["null"]:
        return None
    merged = {key: value for shape in reversed(shapes) for key, value in shape.items()}
    return {**merged, "type": types[0] if len(types) == 1 else types} if types else merged


def _shape_of_one(kind: Any) -> Shape | None:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"type": "string", "examples": list(parts)}
    if origin in {abc.Sequence, abc.Iterable, tuple}:
        return {"type": "array", "items": (len({*parts}) == 1 and _shape_of(parts[0])) or {}}
    if is_typeddict(kind):
        return {"type": "object", "properties": shapes_of(kind)}
    return _SHAPES.get(origin or kind)


_ANY: Final[Shape] = {}
_SHAPES: Final[dict[Any, Shape]] = {
    str: TEXT,
    int: WHOLE,
    float: NUMBER,
    bool: FLAG,
    type(None): {"type": "null"},
    Any: _ANY,
    object: _ANY,
    abc.Mapping: {"type": "object"},
    dict: {"type": "object"},
}
