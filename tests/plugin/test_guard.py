"""No test of a suite with this plugin reaches the vendor, with the fixture or without it, unless it says so."""

from __future__ import annotations

import socket
from textwrap import dedent, indent
from typing import Any, Final

import pytest

VENDOR: Final = ("api.aurous-labs.com", "aurous.storage")
URL: Final = "https://api.aurous-labs.com/v1/balance"

CLIENTS: Final = {
    "httpx": "httpx.get(f'https://{host}/')",
    "httpx, async": "asyncio.run(httpx.AsyncClient().get(f'https://{host}/'))",
    "httpx2": "httpx2.get(f'https://{host}/')",
    "urllib": "urllib.request.urlopen(f'https://{host}/', timeout=5)",
    "asyncio": "asyncio.run(asyncio.open_connection(host, 443))",
    "trio": "trio.run(trio.open_tcp_stream, host, 443)",
    "requests": "requests.get(f'https://{host}/', timeout=5)",
    "aiohttp": "asyncio.run(get_by_aiohttp(f'https://{host}/'))",
}
"""How code under test may come to open a connection."""

ASKED: Final = "the real resolver was asked for {}"


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the inner runs find as the system's resolver: it knows this machine, and tells who else was asked for."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def patched(real: Any) -> Any:
        def resolve(host: Any = None, *args: Any, **options: Any) -> Any:
            if host in {None, "localhost", "127.0.0.1", b"127.0.0.1"}:
                return real(host, *args, **options)
            raise socket.gaierror(-2, ASKED.format(host))

        return resolve

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, patched(getattr(socket, name)))
    return socket.getaddrinfo


def module(body: str, *, marker: str = "", args: str = "", more: str = "") -> str:
    """Return a test module with one test."""
    head = "import asyncio, socket, threading, urllib.request\nimport httpx, pytest"
    return (
        f"{head}\nfrom pytest_aurous import AurousNetworkBlocked\n{dedent(more)}\n{marker}\ndef test_it({args}):\n"
        + (indent(dedent(body), "    "))
    )


def swallowed(call: str) -> str:
    """Return code that hides whatever *call* raises."""
    return f"try:\n    {call}\nexcept Exception:\n    pass\n"


@pytest.mark.parametrize("client", CLIENTS)
def test_no_client_reaches_the_vendor(pytester: pytest.Pytester, client: str) -> None:
    """Raised or swallowed, it is one FAILED that names the test and the fix; who expects it has it as an exception."""
    library = client.partition(",")[0]
    pytest.importorskip(library, reason=f"needs {library}")
    pytester.makepyfile(
        test_client=f"""
        import asyncio, urllib.request
        import pytest
        import {library}
        from pytest_aurous import AurousNetworkBlocked

        pytestmark = pytest.mark.parametrize("host", {VENDOR})

        async def get_by_aiohttp(url):
            async with aiohttp.ClientSession() as session:
                await session.get(url)

        def call(host):
            {CLIENTS[client]}

        def test_raised(host):
            call(host)

        def test_swallowed(host):
            try:
                call(host)
            except Exception:
                pass

        def test_expected(host):
            with pytest.raises(AurousNetworkBlocked, match=f"test_expected.*{{host}} was blocked"):
                call(host)
        """
    )

    result = pytester.runpytest("-W", "ignore::ResourceWarning")

    result.assert_outcomes(failed=4, passed=2, warnings=0)
    for host in VENDOR:
        for test in ("test_raised", "test_swallowed"):
            nodeid = f"test_client.py::{test}[[]{host}]"
            result.stdout.fnmatch_lines_random(
                [
                    f"*AurousNetworkBlocked: {nodeid}: a connection to {host} was blocked. *costs money.",
                    f"FAILED {nodeid} - *AurousNetworkBlocked: {nodeid}: *",
                ]
            )
    result.stdout.fnmatch_lines(
        [
            "*There is no fake here*",
            '*network="allow"*@pytest.mark.aurous(network="allow") or pytest -o aurous_network=allow.',
            "*Read on: pytest-aurous docs how-to/no-network",
        ]
    )
    result.stdout.no_fnmatch_line("*ERROR*")


def test_a_swallowed_connection_shows_no_frame_of_ours(pytester: pytest.Pytester) -> None:
    """The failure is about the code under test."""
    pytester.makepyfile(module(swallowed(f"httpx.get('{URL}')")))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*plugin.py*")
    result.stdout.no_fnmatch_line("*_guard.py*")


