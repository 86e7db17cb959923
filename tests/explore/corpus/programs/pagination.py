"""A nightly job that goes through all characters page by page, and saves those in review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.common import Json, PublishError, connect, send
from programs.base import Program

if TYPE_CHECKING:
    import httpx

    from pytest_aurous import Aurous

State = dict[str, Any]


class Careful(Program):
    """Remembers a page when all of its characters are saved, and goes on after one that somebody has deleted."""

    def prepare(self, aurous: Aurous) -> None:
        """Add five characters; two fit on a page."""
        for number in range(5):
            aurous.characters.add(name=f"draft {number}", status="reviewing")

    def fresh(self) -> State:
        """Start at the first page."""
        return {"cursor": ""}

    def run(self, state: State) -> str:
        """Go through all pages from the one that was reached."""
        with connect() as api:
            while True:
                page = self.page(api, state["cursor"])
                following = f"&starting_after={page['next_cursor']}" if page["has_more"] else ""
                self.work(api, state, page["data"], following)
                if not following:
                    state["cursor"] = ""
                    return "done"

    def page(self, api: httpx.Client, cursor: str) -> Json:
        """Return a page."""
        return send(api, "GET", f"/v1/characters?limit=2{cursor}")

    def work(self, api: httpx.Client, state: State, rows: list[Json], following: str) -> None:
        """Save the characters of a page, and remember the next one."""
        self.save_all(api, rows)
        state["cursor"] = following

    def save_all(self, api: httpx.Client, rows: list[Json]) -> None:
        """Save each character that is still there."""
        for row in rows:
            try:
                self.save(api, row)
            except PublishError as refusal:
                if str(refusal) != "resource_not_found":
                    raise

    def save(self, api: httpx.Client, row: Json) -> None:
        """Save a character in review."""
        path = f"/v1/characters/{row['id']}"
        if send(api, "GET", path)["status"] == "reviewing":
            send(api, "POST", f"{path}/save")


class RemembersThePageFirst(Careful):
    """Remembers the next page before the characters of this one are saved."""

    seen_by = "a law"
    found = {"characters.save#1 dies": "recovers", "characters.save#1 down": "recovers"}

    def work(self, api: httpx.Client, state: State, rows: list[Json], following: str) -> None:
        """Remember, and save."""
        state["cursor"] = following
        self.save_all(api, rows)


class StopsAtAGap(Careful):
    """Leaves out the rest of the page after a character that somebody has deleted."""

    seen_by = "a law"
    found = {"characters.retrieve#1 gone": "tells"}

    def save_all(self, api: httpx.Client, rows: list[Json]) -> None:
        """Save until one is missing."""
        try:
            for row in rows:
                self.save(api, row)
        except PublishError as refusal:
            if str(refusal) != "resource_not_found":
                raise


class StopsAtAShortPage(Careful):
    """Stops at a page that has fewer rows than it asked for, whatever `has_more` says."""

    def page(self, api: httpx.Client, cursor: str) -> Json:
        """Return a page."""
        page = super().page(api, cursor)
        return {**page, "has_more": len(page["data"]) == 2}
