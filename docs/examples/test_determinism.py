from concurrent.futures import ThreadPoolExecutor

import httpx

from pytest_aurous import Aurous


def test_one_seed_makes_one_world() -> None:
    """The same seed makes the same people, ids and pictures; another makes others."""
    first, again, other = Aurous(seed=7), Aurous(seed=7), Aurous(seed=8)

    made = [fake.images.add(character=fake.characters.add()) for fake in (first, again)]

    assert made[0].id == made[1].id
    assert made[0].picture() == made[1].picture()
    assert first.characters.last.attributes == again.characters.last.attributes
    assert other.characters.add().id != first.characters.last.id


def test_other_calls_change_no_id() -> None:
    """The ids of one kind of record do not depend on other records or requests."""
    busy, quiet = Aurous(seed=7), Aurous(seed=7)
    with busy.client() as client:
        for _ in range(5):
            client.get("/v1/characters")
    busy.images.add("A lake")

    assert busy.characters.add().id == quiet.characters.add().id


def test_threads_share_one_sequence(
    aurous: Aurous, aurous_client: httpx.Client
) -> None:
    """Any thread may see any step, but each step is seen equally often in each run."""
    character = aurous.characters.add(
        status="synthesizing", script="synthesizing*3 -> reviewing"
    )
    path = f"/v1/characters/{character.id}"

    with ThreadPoolExecutor(4) as pool:
        polls = [pool.submit(aurous_client.get, path) for _ in range(4)]

    statuses = sorted(poll.result().json()["status"] for poll in polls)
    assert statuses == ["reviewing"] + ["synthesizing"] * 3
