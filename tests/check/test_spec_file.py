"""Documents that are written in another way, that say less, or that cannot be read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aurous import AurousError
from pytest_aurous._check.openapi import document as composing
from pytest_aurous._check.openapi.compare import check_document
from pytest_aurous._check.openapi.document import Document, read_document, values_of
from pytest_aurous._check.recording import parse
from pytest_aurous._check.verdict import Verdicts
from pytest_aurous._cli.main import main
from pytest_aurous._core.resources.catalog import ENDPOINTS
from tests.check.story import validated
from tests.check.test_spec import (
    body,
    candidates,
    checked,
    codes,
    operation,
    own_document,
    parameter,
    put,
    refuted,
    success,
    walked,
    word_of,
)

if TYPE_CHECKING:
    from tests.check.test_spec import Content

HEAD = '{"openapi": "3.1.0", "paths": {"/v1/team": {"get": {}}}'


def write(folder: Path, content: Content | str, name: str = "vendor.json") -> str:
    """Write a document, and return the path."""
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def schemas(version: str = "3.1.0", **components: Any) -> Document:
    """Return a document with these components."""
    return Document(
        "vendor.json", {"openapi": version, "components": {"schemas": components}, "a": [{}, {"type": "null"}]}
    )


def every(content: Content) -> list[Content]:
    """Return the operations."""
    return [one for item in content["paths"].values() for one in item.values()]


def ref(name: str) -> dict[str, str]:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


MALFORMED = {
    "truncated": (HEAD, "line 1: truncated, or not valid JSON"),
    "deep": ("[" * 100_000, "truncated, or not valid JSON"),
    "no numbers": ('{"openapi": "3.1.0", "paths": {"a": NaN}}', "NaN is not JSON"),
    "a name twice": ('{"openapi": "3.1.0", "paths": {"/a": 1, "/a": 2}}', "the name '/a' twice"),
    "swagger": ('{"swagger": "2.0", "paths": {}}', "it is Swagger 2.0. Convert it"),
    "another file": ('{"log": {}}', "it is not an OpenAPI document"),
    "a list": ("[]", "it is not an OpenAPI document"),
    "a later version": ('{"openapi": "4.0.0"}', "it is OpenAPI '4.0.0'. Expected 3.0 or 3.1"),
    "no paths": ('{"openapi": "3.1.0", "webhooks": {}}', "it has no paths"),
    "another API": (
        '{"openapi": "3.1.0", "paths": {"/pets": {"get": {}}}}',
        "none of its 1 operations is one of this API",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_document_that_cannot_be_read_is_a_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The message says why, and where to read on."""
    text, message = MALFORMED[name]

    assert main(["check", "--spec", write(tmp_path, text)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("pytest-aurous: check --spec ")
    assert message in error
    assert "reference/check#documents" in error


LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 8)}]" for n in range(9)
)
MALFORMED_YAML = {
    "truncated": ("openapi: [", "line 2: truncated, or not plain YAML"),
    "laughs": (LAUGHS, "its aliases make it too large"),
    "merges": (
        "a: &a {k: 1}\n" + LAUGHS.partition("\n")[2].replace("[", "{<<: [").replace("]", "]}"),
        "its aliases make it too large",
    ),
    "itself": ("a: &a [*a]", "its aliases make it too large, or endless"),
    "objects": ("a: !!python/object/apply:os.system [exit]", "line 1: truncated, or not plain YAML"),
    "a name twice": ("paths: {a: 1, a: 2}", "the name 'a' twice"),
    "empty": ("", "it is not an OpenAPI document"),
    "odd names": ("? [a]\n: 1", "truncated, or not plain YAML"),
}


@pytest.mark.parametrize("name", MALFORMED_YAML)
def test_yaml_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    """Before it is constructed."""
    pytest.importorskip("yaml")
    text, message = MALFORMED_YAML[name]

    with pytest.raises(AurousError, match=message):
        read_document(Path(write(tmp_path, text, "vendor.yaml")))


def test_yaml_has_the_words_of_its_new_version(tmp_path: Path) -> None:
    """A ratio is no number of base 60, `no` is a word, a date is a text; merges and tags of plain data are read."""
    pytest.importorskip("yaml")
    text = (
        "base: &base {k: 1, j: 1}\nopenapi: 3.0.1\npaths:\n  200: 16:9\n  a: [no, on, 2026-05-15, 010, ~, true]\n"
        "  b: [-3, 1.5, 1e3, .5]\n  c: {<<: *base, k: 2}\n  d: !!set {x}\n"
    )

    content = read_document(Path(write(tmp_path, text, "vendor.yml"))).content

    assert content["paths"] == {
        "200": "16:9",
        "a": ["no", "on", "2026-05-15", "010", None, True],
        "b": [-3, 1.5, 1000.0, 0.5],
        "c": {"k": 2, "j": 1},
        "d": {"x"},
    }


