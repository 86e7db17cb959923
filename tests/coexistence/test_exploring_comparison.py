"""What the page about the corpus says of exploring, next to tests by hand, is measured here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from exploring import CLIENTS

ROOT: Final = Path(__file__).parents[2]
CORPUS: Final = Path(__file__).parents[1] / "explore" / "corpus"
BY_HAND: Final = CORPUS / "by_hand"
TABLE: Final = CORPUS / "found.md"
PLUGINS: Final = ("-p", "respx", "-p", "no:cacheprovider", "-p", "no:randomly")
COLUMNS: Final = ("mistake", "by hand", "exploring", "laws that it breaks")
BY_NAME: Final = {  # tests that are about one client
    "test_a_signed_event_is_accepted": "unverified_signature",
    "test_a_forged_event_is_refused": "unverified_signature",
    "test_each_event_ends_its_order": "trusts_order_of_webhooks",
    "test_a_character_of_pictures_is_made_again": "upload_orders_again",
}


def client_of(test: str) -> str:
    """Return the client that a test is about."""
    name, _, case = test.partition("[")
    return BY_NAME.get(name) or next(one for one in sorted(CLIENTS, key=len, reverse=True) if case.startswith(one))


def caught_by_hand(pytester: pytest.Pytester) -> set[str]:
    """Return the careless clients that fail a test by hand."""
    run = pytester.inline_run(*PLUGINS, str(BY_HAND / "test_respx.py"))
    reports = run.getreports("pytest_runtest_logreport")
    assert len({report.nodeid for report in reports}) > 100
    return {client_of(report.nodeid.rpartition("::")[2]) for report in reports if report.failed}


def test_what_exploring_finds_next_to_tests_by_hand(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake is tested by hand; what exploring finds of it, `tests/explore/test_corpus.py` asserts."""
    assert caught_by_hand(pytester) == set()  # no alarm for careful clients
    monkeypatch.setenv("TWIN", "careless")
    by_hand = caught_by_hand(pytester)
    rows = [COLUMNS, ("---", *[":-:"] * 2, "---")]

    for name in CLIENTS:
        client = import_module(f"clients.{name}")
        mistake = (client.__doc__ or "").strip().removesuffix(".")
        laws = dict.fromkeys(f"`{law}`" for laws in client.FOUND.values() for law in laws)
        found = [name in by_hand, bool(client.FOUND)]
        rows.append((mistake, *("yes" if one else "no" for one in found), ", ".join(laws)))

    text = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    assert text == TABLE.read_text(encoding="utf-8")
