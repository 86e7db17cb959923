"""The line of the application, in all that shows where a request was sent."""

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousExplorationError, AurousPitfallWarning, AurousWarning
from pytest_aurous._core.wire.har import har
from pytest_aurous._trace.data import trace
from pytest_aurous._trace.recorder import Recorder

UPLOAD = "https://aurous.storage/characters/upl_x/upload"
GATEWAY = """
def send(client, method, path, **body):
    return client.request(method, path, **body)
"""
SHOP = f"""
def balance(client):
    return send(client, "GET", "/v1/balanse")

def leak(client):
    return send(client, "PUT", "{UPLOAD}")

def order(client):
    send(client, "GET", "/v1/balance").raise_for_status()
    for _ in range(2):  # without a key
        try:
            return send(client, "POST", "/v1/characters", json={{"name": "A", "generate": True, "attributes": {{
                "age": 28, "gender": "female"}}}}).raise_for_status()
        except Exception: pass
"""


def application() -> dict[str, Any]:
    """Return the functions of an application, all of whose requests go through one helper."""
    scope: dict[str, Any] = {"__name__": "app"}
    for name, source in (("gateway", GATEWAY), ("shop", SHOP)):
        exec(compile(source, f"/x/app/{name}.py", "exec"), scope)  # noqa: S102 - so that it has files of its own
    return scope


def line(number: int, function: str) -> str:
    """Return a line of the application, and the line of its helper."""
    return f"{Path('app/shop.py')}:{number} in {function}, through {Path('app/gateway.py')}:3"


def test_all_that_shows_a_line_shows_the_applications() -> None:
    """The helper, which is the same for all requests, comes after it."""
    app = application()
    with Aurous(strict="warn", pitfalls="off") as aurous:
        recorder = Recorder(aurous._session.handle)
        for name in ("balance", "leak"):
            app[name](aurous.client())
        with pytest.warns(AurousWarning) as unmatched:
            aurous._session.verdict.judge()

    first, calls = trace(recorder, {})["steps"][0], aurous.calls
    entry = har(calls)["log"]["entries"][0]
    for shown in (calls.timeline(), calls[:1].timeline(), str(unmatched[0].message), entry["_place"]):
        assert line(3, "balance") in shown
    assert (first["place"]["file"], first["through"]["line"]) == (str(Path("app/shop.py")), 3)
    assert calls[0].place == ("/x/app/gateway.py", 3, "send")


def test_a_pitfall_is_at_the_line_of_the_application() -> None:
    """As an error and as a warning."""
    app = application()

    def leak(pitfalls: Any) -> None:
        with Aurous(pitfalls=pitfalls, strict="off") as aurous:
            for name in ("balance", "leak"):
                app[name](aurous.client())

    with pytest.raises(AurousPitfallWarning, match=f"{re.escape(line(6, 'leak'))}$"):
        leak("error")
    with pytest.warns(AurousPitfallWarning) as caught:
        leak("warn")
    assert [(Path(one.filename).name, one.lineno) for one in caught] == [("shop.py", 6)]


def test_a_finding_is_at_the_line_of_the_application(aurous: Aurous) -> None:
    """In the headline, and in the requests of the case."""
    order, client = application()["order"], aurous.client()
    with pytest.raises(AurousExplorationError) as found:
        aurous.explore(lambda: order(client), faults="lost")

    assert str(found.value).count(line(12, "order")) >= 2
