"""Whole suites judge that a test which passes has left what the good day left: careful tests beside careless ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

SHOP: Final = """
import time
import httpx

def draw(client, prompts):
    '''Order pictures, and return those that could be ordered; whoever counts them has to look.'''
    found = []
    for prompt in prompts:
        response = client.post("/v1/images", json={"prompt": prompt}, headers={"Idempotency-Key": prompt})
        if response.is_error:
            break
        found.append(response.json())
    return found

def save_all(client, *, strict):
    '''Save the characters of all pages.'''
    more = "/v1/characters?limit=2"
    while more:
        page = client.get(more)
        if strict:
            page.raise_for_status()
        if page.is_error:
            return
        for one in page.json()["data"]:
            client.post(f"/v1/characters/{one['id']}/save").raise_for_status()
        more = page.json()["has_more"] and f"/v1/characters?limit=2&starting_after={page.json()['next_cursor']}"
"""
TESTS: Final = """
import time
import httpx
import pytest
from shop import draw, save_all

def test_swallowed(aurous_client):
    try:
        aurous_client.post("/v1/images", json={"prompt": "x"}).raise_for_status()
    except httpx.HTTPError:
        pass

def test_told(aurous_client):
    aurous_client.post("/v1/images", json={"prompt": "x"}).raise_for_status()

def prepare(aurous):
    for name in "abc":
        aurous.characters.add(name, status="reviewing")

def test_lost_page(aurous, aurous_client):
    prepare(aurous)
    save_all(aurous_client, strict=False)

def test_pages(aurous, aurous_client):
    prepare(aurous)
    save_all(aurous_client, strict=True)

def test_part_for_all(aurous_client):
    assert draw(aurous_client, ["a", "b"])

def test_batch(aurous_client):
    assert len(draw(aurous_client, ["a", "b"])) == 2

def test_work_may_fail(aurous_client):
    made = aurous_client.post("/v1/images", json={"prompt": "x"}).raise_for_status().json()
    status = "pending"
    while status in {"pending", "processing"}:
        time.sleep(5)
        status = aurous_client.get(f"/v1/images/{made['id']}").raise_for_status().json()["status"]
    assert status in {"succeeded", "failed"}

def test_a_failure_is_reported(aurous, aurous_client):
    aurous.images.script("pending -> failed(provider_timeout)")
    made = aurous_client.post("/v1/images", json={"prompt": "x"})
    assert made.is_error or aurous_client.get(f"/v1/images/{made.json()['id']}")

def test_more_is_its_own_matter(aurous_client):
    if aurous_client.get("/v1/balance").is_error:
        aurous_client.post("/v1/webhook_endpoints", json={"url": "https://a.example", "events": ["image.completed"]})
"""


def test_a_test_that_passes_has_left_what_the_good_day_left(pytester: pytest.Pytester) -> None:
    """A swallowed error, a lost page and a part that counts as all are found; careful tests are not accused."""
    pytester.makepyfile(shop=SHOP, test_shop=TESTS)
    pytester.makeini("[pytest]\naurous_sleep = skip")

    result = pytester.runpytest_inprocess("--aurous-explore=fail", "-p", "no:cacheprovider")

    assert {line.partition("::")[2].partition(" ")[0] for line in result.outlines if line.startswith("FAILED")} == {
        "test_swallowed",
        "test_lost_page",
        "test_part_for_all",
    }
    text = re.sub(r"\s+", " ", "\n".join(result.outlines))
    first, second, third = (
        "The connection for images.create #1 was refused, and the test passed, but there is no image 'x', which",
        """and the test passed, but the character 'a' has status "reviewing", on the good day "ready";""",
        "and the test passed, but there is no image 'b', which the good day left.",
    )
    assert first in text
    assert second in text
    assert third in text
