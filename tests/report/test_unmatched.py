from pathlib import Path

import pytest

from pytest_aurous import Call
from pytest_aurous._report.unmatched import explain

HOME = "https://api.aurous-labs.com"


@pytest.mark.parametrize(
    ("method", "url", "nearest", "differs"),
    [
        ("POST", f"{HOME}/v1/characters/c/sav", "characters.save", "'sav' instead of 'save'"),
        ("GET", f"{HOME}/v1/Characters", "characters.list", "'Characters' instead of 'characters'"),
        ("GET", f"{HOME}/charcters", "characters.list", "missing /v1; 'charcters' instead of 'characters'"),
        ("GET", f"{HOME}/v1/balance/", "balance.retrieve", "a trailing slash"),
        ("GET", f"{HOME}/v1//balance", "balance.retrieve", "a double slash"),
        ("POST", f"{HOME}/v1/balance", "balance.retrieve", "the method: POST instead of GET"),
        ("GET", "http://api.aurous-labs.com/v1/balance", "balance.retrieve", "http:// instead of https://"),
        (
            "GET",
            "https://aurous-labs.com/v1/balance",
            "balance.retrieve",
            "the host: aurous-labs.com instead of api.aurous-labs.com",
        ),
        (
            "PUT",
            f"{HOME}/characters/u/upload",
            "characters.uploads.put",
            "the host: api.aurous-labs.com instead of aurous.storage",
        ),
        ("POST", f"{HOME}/v1/characters/c/save/now", "characters.save", "unexpected 'now' at the end"),
        ("POST", f"{HOME}/v1/characters/c/refs", "characters.regenerate_ref", "missing 'regenerate' at the end"),
        ("GET", f"{HOME}/v1/characters/uploads", "characters.retrieve", "the path"),
        (
            "PUT",
            "http://www.aurous-labs.com/v1/balanse/",
            "balance.retrieve",
            (
                "http:// instead of https://; the host: www.aurous-labs.com instead of api.aurous-labs.com; "
                "a trailing slash; 'balanse' instead of 'balance'; the method: PUT instead of GET"
            ),
        ),
    ],
)
def test_what_differs_is_named(method: str, url: str, nearest: str, differs: str) -> None:
    """The nearest operation is found, and each thing that differs from it is told, and nothing else."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")

    text = explain(Call(method, scheme, host, f"/{path}"), HOME)

    lines = text.split("\n")
    assert lines[0] == f"pytest-aurous has no such operation: {method} {url}"
    assert lines[1].startswith(f"  nearest: {nearest}, ")
    assert lines[2] == f"  differs: {differs}"


@pytest.mark.parametrize(
    ("path", "nearest", "more"),
    [
        ("/v1/v1/balance", "balance.retrieve", ""),
        ("/v1/v1/v1/balance", "balance.retrieve", ""),
        ("/v1/v1/balanse", "balance.retrieve", "; 'balanse' instead of 'balance'"),
        ("/v1/v1/balance/", "balance.retrieve", "; a trailing slash"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/proxy"])
def test_a_doubled_v1_is_recognized(prefix: str, path: str, nearest: str, more: str) -> None:
    """A base URL with ``/v1`` and a path with ``/v1``: the operation is found, and the text says what to do."""
    text = explain(Call("GET", "https", "api.aurous-labs.com", prefix + path), HOME + prefix)

    lines = text.split("\n")
    assert lines[1].startswith(f"  nearest: {nearest}, GET {HOME}{prefix}/v1/")
    assert lines[2] == f"  differs: /v1 twice{more}"
    assert lines[3].startswith("  /v1 is doubled: the base URL ends in /v1, and the path begins with it. Leave it out")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/chat/completions", "  the OpenAI SDK needs a base_url that ends with one /v1"),
        ("/v1/v1/chat/completions", "  the OpenAI SDK needs a base_url that ends with one /v1"),
        ("/v1/responses", "  of the methods of the OpenAI SDK, the API has chat.completions.create"),
    ],
)
def test_a_request_of_the_openai_sdk_is_told_what_the_sdk_needs(path: str, line: str) -> None:
    """It adds the path itself, so only its base URL can be wrong, or the API does not have the method."""
    call = Call("POST", "https", "api.aurous-labs.com", path, _headers=(("User-Agent", "AsyncOpenAI/Python 3.57.0"),))

    found = explain(call, HOME).split("\n")
    assert found[3].startswith(line)
    assert "/v1 is doubled" not in str(found)


def test_a_quoted_slash_and_a_missing_key_are_named() -> None:
    """Once the path is right, they would be wrong; the upload host wants no key."""
    key = (("Authorization", "Bearer k"),)
    wrong = explain(Call("GET", "https", "api.aurous-labs.com", "/v1/models/m_1%2fx"), HOME)
    typo = explain(Call("GET", "https", "api.aurous-labs.com", "/v1/character", _headers=key), HOME)
    upload = explain(Call("GET", "https", "aurous.storage", "/character/upl_1/upload"), HOME)

    assert [("%2F" in one, "no API key" in one) for one in (wrong, typo, upload)] == [
        (True, True),
        (False, False),
        (False, False),
    ]


def test_an_unmatched_request_shows_its_place() -> None:
    """File, line and function of the code under test."""
    call = Call("GET", "https", "api.aurous-labs.com", "/v1/balanse", stack=(("/x/app/client.py", 12, "read"),))

    assert f"  sent at: {Path('app/client.py')}:12 in read\n" in explain(call, HOME)
