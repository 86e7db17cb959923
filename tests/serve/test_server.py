"""The fake on a port of this machine."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousError, AurousServer
from pytest_aurous._core.resources.catalog import ENDPOINTS
from pytest_aurous._serve import server as _server

pytest.importorskip("uvicorn", reason="needs the extra, server")

pytestmark = pytest.mark.python


@pytest.fixture
def server() -> Iterator[AurousServer]:
    """A fake, served but not entered."""
    with AurousServer(Aurous()) as serving:
        yield serving


def client(server: AurousServer, **options: Any) -> httpx.Client:
    """Return a client that knows nothing of proxies."""
    headers = {"X-Api-Key": server.env["AUROUS_API_KEY"]}
    return httpx.Client(base_url=server.url, headers=headers, trust_env=False, **options)


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


class TestService:
    """It answers."""

    @pytest.mark.skipif(not (shutil.which("curl") and shutil.which("sh")), reason="needs curl, and a shell")
    def test_curl_reads_everything(self, server: AurousServer) -> None:
        """The script on the page calls each operation that reads, and each is answered as the catalog says."""
        script = Path(__file__).parents[2] / "docs" / "examples" / "read_everything.sh"
        told = subprocess.run(  # noqa: S603 - ours
            ["sh", str(script)],  # noqa: S607 - wherever it is
            env={**os.environ, **server.env, "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        reads = {row.operation: row.status for row in ENDPOINTS if row.method == "GET"}
        assert {call.operation: call.status for call in server.aurous.calls} == reads
        assert sorted(line[:4] for line in told.stdout.splitlines()) == sorted(f"{one} " for one in reads.values())
        assert told.stderr == ""


class TestConnections:
    """How long they last, and what ends a response."""

    def test_outlasts_a_pause_between_polls(self, server: AurousServer) -> None:
        """A client that polls every few seconds meets no connection that the server is just closing."""
        with client(server) as http:
            http.get("/v1/balance")
            (connection,) = server._server.server_state.connections
            until = time.monotonic() + 60
            while connection.timeout_keep_alive_task is None and time.monotonic() < until:
                time.sleep(0.002)
            assert connection.timeout_keep_alive_task.when() - time.monotonic() > 60

    @pytest.mark.parametrize("stream", [True, False])
    def test_http_1_0_has_no_chunks(self, server: AurousServer, stream: bool) -> None:  # noqa: FBT001
        """The end of the connection ends a response, as its head says."""
        body = json.dumps(
            {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}]} | {"stream": stream}
        )
        head = f"POST /v1/chat/completions HTTP/1.0\r\nX-Api-Key: {server.aurous.api_key}\r\nConnection: keep-alive"
        head += f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((server.host, server.port), timeout=60) as raw, raw.makefile("rb") as reader:
            raw.sendall(f"{head}{body}".encode())
            told, _, content = reader.read().partition(b"\r\n\r\n")
        assert b"200 OK" in told
        assert b"keep-alive" not in told.lower()
        assert b"chunked" not in told
        assert content.startswith(b"data: {" if stream else b"{")
        assert content.endswith(b"data: [DONE]\n\n" if stream else b"}")


class TestFaults:
    """What goes wrong, over the wire."""

    @pytest.mark.parametrize("kind", ["disconnect", "connect_error"])
    def test_no_response(self, server: AurousServer, kind: str) -> None:
        """The connection ends before the response; the next call is answered."""
        getattr(server.aurous.faults, kind)("balance.retrieve")
        with client(server) as http:
            with pytest.raises(httpx.TransportError):
                http.get("/v1/balance")
            assert http.get("/v1/balance").status_code == 200

    def test_cut_body(self, server: AurousServer) -> None:
        """The connection ends inside the body."""
        server.aurous.faults.disconnect("balance.retrieve", after_bytes=5)
        with client(server) as http, http.stream("GET", "/v1/balance") as response:
            seen: list[bytes] = []
            with pytest.raises(httpx.RemoteProtocolError):
                seen.extend(response.iter_raw())
        assert len(b"".join(seen)) == 5

    def test_stops_while_somebody_hangs(self) -> None:
        """A client that still waits does not hold up the end."""
        with AurousServer(Aurous()) as server:
            server.aurous.faults.timeout("balance.retrieve")
            with socket.create_connection((server.host, server.port), timeout=60) as raw:
                raw.sendall(b"GET /v1/balance HTTP/1.1\r\nHost: localhost\r\n\r\n")
                until = time.monotonic() + 60
                while not server.aurous.calls.count() and time.monotonic() < until:
                    time.sleep(0.002)
                server.stop()
                assert not server._thread.is_alive()


class TestPlaces:
    """Where it listens."""

    def test_taken_before_it_serves(self) -> None:
        """A port belongs to a server from the moment it is made."""
        first = AurousServer(Aurous())
        with pytest.raises(AurousError, match=f"port {first.port} of 127.0.0.1 cannot be used"):
            AurousServer(Aurous(), port=first.port)
        first.stop()
        AurousServer(Aurous(), port=first.port).stop()

    def test_starts_once(self) -> None:
        """A second start is refused, names the port, and does not harm the first; so is one after the end."""
        server = AurousServer(Aurous())
        with server:
            for begin in (server.start, server.__enter__):
                with pytest.raises(AurousError, match=f"port {server.port} of 127.0.0.1 is running already"):
                    begin()
            with client(server) as http:
                assert http.get("/v1/balance").status_code == 200
        for begin in (server.start, server.__enter__):
            with pytest.raises(AurousError, match=f"port {server.port} of 127.0.0.1 has been stopped"):
                begin()

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104 - refused
    def test_not_loopback(self, host: str) -> None:
        """Where others could reach it, it does not listen."""
        with pytest.raises(AurousError, match="--allow-remote"):
            AurousServer(Aurous(), host=host)

    @pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
    def test_ipv6(self) -> None:
        """So will ::1, in brackets."""
        with AurousServer(Aurous(), host="::1") as server, client(server) as http:
            assert server.url == f"http://[::1]:{server.port}"
            assert http.get("/v1/balance").status_code == 200


class TestNothingIsLeft:
    """Before and after."""

    def test_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The base URL is set, and removed again."""
        monkeypatch.delenv("AUROUS_BASE_URL", raising=False)
        with AurousServer(Aurous()) as server:
            assert os.environ["AUROUS_BASE_URL"] == server.url
            assert server.env == {"AUROUS_BASE_URL": server.url, "AUROUS_API_KEY": server.aurous.api_key}
        assert "AUROUS_BASE_URL" not in os.environ

    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize("same", [True, False])
    def test_servers_stop_in_any_order(self, monkeypatch: pytest.MonkeyPatch, first: int, same: bool) -> None:  # noqa: FBT001
        """Environment and deliveries lead to the server that is there, of one fake or of two."""
        monkeypatch.setenv("AUROUS_BASE_URL", "https://before.example")
        fakes = [Aurous()] * 2 if same else [Aurous(), Aurous()]
        servers = [AurousServer(fake) for fake in fakes]
        for server in servers:
            server.start()
            assert os.environ["AUROUS_BASE_URL"] == server.url
        last = servers[not first]
        servers[first].stop()
        assert os.environ["AUROUS_BASE_URL"] == last.url
        last.aurous.webhook_endpoints.add()
        last.aurous.images.add()
        (delivery,) = last.aurous.webhooks.deliveries
        assert delivery.payload["data"]["output_urls"][0].startswith(last.url)
        with client(last) as http:
            url = http.get(f"/v1/characters/{last.aurous.characters.add().id}").json()["refs"][0]["url"]
            assert http.get(url).status_code == 200
        last.stop()
        assert os.environ["AUROUS_BASE_URL"] == "https://before.example"

    def test_threads_and_sockets(self) -> None:
        """No thread is left, and nobody listens."""
        with AurousServer(Aurous()) as server:
            assert repr(server) == f"<AurousServer at http://127.0.0.1:{server.port}>"
            assert any(one.name == "aurous-server" for one in threading.enumerate())
        assert not any(one.name == "aurous-server" for one in threading.enumerate())
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((server.host, server.port), timeout=60)

    def test_no_uvicorn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without uvicorn it is said what to install."""
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        with pytest.raises(AurousError, match="python -m pip install uvicorn"):
            AurousServer(Aurous())

    @pytest.mark.parametrize("dies", [True, False])
    def test_does_not_come_up(self, monkeypatch: pytest.MonkeyPatch, dies: bool) -> None:  # noqa: FBT001
        """A server that ends at once, or never begins, is told."""
        monkeypatch.setattr(_server, "_PATIENCE", 0.05)
        server = AurousServer(Aurous())
        ended = threading.Event()
        run = (lambda: None) if dies else ended.wait
        monkeypatch.setattr(server, "_thread", threading.Thread(target=run, daemon=True))
        with pytest.raises(AurousError, match="did not start"), server:
            pass
        ended.set()
        assert server._socket.fileno() == -1


def test_a_stream_over_http(server: AurousServer) -> None:
    """A client reads it, leaves early, runs into its timeout, and sees a closed connection; the server goes on."""
    fake = server.aurous
    body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    fake.chat.reply("Grüße aus 東京, und guten Morgen!", delay=0.02)
    with client(server, timeout=60) as sender:

        def send(timeout: float = 60) -> httpx.Response:
            return sender.post("/v1/chat/completions", json=body, timeout=timeout)

        assert send().content.endswith(b"data: [DONE]\n\n")
        fake.faults.stall("chat.create", after_events=2)
        fake.faults.disconnect("chat.create", after_events=2)
        with pytest.raises(httpx.ReadTimeout):
            send(0.5)
        with pytest.raises(httpx.RemoteProtocolError):
            send()
        fake.chat.reply("one two three four", delay=0.2)
        send()
        with sender.stream("POST", "/v1/chat/completions", json=body) as response:
            next(response.iter_bytes())
        until = time.monotonic() + 60
        while not fake.calls.last.ended and time.monotonic() < until:
            time.sleep(0.01)

    assert (fake.calls.last.ended, fake.calls.last.events) == ("ended by the client", 2)
    assert [one.status for one in fake.chat.completions][-3:] == [
        "cancelled_client_disconnect",
        "completed",
        "cancelled_client_disconnect",
    ]
