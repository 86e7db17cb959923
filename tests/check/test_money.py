"""What a recording shows of credits and of tokens: tolerances, and the rule of a price before any other."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.check.changes import balances, both, dear, everywhere, fields
from tests.check.story import STORIES, Entries, Teller, checked, refuted, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def one_lower(entries: Entries) -> None:
    """Let each response show one token less, and a full bucket two seconds later."""
    everywhere("x-ratelimit-remaining", lambda text: str(int(text) - 1))(entries)
    everywhere("x-ratelimit-reset", lambda text: str(int(text) + 2))(entries)


def standing(entries: Entries) -> None:
    """Let each response have the Date of the first one."""
    first = datetime.fromisoformat(entries[0]["startedDateTime"])
    for entry in entries:
        entry["response"]["headers"].append({"name": "date", "value": format_datetime(first, usegmt=True)})


@pytest.mark.parametrize("change", [one_lower, standing, both(one_lower, standing)])
@pytest.mark.parametrize("story", STORIES)
def test_tokens_and_clocks_have_a_tolerance(tmp_path: Path, story: str, change: Callable[[Entries], object]) -> None:
    """By the clock of the recording, and not by that of one response."""
    entries = told(story)
    change(entries)
    result = checked(tmp_path, entries)

    assert (refuted(result), result.verdicts.uncovered) == ([], {})


def chatting(teller: Teller) -> None:
    """Chat between balances, while an image is held."""
    teller.call("GET", "/v1/balance")
    teller.image()
    for text in ("Hello", "How is the weather?"):
        body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": text}]}
        teller.call("POST", "/v1/chat/completions", json=body)
        teller.call("GET", "/v1/balance")


@pytest.mark.parametrize(("error", "rules"), [(0.00004, []), (0.01, ["chat-4"])])
def test_amounts_are_exact_to_half_of_the_last_digit(tmp_path: Path, error: float, rules: list[str]) -> None:
    """Of what the responses show: here four decimals."""
    teller = Teller()
    chatting(teller)
    entries = teller.entries()

    def rounded(content: Any) -> None:
        content.update({name: round(content[name] - error, 4) for name in ("credits", "available_credits")})

    fields("balance.retrieve#-1", rounded)(entries)

    assert refuted(checked(tmp_path, entries)) == rules


def retried(teller: Teller) -> None:
    """Estimate an image, order it twice with one key, and poll it, between balances."""
    teller.call("GET", "/v1/balance")
    teller.call("POST", "/v1/images/estimate", json={"prompt": "x"})
    order = {"json": {"prompt": "x"}, "headers": {"Idempotency-Key": "order-1"}}
    made = [teller.call("POST", "/v1/images", **order) for _ in range(2)]
    teller.call("GET", "/v1/balance")
    teller.poll(f"/v1/images/{made[0]['id']}")
    teller.call("GET", "/v1/balance")


def drawn(teller: Teller) -> None:
    """Synthesize, save, and order an image and a synthesis that fails, between balances."""
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora", "order-1")
    teller.synthesize("Aurora", "order-1")
    teller.call("GET", "/v1/balance")
    teller.poll(path)
    teller.call("GET", "/v1/balance")
    teller.call("POST", f"{path}/save")
    teller.call("POST", "/v1/images/estimate", json={"prompt": "x"})
    image = teller.image()
    teller.call("GET", "/v1/balance")
    teller.poll(image)
    teller.call("GET", "/v1/balance")
    other = teller.synthesize("Borea")
    teller.aurous.characters.last.fail("provider_timeout")
    teller.poll(other, 1)
    teller.call("GET", "/v1/balance")


def deleted(teller: Teller) -> None:
    """Delete a character while it is drawn, between balances."""
    teller.call("GET", "/v1/balance")
    path = teller.synthesize("Aurora")
    teller.call("GET", "/v1/balance")
    teller.call("DELETE", path)
    teller.call("GET", "/v1/balance")


PAID: dict[str, tuple[Callable[[Teller], None], Callable[[Entries], object], list[str]]] = {
    "an image that was ordered twice with one key costs two, and says so": (
        retried,
        dear,
        ["cred-4", "img-9"],
    ),
    "a synthesis costs five": (
        drawn,
        balances((0, 0), (0, 1), (-1, 0), (-1, 0), (-1, 0), (-1, 0)),
        ["cred-4"],
    ),
    "a synthesis that was deleted costs nothing": (deleted, len, []),
    "a synthesis that was deleted is charged": (deleted, balances((-4, 0)), ["cred-5"]),
}


@pytest.mark.parametrize("name", PAID)
def test_the_first_rule_without_which_a_balance_fits_is_refuted(tmp_path: Path, name: str) -> None:
    """The price that a record shows is tried first, and then the price of what shows none."""
    client, change, rules = PAID[name]
    teller = Teller()
    client(teller)
    entries = teller.entries()
    change(entries)

    assert refuted(checked(tmp_path, entries)) == rules


@pytest.mark.parametrize(("tokens", "rules"), [(1, []), (2, ["rate-1"])])
def test_each_request_takes_a_token_and_a_replay_too(tmp_path: Path, tokens: int, rules: list[str]) -> None:
    """If each takes two, that is said of all requests, and not of replays."""
    teller = Teller()
    reader = teller.aurous.team.add_key(scope="read")
    for number in range(8):
        headers = {"Idempotency-Key": f"order-{number // 2}", **({"X-Api-Key": reader} if number == 7 else {})}
        teller.client.post("/v1/images", json={"prompt": "x"}, headers=headers)
    entries = teller.entries()
    everywhere("x-ratelimit-remaining", lambda text: str(120 - tokens * (120 - int(text))))(entries)

    assert refuted(checked(tmp_path, entries)) == rules