def test_an_error_of_the_test_stays_its_own(pytester: pytest.Pytester) -> None:
    """Where the test fails anyway, its own error is the failure."""
    pytester.makepyfile(module(swallowed(f"httpx.get('{URL}')") + "assert 1 == 2, 'my own'"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*AssertionError: my own"])


@pytest.mark.parametrize("how", ["with pytest.raises(OSError): raise OSError", "pytest.raises(OSError)"])
def test_another_expectation_does_not_hide_it(pytester: pytest.Pytester, how: str) -> None:
    """A `pytest.raises` for something else is no permission."""
    pytester.makepyfile(module(f"{how}\n" + swallowed(f"httpx.get('{URL}')")))

    pytester.runpytest().assert_outcomes(failed=1)


def test_connections_in_setup_fail_the_test(pytester: pytest.Pytester) -> None:
    """One that a fixture has swallowed is a FAILED as well."""
    pytester.makepyfile(
        module(
            "pass",
            args="careless",
            more="@pytest.fixture\ndef careless():\n" + indent(swallowed(f"httpx.get('{URL}')"), "    "),
        )
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["AurousNetworkBlocked: *::test_it: a connection to *"])


def test_every_name_and_every_resolver_is_guarded(pytester: pytest.Pytester) -> None:
    """Subdomains, upper case, a final dot, bytes and the older functions make no difference."""
    calls = [
        "socket.getaddrinfo('API.Aurous-Labs.com', 443)",
        "socket.getaddrinfo('aurous-labs.com.', 443)",
        "socket.getaddrinfo(b'api.aurous-labs.com', 443)",
        "socket.getaddrinfo(host='eu.api.aurous-labs.com', port=443)",
        "socket.gethostbyname('ref.aurous.storage')",
        "socket.gethostbyname_ex('aurous.storage')",
        "socket.gethostbyaddr('aurous.storage')",
        "socket.getfqdn('api.aurous-labs.com')",
        "socket.create_connection(('aurous.storage', 443))",
    ]
    pytester.makepyfile(module("\n".join(f"with pytest.raises(AurousNetworkBlocked):\n    {call}" for call in calls)))

    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_other_hosts_are_left_alone(pytester: pytest.Pytester) -> None:
    """A server on this machine is reached as ever, and names that only look like the vendor's are resolved."""
    pytester.makepyfile(
        module(
            f"""
            with server:
                thread = threading.Thread(target=server.serve_forever)
                thread.start()
                for host in ("localhost", "127.0.0.1"):
                    url = f"http://{{host}}:{{server.server_address[1]}}/"
                    assert httpx.get(url).status_code == 404
                    with pytest.raises(urllib.error.HTTPError, match="404"):
                        urllib.request.urlopen(url)
                server.shutdown()
                thread.join()
            assert socket.getaddrinfo(None, 80)
            for host in ("notaurous-labs.com", "aurous-labs.com.example", "aurous.storage.example", b"other.example"):
                with pytest.raises(socket.gaierror, match="{ASKED.format("")}"):
                    socket.getaddrinfo(host, 443)
            """,
            args="server",
            more="""
            from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

            class Nothing(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_error(404)

                def log_message(self, *args): ...

            @pytest.fixture
            def server():
                return ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
            """,
        )
    )

    pytester.runpytest("-W", "error", "-W", "ignore::ResourceWarning").assert_outcomes(passed=1)


def test_a_client_used_at_import_is_an_error_at_collection(pytester: pytest.Pytester) -> None:
    """No fixture could have been there in time, and the message says so."""
    pytester.makepyfile(app=f"import httpx\nBALANCE = httpx.get('{URL}').json()", test_import="import app")

    result = pytester.runpytest()

    result.assert_outcomes(errors=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting test_import.py*",
            "E*AurousNetworkBlocked: outside of any test: a connection to api.aurous-labs.com was blocked.*",
            "E*A request that is sent while a module is imported comes too early for both.",
        ]
    )


def test_one_swallowed_at_import_is_a_warning(pytester: pytest.Pytester) -> None:
    """It cannot be the fault of the test that comes next."""
    pytester.makepyfile(module("pass", more=swallowed(f"httpx.get('{URL}')")))

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*AurousWarning: outside of any test: a connection to *"])


LATE: Final = f"""
import threading
import httpx

go = threading.Event()

def work():
    go.wait(10)
    try:
        httpx.get("{URL}")
    except Exception:
        pass

thread = threading.Thread(target=work, name="the worker")

def test_first():
    thread.start()
"""


def test_a_thread_that_outlives_its_test_is_that_tests_affair(pytester: pytest.Pytester) -> None:
    """What it does during the next test is an `AurousWarning` that names the first, and no failure of the second."""
    pytester.makepyfile(test_late=f"{LATE}\ndef test_second():\n    go.set()\n    thread.join()\n")

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            (
                "*AurousWarning: the worker, a thread that test_late.py::test_first left behind: "
                "a connection to api.aurous-labs.com was blocked.*"
            ),
            '*network="allow"*',
        ]
    )
    result.stdout.no_fnmatch_line("*There is no fake here*")


