"""Redact API keys: the one function that every text passes before it is printed or written."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast

# Patterns as text, which `re` compiles on first use and keeps: most runs redact nothing.
_PREFIX: Final = r"(?i)al_(?:live|test)_"
_KEY: Final = r"(?i)(al_(?:live|test)_)[A-Za-z0-9_-]+"
# A letter, digit, `_` or `-` as %5f, %255f, \u005f or \x5f, however often the backslash was escaped.
# Only where a run of backslashes begins: to try each place of a long one takes minutes.
_ESCAPED: Final = r"(?i)(?:%(?:25)*|(?<!\\)\\+(?:u00|x))(2d|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])"
_BASE64: Final = r"[A-Za-z0-9+/_-]{12,}"
MIN_SECRET: Final = 8
"""This many consecutive characters of a key are redacted; a shorter secret may be a part of any word."""
FAKE_KEY: Final = "al_live_fa4e"
"""What the keys of fakes begin with."""
KEY_HEADERS: Final = ("x-api-key", "authorization")
"""The headers in which the API takes a key."""
SECRET_HEADERS: Final = (
    "api-key", "apikey", "access-key", "subscription-key", "authorization", "cookie", "password", "secret", "token"
)  # fmt: skip
"""How the names of headers end whose values are never written: HAR files, traces and copied tests have one list."""
_PASSWORDS: Final = (  # in a URL, whose slashes JSON may escape, or in a URL that is quoted in a query
    r"(?i)(:(?:\\*/){2}[^\s/:@?#\"<>\\]*:)[^\s/?#\"<>\\]+(?=@)"
    r"|(%(?:25)*3a(?:%(?:25)*2f){2}(?:(?!%(?:25)*(?:2f|3a|40))[^\s&])*%(?:25)*3a)"
    r"(?:(?!%(?:25)*(?:2f|40))[^\s&])+(?=%(?:25)*40)"
)
SECRET: Final = (
    r"(?i)(whsec_|(?:token|signature|api[-_]?key)(?:=|%(?:25)*3d)(?=[\w.~-]*\d))[\w.~+/=-]{8,}"  # noqa: S105 - a pattern
    r"|\b[0-9a-f]{8}-[0-9a-f]{8}\b"
)
"""The secret of a webhook endpoint, the token of a signed URL, also where it stands alone, and a key in a query."""

_protected: Final[list[str]] = []
"""The keys in the environment when a session or a fake began; there may be several."""

_Span = tuple[int, int, str, str]
"""Start and end in the text, the key, which is empty for another secret, and what to write instead."""


def protect(key: str | None) -> Callable[[], None]:
    """Redact *key*, whatever its form, and return the function that ends that.

    `redacted` recognizes keys in the vendor's form by itself. None, a short value and a key of a fake are not secret.
    """
    if key is None or len(key) <= MIN_SECRET or key.startswith(FAKE_KEY):
        return lambda: None
    _protected.append(key)
    return partial(_protected.remove, key)


@contextmanager
def protecting(key: str | None) -> Generator[None, None, None]:
    end = protect(key)
    try:
        yield
    finally:
        end()


def redacted(text: str, more: str | None = None, *, as_code: bool = False) -> str:
    r"""Return *text* without API keys, also where they are escaped, in Base64, or in hexadecimal digits.

    Passwords in URLs are left out, too, and what *more* matches, but for its first group. Where the text has several
    different keys, they are numbered in order of appearance. A test can send the text *as_code*: it keeps the keys of
    fakes, and the rest is in ASCII, and as long.

    Example:
        >>> redacted(r"X-Api-Key: al_live_0123456789, al\u005flive_9876543210")
        'X-Api-Key: al_live_…#1, al_live_…#2'
    """
    plain, places = _unescaped(text)
    found: list[_Span] = []
    for span in sorted([*_spans(plain, more), *_encoded_spans(plain, more)]):
        if as_code and span[2].startswith(FAKE_KEY):
            continue
        if found and span[0] < found[-1][1]:  # a part of a key, or a key in Base64 that looks like one
            found[-1] = (found[-1][0], max(span[1], found[-1][1]), *found[-1][2:])
        else:
            found.append(span)
    keys = dict.fromkeys(key for _, _, key, _ in found if key)
    numbers = {key: f"#{number}" for number, key in enumerate(keys, 1)} if len(keys) > 1 else {}
    parts: list[str] = []
    done = 0
    for start, end, key, label in found:
        mark = f"{label}{numbers.get(key, '')}"
        if as_code:  # as long as before, so that a prompt has as many tokens
            mark = mark.replace("…", "redacted").replace("#", "").ljust(places[end] - places[start], "x")
        parts += [text[places[done] : places[start]], mark]
        done = end
    return "".join([*parts, text[places[done] :]])


def redacted_json(value: Any, keep: Collection[str] = (), more: str | None = None) -> Any:
    """Return JSON data without API keys, in values as in names, and without what else is secret, as in `redacted`.

    The texts *keep*, the own keys of a fake, stay as they are.
    """
    return remembering(partial(redacted, more=more), keep)(value)


def remembering(change: Callable[[str], str], keep: Collection[str] = ()) -> Callable[[Any], Any]:
    """Return what changes the texts in JSON data but *keep*, each once: requests have most of their texts in common."""
    known = {text: text for text in keep}

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            if value not in known:
                known[value] = change(value)
            return known[value]
        if isinstance(value, list):
            return [changed(item) for item in cast("list[Any]", value)]  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
        if isinstance(value, dict):
            return {changed(name): changed(item) for name, item in cast("dict[str, Any]", value).items()}
        return value

    return changed


def keys_in(text: str) -> set[str]:
    """Return the keys in the vendor's form in *text*, escaped or not."""
    return {match[0] for match in re.finditer(_KEY, _unescaped(text)[0])}


