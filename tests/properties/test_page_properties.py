"""Pages under change: nothing is lost and nothing comes twice, whatever happens between two of them."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Api

MakeApi = Callable[..., Api]

pytestmark = pytest.mark.slow

patiently: Final = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
CHARACTERS: Final = "/v1/characters"
IMAGES: Final = "/v1/images"
both_lists: Final = pytest.mark.parametrize("path", [CHARACTERS, IMAGES])


class Act(NamedTuple):
    """What happens between two pages: a row is made or goes; the clock may stand still meanwhile."""

    kind: str
    number: int


acts: Final = st.lists(
    st.builds(Act, st.sampled_from(["image", "video", "make", "delete", "move", "tick", "other"]), st.integers(0, 30)),
    max_size=4,
)
between: Final = st.lists(acts, max_size=12)
starts: Final = st.lists(st.booleans(), max_size=12)
limits: Final = st.integers(1, 5)


class List:
    """One of the two lists, and what happens to it."""

    def __init__(self, make_api: MakeApi, path: str, start: list[bool]) -> None:
        self.api = make_api()
        self.path = path
        self.removed: set[str] = set()
        for video in start:
            self.meet(Act("video" if video else "image", 0))

    def rows(self) -> list[str]:
        """What the list holds, newest first."""
        collections: list[Any] = [self.api.characters]
        if self.path == IMAGES:
            collections = [self.api.aurous.images, self.api.aurous.videos]
        return sorted((row.id for rows in collections for row in rows), key=lambda row: row[-26:], reverse=True)

    def meet(self, act: Act) -> None:
        rows = self.rows()
        if act.kind == "tick":
            self.api.clock.advance(seconds=act.number)
        elif act.kind == "other":
            self.api.aurous.teams.add().images.add()
        elif act.kind in {"delete", "move"} and rows:
            self._change(act.kind, rows[act.number % len(rows)])
        elif self.path == CHARACTERS:
            self.api.characters.add(status=("ready", "reviewing")[act.number % 2])
        elif act.kind == "video":
            self.api.aurous.videos.add(status="pending")
        else:
            self.api.aurous.images.add(status="pending")

    def _change(self, kind: str, row: str) -> None:
        if self.path == IMAGES:  # nothing deletes one: it moves on
            self.api.post(f"{IMAGES}/{row}/cancel") if kind == "delete" else self.api.get(f"{IMAGES}/{row}")
        elif kind == "delete":
            self.api.delete(f"{CHARACTERS}/{row}")
            self.removed.add(row)
        else:
            self.api.patch(f"{CHARACTERS}/{row}", json={"name": "Iris"})

    def page(self, limit: int, **cursor: str) -> tuple[list[str], str | None]:
        """One page: its ids, and the cursor for the next."""
        query = "&".join(f"{name}={value}" for name, value in {"limit": limit, **cursor}.items())
        response = self.api.get(f"{self.path}?{query}")
        assert response.status == 200, response.body
        page = response.json
        ids = [row["id"] for row in page["data"]]
        assert len(ids) <= limit
        assert page["has_more"] is (page["next_cursor"] is not None)
        assert page["next_cursor"] in {None, *ids[-1:]}
        return ids, page["next_cursor"]

    def walk(self, limit: int, happenings: list[list[Act]], **cursor: str) -> list[str]:
        """All pages from the first to the last, with something happening after each."""
        seen: list[str] = []
        at = 0
        while True:
            ids, after = self.page(limit, **cursor)
            seen += ids
            if after is None:
                return seen
            cursor = {"starting_after": after}
            for act in happenings[at] if at < len(happenings) else []:
                self.meet(act)
            at += 1


def falls(rows: list[str]) -> bool:
    """Whether each row is older than the one before it."""
    return all(newer[-26:] > older[-26:] for newer, older in pairwise(rows))


@both_lists
@patiently
@given(start=starts, limit=limits, happenings=between)
def test_list_1_list_2_a_walk_loses_nothing_and_repeats_nothing(
    make_api: MakeApi, path: str, start: list[bool], limit: int, happenings: list[list[Act]]
) -> None:
    """Following `starting_after`, what was there and stayed is seen once, newest first; in peace, it is the list."""
    rows = List(make_api, path, start)
    before = rows.rows()

    seen = rows.walk(limit, happenings)

    assert falls(seen)
    assert {*before} - rows.removed <= {*seen} <= {*before}
    assert rows.walk(limit, []) == rows.rows()


@patiently
@given(start=starts, limit=limits, happenings=between)
def test_list_2_whoever_asks_for_news_misses_none(
    make_api: MakeApi, start: list[bool], limit: int, happenings: list[list[Act]]
) -> None:
    """`ending_before` the newest row known, again and again until there is none, is all that was made since."""
    rows = List(make_api, IMAGES, [True, *start])
    known = rows.walk(100, [])
    for happening in happenings:
        for act in happening:
            rows.meet(act)
        more: str | None = known[0]
        while more is not None:
            ids, more = rows.page(limit, ending_before=known[0])
            known = [*ids, *known]
        assert known == rows.rows()