def test_so_is_what_comes_after_the_last_test(pytester: pytest.Pytester) -> None:
    """A warning of the session, if no test comes any more."""
    pytester.makepyfile(test_late=LATE)
    pytester.makeconftest(
        "import sys\ndef pytest_sessionfinish():\n    late = sys.modules['test_late']\n    late.go.set()\n"
        "    late.thread.join()"
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*AurousWarning: the worker, a thread that test_late.py::test_first left behind: *"])


def test_what_comes_between_two_tests_names_the_one_before(pytester: pytest.Pytester) -> None:
    """The main thread, in a hook of a conftest, say."""
    pytester.makepyfile(test_between="def test_first(): ...")
    pytester.makeconftest(
        "import httpx, pytest\n@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_runtest_protocol():\n"
        "    result = yield\n" + indent(swallowed(f"httpx.get('{URL}')") + "return result", "    ")
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*AurousWarning: outside of any test, after test_between.py::test_first: a conn*"])


THROUGH: Final = f"with pytest.raises(httpx.ConnectError, match='{ASKED.format(VENDOR[0])}'):\n    httpx.get('{URL}')"


@pytest.mark.parametrize("place", ["ini", "cli"])
def test_the_network_can_be_allowed_for_all(pytester: pytest.Pytester, place: str) -> None:
    """``network="allow"`` leaves everything to the system's resolver, at import too; a marker may still say no."""
    pytester.makepyfile(
        module(
            THROUGH,
            more=f"{THROUGH}\n@pytest.mark.aurous(network='block')\ndef test_blocked():\n"
            f"    with pytest.raises(AurousNetworkBlocked):\n        httpx.get('{URL}')\n",
        )
    )
    if place == "ini":
        pytester.makeini("[pytest]\naurous_network = allow")

    result = pytester.runpytest("-W", "error", *(["-o", "aurous_network=allow"] if place == "cli" else []))

    result.assert_outcomes(passed=2)


def test_the_network_can_be_allowed_for_a_test(pytester: pytest.Pytester) -> None:
    """By marker, on a function or a class, and for nobody else."""
    pytester.makepyfile(
        f"""
        import httpx, pytest
        from pytest_aurous import AurousNetworkBlocked

        def through():
            {indent(THROUGH, "            ").strip()}

        @pytest.mark.aurous(network="allow")
        def test_function():
            through()

        def test_other():
            with pytest.raises(AurousNetworkBlocked):
                httpx.get("{URL}")

        @pytest.mark.aurous(network="allow")
        class TestClass:
            def test_method(self):
                through()

            @pytest.mark.aurous(seed=10)
            def test_other_setting(self, aurous_seed):
                through()

            @pytest.mark.aurous(network="block")
            def test_back(self):
                with pytest.raises(AurousNetworkBlocked):
                    httpx.get("{URL}")
        """
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=5)


def test_allowed_or_not_the_fake_answers_where_it_stands(pytester: pytest.Pytester) -> None:
    """``network="allow"`` is about what goes past the fake."""
    pytester.makepyfile(
        module(
            f"assert httpx.get('{URL}').status_code == 401",
            args="aurous",
            marker="@pytest.mark.aurous(network='allow')",
        )
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_another_library_goes_past_the_fake(pytester: pytest.Pytester) -> None:
    """Where the fake stands, the message says why it did not answer."""
    pytester.makepyfile(module(swallowed(f"urllib.request.urlopen('{URL}')"), args="aurous"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "AurousNetworkBlocked: *::test_it: a connection to api.aurous-labs.com was blocked. *",
            "The fake is active, but it intercepts only httpx and httpx2; *by urllib. *aurous_server*",
        ]
    )
    result.stdout.no_fnmatch_line("*There is no fake here*")


def test_who_stands_before_the_fake_is_named(pytester: pytest.Pytester) -> None:
    """A tool that took the transport away from us in the middle of a test is named, with what to do about it."""
    pytester.makepyfile(
        recorder="""
        import httpx

        real = httpx.HTTPTransport.handle_request

        def recorded(transport, request):
            return real(transport, request)
        """,
        test_front=module(
            "monkeypatch.setattr(httpx.HTTPTransport, 'handle_request', recorder.recorded)\n"
            + swallowed(f"httpx.get('{URL}')")
            + f"with aurous:\n    assert httpx.get('{URL}').status_code == 401",
            args="aurous, monkeypatch",
            more="import recorder",
        ),
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "AurousNetworkBlocked: *::test_it: a connection to api.aurous-labs.com was blocked. *",
            "The fake is active, but recorder intercepts requests before it. *`with ..., aurous:`.",
        ]
    )


def test_after_the_session_the_resolver_is_as_it_was(pytester: pytest.Pytester, resolver: Any) -> None:
    """What was patched is put back."""
    pytester.makepyfile(module("assert socket.getaddrinfo.__wrapped__"))

    pytester.runpytest().assert_outcomes(passed=1)

    assert socket.getaddrinfo is resolver


def test_who_has_kept_ours_is_not_held_back_after_the_session(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a function that was taken by name nor a patch over ours outlives its use."""
    kept: list[Any] = []
    monkeypatch.setattr(pytest, "kept", kept, raising=False)
    pytester.makepyfile(
        module(
            """
            from socket import getaddrinfo
            socket.getaddrinfo = lambda *args: getaddrinfo(*args)
            pytest.kept.append(socket.getaddrinfo)
            """
        )
    )

    pytester.runpytest().assert_outcomes(passed=1)

    assert [socket.getaddrinfo] == kept
    with pytest.raises(socket.gaierror, match=ASKED.format(VENDOR[0])):
        kept[0](VENDOR[0], 443)


REAL_KEY: Final = "al_live_R3alK3yOfTheCompany"

SENT: Final = {
    "X-Api-Key": "httpx.get(f'{URL}/v1/balance', headers={'X-Api-Key': KEY})",
    "Authorization": "httpx.get(f'{URL}/v1/balance', headers={'Authorization': f'Bearer {KEY}'})",
    "query": "httpx.get(f'{URL}/v1/characters', params={'key': KEY})",
    "body": "httpx.post(f'{URL}/v1/characters', json={'name': KEY})",
    "past the fake": "urllib.request.urlopen(f'{URL}/v1/balance?key={KEY}')",
}
"""How a key that was read at import may leave the code under test."""


@pytest.mark.parametrize("options", [(), ("-vv", "-rA", "--tb=short", "--color=yes")], ids=["plain", "verbose"])
def test_a_real_key_is_in_no_report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """A test with the fixture does not find it in its environment, and no output, file or report repeats it."""
    monkeypatch.setenv("AUROUS_API_KEY", REAL_KEY)
    pytester.makepyfile(
        app=f"""
        import os, urllib.request
        import httpx

        KEY = os.environ["AUROUS_API_KEY"]
        URL = "https://api.aurous-labs.com"

        SENT = [{", ".join(f"lambda: {call}" for call in SENT.values())}]
        """,
        test_key="""
        import os
        import app
        import pytest

        def test_environment(aurous):
            assert app.KEY not in " ".join(os.environ.values()), "it is there"

        @pytest.mark.parametrize("header", [f"Bearer {app.KEY}"])
        @pytest.mark.parametrize("send", app.SENT, ids=range(len(app.SENT)))
        def test_it(aurous, send, header):
            send()
            raise OSError("broken")
        """,
    )

    result = pytester.runpytest(*options, "--junitxml=report.xml", "--aurous-har=har", "-p", "no:randomly")

    result.assert_outcomes(passed=1, failed=len(SENT))
    files = [file for file in pytester.path.rglob("*") if file.is_file() and file.suffix in {".xml", ".har"}]
    assert len(files) == 1 + len(SENT)
    shown = "\n".join([str(result.stdout), str(result.stderr), *(file.read_text() for file in files)])
    assert shown.count("Aurous timeline") >= len(SENT)
    assert all(f"test_it[{number}-Bearer AUROUS_API_KEY]" in shown for number in range(len(SENT)))
    assert REAL_KEY.removeprefix("al_live_") not in shown