def test_yaml_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(AurousError, match="the extra check: install it"):
        read_document(Path(write(tmp_path, "openapi: 3.1.0", "vendor.yaml")))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark of UTF-8 is skipped, other encodings are named, and so is the size."""
    file = tmp_path / "vendor.json"
    file.write_text(HEAD + "}", encoding="utf-8-sig")
    assert "/v1/team" in read_document(file).content["paths"]
    file.write_text(HEAD + "}", encoding="utf-16")
    with pytest.raises(AurousError, match=r"it is not text in UTF-8\. Save it as UTF-8"):
        read_document(file)
    file.write_bytes(b"\xff{}")
    with pytest.raises(AurousError, match="it is not text in UTF-8"):
        read_document(file)
    with pytest.raises(AurousError, match="No such file"):
        read_document(tmp_path / "absent.json")
    monkeypatch.setattr(parse, "MOST_BYTES", 1)
    with pytest.raises(AurousError, match="it is larger than"):
        read_document(file)


def test_references_are_followed_and_never_fetched() -> None:
    """Nested, escaped and into lists; one in a circle, one into another file and one to nowhere are reported."""
    some = schemas(
        A=ref("B"),
        B={"enum": ["b"]},
        C=ref("C"),
        D={"allOf": [ref("D"), {"enum": ["d"]}]},
        E={"a/b": {"const": "e"}},
        F=True,
    )
    assert values_of(some.parts(ref("A"))) == {'"b"'}
    assert values_of(some.parts({"$ref": "#/components/schemas/E/a~1b"})) == {'"e"'}
    assert some.parts({"$ref": "#/a/1"})[1] == {"type": "null"}
    assert values_of(some.parts(ref("F"))) == set()
    assert not some.unread
    assert not any(values_of(some.parts(one)) for one in (ref("C"), ref("X"), {"$ref": "#/a/7"}))
    assert values_of(some.parts(ref("D"))) == {'"d"'}
    assert len(some.parts({"$ref": "https://example.org/x.json"})) == len(some.parts({"$ref": "#anchor"})) == 2
    assert some.follow(ref("C")) == {}
    assert [note.partition("' ")[2] for note in some.unread] == [
        "leads back to itself",
        "leads nowhere",
        "leads nowhere",
        "leads back to itself",
        "is in another file, which is not read",
        "leads nowhere",
    ]


def test_what_is_beside_a_reference_counts_from_3_1_on() -> None:
    """In 3.0 it is ignored."""
    schema = {**ref("A"), "enum": ["b"]}

    assert values_of(schemas(A={"enum": ["a"]}).parts(schema)) == {'"a"', '"b"'}
    assert values_of(schemas("3.0.3", A={"enum": ["a"]}).parts(schema)) == {'"a"'}


def test_compositions_are_resolved() -> None:
    """Whatever a schema is composed of counts; null is no value of its own."""
    some = {"oneOf": [{"const": "a"}, {"enum": ["b", None]}], "allOf": [{"enum": ["c"]}], "anyOf": [{"type": "null"}]}

    assert values_of(schemas().parts(some)) == {'"a"', '"b"', '"c"'}
    content = own_document()
    put("Character.properties.refs", {"allOf": [{"items": {"properties": {"pose": {"enum": ["up"]}}}}]})(content)
    put("Character.allOf", [{"properties": {"refs": {"type": "array"}}}])(content)
    assert refuted(checked(content)) == ["get-3"]


def test_limits_are_those_that_are_reached() -> None:
    """Of whole numbers; in 3.0 an exclusive limit is a switch."""
    content = own_document()
    age = body(content, "characters.create")["properties"]["attributes"]["properties"]["age"]
    del age["minimum"], age["maximum"]
    age.update(exclusiveMinimum=17, exclusiveMaximum=121)
    assert refuted(checked(content)) == []

    age.update(minimum=17, maximum=121, exclusiveMinimum=True, exclusiveMaximum=True)
    assert refuted(checked({**content, "openapi": "3.0.0"})) == []
    age.update(minimum=True, exclusiveMaximum=False)
    assert len(refuted(checked(content))) == 1


def test_schemas_that_grow_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """References can be written out in exponentially many ways."""
    monkeypatch.setattr(composing, "_MOST_STEPS", 1000)
    some: Content = {f"A{n}": {"anyOf": [ref(f"A{n + 1}"), ref(f"A{n + 1}")]} for n in range(20)}

    with pytest.raises(AurousError, match="contain each other too often, or too deeply"):
        schemas(**some).parts(ref("A0"))


def test_schemas_that_are_too_deep_are_refused() -> None:
    """Python would stop, too."""
    deep: Content = {}
    for _ in range(2_000):
        deep = {"allOf": [deep]}
    content = own_document()
    put("Character.properties.name", deep)(content)

    with pytest.raises(AurousError, match="contain each other too often, or too deeply"):
        checked(content)


def test_codes_may_be_listed_in_words() -> None:
    """Any other word in a description makes it a text, which lists nothing."""
    content = own_document()
    codes("images.cancel", "400", "`generation_not_cancellable`, `too_late` or `unknown_version`.")(content)
    codes("characters.save", "400", "The state is wrong: not_saved")(content)

    result = checked(content)

    assert refuted(result) == []
    assert [one.seen for one, _ in result.verdicts.uncovered.values()] == ["400 too_late"]


def loose(content: Content) -> Content:
    """Return a document that says less: no limits, no lists of fields or values, nothing of null."""
    unsaid = {"required", "additionalProperties", "enum", "const", "default", "format", "maxLength", "minLength"}
    unsaid |= {"minimum", "maximum", "minItems", "maxItems", "maxProperties", "pattern"}

    def change(schema: Content) -> Content:
        if "anyOf" in schema:
            schema = schema["anyOf"][0]
        if isinstance(schema.get("type"), list):
            schema = {**schema, "type": schema["type"][0]}
        if "in" in schema:  # a parameter
            return schema
        return {name: one for name, one in schema.items() if name not in unsaid}

    paths = walked(content["paths"], change)
    for path in paths.values():
        for one in path.values():
            for response in one["responses"].values():
                response["description"] = "What happened."
    return {**content, "paths": paths, "components": walked(content["components"], change)}


def test_what_a_document_does_not_say_refutes_nothing() -> None:
    """It is listed, and a rule that the document does not mention is `cannot tell`."""
    content = loose(own_document())
    result = checked(content)

    assert refuted(result) == candidates(result) == []
    assert "characters.create request.body.name: maxLength 120" in result.unsaid
    assert "characters.save error.code: 400 invalid_request_error" in result.unsaid
    assert word_of(result)["create-6"] == "cannot tell"
    assert word_of(result)["img-1"] == "as written"


def test_almost_nothing_refutes_nothing() -> None:
    """Operations alone, without a response or a parameter; the others are listed."""
    paths: Content = {path: {method: {} for method in item} for path, item in own_document()["paths"].items()}
    del paths["/v1/characters/{id}/save"]

    result = checked({"openapi": "3.0.0", "paths": paths})

    assert refuted(result) == candidates(result) == []
    assert result.notes == [f"vendor.json: it does not have 1 of the {len(ENDPOINTS)} operations: characters.save"]
    assert word_of(result)["save-5"] == "cannot tell"
    assert result.verdicts.rules["save-5"].doubts == {"it does not have POST /v1/characters/{id}/save": 1}
    assert "as written" not in word_of(result).values()


@pytest.mark.parametrize(
    "servers",
    [
        [{"url": "/v1"}],
        [{"url": "https://api.aurous-labs.com/v1/"}],
        [{"url": "https://{region}.example.org/{version}", "variables": {"version": {"default": "v1"}, "region": {}}}],
        [{"url": "https://["}, {"url": "v1"}],
        [],
    ],
)
def test_paths_may_be_cut_and_their_parameters_have_other_names(servers: list[Content]) -> None:
    """Operations are found by method and path: a server has the rest, or nobody does."""
    paths: Content = {}
    for path, item in own_document()["paths"].items():
        for one in item.values():
            one["operationId"] = "x"
            for place in one["parameters"]:
                place["name"] = "other" if place["in"] == "path" else place["name"]
        paths[path.removeprefix("/v1").replace("{id}", "{other}") + "/"] = {**item, "summary": "Text"}

    result = checked({**own_document(), "servers": servers, "paths": paths})

    assert refuted(result) == candidates(result) == result.notes == []
    assert result.verdicts.exchanges == sum(len(item) for item in own_document()["paths"].values())


def test_an_operation_is_compared_once() -> None:
    """A second one at the same path is reported."""
    content = own_document()
    content["paths"]["/team"] = content["paths"]["/v1/team"]

    assert checked(content).notes == ["vendor.json: GET /team is GET /v1/team again, and was not compared"]


def test_parts_of_a_document_may_be_references() -> None:
    """Path items, parameters, bodies and responses."""
    content = own_document()
    create = operation(content, "characters.create")
    content["components"]["parameters"] = {"Key": create["parameters"][0]}
    create["parameters"][0] = {"$ref": "#/components/parameters/Key"}
    content["components"]["requestBodies"] = {"Order": create["requestBody"]}
    create["requestBody"] = {"$ref": "#/components/requestBodies/Order"}
    content["components"]["responses"] = {"Bad": create["responses"]["400"]}
    create["responses"]["400"] = {"$ref": "#/components/responses/Bad"}
    listed = operation(content, "images.retrieve")
    content["paths"]["/v1/images/{id}"]["parameters"] = listed.pop("parameters")
    content["x-paths"] = {"team": content["paths"]["/v1/team"]}
    content["paths"]["/v1/team"] = {"$ref": "#/x-paths/team"}
    content["webhooks"] = {}

    result = checked(content)

    assert refuted(result) == candidates(result) == result.unsaid == []
    assert result.notes == ["vendor.json: its webhooks are not compared"]


def test_another_way_to_say_the_same_is_no_difference() -> None:
    """Ranges of statuses, wildcards of media types, lists in a query, usual headers, whole numbers as numbers."""
    content = own_document()
    some = operation(content, "images.create")
    some["responses"]["4XX"] = some["responses"].pop("404")
    some["responses"]["4XX"]["description"] = "Your mistake"
    some["responses"]["2xx"] = some["responses"].pop("201")
    some["responses"]["default"] = some["responses"].pop("500")
    some["requestBody"]["content"] = {"*/*": {"schema": body(content, "images.create")}}
    some["parameters"] += [{"name": name, "in": "header"} for name in ("Aurous-Version", "X-Api-Key", "Accept")]
    some["parameters"] += [{"name": "session", "in": "cookie"}]
    body(content, "images.create")["properties"]["seed"]["type"] = "number"
    body(content, "images.create")["properties"]["at"] = {"type": "string", "readOnly": True}
    body(content, "images.create")["properties"]["prompt"]["readOnly"] = True
    body(content, "images.create")["properties"]["count"]["format"] = "int32"
    success(content, "team.retrieve")["properties"]["name"]["maxLength"] = 80
    success(content, "team.retrieve")["properties"]["password"] = {"type": "string", "writeOnly": True}
    headers: Content = {name: {} for name in ("X-RateLimit-Limit", "Aurous-Request-Id", "Aurous-Version")}
    operation(content, "team.retrieve")["responses"]["200"]["headers"] = headers
    for name in ("status", "group_by"):
        one = parameter(content, "usage.list", name)
        one.update(name=f"{name}[]", schema={"type": "array", "items": {"type": "string"}})
    parameter(content, "usage.list", "limit").update(content={"text/plain": {"schema": {"type": "integer"}}})
    operation(content, "characters.uploads.put")["requestBody"]["content"] = {"image/png": {}}

    result = checked(content)

    assert refuted(result) == candidates(result) == []
    assert {"ver-1", "ver-2", "rate-1", "err-3"} <= {one.rule for one in result.verdicts if one.agreed}


def test_a_list_of_all_codes_is_no_list_of_a_status() -> None:
    """An enum that is the same at every status says which codes there are, and no more."""
    content = own_document()
    texts = [response["description"] for one in every(content) for response in one["responses"].values()]
    everything = {code for text in texts for code in text.split(", ") if "_" in code}
    put("Error.properties.error.properties.code.enum", sorted(everything))(content)
    assert refuted(checked(content)) == candidates(checked(content)) == []

    others = sorted({*everything, "team_suspended"} - {"upload_invalid"})
    put("Error.properties.error.properties.code.enum", others)(content)
    result = checked(content)
    assert refuted(result) == ["create-3", "up-6"]
    assert candidates(result) == ["characters.retrieve error.code"]


def test_what_every_operation_has_is_one_candidate() -> None:
    """As a framework adds it that checks requests."""
    content = own_document()
    for one in every(content):
        one["responses"]["422"] = {"description": "Validation Error"}
    del operation(content, "images.output")["responses"]["422"]

    ((found, times),) = checked(content).verdicts.uncovered.values()

    assert (found.operation, found.where, found.seen) == ("characters.retrieve", "status", "422")
    assert times == len(every(content)) - 2  # the outputs have it


def test_err_6_and_auth_4_follow_the_readings() -> None:
    """A document is compared with the fake under the chosen reading."""
    content = own_document()
    codes("characters.save", "400", "invalid_request, unknown_version")(content)
    codes("team.retrieve", "401", "invalid_api_key, missing_api_key, revoked_api_key")(content)
    assert refuted(checked(content)) == ["auth-4", "err-6"]

    result = checked(content, auth_4="revoked_api_key", err_6="global")

    assert "auth-4" not in refuted(result)
    assert "characters.save" not in [one.operation for one in result.verdicts.rules["err-6"].differences]


def test_readings_that_no_document_states_are_named() -> None:
    """They change nothing."""
    result = checked(own_document(), get_2="readable")

    assert result.notes == ["vendor.json: the reading get-2 = readable changes nothing here: no document states it"]


def test_the_command_shows_the_same_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With places in the document, readings to paste, candidates and what it does not state; in 100 columns."""
    content = own_document()
    for response in [response for one in every(content) for response in one["responses"].values()]:
        text = response["description"].replace("invalid_request_error", "invalid_request")
        response["description"] = text.replace("insufficient_credits", "balance_too_low")
    put("Character.properties.object", {"type": "string", "example": "hush", "enum": ["\x1b[31mred"]})(content)
    put("Error.properties.error.properties.message", {"$ref": "other.yaml#/Text"})(content)
    del body(content, "images.create")["properties"]["prompt"]["maxLength"]
    file = write(tmp_path, content)
    out = tmp_path / "out.json"

    assert main(["check", "--spec", file, "--explain", "--json", str(out)]) == 1
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 100
    assert "    aurous_readings =\n        err-6 = global\n" in shown
    assert "      in vendor.json, POST /v1/characters; 3 times in all\n" in shown
    assert "vendor.json: 'other.yaml#/Text' is in another file, which is not read" in shown
    assert "  images.create request.body.prompt: maxLength 4000" in shown
    assert "hush" not in shown
    assert "\x1b" not in shown
    result = validated(out)
    assert result["operations"] == len(ENDPOINTS)
    assert result["rules"]["err-6"]["differences"][0]["place"] == "POST /v1/characters"
    del content["components"]["schemas"]["Character"]["properties"]["object"]
    file = write(tmp_path, content)
    assert main(["check", "--spec", file, "--quiet", "--readings", "err-6=global"]) == 0
    assert capsys.readouterr().out.startswith(f"{len(ENDPOINTS)} operations; rules: 0 refuted, ")


