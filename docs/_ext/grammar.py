"""The grammar of scripts as data, from which it is drawn. Sphinx is not needed, so that our tests can use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from pytest_aurous._world.script import _UNITS

__all__ = ("GRAMMAR", "Choice", "Maybe", "Name", "Part", "Repeat", "Row", "Word", "sentences")


@dataclass(frozen=True)
class Word:
    """What is written as it stands."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True)
class Name:
    """What another rule says, or no rule does."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Row:
    """One after the other."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))


@dataclass(frozen=True)
class Choice:
    """One of these."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"({' | '.join(map(str, self.parts))})"


@dataclass(frozen=True)
class Maybe:
    """It may be missing."""

    part: Part

    def __str__(self) -> str:
        return f"[{self.part}]"


@dataclass(frozen=True)
class Repeat:
    """Once or more, with something in between."""

    part: Part
    between: Part

    def __str__(self) -> str:
        return f"{self.part} ({self.between} {self.part})*"


Part = Word | Name | Row | Choice | Maybe | Repeat

GRAMMAR: Final[dict[str, Part]] = {
    "script": Repeat(Name("run"), Word(";")),
    "run": Repeat(Name("step"), Choice((Word("->"), Word("→")))),
    "step": Row((Name("status"), Maybe(Row((Word("("), Name("error"), Word(")")))), Maybe(Name("hold")))),
    "hold": Choice(
        (
            Row((Word("*"), Name("N"))),
            Row((Word(":"), Name("N"), Choice(tuple(map(Word, _UNITS))))),
            Word("!"),
        )
    ),
}


def sentences(part: Part) -> Iterator[tuple[str, ...]]:
    """Yield each way through the diagrams, with one repetition at most; names without a rule stand for themselves."""
    match part:
        case Word(text):
            yield (text,)
        case Name(text) if text in GRAMMAR:
            yield from sentences(GRAMMAR[text])
        case Name(text):
            yield (text,)
        case Row(parts):
            for ways in product(*(list(sentences(one)) for one in parts)):
                yield sum(ways, ())
        case Choice(parts):
            for one in parts:
                yield from sentences(one)
        case Maybe(one):
            yield ()
            yield from sentences(one)
        case Repeat(one, between):
            yield from sentences(one)
            yield from sentences(Row((one, between, one)))
