"""Every exception and warning of pytest-aurous, and helpers for their messages.

A test imports the exceptions and warnings from `pytest_aurous.errors`; the helpers are for the package alone.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from .redaction import redacted, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..._explore.report.result import Exploration

__all__ = (
    "AurousCrash",
    "AurousError",
    "AurousExplorationError",
    "AurousLookupError",
    "AurousNetworkBlocked",
    "AurousPitfallWarning",
    "AurousScriptError",
    "AurousSignatureError",
    "AurousTransitionError",
    "AurousUnfiredFault",
    "AurousUnmatchedRequest",
    "AurousWarning",
    "UnknownArgument",
)

DOCS: Final = "https://pytest-aurous.readthedocs.io/en/latest/"
INTERRUPTED: Final = "while exploring"
"""Begins the line before the table of an exploration in the message of what has ended it; the case follows."""
_LONGEST: Final = 80
"""Characters of a value in a message, which has to leave room for what was expected."""
_MEANINGS: Final = {
    word: words
    for words in (
        "add create embed insert make new post",
        "fetch find get load poll read retrieve show",
        "change edit modify patch update",
        "delete destroy remove",
        "all list",
        "abort cancel stop",
        "publish save",
        "auto deliver flush send trigger",
        "filter search select where",
        "hours minutes seconds",
        "complete done finish succeed",
        "advance forward shift tick travel",
        "calls history log requests",
        "balance credits money team",
        "lost timeout timed_out",
        "delay latency slow",
        "error error_message fail status",
        "answer reply respond say",
        "deliveries events sent",
    )
    for word in words.split()
}
"""Names of other APIs, each with the words of the same meaning."""


class AurousError(Exception):
    """The test is wrong, and the message says why. The base class of all other errors.

    Example:
        >>> from pytest_aurous import Aurous, AurousError
        >>> try:
        ...     Aurous(strict="loud")
        ... except AurousError as error:
        ...     print(str(error).splitlines()[0])
        strict='loud' is not a valid setting: expected 'error', 'warn' or 'off'.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*[redacted(one) if isinstance(one, str) else one for one in args])


class AurousUnmatchedRequest(AurousError, AssertionError):  # noqa: N818 - it names what happened
    """The code under test sent a request that the API does not know."""


class AurousUnfiredFault(AurousError, AssertionError):  # noqa: N818 - it names what happened
    """A fault met no request of the code under test, or fewer than its `times`."""


class AurousScriptError(AurousError, ValueError):
    """A script is invalid: the message says what is wrong, at which column, and what is valid there."""


class AurousTransitionError(AurousError):
    """A record cannot change as `advance()`, `fail()` or `delete()` requires; the message lists what is possible."""


class AurousLookupError(AurousError, KeyError):
    """An id or operation name is unknown; the message has the nearest known one."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show its repr, line breaks escaped


class UnknownArgument(AurousError, TypeError):  # noqa: N818 - it names what happened
    """An argument does not exist, or is missing. Also a `TypeError`, as in Python itself."""


class AurousNetworkBlocked(AurousError):  # noqa: N818 - it names what happened
    """A connection to the vendor was blocked, so that no test pays for real images."""


class AurousSignatureError(AurousError, ValueError):
    """The signature of a webhook delivery is missing, malformed, too old, or does not match."""


class AurousExplorationError(AurousError, AssertionError):
    """An exploration found a bad day that breaks a law.

    Attributes:
        exploration: The `Exploration`, with all its cases.
    """

    def __init__(self, text: str, exploration: Exploration) -> None:
        super().__init__(text)
        self.exploration = exploration


class AurousCrash(BaseException):
    """The simulated end of the process: raised from a request, and from each later request and skipped sleep.

    It is not an `Exception`, so that `except Exception` does not catch it.
    """


class AurousWarning(UserWarning):
    """A problem that does not fail the test: `strict` is relaxed, the test is over, or a sleep cannot be skipped."""

    def __init__(self, *args: object) -> None:
        super().__init__(*[redacted(one) if isinstance(one, str) else one for one in args])


class AurousPitfallWarning(AurousWarning):
    """The code under test misused the API without getting an error; the message begins with the pitfall's ``[id]``."""


for _name in __all__:  # as tracebacks show it, and where a test imports it from
    globals()[_name].__module__ = "pytest_aurous.errors"


def closest(word: object, known: Iterable[str]) -> str | None:
    """Return the known name that means the same as *word*, else the one spelled most like it; None if no name does."""
    from difflib import get_close_matches  # takes 4 ms to import, and only messages need it

    if not isinstance(word, str):
        return None
    meaning = _MEANINGS.get(word, "")
    names = [name for name in known if not meaning or _MEANINGS.get(name, meaning) == meaning]
    # A word of the same meaning comes first: it is what the author had in mind, however it is spelled.
    same = [name for name in names if _MEANINGS.get(name) == meaning]
    return next(iter(same or get_close_matches(word, names, n=1, cutoff=0.5)), None)


def nearest(word: object, known: Iterable[str]) -> str:
    """Return the end of a sentence: ``"; did you mean 'x'?"`` with the known name `closest` to *word*, or a period."""
    found = closest(word, known)
    return f"; did you mean {found!r}?" if found is not None else "."


def vanished(what: str) -> AurousLookupError:
    """Return the error for an object of the test, such as ``"Character char_x"``, that `restore` or `reset` removed."""
    return AurousLookupError(
        f"There is no {what.removeprefix('the ')} anymore: restore() or reset() went back to before it was created. "
        f"Get the object again after restore() or reset().\n{see('reference/records.html')}"
    )


def choices(known: Iterable[str]) -> str:
    """Join names as in ``'a', 'b' or 'c'``."""
    *head, last = [repr(name) for name in known]
    return f"{', '.join(head)} or {last}" if head else last


def shown(value: object) -> str:
    """Return the repr of *value*, also where its own ``__repr__`` fails; a long one is shortened in the middle.

    A short one keeps its keys: the error redacts its whole message at once, and so tells several keys apart.
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - code of the test, which must not hide the message
        return f"<{type(value).__name__} without a working repr>"
    return text if len(text) <= _LONGEST else shortened(text, _LONGEST)


def hide_mistakes(excinfo: Any) -> bool:
    """Hide a frame from pytest's tracebacks if the error is a mistake of the test; a bug of ours keeps all its frames.

    pytest reads ``__tracebackhide__ = hide_mistakes`` in each module whose functions a test calls. So the traceback
    ends in the test's file, where the mistake is.
    """
    return excinfo is not None and bool(excinfo.errisinstance((AurousError, AssertionError)))


def see(anchor: str) -> str:
    """Return the last line of a message: the command that prints a page of the documentation, or a section of it."""
    return f"Read on: pytest-aurous docs {anchor.replace('.html', '')}"


@cache  # to find it takes longer than most that name it
def version_of_package() -> str:
    """Return the version of this package, which HAR files, traces and reports of a check name; 0 in a checkout."""
    from importlib.metadata import PackageNotFoundError, version  # few runs write such a file

    try:
        return version("pytest-aurous")
    except PackageNotFoundError:  # run from a checkout
        return "0"
