import re
from collections import Counter
from dataclasses import replace
from fnmatch import filter as filter_names

import pytest

from pytest_aurous._check.shown import shown_by
from pytest_aurous._core.resources.base.endpoint import Endpoint
from pytest_aurous._core.resources.base.rules import load_rules
from pytest_aurous._core.resources.catalog import ENDPOINTS, LIFECYCLES, Catalog
from pytest_aurous._core.world.buckets import BUCKETS
from tests.conftest import document

A, B = (Endpoint(name, "GET", f"/v1/{name}", handler=lambda _: None) for name in ("a", "b"))


@pytest.fixture(name="catalog", scope="module")
def _catalog() -> Catalog:
    return Catalog()


def found(catalog: Catalog, path: str, host: str = "api") -> tuple[dict[str, str], list[str]]:
    rows = catalog.find(host, path)
    values = {value for _, args in rows.values() for value in args.values()}
    return {method: row.operation for method, (row, _) in rows.items()}, sorted(values)


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_each_endpoint_is_found_where_it_says(catalog: Catalog, row: Endpoint) -> None:
    """Its path leads to its row, with the values of its parameters under their names."""
    names = re.findall(r"\{(\w+)\}", row.template)
    path = re.sub(r"\{(\w+)\}", r"<\1>", row.template)

    assert catalog.find(row.host, path)[row.method] == (row, {name: f"<{name}>" for name in names})
    assert catalog.by_operation[row.operation] is row


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_each_outcome_in_which_a_rule_shows_is_one_that_the_endpoint_has(row: Endpoint) -> None:
    """It is named by status and code, by a status of several, by its param or code alone, or by ``*`` for the rest."""
    shown = shown_by(row.operation)
    statuses = {outcome.partition(" ")[0] for outcome in row.outcomes}
    alone = {f"{status} {part}" for status in statuses for part in ("param", "code")}

    known = {" ".join(entry.split()[:2]) for entry in shown.rules if entry[0] in "45"}  # a param may follow

    assert known | shown.params <= {*row.outcomes, *statuses, *alone}
    assert {entry.split()[0] for entry in shown.rules if entry[0] in "23"} <= {str(row.status)}
    assert {entry for entry in shown.assumed if entry[0].isdigit()} <= {*row.outcomes, *statuses}


def test_each_rule_shows_in_operations_that_exist() -> None:
    """What an entry names before its place is an operation, several of a family, or ``lists``."""
    named = {
        entry.split()[0]
        for rule in load_rules().values()
        for entry in (*rule.at, *rule.assumed_at, *rule.params_at)
        if not re.match(r"[0-9]|(body|error|header|request)\b", entry)
    }

    assert {name for name in named if not filter_names([row.operation for row in ENDPOINTS], name)} == {"lists"}


def test_no_two_rules_show_in_one_place() -> None:
    entries = Counter(entry for rule in load_rules().values() for entry in rule.at)

    assert [entry for entry, count in entries.items() if count > 1] == []


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.operation)
def test_each_endpoint_is_complete(row: Endpoint) -> None:
    """It keeps rules, each named once, its method is HTTP's, its bucket exists or is chosen."""
    assert row.rules
    assert len(set(row.rules)) == len(row.rules)
    assert row.method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert row.template.startswith("/") is not row.template.endswith("/")
    assert callable(row.bucket) or row.bucket in {"", *BUCKETS}
    assert (row.bucket == "") is row.signed


def test_a_literal_segment_wins_over_a_parameter(catalog: Catalog) -> None:
    """`uploads` under characters is no id."""
    assert found(catalog, "/v1/characters/uploads/init") == ({"POST": "characters.uploads.init"}, [])
    assert found(catalog, "/v1/characters/other/save") == ({"POST": "characters.save"}, ["other"])


@pytest.mark.parametrize(("segment", "value"), [("a%20b", "a b"), ("a%2Fb", "a/b"), ("a+b", "a+b"), ("%", "%")])
def test_a_parameter_is_decoded(catalog: Catalog, segment: str, value: str) -> None:
    """What a client escaped is what its handler reads."""
    assert found(catalog, f"/v1/characters/{segment}")[1] == [value]


@pytest.mark.parametrize(("one", "other"), [("/v1/x", "/v1/x"), ("/v1/{id}", "/v1/{name}")])
def test_two_rows_for_one_request_are_refused(one: str, other: str) -> None:
    """Paths that differ in the names of their parameters alone are one path; another method or host is another row."""
    with pytest.raises(ValueError, match="'b' and 'a' share a path"):
        Catalog([replace(A, template=one), replace(B, template=other)])

    with pytest.raises(ValueError, match="two endpoints are called 'a'"):
        Catalog([A, replace(B, operation="a")])
    apart = Catalog([replace(A, template=one), replace(B, template=other, method="PUT")])
    assert len(found(apart, "/v1/x")[0]) == 2
    Catalog([replace(A, template=one), replace(B, template=other, host="upload")])


def test_save_6_no_script_leads_from_ready_to_reviewing() -> None:
    """The edges between the contract's statuses are as in its table, and the OpenAPI document has all statuses."""
    edges = LIFECYCLES["characters"].edges
    known = {
        "synthesizing": {"reviewing", "ready", "failed", "deleted"},
        "reviewing": {"ready", "synthesizing", "deleted"},
        "ready": {"ready", "synthesizing", "deleted"},
        "failed": {"synthesizing", "deleted"},
        "deleted": set(),
    }

    assert {status: known.keys() & edges[status] for status in known} == known
    assert document()["components"]["schemas"]["Character"]["properties"]["status"]["enum"] == [*edges]


@pytest.mark.parametrize("name", ["images", "videos"])
def test_img_6_the_edges_of_generations(name: str) -> None:
    """Images and videos have one machine: five ends, from which nothing leads away."""
    lifecycle = LIFECYCLES[name]

    assert lifecycle.start == "pending"
    assert {status: set(after) for status, after in lifecycle.edges.items() if after} == {
        "pending": {"processing", "failed", "cancelled", "expired", "moderation_rejected"},
        "processing": {"succeeded", "failed", "cancelled", "expired", "moderation_rejected"},
    }


def test_a_table_of_statuses_is_whole() -> None:
    """Each status comes first or after one; what is under way can fail, and what ended well has pictures.

    Either all that live can be deleted, or none.
    """
    for lifecycle in LIFECYCLES.values():
        statuses = lifecycle.statuses
        living = tuple(name for name, status in statuses.items() if status.lives)
        assert {lifecycle.start}.union(*lifecycle.edges.values()) == statuses.keys()
        assert [name for name, status in statuses.items() if status.end == "completed" and not status.drawn] == []
        assert lifecycle.under_way == lifecycle.allowing("fails")
        assert lifecycle.allowing("delete") in {(), living}
