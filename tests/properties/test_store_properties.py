import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_aurous
from pytest_aurous._core.resources.base.pages import page
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
from pytest_aurous._core.world.ids import IdSource, ulid
from pytest_aurous._core.world.state import State
from pytest_aurous._core.world.tables import Table

pytestmark = pytest.mark.slow

# A machine that is busy, or builds Hypothesis' tables for the first time, is no finding.
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


class Row(NamedTuple):
    """The least that a table asks for."""

    id: str
    team: str = "a"


@given(st.integers(0, 2**48 - 1), st.binary(min_size=16, max_size=16))
def test_a_ulid_can_be_read_back(milliseconds: int, chance: bytes) -> None:
    """26 Crockford letters hold the instant, and five bits of each byte of chance."""
    letters = ulid(milliseconds, chance)

    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", letters)
    value = 0
    for letter in letters:
        value = value * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    assert value >> 80 == milliseconds
    assert [value >> shift & 31 for shift in range(75, -1, -5)] == [byte >> 3 for byte in chance]


@given(st.integers(), st.text(st.characters(categories=["Ll"]), min_size=1), st.integers(2, 50))
def test_ids_grow_and_repeat(seed: int, prefix: str, number: int) -> None:
    """For any seed and prefix the ids are strictly increasing, and the same again from another source."""
    source, twin = IdSource(State(), seed), IdSource(State(), seed)
    ids = [source.new(prefix) for _ in range(number)]

    assert all(one < other for one, other in pairwise(ids))
    assert ids == [twin.new(prefix) for _ in range(number)]


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_ids_do_not_depend_on_the_process(hash_seed: str) -> None:
    """Another process with another hash seed makes the same ids, as it must under xdist."""
    source = IdSource(State(), 7)
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "from pytest_aurous._core.world.ids import IdSource as I\n"
                "from pytest_aurous._core.world.state import State\n"
                "i = I(State(), 7)\n"
                "print(*[i.new(p) for p in ('char', 'img') * 3])"
            ),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(pytest_aurous.__file__).parents[1]),
            "PYTHONHASHSEED": hash_seed,
        },
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )

    assert run.stdout.split() == [source.new(prefix) for prefix in ("char", "img") * 3]


@given(st.integers(0, 60), st.integers(1, 12), st.data())
def test_paging_loses_nothing_and_repeats_nothing(rows: int, limit: int, data: st.DataObject) -> None:
    """However many rows are deleted and made between two pages, what lived all along is seen once, newest first."""
    table, source = Table[Row](State(), "rows"), IdSource(State(), 0)
    first = [table.insert(Row(source.new("char"))).id for _ in range(rows)]
    survivors, seen, query = set(first), list[str](), {"limit": str(limit)}
    more = True
    while more:
        response = page(table, "a", query, lambda row: row, lambda _: True, lambda row: row.id)
        seen += response["data"]
        more = response["has_more"]
        assert (response["next_cursor"] is not None) is more
        assert len(response["data"]) == limit or not more
        if more:
            query["starting_after"] = response["next_cursor"]
        for dead in (
            data.draw(st.lists(st.sampled_from(sorted(survivors)), max_size=5, unique=True)) if survivors else ()
        ):
            table.retire(table[dead])
            survivors.discard(dead)
        for _ in range(data.draw(st.integers(0, 2))):
            table.insert(Row(source.new("char")))

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen))
    assert survivors <= set(seen) <= set(first)


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 7))
def test_paging_a_filtered_list_gives_what_the_filter_holds(held: list[bool], limit: int) -> None:
    """Pages put together are the filtered list, and only the last of them may be short."""
    table, source = Table[Row](State(), "rows"), IdSource(State(), 0)
    wanted = {table.insert(Row(source.new("char"))).id: keep for keep in held}
    seen, query = list[str](), {"limit": str(limit)}
    more = True
    while more:
        response = page(
            table,
            "a",
            query,
            lambda row: row if wanted[row.id] else None,
            lambda row: wanted[row.id],
            lambda row: row.id,
        )
        seen += response["data"]
        more = response["has_more"]
        query["starting_after"] = str(response["next_cursor"])

    assert seen == sorted((row for row, keep in wanted.items() if keep), reverse=True)


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
