"""httpx2 is loaded by whoever uses it, and meets the fake whenever that is."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, invalidate_caches, reload
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_aurous._httpx.stacks import Arrival

pytestmark = pytest.mark.lowest

needs_httpx2 = pytest.mark.skipif(find_spec("httpx2") is None, reason="needs httpx2")

HEAD = """
    import asyncio, importlib, sys, threading
    import httpx
    from pytest_aurous import Aurous

    def ask(stack, aurous):
        url, key = f"{aurous.base_url}/v1/balance", {"X-Api-Key": aurous.api_key}
        async def both():
            async with stack.AsyncClient() as client:
                return stack.get(url, headers=key), await client.get(url, headers=key)
        for response in asyncio.run(both()):
            assert type(response) is stack.Response
            assert response.json()["credits"] == 1000

    with Aurous() as aurous:
        ask(httpx, aurous)
        assert "httpx2" not in sys.modules
"""
BODIES = {
    "in a thread": """
        found = []
        def run():
            import httpx2
            ask(httpx2, aurous)
            found.append(httpx2)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        httpx2, = found
    """,
    "for an inner fake, and again": """
        with Aurous(base_url="https://inner.example") as inner:
            import httpx2
            ask(httpx2, inner)
        ask(httpx2, aurous)
        importlib.reload(httpx2)
        ask(httpx2, aurous)
        importlib.reload(importlib.import_module("httpx2._transports.default"))
        importlib.reload(importlib.import_module("httpx2._transports"))
        importlib.reload(httpx2)
        ask(httpx2, aurous)
    """,
}
TAIL = """
    assert not hasattr(httpx2.HTTPTransport.handle_request, "_aurous_original")
    assert type(httpx2.__loader__).__name__ == type(httpx2.__spec__.loader).__name__ == "SourceFileLoader"
    assert not [finder for finder in sys.meta_path if type(finder).__name__ == "Arrival"]
"""


@needs_httpx2
@pytest.mark.parametrize("when", BODIES)
def test_httpx2_meets_the_fake_whenever_it_is_imported(when: str) -> None:
    """The fake does not load it, responds to its clients from then on, and leaves nothing of itself behind."""
    code = dedent(HEAD + BODIES[when] + TAIL)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own

    assert (run.returncode, run.stderr) == (0, "")


@pytest.fixture
def lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "lamp_that_arrives.py").write_text("LIT = True\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()
    yield "lamp_that_arrives"
    sys.modules.pop("lamp_that_arrives", None)


def test_an_arrival_is_noticed_when_the_module_is_whole(lamp: str) -> None:
    """What is called finds the module executed, each time that it is; no other module counts."""
    seen: list[bool] = []
    arrival = Arrival({lamp}, lambda: seen.append(sys.modules[lamp].LIT))
    arrival.begin()
    try:
        import_module("colorsys")
        module = import_module(lamp)
        reload(module)
    finally:
        arrival.end()
    reload(module)

    assert seen == [True, True]


def test_who_restores_the_finders_does_no_harm(lamp: str) -> None:
    """The end of a look-out that somebody else has ended is no error."""
    seen: list[str] = []
    arrival = Arrival({lamp}, lambda: seen.append(lamp))
    arrival.begin()
    sys.meta_path.remove(arrival)  # as pytester does, which restores the finders of an earlier moment
    arrival.end()

    import_module(lamp)
    assert seen == []


def test_a_module_that_is_not_there_stays_away() -> None:
    """Importing it raises what it would have raised anyway."""
    arrival = Arrival({"a_module_that_nobody_has"}, print)
    arrival.begin()
    try:
        with pytest.raises(ModuleNotFoundError):
            import_module("a_module_that_nobody_has")
    finally:
        arrival.end()
