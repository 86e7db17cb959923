"""Who may use a served fake: clients of this machine may, web pages that it shows may not."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_aurous import Aurous, AurousServer

pytest.importorskip("uvicorn", reason="needs the extra, server")

JSON = ("Content-Type", "application/json")


@pytest.fixture(scope="module")
def server() -> Iterator[AurousServer]:
    with AurousServer(Aurous(strict="off", pitfalls="off")) as serving:
        yield serving


@pytest.fixture(scope="module")
def remote() -> Iterator[AurousServer]:
    """A fake that other machines may use."""
    aurous = Aurous(strict="off", pitfalls="off")
    with AurousServer(aurous, host="0.0.0.0", allow_remote=True) as serving:  # noqa: S104 - meant
        yield serving


def ask(
    server: AurousServer, path: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b""
) -> tuple[int, Any]:
    """Send exactly these headers, and return status and content."""
    sent = headers if any(name == "Host" for name, _ in headers) else (("Host", f"127.0.0.1:{server.port}"), *headers)
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent), "Connection: close"]
    lines += [f"Content-Length: {len(body)}"] if body or method == "POST" else []
    with socket.create_connection((server.host, server.port), timeout=60) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        response = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, content = response.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content or b"null")


class TestHost:
    """By which name it may be called."""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.0.0.1:{}",
            "localhost:{}",
            "LocalHost.:{}",
            "[::1]:{}",
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/balance", "/__aurous__/calls"])
    def test_good(self, server: AurousServer, host: str, path: str) -> None:
        """Loopback, with any port, in any case."""
        status, _ = ask(server, path, ("Host", host.format(server.port)))
        assert status == (401 if path.startswith("/v1") else 200)

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example:{}",
            "localhost.evil.example",
            "evil-localhost",
            "192.0.2.8",
            "[::2]:{}",
            "127.0.0.1@x",
            "ÿ",
            ".",
            "localhost..",
            "localhost:x",
            "localhost, evil.example",
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/balance", "/__aurous__/calls", "/characters/x/upload"])
    def test_wrong(self, server: AurousServer, host: str, path: str) -> None:
        """Every request for another host is refused in plain words, and never arrived."""
        before = len(server.aurous.calls)
        status, content = ask(server, path, ("Host", host.format(server.port)))
        assert status == 421
        assert "only accepts 127.0.0.1 and localhost" in content["error"]
        assert "--allow-remote or allow_remote=True" in content["error"]
        assert content["see"].endswith("how-to/server#access-from-other-machines")
        assert len(server.aurous.calls) == before

    @pytest.mark.parametrize("host", ["fake", "FAKE:8080", "host.docker.internal", "[fd00::5]:1", "192.0.2.7"])
    def test_any_name_of_a_remote_server(self, remote: AurousServer, host: str) -> None:
        """Any name is accepted; what controls the fake needs the token."""
        token = ("Authorization", f"Bearer {remote.control_token}")
        assert ask(remote, "/v1/balance", ("Host", host))[1]["error"]["code"] == "missing_api_key"
        assert ask(remote, "/__aurous__/health", ("Host", host))[0] == 200
        for method, name in (("GET", "calls"), ("POST", "reset")):
            status, content = ask(remote, f"/__aurous__/{name}", ("Host", host), method=method)
            assert status == 401
            assert "Authorization: Bearer TOKEN" in content["error"]
            assert ask(remote, f"/__aurous__/{name}", ("Host", host), token, method=method)[0] == 200

    @pytest.mark.parametrize("host", ['"><x', "a b", "ÿ", "."])
    def test_no_name_of_a_remote_server(self, remote: AurousServer, host: str) -> None:
        """What is no name of a host is refused there, too."""
        assert ask(remote, "/v1/balance", ("Host", host))[0] == 421

    def test_the_token_of_a_remote_server(self, remote: AurousServer) -> None:
        """It is drawn if nobody chooses one, and a subprocess gets it."""
        assert len(str(remote.control_token)) > 30
        assert remote.env["AUROUS_CONTROL_TOKEN"] == remote.control_token
        with AurousServer(Aurous(), allow_remote=True, control_token="chosen") as chosen:
            assert chosen.env["AUROUS_CONTROL_TOKEN"] == "chosen"
        with AurousServer(Aurous()) as server:
            assert "AUROUS_CONTROL_TOKEN" not in server.env


class TestControl:
    """Who may control it."""

    @pytest.mark.parametrize(("method", "name"), [("GET", "state"), ("POST", "reset"), ("POST", "clock"), ("GET", "x")])
    @pytest.mark.parametrize(
        "header",
        [
            *[("Origin", it) for it in ("https://evil.example", "null", "http://localhost:{}", "http://127.0.0.1:1")],
            *[("Origin", it) for it in ("https://127.0.0.1:{}", "", "http://127.0.0.1:x", "http://127.0.0.1")],
            *[("Sec-Fetch-Site", it) for it in ("cross-site", "same-site", "Cross-Site", "sideways")],
        ],
    )
    def test_foreign(self, server: AurousServer, method: str, name: str, header: tuple[str, str]) -> None:
        """A page of another origin is refused, whatever it asks for."""
        header = header[0], header[1].format(server.port)
        status, content = ask(server, f"/__aurous__/{name}", JSON, header, method=method)
        assert status == 403
        assert "web page" in content["error"]

    @pytest.mark.parametrize(
        "headers",
        [
            [("Origin", "http://127.0.0.1:{}"), ("Sec-Fetch-Site", "same-origin")],
            [("Sec-Fetch-Site", "none")],
            [("Host", "localhost"), ("Origin", "http://localhost")],
        ],
    )
    def test_own(self, server: AurousServer, headers: list[tuple[str, str]]) -> None:
        """A page of the fake itself may, and so may who types the address."""
        sent = [(name, value.format(server.port)) for name, value in headers]
        assert ask(server, "/__aurous__/state", *sent)[0] == 200
        assert ask(server, "/__aurous__/reset", *sent, JSON, method="POST")[0] == 200
        assert ask(server, "/__aurous__/reset", *sent, method="POST")[0] == 415  # as a form of another page would be

    @pytest.mark.parametrize(
        "kind",
        [
            "text/plain",
            "",
            "text/plain; application/json",
            "application/json, text/plain",
            None,
        ],
    )
    def test_wrong_kind(self, server: AurousServer, kind: str | None) -> None:
        """What a page may send without asking first is refused, and so is a body of no kind."""
        headers = [("Content-Type", kind)] if kind is not None else []
        before = server.aurous.clock.now()
        status, content = ask(server, "/__aurous__/clock.advance", *headers, method="POST", body=b'{"seconds": 9000}')
        assert status == 415
        assert "--json '{...}', or -H 'Content-Type: application/json'" in content["error"]
        assert (server.aurous.clock.now() - before).total_seconds() < 100

    @pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
    def test_good_kind(self, server: AurousServer, kind: str) -> None:
        """JSON, with parameters."""
        response = ask(
            server, "/__aurous__/clock.advance", ("Content-Type", kind), method="POST", body=b'{"seconds": 1}'
        )
        assert response[0] == 200

    def test_the_api_itself_takes_what_it_takes(self, server: AurousServer) -> None:
        """Of calls of the API nothing of this is asked: they need a key."""
        headers = [("Origin", "https://app.example"), ("X-Api-Key", str(server.aurous.api_key))]
        assert ask(server, "/v1/balance", *headers)[0] == 200
