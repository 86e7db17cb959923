"""The rules of the API that the fake keeps, each with its provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

PROVENANCE: Final = {"O": "observed", "D": "documented", "C": "contradictory", "A": "assumed"}
"""What a rule can rest on, the strongest first."""


@dataclass(frozen=True)
class Rule:
    """One promise.

    Attributes:
        id: Such as ``save-1``.
        provenance: A key of `PROVENANCE`.
        statement: What the fake does.
        assumed: The part of it that is an assumption.
        contradicted: The part of it that another page of the vendor contradicts.
        source: The pages of docs.aurous-labs.com that it was taken from.
        quote: A few words of such a page.
        observed: Of an observed rule: the recording, the version of the API, and the month.
        later: The part of it that is not in this version.
        at: Where it shows: operations, with an outcome or a place of their requests and responses.
        assumed_at: The outcomes and places of which only we say so.
        params_at: The refusals whose ``param`` a page states.
        status: ``delivered`` or ``planned``.
    """

    id: str
    provenance: str
    statement: str
    assumed: str = ""
    contradicted: str = ""
    source: tuple[str, ...] = ()
    quote: str = ""
    observed: str = ""
    later: str = ""
    at: tuple[str, ...] = ()
    assumed_at: tuple[str, ...] = ()
    params_at: tuple[str, ...] = ()
    status: str = "delivered"

    @property
    def ground(self) -> str:
        """What it rests on, in words; of an observed rule with the recording."""
        word = PROVENANCE[self.provenance]
        return f"{word} in {self.observed}" if self.observed else word

    @property
    def parts(self) -> list[str]:
        """The parts that rest on less, each as a sentence."""
        named = {"Assumed": self.assumed, "Contradicted": self.contradicted}
        return [f"{name}: {text}" for name, text in named.items() if text]

    @property
    def family(self) -> str:
        return self.id.partition("-")[0]


def rule_of(row: Mapping[str, Any]) -> Rule:
    seen = row.get("observed")
    observed = f"{seen['recording']}, version {seen['version']}, {seen['month']}" if seen else ""
    lists = {name: tuple(row.get(name, ())) for name in ("source", "at", "assumed_at", "params_at")}
    columns: dict[str, Any] = {**row, **lists, "observed": observed}
    return Rule(**columns)


@cache
def load_rules() -> Mapping[str, Rule]:
    rows = json.loads(files("pytest_aurous").joinpath("_core/resources/rules.json").read_text(encoding="utf-8"))
    return {row["id"]: rule_of(row) for row in rows}
