"""vcrpy and pytest-recording replace the same methods: the fake answers before a cassette that was opened earlier."""

from typing import Final

import pytest

pytest.importorskip("pytest_recording")
pytest.importorskip("vcr")

SUITE: Final = """
    import asyncio, http.server, threading
    import httpx, pytest, vcr, yaml

    def ours(aurous, client=httpx):
        return client.get(aurous.base_url + "/v1/balance", headers={"X-Api-Key": aurous.api_key})

    async def ours_async(aurous):
        async with httpx.AsyncClient() as client:
            return await client.get(aurous.base_url + "/v1/balance", headers={"X-Api-Key": aurous.api_key})

    def hosts(path):
        interactions = yaml.safe_load(path.read_text())["interactions"] if path.exists() else []
        return [httpx.URL(each["request"]["uri"]).host for each in interactions]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args): ...

    @pytest.fixture
    def other():
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()
"""


def test_the_marker_of_pytest_recording(pytester: pytest.Pytester) -> None:
    """Under ``@pytest.mark.vcr`` the fake answers; other hosts are recorded, and played in the next run."""
    pytester.makepyfile(
        test_it=f"""{SUITE}
    from pathlib import Path

    @pytest.mark.vcr(match_on=["method", "path"])
    @pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
    def test_it(aurous, aurous_client, other, record_mode):
        assert ours(aurous).json()["credits"] == 1000
        assert asyncio.run(ours_async(aurous)).status_code == aurous_client.get("/v1/balance").status_code == 200
        assert httpx.get(other if record_mode == "once" else "http://127.0.0.1:9/").status_code == 201
        assert aurous.calls.count() == 3

    @pytest.mark.vcr
    def test_only_ours(aurous):
        assert ours(aurous).status_code == 200

    def test_afterwards():
        assert hosts(Path("cassettes/test_it/test_it.yaml")) == ["127.0.0.1"]
        assert not Path("cassettes/test_it/test_only_ours.yaml").exists()
    """
    )

    for mode in ("once", "none"):
        pytester.runpytest("-p", "recording", "--record-mode", mode).assert_outcomes(passed=3)


def test_a_cassette_that_is_opened_first(pytester: pytest.Pytester) -> None:
    """In every record mode, a cassette that was there before the fake never holds what the fake answered."""
    pytester.makepyfile(
        f"""{SUITE}
    from pytest_aurous import Aurous

    @pytest.fixture(params=["none", "once", "new_episodes", "all"])
    def mode(request):
        return request.param

    @pytest.fixture
    def cassette(tmp_path, mode):
        with vcr.use_cassette(str(tmp_path / "fixture.yaml"), record_mode=mode):
            yield tmp_path / "fixture.yaml"

    def test_fixture(cassette, aurous):
        assert ours(aurous).json()["credits"] == 1000
        assert asyncio.run(ours_async(aurous)).status_code == 200
        assert aurous.calls.count() == 2
        assert hosts(cassette) == []

    def test_block(tmp_path, mode):
        path = tmp_path / "block.yaml"
        with vcr.use_cassette(str(path), record_mode=mode), Aurous() as aurous:
            assert ours(aurous).status_code == 200
        assert hosts(path) == []

    def test_ready_client(aurous, aurous_client, tmp_path, mode):
        with vcr.use_cassette(str(tmp_path / "late.yaml"), record_mode=mode):
            assert ours(aurous, aurous_client).status_code == 200
        assert hosts(tmp_path / "late.yaml") == []
    """
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=12)


def test_a_cassette_that_is_opened_in_the_body(pytester: pytest.Pytester) -> None:
    """It stands before the fake, so the guard holds its requests back and says what to do; that works."""
    pytester.makepyfile(
        f"""{SUITE}
    from pytest_aurous import AurousNetworkBlocked

    def test_before_the_fake(aurous, tmp_path):
        with vcr.use_cassette(str(tmp_path / "c.yaml"), record_mode="once"):
            with pytest.raises(AurousNetworkBlocked, match="httpx_stubs"):
                ours(aurous)

    def test_entered_once_more(aurous, tmp_path):
        with vcr.use_cassette(str(tmp_path / "c.yaml"), record_mode="once"), aurous:
            assert ours(aurous).json()["credits"] == 1000
        assert not (tmp_path / "c.yaml").exists()
        assert ours(aurous).status_code == 200
        assert aurous.calls.count() == 2
    """
    )

    pytester.runpytest("-p", "vcr").assert_outcomes(passed=2)
