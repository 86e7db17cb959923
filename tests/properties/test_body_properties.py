import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aurous._core.wire.fields import (
    Reader,
    boolean,
    integer,
    list_of,
    one_of,
    read_body,
    read_fields,
    text,
)
from pytest_aurous._core.wire.refusal import ApiProblem

pytestmark = pytest.mark.slow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
READERS: dict[str, Reader] = {
    "text": text(10),
    "integer": integer(18, 120),
    "boolean": boolean,
    "choice": one_of(("a", "b")),
    "list": list_of(text(10), 1, 3),
}
CODES = {"invalid_format", "value_out_of_range"}


def outcome(act: Callable[[], Any]) -> tuple[Any, ApiProblem | None]:
    """What *act* returned, or the refusal that it raised; anything else that it raises fails the test."""
    try:
        return act(), None
    except ApiProblem as problem:
        return None, problem


@pytest.mark.parametrize("name", sorted(READERS))
@given(value=JSON)
def test_a_reader_reads_or_refuses(name: str, value: Any) -> None:
    """For any JSON value a reader returns it, or raises a 400 that names the field: never anything else."""
    read, problem = outcome(lambda: READERS[name](value, "field"))

    if problem is None:
        assert read == value
    else:
        assert (problem.status, problem.param) == (400, "field")
        assert problem.code in CODES
        assert problem.message.startswith(("field must be ", "An item of field must be "))


@given(st.dictionaries(st.sampled_from([*READERS, "other"]) | st.text(), JSON), st.sets(st.sampled_from([*READERS])))
def test_a_body_is_read_or_refused(body: dict[str, Any], required: set[str]) -> None:
    """For any object and any required fields the response is the object itself, or a 400 with a param."""
    read, problem = outcome(lambda: read_fields(body, READERS, required=sorted(required), prefix="in."))

    if problem is None:
        assert read == body
        assert required <= set(body) <= set(READERS)
    else:
        assert problem.status == 400
        assert problem.code in {*CODES, "invalid_request", "missing_field"}
        assert problem.param is not None
        assert problem.param.startswith("in.")


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_body_or_malformed(content: bytes) -> None:
    """Whatever arrives is an object, or a 400 without a param."""
    body, problem = outcome(lambda: read_body(content))

    if problem is None:
        assert isinstance(body, dict)
    else:
        assert (problem.status, problem.code, problem.param) == (400, "invalid_format", None)
