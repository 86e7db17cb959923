"""Every fixture. They import the fake when they are used, not before."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import pytest

from ._options import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import faker
    import httpx

    from ._aurous import Aurous
    from ._coverage import Coverage  # noqa: F401 - named by the key
    from ._server import AurousServer

__all__ = (
    "COVERAGE",
    "FAKE",
    "SEED",
    "aurous",
    "aurous_api_key",
    "aurous_async_client",
    "aurous_base_url",
    "aurous_client",
    "aurous_faker",
    "aurous_seed",
    "aurous_server",
)

FAKE: Final = pytest.StashKey["Aurous"]()
COVERAGE: Final = pytest.StashKey["Coverage"]()
SEED: Final = pytest.StashKey[int]()


@pytest.fixture
def aurous(
    request: pytest.FixtureRequest, aurous_api_key: str, aurous_base_url: str, aurous_seed: int
) -> Iterator[Aurous]:
    """The whole Aurous Labs API, offline, for this test: `httpx` and `httpx2` clients meet it instead of the vendor.

    Nothing else to do: call the code under test, then look at `aurous.characters`, `aurous.calls`, `aurous.team`.
    `aurous.script("synthesizing*3 -> reviewing")` says what a poller will see. Sets `AUROUS_API_KEY` and
    `AUROUS_BASE_URL`. A request that the API does not know fails the test.
    """
    from ._aurous import Aurous

    settings: dict[str, Any] = {
        **settings_for(request.node),
        "base_url": aurous_base_url,
        "seed": _seed_of(request.node, aurous_seed),
    }
    with Aurous(api_key=aurous_api_key, **settings) as fake:
        request.node.stash[FAKE], request.node.stash[SEED] = fake, aurous_seed
        coverage = request.config.stash.get(COVERAGE, None)
        fake._app.observe = None if coverage is None else coverage.add
        yield fake
        fake._verdict.close(request.node.nodeid)
        del request.node.stash[FAKE]  # pytest keeps its items to the end of the session, and would keep every fake


@pytest.fixture
def aurous_client(aurous: Aurous) -> Iterator[httpx.Client]:
    """A ready `httpx.Client` for the fake: base URL and key are set."""
    with aurous.client() as client:
        yield client


@pytest.fixture
def aurous_async_client(aurous: Aurous) -> httpx.AsyncClient:
    """A ready `httpx.AsyncClient` for the fake; it holds nothing that would have to be closed."""
    return aurous.async_client()


@pytest.fixture
def aurous_server(aurous: Aurous) -> Iterator[AurousServer]:
    """The fake of this test over real HTTP on 127.0.0.1, for other processes, languages and HTTP libraries.

    `aurous_server.url` is where, `aurous_server.env` the two variables for a subprocess. State, script, faults, clock
    and calls are those of `aurous`. Needs the extra `server`.
    """
    from ._server import AurousServer

    with AurousServer(aurous) as server:
        yield server


@pytest.fixture
def aurous_api_key(aurous_seed: int) -> str:
    """The API key that the fake issues and sets as `AUROUS_API_KEY`. Override it to have your own."""
    from ._auth import fake_key

    return fake_key(int.from_bytes(sha256(f"{aurous_seed}/key".encode()).digest()[:8], "big"))


@pytest.fixture
def aurous_base_url(request: pytest.FixtureRequest) -> str:
    """Where the fake answers, without `/v1`. Override it, or set `aurous_base_url`, to have another host or prefix."""
    from ._settings import BASE_URL

    return str(settings_for(request.node).get("base_url", BASE_URL))


@pytest.fixture
def aurous_seed(request: pytest.FixtureRequest) -> int:
    """The base seed: the setting `seed`, else the suite's `faker_seed`, else 0. Each test adds its node id."""
    settings = settings_for(request.node)
    if "seed" in settings:
        return int(settings["seed"])
    try:
        seed = request.getfixturevalue("faker_seed")
    except pytest.FixtureLookupError as error:
        if error.argname != "faker_seed":  # there is one, and it asks for a fixture that is not there
            raise
        return 0
    return seed if isinstance(seed, int) else crc32(repr(seed).encode())


@pytest.fixture
def aurous_faker(request: pytest.FixtureRequest, aurous_seed: int) -> faker.Faker:
    """A `Faker` of its own with `AurousProvider`, seeded for this test; the suite's `faker` is not disturbed."""
    from ._faker import seeded_faker

    return seeded_faker(_seed_of(request.node, aurous_seed))


def _seed_of(item: pytest.Item, base: int) -> int:
    """Return the seed of a test: the same whatever the order, the process or the distribution.

    Not by `nodeid`, which pytest-xdist changes for grouped tests.
    """
    path, _, name = item.location
    return int.from_bytes(sha256(f"{base}/{path}::{name}".encode()).digest()[:8], "big")
