"""What requests have sent as secrets, in whatever form, and their headers without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ..base.redaction import MIN_SECRET, SECRET, SECRET_HEADERS, keys_in
from .call import Call
from .headers import sent_key


def is_secret_header(name: str) -> bool:
    """Whether the value of a header is never written: in HAR files, traces and copied tests."""
    return name.lower().endswith(SECRET_HEADERS)


def shown_header(name: str, value: str) -> str:
    """Return the value of a header as it may be written."""
    return "(redacted)" if is_secret_header(name) else value


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return JSON data in which each long enough text of *names* is replaced by its name, wherever it stands."""
    if isinstance(value, str):
        for text, name in names.items():
            value = value.replace(text, name) if len(text) >= MIN_SECRET else value
        return value
    if isinstance(value, list):
        return [renamed(item, names) for item in cast("list[Any]", value)]  # type: ignore[redundant-cast]  # pyright finds list[Unknown]
    if isinstance(value, dict):
        return {renamed(key, names): renamed(item, names) for key, item in cast("dict[str, Any]", value).items()}
    return value


def key_of(call: Call) -> str:
    """Return the key that a request has sent, or nothing, also of a request that was recorded."""
    return sent_key({name.lower(): value for name, value in reversed(call._headers)})


def secrets_of(calls: Iterable[Call]) -> list[str]:
    """Return what *calls* sent as keys, tokens and cookies, each once, whatever form it has."""
    sent = (value for call in calls for name, value in call._headers if is_secret_header(name))
    return list(dict.fromkeys(filter(None, (value.rpartition(" ")[2] for value in sent))))


def secret_of(calls: Iterable[Call]) -> str:
    """Return the pattern of SECRET, and of the `secrets_of` *calls* in another form than the vendor's."""
    sent = (one for one in secrets_of(calls) if len(one) >= MIN_SECRET and not keys_in(one))
    return "|".join([SECRET, *map(re.escape, sent)])


def without_secrets(value: Any, calls: Iterable[Call]) -> Any:
    """Return JSON data without the `secrets_of` *calls* in another form than the vendor's, which `redacted` knows."""
    return renamed(value, {one: "(redacted)" for one in secrets_of(calls) if not keys_in(one)})
