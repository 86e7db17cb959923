"""What the tests of the plugin share: the outcome of each test of an inner run, and a system that resolves no name."""

import re
import socket
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Final

import pytest

PLUGGED: Final = {entry.name for entry in entry_points(group="pytest11")}
INSTALLED: Final = "pytest_aurous" in PLUGGED
OTHERS: Final = [part for name in sorted(PLUGGED - {"pytest_aurous"}) for part in ("-p", f"no:{name}")]
"""Options that keep away what else is installed, whose import takes longer than the run."""


@pytest.fixture
def outcomes() -> Callable[[pytest.RunResult], dict[str, str]]:
    """Return what a run with ``-rA`` says of each test, such as ``failed: OSError``; an error comes after the rest."""

    def read(result: pytest.RunResult) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in result.outlines:
            told = re.fullmatch(r"(PASSED|FAILED|ERROR|XFAIL|XPASS) \S+?::(.+?)(?: - (?:Failed: )?([\w.]+).*)?", line)
            if told is not None:
                error = (told[3] or "").rpartition(".")[2] if told[1] in {"FAILED", "ERROR"} else ""
                word = f"{told[1].lower()}: {error}".removesuffix(": ")
                found[told[2]] = f"{found[told[2]]}, {word}" if told[2] in found else word
        return found

    return read


@pytest.fixture
def no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the inner runs find as the system's resolver: whoever is asked for, it knows nobody."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def resolve(host: Any = None, *args: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, f"the real resolver was asked for {host}")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, resolve)
