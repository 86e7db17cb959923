"""What is said of a name that no operation has."""

import re
from collections.abc import Callable
from typing import Final

import pytest

from pytest_aurous import AurousLookupError
from pytest_aurous._core.resources.catalog import CATALOG, no_operation
from tests.conftest import Api

ID: Final = "char_01HXMQ7Z3K8Y2N4ABCDEFGHJKM"


def message(name: object) -> str:
    return str(no_operation(name))


@pytest.mark.parametrize(
    ("given", "operation"),
    [
        ("POST /v1/characters", "characters.create"),
        ("post /v1/characters", "characters.create"),
        ("  POST   /v1/characters/ ", "characters.create"),
        ("GET /v1/characters?limit=5", "characters.list"),
        ("POST v1/characters", "characters.create"),
        ("POST /characters", "characters.create"),
        ("POST /v1/v1/characters", "characters.create"),
        ("POST https://api.aurous-labs.com/v1/characters", "characters.create"),
        ("POST https://gateway.example/aurous/v1/characters", "characters.create"),
        (f"POST /v1/characters/{ID}/save", "characters.save"),
        ("POST /v1/characters/{id}/save", "characters.save"),
        ("POST /v1/characters/*/save", "characters.save"),
        (f"/v1/characters/{ID}/save", "characters.save"),
        (f"https://api.aurous-labs.com/v1/characters/{ID}/save", "characters.save"),
        (f"DELETE /v1/characters/{ID}", "characters.delete"),
        ("POST /v1/images/estimate", "images.estimate"),
        ("/v1/images/estimate", "images.estimate"),
        ("/v1/balance", "balance.retrieve"),
        ("PUT https://aurous.storage/characters/upl_1/upload", "characters.uploads.put"),
        ("GET /v1/generations", "legacy.images.list"),
    ],
)
def test_a_request_has_the_name_of_its_operation(given: str, operation: str) -> None:
    """A method and a path, a path alone and a URL name the operation to use."""
    assert f"its operation is {operation!r}" in message(given)


@pytest.mark.parametrize("operation", list(CATALOG.by_operation))
def test_every_endpoint_is_recognized(operation: str) -> None:
    """By its method and template, and by its method and a path with ids."""
    row = CATALOG.by_operation[operation]

    for path in (row.template, re.sub(r"\{\w+\}", "id_0", row.template)):
        assert f"its operation is {operation!r}." in message(f"{row.method} {path}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/v1/characters", "'characters.create' (POST) or 'characters.list' (GET)"),
        ("PUT /v1/characters", "has no PUT, but the operations 'characters.create' (POST)"),
        ("POST /v1/personas", "no endpoint has the path"),
        ("/", "no endpoint has the path"),
        ("https://api.aurous-labs.com", "Operations: characters.create, characters.list,"),
        ("balance.get", "Operations of balance: balance.retrieve."),
        ("usage", "Operations of usage: usage.list, usage.events."),
        ("file.sho", "Operations of files: files.create, files.retrieve, files.delete."),
        ("GET /v1/team", "Operations of team: team.retrieve."),
    ],
)
def test_what_is_no_single_operation_is_told_what_there_is(name: str, words: str) -> None:
    """The methods of a path, the operations of a resource, or those of the whole API."""
    assert words in message(name)


@pytest.mark.parametrize("given", ["characters.sav", "POST characters", None, 3])
def test_a_misspelt_name_is_no_request(given: object) -> None:
    assert "request" not in message(given).splitlines()[0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda aurous, name: aurous.assert_called(name),
        lambda aurous, name: aurous.assert_not_called(name),
        lambda aurous, name: aurous.assert_called_in_order(name),
        lambda aurous, name: aurous.calls.where(name),
        lambda aurous, name: aurous.calls.count(name),
        lambda aurous, name: aurous.faults.status(name, 503),
        lambda aurous, name: aurous.faults.timeout(name),
        lambda aurous, name: aurous.route(name),
    ],
    ids=["assert_called", "assert_not_called", "in order", "where", "count", "status", "timeout", "route"],
)
def test_a_request_is_recognized_wherever_an_operation_is_asked_for(
    api: Api, ask: Callable[[object, str], object]
) -> None:
    """In assertions, filters, faults and routes."""
    with pytest.raises(AurousLookupError, match=r"its operation is 'characters\.create'"):
        ask(api.aurous, "POST /v1/characters")


@pytest.mark.parametrize(
    ("given", "operation"),
    [
        ("images.get", "images.retrieve"),
        ("characters.poll", "characters.retrieve"),
        ("characters.remove", "characters.delete"),
        ("characters.publish", "characters.save"),
        ("chat.completions.create", "chat.create"),
        ("embeddings.embed", "embeddings.create"),
        ("characters.edit", "characters.update"),
        ("images.stop", "images.cancel"),
        ("legacy.images.get", "legacy.images.retrieve"),
        ("image.get", "images.retrieve"),
        ("webhooks.remove", "webhook_endpoints.delete"),
        ("charcters.sav", "characters.save"),
        ("image_create", "images.create"),
    ],
)
def test_another_word_for_an_operation_is_told_its_name(given: str, operation: str) -> None:
    """What clients of other APIs call an operation leads to it, as a misspelled name does."""
    assert message(given).startswith(f"No operation is called {given!r}; did you mean {operation!r}?")


@pytest.mark.parametrize("given", ["images.remove", "images.*.*", "videos.list", "characters.uploads"])
def test_what_a_resource_cannot_do_is_no_misspelling(given: str) -> None:
    """A word with another meaning is not offered, even where its spelling is similar."""
    assert message(given).startswith(f"No operation is called {given!r}. Operations of ")
