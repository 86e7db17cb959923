"""What a test author can be told: every exception and warning of pytest-aurous.

`AurousError` and its children speak to the author of a *test*; what the vendor's API refuses
is an HTTP answer and never one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ._redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = (
    "AurousError",
    "AurousLookupError",
    "AurousNetworkBlocked",
    "AurousPitfallWarning",
    "AurousScriptError",
    "AurousSignatureError",
    "AurousTransitionError",
    "AurousUnfiredFault",
    "AurousUnmatchedRequest",
    "AurousWarning",
)

DOCS: Final = "https://pytest-aurous.readthedocs.io/en/latest/"
_LONGEST: Final = 80


class AurousError(Exception):
    """The test is wrong, and the message says how; the base of all our errors.

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
    """A fault that no call of the code under test met, or fewer calls than its `times` says."""


class AurousScriptError(AurousError, ValueError):
    """A script that cannot be played: what was wrong, at which column, what would be legal there."""


class AurousTransitionError(AurousError):
    """A record cannot go where `advance()`, `fail()` or `delete()` would take it; lists what it can do."""


class AurousLookupError(AurousError, KeyError):
    """An unknown id or operation name, with the nearest known one."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show its repr, line breaks escaped


class UnknownArgument(AurousError, TypeError):  # noqa: N818 - it names what happened
    """A keyword argument that does not exist; Python's own error for it is a `TypeError`."""


class AurousNetworkBlocked(AurousError):  # noqa: N818 - it names what happened
    """A connection to the vendor was about to be made: no test of a suite with this plugin pays for real images."""


class AurousSignatureError(AurousError, ValueError):
    """A webhook delivery whose signature is none, too old, or of something else."""


class AurousWarning(UserWarning):
    """What would have been an error, had `strict` not been relaxed or the test not been over already."""

    def __init__(self, *args: object) -> None:
        super().__init__(*[redacted(one) if isinstance(one, str) else one for one in args])


class AurousPitfallWarning(AurousWarning):
    """The code under test misused the API, and got away with it; the message begins with the pitfall's ``[id]``."""


def nearest(word: object, known: Iterable[str]) -> str:
    """End a sentence: with ``"; did you mean 'x'?"`` for the known name closest to *word*, or with a full stop."""
    from difflib import get_close_matches  # only a message needs it: 4 ms that no green run should pay

    found = get_close_matches(word, list(known), n=1, cutoff=0.5) if isinstance(word, str) else []
    return f"; did you mean {found[0]!r}?" if found else "."


def vanished(what: str) -> AurousLookupError:
    """Return the error of a handle on what is not there any more."""
    return AurousLookupError(
        f"There is no {what.removeprefix('the ')} here any more: restore() or reset() went back to before it was made. "
        f"Take handles after it, not before.\n{see('reference/records.html')}"
    )


def choices(known: Iterable[str]) -> str:
    """Join quoted names as a person would: ``'a', 'b' or 'c'``."""
    *head, last = [repr(name) for name in known]
    return f"{', '.join(head)} or {last}" if head else last


def shown(value: object) -> str:
    """Return *value* as a message shows it: in Python's notation, shortened, even where its own ``repr`` fails."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the author's object; the message about it matters more
        return f"<{type(value).__name__} without a working repr>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def hide_mistakes(excinfo: Any) -> bool:
    """Tell pytest to hide a frame where the error is the test author's; a bug of ours keeps all its frames.

    A module whose functions a test calls has the line ``__tracebackhide__ = hide_mistakes``, which pytest reads:
    so the traceback ends in the test's file, where the mistake is.
    """
    return excinfo is not None and bool(excinfo.errisinstance((AurousError, AssertionError)))


def see(anchor: str) -> str:
    """Return the line that says where to read on."""
    return f"Read on: {DOCS}{anchor}"
