"""What counts as one mistake, and how many cases the lines of a program make."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from pytest_aurous import Aurous

if TYPE_CHECKING:
    from pytest_aurous import Exploration

    Broken = Callable[..., Exploration]


def send(client: httpx.Client, method: str, path: str, **sent: Any) -> Any:
    """Send a request, and once more if no response comes."""
    try:
        response = client.request(method, path, **sent)
    except httpx.TransportError:
        time.sleep(60)
        response = client.request(method, path, **sent)
    return response.raise_for_status().json()


def portrait(client: httpx.Client) -> None:
    """Order a portrait without a key."""
    send(client, "POST", "/v1/images", json={"prompt": "A portrait"})


def banner(client: httpx.Client) -> None:
    """Order a banner without a key."""
    send(client, "POST", "/v1/images", json={"prompt": "A banner"})


def causes(exploration: Exploration) -> dict[str, list[str]]:
    """Return the cases of each cause."""
    found: dict[str, list[str]] = {}
    for case in exploration.broken:
        found.setdefault(case.cause, []).append(case.id)
    return found


def line_of(function: Callable[..., object]) -> int:
    """Return the number of the last line of a function of two."""
    return function.__code__.co_firstlineno + 2


def test_two_functions_with_one_mistake_are_two_findings(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Each with its line, and the helper through which both send; all laws that see one mistake are one finding."""

    def run() -> None:
        send(client, "GET", "/v1/balance")
        portrait(client)
        banner(client)

    exploration = broken(fake, run)

    assert len(causes(exploration)) == 2
    for number, function in enumerate((portrait, banner), 1):
        case = next(case for case in exploration.broken if case.id == f"images.create#{number} lost")
        where = f"tests/explore/test_causes.py:{line_of(function)} in {function.__name__}"
        assert case.at.startswith(f"{where}, through tests/explore/test_causes.py:")
        assert case.cause.startswith(f"pays_once at images.create: no key, {where}")


def test_the_cause_is_what_happened_to_which_kind_of_record(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Not what was broken: a page that cannot be read, and a save that fails, leave the same undone."""
    for name in "ab":
        fake.characters.add(name, status="reviewing")

    def run() -> None:
        listed = client.get("/v1/characters")
        for one in listed.json()["data"] if listed.is_success else ():
            client.post(f"/v1/characters/{one['id']}/save")

    exploration = broken(fake, run, faults="unavailable, rate_limited", laws="tells")

    assert causes(exploration) == {
        "tells at character: not as on the good day": [case.id for case in exploration.cases]
    }
    assert len(exploration.cases) == 6
    assert exploration.broken[0].finding == (
        "The response to characters.save #1 was a 503, and the code returned None, but "
        """the character 'b' has status "reviewing", on the good day "ready"."""
    )


def test_missing_records_come_first(fake: Aurous, client: httpx.Client, broken: Broken) -> None:
    """Then what exists twice, and then what differs."""
    old = fake.characters.add("Old").id

    def run() -> None:
        made = client.post("/v1/images", json={"prompt": "x"}).is_success
        client.patch(f"/v1/characters/{old}", json={"name": "New" if made else "Newer"})

    (case,) = broken(fake, run, faults="unavailable", laws="tells").broken[:1]

    assert case.reasons["tells"] == (
        "the code returned None, but there is no image 'x', which the good day left; "
        """the character 'Newer' has name "Newer", on the good day "New\""""
    )


def test_the_number_of_cases_follows_from_the_code(fake: Aurous, client: httpx.Client) -> None:
    """Of the requests of one line, the first, the second and the last are broken; the rest is a remark."""

    def run() -> None:
        made = [client.post("/v1/images", json={"prompt": str(number)}).json()["id"] for number in range(8)]
        time.sleep(1)
        for one in made:
            client.get(f"/v1/images/{one}")
        client.post("/v1/images", json={"prompt": "one more"})

    explored = fake.explore(run, faults="refused", laws="ends")

    assert [case.id for case in explored.cases] == [
        *(f"images.create#{number} refused" for number in (1, 2, 8, 9)),
        *(f"images.retrieve#{number} refused" for number in (1, 2, 8)),
    ]
    line = test_the_number_of_cases_follows_from_the_code.__code__.co_firstlineno + 4
    rest = "not broken: the first, the second and the last one stand for them."
    here = "tests/explore/test_causes.py"
    assert explored.remarks == (
        f"5 more images.create at {here}:{line} in run were {rest}",
        f"5 more images.retrieve at {here}:{line + 3} in run were {rest}",
    )
    assert explored.skipped == 10