def test_the_fake_follows_what_a_document_states(tmp_path: Path) -> None:
    """`--observed` writes refusals and headers, but no field; `--report` what differs, without an exchange."""
    content = own_document()
    codes("images.cancel", "400", "too_late, unknown_version")(content)
    put("Character.properties.status", {"enum": ["ready"]})(content)
    operation(content, "team.retrieve")["responses"]["200"]["headers"] = {"X-Region": {}}
    file, observed, report = write(tmp_path, content), tmp_path / "observed.json", tmp_path / "report.md"

    assert main(["check", "--spec", file, "--observed", str(observed), "--report", str(report)]) == 1
    assert json.loads(observed.read_text(encoding="utf-8"))["observed"] == [
        {
            "operation": "images.cancel",
            "where": "status",
            "what": "refusal",
            "of": "400 generation_not_cancellable",
            "status": 400,
            "code": "too_late",
        }
    ]
    text = report.read_text(encoding="utf-8")
    assert text.startswith("# What a document refutes\n")
    assert "## img-7 (documented)" in text
    assert "- images.cancel error.code: too_late, not generation_not_cancellable" in text


def test_a_document_without_reviewing_refutes_get_1() -> None:
    """The save page states the statuses of a character."""
    content = own_document()
    content["components"]["schemas"]["Character"]["properties"]["status"]["enum"].remove("reviewing")
    result = checked(content)

    assert refuted(result) == ["get-1"]
    assert 'never "reviewing"' in result.verdicts.rules["get-1"].differences[0].seen


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "--spec", "x.json", "y.har"],
        ["check", "--spec", "x.json", "--sanitize", "out"],
        ["check", "--spec", "x.json", "--follow", "y.json"],
    ],
)
def test_what_cannot_be_combined_is_a_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """With a message that says what can be done."""
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("pytest-aurous: check")


def test_the_whole_can_be_checked_from_a_file(tmp_path: Path) -> None:
    """As the command does it."""
    assert refuted(check_document(read_document(Path(write(tmp_path, own_document()))), {})) == []


def test_a_place_without_a_rule_counts_nowhere() -> None:
    """A document may agree where no rule says anything, or leave it out."""
    verdicts = Verdicts({})
    verdicts.agree("")
    verdicts.doubt("", "it is not stated")

    assert list(verdicts) == []
