import pytest

from pytest_aurous import Call
from pytest_aurous._catalog import Catalog
from pytest_aurous._unmatched import explain

HOME = "https://api.aurous-labs.com"


@pytest.fixture(name="catalog", scope="module")
def _catalog() -> Catalog:
    return Catalog()


@pytest.mark.parametrize(
    ("method", "url", "nearest", "differs"),
    [
        ("POST", f"{HOME}/v1/characters/c/sav", "characters.save", "'sav' instead of 'save'"),
        ("POST", f"{HOME}/v1/charactres/c/save", "characters.save", "'charactres' instead of 'characters'"),
        ("GET", f"{HOME}/v1/Characters", "characters.list", "'Characters' instead of 'characters'"),
        ("GET", f"{HOME}/characters/c", "characters.retrieve", "missing /v1"),
        ("GET", f"{HOME}/v2/balance", "balance.retrieve", "'v2' instead of 'v1'"),
        ("GET", f"{HOME}/v1/balance/", "balance.retrieve", "a trailing slash"),
        ("GET", f"{HOME}/v1//balance", "balance.retrieve", "a double slash"),
        ("POST", f"{HOME}/v1/balance", "balance.retrieve", "the method: POST instead of GET"),
        ("PUT", f"{HOME}/v1/characters/c/save", "characters.save", "the method: PUT instead of POST"),
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
        ("POST", f"{HOME}/v1/characters/c/save/now", "characters.save", "'now' too much at the end"),
        ("POST", f"{HOME}/v1/characters/c/refs", "characters.regenerate_ref", "'regenerate' missing at the end"),
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
def test_what_differs_is_named(catalog: Catalog, method: str, url: str, nearest: str, differs: str) -> None:
    """The nearest operation is found, and each thing that differs from it is told, and nothing else."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")

    text = explain(catalog, Call(method, scheme, host, f"/{path}"), HOME)

    lines = text.split("\n")
    assert lines[0] == f"pytest-aurous knows no such call: {method} {url}"
    assert lines[1].startswith(f"  nearest: {nearest}, ")
    assert lines[2] == f"  differs: {differs}"


def test_it_says_how_to_allow_it_and_where_to_read_on(catalog: Catalog) -> None:
    """The author of the test can act on it at once."""
    text = explain(catalog, Call("GET", "https", "api.aurous-labs.com", "/"), HOME)

    assert '@pytest.mark.aurous(strict="off")' in text
    assert text.split("\n")[-1].startswith("Read on: https://")


@pytest.mark.parametrize(
    ("host", "path", "differs"),
    [
        ("localhost:8123", "/proxy/v1/balanse", "'balanse' instead of 'balance'"),
        ("localhost:8123", "/v1/balance", "missing /proxy"),
        ("localhost:9999", "/proxy/v1/balance", "the host: localhost:9999 instead of localhost:8123"),
    ],
)
def test_another_base_url_is_the_measure(catalog: Catalog, host: str, path: str, differs: str) -> None:
    """Port and prefix of the setting are part of where the fake answers."""
    text = explain(catalog, Call("GET", "http", host, path), "http://localhost:8123/proxy")

    assert "  nearest: balance.retrieve, GET http://localhost:8123/proxy/v1/balance" in text
    assert text.split("\n")[2] == f"  differs: {differs}"
