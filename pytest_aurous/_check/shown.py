"""Where the rules say that they show: in which outcomes and places of an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, NamedTuple

from .._facade import load_rules

_PLACE: Final = re.compile(r"[0-9]|(body|error|header|request)\b")
"""How an entry of `Rule.at` begins that names no operation, because it is about all."""


class Shown(NamedTuple):
    """Where rules show in an operation."""

    rules: Mapping[str, str]  # of each outcome and of each place
    assumed: frozenset[str]  # the outcomes and places that no page states
    params: frozenset[str]  # the refusals whose ``param`` a page states


@cache
def shown_by(operation: str) -> Shown:
    """Return where rules show in one operation; in each list for ``lists``, in each operation for an empty name."""
    rules, assumed, params = dict[str, str](), set[str](), set[str]()
    for rule in load_rules().values():
        rules |= dict.fromkeys(_of(operation, rule.at), rule.id)
        assumed.update(_of(operation, rule.assumed_at))
        params.update(_of(operation, rule.params_at))
    return Shown(rules, frozenset(assumed), frozenset(params))


def _of(operation: str, entries: tuple[str, ...]) -> Iterator[str]:
    """Yield what entries of `Rule.at` say about an operation, without its name."""
    for entry in entries:
        name, place = ("", entry) if _PLACE.match(entry) else entry.split(" ", 1)
        if fnmatchcase(operation, name):
            yield place
