"""All fixtures. They import the fake when a test uses them, not before."""

from __future__ import annotations

import re
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import pytest

from .._core.base.arguments import Check
from .._core.base.errors import AurousError
from .._core.wire.hosts import BASE_URL
from .._core.world.settings import read_setting
from .stash import CURRENT, EXPLORE_WITH, FAKE, GUARD, MODES, SEED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import faker
    import httpx

    from .._fake.aurous import Aurous
    from .._serve.server import AurousServer


class Fixtures:
    """The fixtures, as a plugin of their own, which knows the run.

    None takes `request` or `pytestconfig`: for each that does, pytest needs more time than for the whole fixture.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._request: pytest.FixtureRequest

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Let threads that a fixture of a wider scope starts, such as a server, belong to no single test."""
        if fixturedef.argname == "aurous_seed":
            self._request = request
        if fixturedef.scope == "function":
            return (yield)
        with self._config.stash[GUARD].for_no_test():
            return (yield)

    @pytest.fixture
    def aurous(self, aurous_api_key: str, aurous_base_url: str, aurous_seed: int) -> Iterator[Aurous]:
        """The whole Aurous Labs API, offline, for this test: it responds to `httpx` and `httpx2` clients.

        Call the code under test, then check `aurous.characters`, `aurous.calls` or `aurous.team`. `AUROUS_API_KEY` and
        `AUROUS_BASE_URL` are set for the test. A request that the API does not know fails it.

        To change settings, mark the test, the class or the module, or override `aurous_api_key`, `aurous_base_url` or
        `aurous_seed`. For a wider scope use the context manager `pytest_aurous.Aurous`.

        Example::

            @pytest.mark.aurous(credits=50)
            def test_publishes(aurous):
                aurous.script("synthesizing*3 -> reviewing")  # what publish() will see when it polls
                publish("Aurora")
                assert aurous.characters.last.status == "ready"
        """
        from .._fake.aurous import Aurous

        item, chosen = self._config.stash[CURRENT]
        api_key, seed = _returned_by("aurous_api_key", aurous_api_key), _returned_by("aurous_seed", aurous_seed)
        base_url = _returned_by("aurous_base_url", aurous_base_url)
        settings: dict[str, Any] = {**chosen, "base_url": base_url, "seed": _seed_of(item, seed)}
        with Aurous(api_key=api_key, **settings) as fake, ExitStack() as modes:
            session = fake._session
            item.stash[FAKE], item.stash[SEED] = session, seed
            session.explore_with = partial(self._config.stash[EXPLORE_WITH], item)
            for mode in self._config.stash[MODES].values():
                modes.enter_context(mode.using(item, session))
            yield fake
            modes.close()
            session.verdict.close(item.nodeid)
            del item.stash[FAKE]  # pytest keeps its items until the session ends, and would keep every fake

    @pytest.fixture
    def aurous_client(self, aurous: Aurous) -> Iterator[httpx.Client]:
        """A ready `httpx.Client` for the fake: base URL and key are set.

        It is closed after the test. For other options, create one: `aurous.client(timeout=1.0)`.

        Example::

            def test_balance(aurous_client):
                assert aurous_client.get("/v1/balance").status_code == 200
        """
        with aurous.client() as client:
            yield client

    @pytest.fixture
    def aurous_async_client(self, aurous: Aurous) -> httpx.AsyncClient:
        """A ready `httpx.AsyncClient` for the fake. It needs no closing.

        It works under asyncio and trio, with any plugin that runs async tests. For other options, create one:
        `aurous.async_client(timeout=1.0)`.

        Example::

            async def test_balance(aurous_async_client):
                assert (await aurous_async_client.get("/v1/balance")).status_code == 200
        """
        return aurous.async_client()

    @pytest.fixture
    def aurous_server(self, aurous: Aurous) -> Iterator[AurousServer]:
        """The fake of this test over real HTTP on 127.0.0.1, for other processes, languages and HTTP libraries.

        `aurous_server.url` is its address, `aurous_server.env` has the two variables for a subprocess. It shares state,
        script, faults, clock and calls with `aurous`. It uses a free port until the test ends. Needs the extra
        `server`.

        Example::

            def test_worker(aurous, aurous_server):
                subprocess.run(["node", "worker.mjs"], env=os.environ | aurous_server.env, check=True)
                assert aurous.characters.last.status == "ready"
        """
        from .._serve.server import AurousServer

        with AurousServer(aurous) as server:
            yield server

    @pytest.fixture
    def aurous_api_key(self, aurous_seed: int) -> str:
        """The API key that the fake accepts and sets as `AUROUS_API_KEY`; default: a random one, from `aurous_seed`.

        It has the form of a real key, but opens nothing, and begins with `al_live_fa4e`. Override it to use your own.

        Example::

            @pytest.fixture
            def aurous_api_key():
                return "al_live_" + "0" * 64
        """
        from .._core.world.keys import fake_key

        return fake_key(int.from_bytes(sha256(f"{aurous_seed}/key".encode()).digest()[:8], "big"))

    @pytest.fixture
    def aurous_base_url(self) -> str:
        """The base URL of the fake, without `/v1`; default: the setting `base_url`, else `https://api.aurous-labs.com`.

        Override it, or set `base_url` as ini option or marker, if the code under test uses another host or prefix.

        Example::

            @pytest.fixture
            def aurous_base_url():
                return "https://gateway.example/aurous"
        """
        return str(self._config.stash[CURRENT][1].get("base_url", BASE_URL))

    @pytest.fixture
    def aurous_seed(self) -> int:
        """The base seed of all random data; default: the setting `seed`, else the suite's `faker_seed`, else 0.

        The seed of a test also depends on its node id, so order, selection and distribution change nothing. Override
        it, or set `seed`, for other names, ids and pictures.

        Example::

            @pytest.fixture
            def aurous_seed():
                return 2026
        """
        _, settings = self._config.stash[CURRENT]
        if "seed" in settings:
            return int(settings["seed"])
        try:
            seed = self._request.getfixturevalue("faker_seed")
        except pytest.FixtureLookupError as error:
            if error.argname != "faker_seed":  # `faker_seed` exists, but needs a fixture that does not
                raise
            return 0
        return seed if isinstance(seed, int) else crc32(repr(seed).encode())

    @pytest.fixture
    def aurous_faker(self, aurous_seed: int) -> faker.Faker:
        """A separate `Faker` with `AurousProvider`, seeded for this test; the suite's `faker` is not changed.

        It works without `aurous`. It has the seed of the test: set `seed` or override `aurous_seed` for other data.

        Example::

            def test_shows_a_name(aurous_faker):
                assert aurous_faker.aurous_character()["name"] in page()
        """
        from .._core.resources.content.provider import seeded_faker

        return seeded_faker(_seed_of(self._config.stash[CURRENT][0], _returned_by("aurous_seed", aurous_seed)))


NAMES: Final = tuple(name for name in vars(Fixtures) if name.startswith("aurous"))
"""The names of the fixtures."""


def _returned_by(fixture: str, value: Any) -> Any:
    """Return *value* as `Aurous` takes it, or fail the test: the suite may have overridden the fixture."""
    try:
        if fixture != "aurous_api_key":
            return read_setting(fixture.removeprefix("aurous_"), value)
        from .._core.world.keys import check_key

        check_key(Check("Aurous", "reference/fixtures.html"), value)
    except AurousError as error:
        pytest.fail(f"The fixture {fixture!r} returned a value that the fake cannot use.\n{error}", pytrace=False)
    return value


def _seed_of(item: pytest.Item, base: int) -> int:
    """Return the seed of a test, which depends neither on order and distribution nor on process and platform.

    It does not use `nodeid`, which pytest-xdist changes for grouped tests. Paths have the separator of the platform,
    also in the ids of parameters, where pytest doubles each backslash.
    """
    path, _, name = item.location
    place = re.sub(r"\\+", "/", f"{path}::{name}")
    return int.from_bytes(sha256(f"{base}/{place}".encode()).digest()[:8], "big")
