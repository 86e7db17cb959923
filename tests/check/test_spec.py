"""A check against an OpenAPI document: the fake's own agrees in other forms; each difference is attributed."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from pytest_aurous._check.check import Checked
from pytest_aurous._check.openapi.compare import check_document
from pytest_aurous._check.openapi.document import Document, read_document
from pytest_aurous._core.resources.openapi import document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Content = dict[str, Any]


def own_document() -> Content:
    """Return the document of the fake, to be changed."""
    content: Content = json.loads(json.dumps(document()))
    return content


def checked(content: Content, **readings: str) -> Checked:
    """Check a document; underscores in *readings* stand for the hyphens of rules."""
    return check_document(
        Document("vendor.json", content), {name.replace("_", "-"): one for name, one in readings.items()}
    )


def refuted(result: Checked) -> list[str]:
    """Return the rules that are refuted."""
    return [verdict.rule for verdict in result.verdicts.refuted]


def candidates(result: Checked) -> list[str]:
    """Return the places of the differences that no rule covers."""
    return [f"{one.operation} {one.where}" for one, _ in result.verdicts.uncovered.values()]


def word_of(result: Checked) -> dict[str, str]:
    """Return the verdict on each rule."""
    return {verdict.rule: verdict.word for verdict in result.verdicts}


def operation(content: Content, name: str) -> Content:
    """Return an operation by the name that we give it."""
    some = [one for path in content["paths"].values() for one in path.values() if one["operationId"] == name]
    found: Content = some[0]
    return found


def body(content: Content, name: str) -> Content:
    """Return the schema of the request body."""
    (media,) = operation(content, name)["requestBody"]["content"].values()
    found: Content = media["schema"]
    return found


def success(content: Content, name: str) -> Content:
    """Return the schema of the successful response."""
    response = next(one for status, one in operation(content, name)["responses"].items() if status < "3")
    found: Content = response["content"]["application/json"]["schema"]
    return found


def parameter(content: Content, name: str, called: str) -> Content:
    """Return a parameter."""
    some = [one for one in operation(content, name)["parameters"] if one["name"] == called]
    found: Content = some[0]
    return found


def walked(value: Any, change: Callable[[Content], Any]) -> Any:
    """Return a document in which each object was changed, the innermost first."""
    if isinstance(value, list):
        return [walked(item, change) for item in value]
    if isinstance(value, dict):
        return change({name: walked(item, change) for name, item in value.items()})
    return value


def old(content: Content) -> Content:
    """Return a document as OpenAPI 3.0 writes it."""

    def change(schema: Content) -> Content:
        some = schema.get("anyOf")
        if isinstance(some, list) and {"type": "null"} in some:
            others = [one for one in some if one != {"type": "null"}]
            whole = {"allOf": others} if "$ref" in others[0] else others[0] if len(others) == 1 else {"anyOf": others}
            schema = {**whole, "nullable": True}
        if isinstance(schema.get("type"), list):
            schema = {**schema, "type": schema["type"][0], "nullable": True}
        if "const" in schema:
            schema = {**schema, "enum": [schema.pop("const")]}
        return schema

    return {**walked(content, change), "openapi": "3.0.3"}


def inlined(content: Content) -> Content:
    """Return a document without references."""

    def change(schema: Content) -> Content:
        reference = schema.get("$ref")
        return (
            deepcopy(content["components"][reference.split("/")[2]][reference.split("/")[3]]) if reference else schema
        )

    found: Content = walked(content, change)
    return found


def test_our_own_document_agrees() -> None:
    """Nothing differs, and each rule that it can speak about is as written."""
    result = checked(own_document())

    assert refuted(result) == []
    assert candidates(result) == []
    assert result.unsaid == []
    assert result.notes == []
    assert result.verdicts.exchanges == len([one for path in own_document()["paths"].values() for one in path])
    assert set(word_of(result).values()) <= {"as written", "not judged", "not seen"}
    assert list(word_of(result).values()).count("as written") > 40


@pytest.fixture(scope="module")
def agreed() -> dict[str, str]:
    """The verdicts on our own document."""
    return word_of(checked(own_document()))


@pytest.mark.parametrize("form", [old, inlined, lambda content: old(inlined(content))], ids=["3.0", "inlined", "both"])
def test_another_form_of_our_document_says_the_same(form: Callable[[Content], Content], agreed: dict[str, str]) -> None:
    """OpenAPI 3.0 has its own words for null and constants, and references may be written out."""
    result = checked(form(own_document()))

    assert refuted(result) == []
    assert candidates(result) == []
    assert result.unsaid == []
    assert word_of(result) == agreed


def test_our_document_in_yaml_says_the_same(tmp_path: Path) -> None:
    """Statuses are numbers there."""
    yaml = pytest.importorskip("yaml")
    content = walked(
        own_document(), lambda one: {int(name) if name.isdecimal() else name: item for name, item in one.items()}
    )
    file = tmp_path / "vendor.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    result = check_document(read_document(file), {})

    assert refuted(result) == candidates(result) == result.unsaid == []


class Seed(NamedTuple):
    """A difference: what it changes, the rule that it refutes, and the place that is a candidate for a new rule."""

    change: Callable[[Content], object]
    rule: str = ""
    candidate: str = ""


def put(path: str, value: Any) -> Callable[[Content], object]:
    """Set a value in a component, such as ``Character.properties.name.type``."""

    def change(content: Content) -> None:
        *steps, last = path.split(".")
        found = content["components"]["schemas"]
        for step in steps:
            found = found[step]
        found[last] = value

    return change


def field(name: str, of: str, **keywords: Any) -> Callable[[Content], object]:
    """Change the schema of a field of a request body; None takes a keyword out."""

    def change(content: Content) -> None:
        schema = body(content, name)["properties"].setdefault(of, {})
        schema.update(keywords)

    return change


def query(name: str, of: str, **keywords: Any) -> Callable[[Content], object]:
    """Change the schema of a parameter."""
    return lambda content: parameter(content, name, of)["schema"].update(keywords)


def responses(name: str, change: Callable[[Content], object]) -> Callable[[Content], object]:
    """Change the responses of an operation."""
    return lambda content: change(operation(content, name)["responses"])


def codes(name: str, status: str, text: str) -> Callable[[Content], object]:
    """Set the list of codes of a refusal."""
    return responses(name, lambda some: some[status].update(description=text))


def recode(name: str, status: str, **new: str) -> Callable[[Content], object]:
    """Give codes of a refusal another name, or take them out of the list."""

    def change(some: Content) -> None:
        listed = some[status]["description"].split(", ")
        some[status]["description"] = ", ".join(filter(None, (new.get(code, code) for code in listed)))

    return responses(name, change)


def move(old_status: str, new_status: str) -> Callable[[Content], object]:
    """Return a change of responses that gives one of them another status."""
    return lambda some: some.__setitem__(new_status, some.pop(old_status))


SEEDS: Final = {
    # Records
    "a status of images is new": Seed(
        lambda content: content["components"]["schemas"]["Generation"]["properties"]["status"]["enum"].append("paused"),
        "img-6",
    ),
    "a status of images is gone": Seed(
        lambda content: content["components"]["schemas"]["Generation"]["properties"]["status"]["enum"].remove(
            "expired"
        ),
        "img-6",
    ),
    "a pose is new": Seed(
        lambda content: content["components"]["schemas"]["Character"]["properties"]["refs"]["items"]["properties"][
            "pose"
        ]["enum"].append("top"),
        "get-3",
    ),
    "the cost is in dollars": Seed(put("Generation.properties.cost.properties.currency", {"const": "usd"}), "cred-4"),
    # Refusals
    "a type of errors is new": Seed(
        put(
            "Error.properties.error.properties.type",
            {"enum": ["conflict", "invalid_request", "authentication", "not_found", "rate_limit", "server_error"]},
        ),
        "err-1",
    ),
    "a wrong state has the global code": Seed(
        codes("characters.save", "400", "invalid_request, unknown_version"), "err-6"
    ),
    "too little credit has the global code": Seed(codes("characters.create", "402", "balance_too_low"), "err-6"),
    "a revoked key has its code": Seed(
        codes("team.retrieve", "401", "invalid_api_key, missing_api_key, revoked_api_key"), "auth-4"
    ),
    "an expired output is a 404": Seed(
        responses(
            "images.output",
            lambda some: (some.pop("410"), some["404"].update(description="output_expired, resource_not_found")),
        ),
        "err-5",
    ),
    "what cannot be validated is a 422": Seed(responses("videos.estimate", move("400", "422")), "err-5"),
    "an upload has another code": Seed(recode("characters.create", "400", upload_invalid="bad_upload"), "create-3"),
    "a character need not be ready": Seed(recode("images.create", "400", character_not_ready=""), "img-4"),
    "a code is new": Seed(
        codes("images.cancel", "403", "missing_scope, team_suspended"), "", "images.cancel error.code"
    ),
    "a status is new": Seed(
        responses("images.create", lambda some: some.update({"503": {"description": "Busy"}})),
        "",
        "images.create status",
    ),
    # Successes
    "a creation is a 200": Seed(responses("images.create", move("201", "200")), "img-1"),
    "a deletion is a 204": Seed(
        responses("characters.delete", lambda some: (some.pop("200"), some.update({"204": {"description": "Gone"}}))),
        "del-1",
    ),
    "an old path still works": Seed(responses("legacy.images.list", move("308", "200")), "legacy-1"),
    "a response has a header": Seed(
        responses("team.retrieve", lambda some: some["200"].update(headers={"X-Region": {}})),
        "",
        "team.retrieve header.x-region",
    ),
    # Requests
    "a name is shorter": Seed(field("characters.create", "name", maxLength=100), "create-6"),
    "a prompt is one of two": Seed(
        field("images.estimate", "prompt", enum=["a", "b"]), "", "images.estimate request.body.prompt"
    ),
    "a prompt is longer": Seed(field("images.create", "prompt", maxLength=8000), "img-1"),
    "a reference id is shorter": Seed(field("characters.create", "client_reference_id", maxLength=64), "create-7"),
    "more uploads": Seed(field("characters.create", "upload_ids", maxItems=8), "create-1"),
    "a size is new": Seed(
        lambda content: body(content, "images.create")["properties"]["size"]["enum"].append("8k_1_1"), "img-2"
    ),
    "a width is smaller": Seed(field("images.create", "width", minimum=512), "img-3"),
    "a creation may be a 202": Seed(
        responses("images.create", lambda some: some.update({"202": {"description": "Later"}})),
        "",
        "images.create status",
    ),
    # Parameters
    "pages are longer": Seed(query("images.list", "limit", maximum=200), "list-2"),
    "a filter is new": Seed(
        lambda content: operation(content, "images.list")["parameters"].append(
            {"name": "tag", "in": "query", "schema": {"type": "string"}}
        ),
        "",
        "images.list request.query.tag",
    ),
    "a status can be asked for": Seed(
        lambda content: parameter(content, "characters.list", "status")["schema"]["enum"].append("deleted"), "list-4"
    ),
    "usage has other spans": Seed(
        lambda content: parameter(content, "usage.list", "bucket_width")["schema"]["enum"].remove("30d"), "usage-1"
    ),
    "a longer idempotency key": Seed(query("images.create", "Idempotency-Key", maxLength=512), "idem-1"),
    "a save honors idempotency keys": Seed(
        lambda content: operation(content, "characters.save")["parameters"].append(
            {"name": "idempotency-key", "in": "header", "schema": {"type": "string"}}
        ),
        "save-7",
    ),
    # The whole
    "an operation is new": Seed(
        lambda content: content["paths"].update({"/v1/voices": {"get": {"responses": {}}}}),
        "",
        "GET /v1/voices operation",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_difference_is_attributed(name: str) -> None:
    """It refutes its rule and no other, or is listed as a candidate for a new one."""
    seed, content = SEEDS[name], own_document()
    seed.change(content)

    result = checked(content)

    assert refuted(result) == ([seed.rule] if seed.rule else [])
    assert candidates(result) == ([seed.candidate] if seed.candidate else [])


@pytest.mark.parametrize("hand", range(3))
def test_differences_in_one_document_are_each_attributed(hand: int) -> None:
    """Every third of them, as neighbors change the same place: each finds its rule, or is a candidate."""
    seeds, content = list(SEEDS.values())[hand::3], own_document()
    for seed in seeds:
        seed.change(content)

    result = checked(content)

    assert set(refuted(result)) == {seed.rule for seed in seeds} - {""}
    assert set(candidates(result)) == {seed.candidate for seed in seeds} - {""}
