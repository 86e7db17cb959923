from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_aurous._core.resources.base.schema import column, to_wire
from pytest_aurous._core.wire.fields import (
    Reader,
    boolean,
    integer,
    list_of,
    one_of,
    optional,
    read_body,
    read_fields,
    text,
)
from pytest_aurous._core.wire.refusal import ApiProblem

READERS = {"name": text(5), "age": integer(18, 120), "flag": boolean}


def problem_of(act: Callable[[], object]) -> ApiProblem:
    with pytest.raises(ApiProblem) as caught:
        act()
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("reader", "value", "message"),
    [
        (text(5), 3, "field must be a string, not a number."),
        (text(5), None, "field must be a string, not null."),
        (text(5), "a\udfff", "field must be Unicode text, not a string."),
        (integer(0, 9), 3.0, "field must be a whole number, not a number."),
        (integer(0, 9), True, "field must be a whole number, not a boolean."),
        (boolean, 1, "field must be a boolean, not a number."),
        (list_of(text(5), 1, 2), "ab", "field must be an array, not a string."),
        (list_of(text(5), 1, 2), ["a", 1], "An item of field must be a string, not a number."),
        (one_of(("a", "b")), "c", 'field must be one of a, b, not "c".'),
        (one_of(("a", "b")), ["a"], 'field must be one of a, b, not ["a"].'),
    ],
)
def test_err_8_a_wrong_type_is_an_invalid_format(reader: Reader, value: Any, message: str) -> None:
    """The refusal names the field, what was expected and what came."""
    problem = problem_of(lambda: reader(value, "field"))

    assert (problem.code, problem.param, problem.message) == ("invalid_format", "field", message)


def test_a_choice_can_have_a_code_of_its_own() -> None:
    """Some endpoints print another code for a bad choice (regen-1)."""
    assert problem_of(lambda: one_of(("a",), "invalid_request_error")("b", "pose")).code == "invalid_request_error"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="too many digits"),
    ],
)
def test_err_8_a_body_that_is_no_json_object_is_refused_without_a_param(content: bytes) -> None:
    """It is `invalid_format`, `param` null."""
    problem = problem_of(lambda: read_body(content))

    assert (problem.code, problem.param) == ("invalid_format", None)


def test_patch_2_unknown_fields_are_named_all_of_them() -> None:
    """The first unknown field is the `param`, the message names every one and what is allowed."""
    problem = problem_of(lambda: read_fields({"x": 1, "name": 3, "y": 2}, READERS, required=("age",), prefix="a."))

    assert (problem.code, problem.param) == ("invalid_request", "a.x")
    assert problem.message == "Unknown or read-only fields: a.x, a.y. Allowed: name, age, flag."


def test_err_8_a_missing_field_comes_before_a_bad_value() -> None:
    """A required field that is not there is `missing_field`, under its full name."""
    problem = problem_of(lambda: read_fields({"name": 3}, READERS, required=("name", "age"), prefix="a."))

    assert (problem.code, problem.param, problem.message) == ("missing_field", "a.age", "a.age is required.")


def test_err_8_a_bad_value_is_refused_under_its_full_name() -> None:
    """The prefix of the object is part of the `param`."""
    assert problem_of(lambda: read_fields({"name": 3}, READERS, prefix="a.")).param == "a.name"


@dataclass(frozen=True)
class Row:
    """A row with a column of each sort."""

    id: str
    plain: int | None = None
    written: int = column("A number.", write=str, default=3)
    secret: str = column("Nobody sees it.", seen="never", default="s")
    rare: int | None = column("Seldom there.", seen="omitted", default=None)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row("a"), {"id": "a", "plain": None, "written": "3"}),
        (Row("a", 1, 2, "t", 0), {"id": "a", "plain": 1, "written": "2", "rare": 0}),
    ],
)
def test_a_record_is_written_as_its_columns_say(row: Row, expected: dict[str, Any]) -> None:
    """In order of declaration: hidden columns never, sparse ones where they are set, others through their writer."""
    assert to_wire(row, "none") == expected
    assert list(to_wire(row, "none")) == list(expected)


def test_a_field_that_was_not_sent_has_its_default() -> None:
    """Its schema says the default, or in words what happens instead; the reader still reads what was sent."""
    count, seed = optional(integer(1, 4), default=1), optional(integer(0, 9), note="Drawn.")
    readers: dict[str, Reader] = {"count": count, "seed": seed}

    assert read_fields({}, readers) == {"count": 1}
    assert read_fields({"count": 3, "seed": 2}, readers) == {"count": 3, "seed": 2}
    assert problem_of(lambda: read_fields({"count": 9}, readers)).param == "count"
    schemas = [vars(reader)["schema"] for reader in (count, seed)]
    assert [{name: one[name] for name in ("default", "description") if name in one} for one in schemas] == [
        {"default": 1},
        {"description": "Drawn."},
    ]
