"""The statuses and error codes of refusals, as two OpenAPI documents list them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ..._wire.refusal import GLOBAL_CODES
from ..._world.settings import READINGS
from .compare import Finding, Place, Word, words
from .operations import Operation

_VAGUE: Final = "400"
"""A status that says nothing of a refusal without its code."""
_SAME_MEANING: Final = {**GLOBAL_CODES, **{new: old for old, new in GLOBAL_CODES.items()}}
"""The codes between which the readings of err-6 decide."""


class Refusals:
    """Compares the refusals of operations, under these *readings*."""

    def __init__(self, fake: Iterable[Operation], theirs: Iterable[Operation], readings: Mapping[str, str]) -> None:
        self._readings = readings
        places = {(one.enum_of_codes(status), status) for one in theirs for status in one.refusals()}
        enums = [codes for codes, _ in places if codes is not None]
        self._everywhere = {codes for codes in enums if enums.count(codes) > 1}
        self._known = {code for one in fake for status in one.refusals() for code in self._codes(one, status)}

    def findings(self, special: Iterable[str], fake: Operation, theirs: Operation) -> Iterator[Finding]:
        """Yield what the two say.

        Args:
            special: The refusals that not every operation has: a list need not have the others.
            fake: The operation of the fake.
            theirs: The operation of the other document.
        """
        own = {status: self._codes(fake, status) for status in fake.refusals()}
        lists = {status: theirs.codes(status) for status in sorted({*own, *theirs.refusals()})}
        at = {code: status for status, codes in lists.items() if codes not in self._everywhere for code in codes}
        met: set[tuple[str, str]] = set()
        for status, codes in own.items():
            there = theirs.response(status) is not None
            word: Word = "same" if there and (status != _VAGUE or lists[status]) else "silent"
            yield Place(fake.name, "status").finding("status", word, status, status, outcome=f"{status} ")
            for code in sorted(codes):
                found = self._code(fake.name, f"{status} {code}", lists[status], codes, at, set(special))
                met.add((found.seen.partition(" ")[0], code) if found.kind == "status" else (status, found.seen))
                yield found
        yield from self._further(fake.name, own, theirs, lists, met)

    def _codes(self, operation: Operation, status: str) -> frozenset[str]:
        """Return the codes of the fake at a status, under the readings."""
        codes = operation.codes(status)
        if self._readings["err-6"] == "global":
            codes = frozenset(GLOBAL_CODES.get(code, code) for code in codes)
        if self._readings["auth-4"] == "revoked_api_key" and "invalid_api_key" in codes:
            codes |= {"revoked_api_key"}
        return codes

    def _code(
        self,
        operation: str,
        outcome: str,
        listed: frozenset[str],
        own: frozenset[str],
        at: Mapping[str, str],
        special: set[str],
    ) -> Finding:
        """Return what their document says of one code of the fake; *at* is the status at which it has each code."""
        here = Place(operation, "error.code")
        status, _, code = outcome.partition(" ")
        if code in listed:
            return here.finding("code", "same", code, code, outcome=outcome)
        if at.get(code, status) != status:
            seen = f"{at[code]} {code}"
            return Place(operation, "status").finding("status", "differs", seen, outcome, outcome=outcome, rule="err-5")
        other = _SAME_MEANING.get(code)
        if other in listed:
            return here.finding("code", "differs", other, code, outcome=outcome, rule="err-6")
        if not listed or outcome not in special:
            return here.finding("code", "silent", fake=code, outcome=outcome)
        new, gone = sorted(listed - self._known), [one for one in own - listed if f"{status} {one}" in special]
        if len(new) == len(gone) == 1:
            return here.finding("code", "differs", words(new[0]), code, outcome=outcome)
        return here.finding("no code", "differs", "not listed", code, outcome=outcome)

    def _further(
        self,
        operation: str,
        own: Mapping[str, frozenset[str]],
        theirs: Operation,
        lists: Mapping[str, frozenset[str]],
        met: set[tuple[str, str]],
    ) -> Iterator[Finding]:
        """Yield statuses and codes that only their document has."""
        here = Place(operation, "error.code")
        for status in theirs.refusals():
            codes = lists[status]
            new = sorted(code for code in codes - own.get(status, frozenset()) if (status, code) not in met)
            if codes in self._everywhere:
                new = [code for code in new if code not in self._known]
            for code in new:
                place = here._replace(root="codes", inner=code) if codes in self._everywhere else here
                seen = code if codes in self._everywhere else f"{status} {code}"
                rule = next((rule for rule, readings in READINGS.items() if code in readings), "")
                word: Word = "differs" if rule else "added"
                yield place.finding("added", word, words(seen), "absent", rule=rule)
            if status not in own and not codes:
                yield Place(operation, "status", "statuses", status).finding("added", "added", status, "absent")
