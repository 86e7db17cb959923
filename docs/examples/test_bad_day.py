import os

import httpx
import pytest

from careful import CarefulClient
from pytest_aurous import Aurous


def test_a_client_waits_out_several_429s(aurous: Aurous) -> None:
    """A client that respects Retry-After succeeds in the end."""
    character = aurous.characters.add()
    aurous.faults.rate_limited("characters.retrieve", retry_after=12, times=3)
    before = aurous.clock.now()

    response = CarefulClient().get(f"/v1/characters/{character.id}")

    assert response.status_code == 200
    assert (aurous.clock.now() - before).total_seconds() == pytest.approx(36, abs=1)


@pytest.mark.aurous(rate_limits="enforce")
def test_the_thirteenth_synthesis_has_to_wait(aurous: Aurous) -> None:
    """Twelve requests empty the bucket; ten seconds later one more is possible."""
    client = CarefulClient(attempts=1)
    statuses = [client.create(f"Aurora {number}").status_code for number in range(13)]
    refused = aurous.calls.last.response

    assert statuses == [201] * 12 + [429]
    assert refused is not None
    assert refused.headers["Retry-After"] == "10"
    aurous.clock.advance(seconds=10)
    assert client.create("Aurora 13").status_code == 201


def test_a_key_is_rotated_while_a_worker_runs(
    aurous: Aurous, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old key works for another day, and then is refused."""
    worker = CarefulClient()
    new = aurous.api_key.rotate()

    aurous.clock.advance(seconds=23 * 3600)
    assert worker.get("/v1/balance").status_code == 200
    aurous.clock.advance(seconds=3600)
    assert worker.get("/v1/balance").json()["error"]["code"] == "invalid_api_key"

    monkeypatch.setitem(os.environ, "AUROUS_API_KEY", new)
    assert worker.get("/v1/balance").status_code == 200


@pytest.mark.aurous(pitfalls="off")
def test_the_url_of_a_ref_expires_after_a_day(aurous: Aurous) -> None:
    """Using it later is a pitfall; reading the character again returns a new one."""
    character = aurous.characters.add()
    kept = character.refs[0].url
    assert httpx.get(kept).headers["Content-Type"] == "image/png"

    aurous.clock.advance(seconds=24 * 3600)

    assert httpx.get(kept).status_code == 403
    assert httpx.get(character.refs[0].url).status_code == 200
    assert [pitfall.id for pitfall in aurous.pitfalls] == ["stale-url"]


def test_an_outage_ends(aurous: Aurous) -> None:
    """The API is down for five seconds; the third attempt succeeds."""
    aurous.faults.outage(seconds=5)

    assert CarefulClient().get("/v1/balance").status_code == 200
    assert [call.status for call in aurous.calls] == [None, None, 200]
