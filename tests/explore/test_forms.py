"""Forms of ids, times and tokens in the data of runs: in its strings, and neither in numbers nor in what encodes it."""

from itertools import count
from typing import Any

import httpx
import pytest

from pytest_aurous import Aurous, AurousError
from pytest_aurous._explore.compare import alike


def embed(client: httpx.Client, text: str) -> None:
    body = {"model": "aurous-embed-vision-1.0", "input": text}
    client.post("/v1/embeddings", json=body, headers={"Idempotency-Key": text}).raise_for_status()


def chat(client: httpx.Client, text: str, **more: Any) -> None:
    body = {"model": "aurous-grow-2.0-pro", "messages": [{"role": "user", "content": text}], **more}
    client.post("/v1/chat/completions", json=body, headers={"Idempotency-Key": text}).raise_for_status()


def test_an_embedding_and_a_chat_are_explored(fake: Aurous, client: httpx.Client) -> None:
    """Their prices have many digits, which are no token."""

    def run(letter: str = "a") -> None:
        embed(client, letter * 108)  # 0.00050625 credits
        chat(client, letter)

    assert fake.explore(run, faults=["lost", "unavailable"], laws=["tells", "pays_once"]).cases
    assert fake.interleave(run, lambda: run("b")).cases


@pytest.mark.parametrize(
    ("field", "numbers"), [("temperature", (0.12345678, 0.87654321)), ("seed", (1767225600, 1767225601))]
)
def test_a_number_that_differs_is_a_difference(
    fake: Aurous, client: httpx.Client, field: str, numbers: tuple[float, float]
) -> None:
    """However it looks: nothing but a string can be an id, a time or a token."""
    drawn = iter(numbers)

    with pytest.raises(AurousError, match="the second undisturbed run sent other requests"):
        fake.explore(lambda: chat(client, "a", **{field: next(drawn)}), faults=["lost"])


def test_a_form_is_found_wherever_it_stands_in_a_string(fake: Aurous, client: httpx.Client) -> None:
    """Also where JSON or a URL encodes what stands beside it."""
    seconds = count(10)

    def run() -> None:
        chat(client, f'It is\n2026-05-15T10:00:{next(seconds)}Z, "he said"\t6e9f1c{next(seconds)}')
        client.get("/v1/images", params={"created_after": f"2026-05-15T10:00:{next(seconds)}Z"})

    assert fake.explore(run, faults=["unavailable"], laws="ends").cases


def test_a_request_that_names_others_stays_short(fake: Aurous, client: httpx.Client) -> None:
    """Also in a chain of them, each of which names the one before it twice."""

    def run() -> None:
        made = ""
        for _ in range(25):
            body = {"prompt": f'after "{made}"\n{made}'[:2000]}
            made = client.post("/v1/images", json=body).raise_for_status().json()["id"]

    assert fake.explore(run, faults=["refused"], laws="ends").cases


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("made\n2026-05-15T10:00:00Z", "made\n2026-05-15T10:00:01Z"),
        (["at\thttps://a.test/1\nby Nova"], ["at\thttps://a.test/2\nby Nova"]),
        ([{f"char_{26 * '0'}": "a", "b": ("c",)}], [{"b": ("c",), f"char_{26 * '1'}": "a"}]),
    ],
)
def test_what_was_returned_may_differ_in_form(one: object, other: object) -> None:
    """Also beside the end of a line, which the repr escapes; and the parts of a dict may come in another order."""
    assert alike(one, other)
    assert not alike({"a": "b", "b": "a"}, {"b": "b", "a": "a"})
    assert not alike(["https://a.test/1\nby Nova"], ["https://a.test/1\nby Aurora"])
