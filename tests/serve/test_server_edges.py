"""A served fake at its edges: clients that hang up, mistakes that change nothing, what cannot be had."""

import json
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest

from pytest_aurous import Aurous, AurousServer
from pytest_aurous._cli.main import main
from pytest_aurous._serve.control import Control

pytest.importorskip("uvicorn", reason="needs the extra, server")


@pytest.mark.parametrize(
    "hanging", [b"GET /v1/bal", b"POST /v1/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]
)
def test_who_never_finishes_holds_nobody_up(hanging: bytes) -> None:
    """Others are answered meanwhile, and the end is not delayed; chunks and lengths that lie are refused."""
    head = b"POST /v1/images HTTP/1.1\r\nHost: localhost\r\n"
    lies = (head + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", head + b"Content-Length: -5\r\n\r\n")
    with ExitStack() as ending, AurousServer(Aurous()) as server:
        for _ in range(20):
            ending.enter_context(socket.create_connection((server.host, server.port), timeout=60)).sendall(hanging)
        for lie in lies:
            with socket.create_connection((server.host, server.port), timeout=60) as raw:
                raw.sendall(lie)
                assert raw.recv(64).startswith(b"HTTP/1.1 400 ")
        with urlopen(f"{server.url}/__aurous__/calls", timeout=60) as response:  # noqa: S310 - ours
            assert json.load(response) == []
        server.stop()
        assert not server._thread.is_alive()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert main(["openapi", "--output", str(tmp_path / "missing" / "x.json")]) == 2
    assert "No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["state", "session.py"])
def test_an_error_of_our_own_is_an_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Who asks does not wait for what never comes, and who has started the server sees why."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("al_live_" + "0" * 64)

    monkeypatch.setattr(Control, "respond", broken)
    with AurousServer(Aurous()) as server:
        response = httpx.get(f"{server.url}/__aurous__/{name}", trust_env=False, timeout=60)
    assert response.status_code == 500
    said = capsys.readouterr().err
    assert said.startswith("pytest-aurous: Traceback")
    assert said.rstrip().rpartition("\n")[2].startswith("ZeroDivisionError: al_live_")
    assert "0" * 64 not in said
