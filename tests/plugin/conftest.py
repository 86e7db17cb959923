"""What the tests of the plugin share: the outcome of each test of an inner run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


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