def shortened(text: str, width: int) -> str:
    """Return *text* without API keys, in one line of at most *width* characters: its middle gives way.

    The ends of a path say most. What is shortened anywhere passes here, since half a key is not recognized anymore.
    """
    text = redacted(text)
    if len(text) > width:
        half = (width - 3) // 2
        text = f"{text[: width - 3 - half]}...{text[-half:]}"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def shown(value: object) -> str:
    """Return the repr of *value* without API keys, also where its own ``__repr__`` fails."""
    try:
        return redacted(repr(value))
    except Exception as error:  # noqa: BLE001 - code of the test, which must not prevent a report
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"


def _unescaped(text: str) -> tuple[str, list[int] | range]:
    """Return *text* with escaped letters replaced, and where in *text* each of its characters begins."""
    if not re.search(_ESCAPED, text):
        return text, range(len(text) + 1)
    plain: list[str] = []
    places: list[int] = []
    done = 0
    for match in re.finditer(_ESCAPED, text):
        plain += [text[done : match.start()], chr(int(match[1], 16))]
        places += range(done, match.start() + 1)
        done = match.end()
    return "".join([*plain, text[done:]]), [*places, *range(done, len(text) + 1)]


def _spans(text: str, more: str | None) -> list[_Span]:
    """Return the places of keys, of passwords, of parts of protected keys, and of *more* secrets in *text*."""
    found = [(*match.span(), match[0].lower(), f"{match[1]}…") for match in re.finditer(_KEY, text)]
    for pattern in filter(None, (_PASSWORDS if "@" in text or "%" in text else None, more)):
        for match in re.finditer(pattern, text):
            kept = match[match.lastindex] if match.lastindex else ""
            found.append((*match.span(), "", f"{kept}(redacted)"))
    # A folded text may be longer than the text itself, so only pieces are folded, and places are those of the text.
    for key in _protected:
        secret = re.sub(_PREFIX, "", key).casefold()
        half = MIN_SECRET // 2
        if not any(text[place : place + half].casefold() in secret for place in range(0, len(text), half)):
            continue  # cheap: each window has, at one of these places, half a window of the key
        place = 0
        while place < len(text):
            end = place + MIN_SECRET
            if text[place:end].casefold() not in secret or end > len(text):
                place += 1
                continue
            while end < len(text) and text[end - MIN_SECRET + 1 : end + 1].casefold() in secret:
                end += 1
            found.append((place, end, key.lower(), "…"))
            place = end
    return found


def _encoded_spans(text: str, more: str | None) -> list[_Span]:
    """Return the places of words in *text* that are a text with a secret in Base64 or in hexadecimal digits."""
    found: list[_Span] = []
    anything = bool(_protected or more)
    for match in re.finditer(_BASE64, text):  # hexadecimal digits are base64, too
        for digits in re.finditer(r"[0-9A-Fa-f]{16,}", match[0]):
            for offset in range(2):  # a digit may stand before them
                part = digits[0][offset : len(digits[0]) - (len(digits[0]) - offset) % 2]
                spans = _spans(bytes.fromhex(part).decode("latin-1"), more)
                if spans:
                    start = match.start() + digits.start()
                    found.append((start, start + len(digits[0]), spans[0][2], "…"))
                    break
        word = match[0].replace("-", "+").replace("_", "/")
        for offset in range(4):  # it may follow a path, in the same alphabet
            part = word[offset : -1 if (len(word) - offset) % 4 == 1 else None]
            inner = a2b_base64(part + "=" * (-len(part) % 4))
            if (anything or b"_" in inner) and (spans := _spans(inner.decode("latin-1"), more)):
                found.append((*match.span(), spans[0][2], "…"))
                break
    return found
