"""The signature of a webhook delivery (hook-7), for the fake and for receivers."""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from math import inf
from typing import Final

from ..base.arguments import Check, hinting
from ..base.errors import AurousSignatureError, hide_mistakes, see, shown

__tracebackhide__ = hide_mistakes

_DIGITS: Final = 12
"""Digits of a time at most. It reaches beyond the year 33,000, and a longer text would take long to convert."""
SIGNATURE: Final = "Aurous-Webhook-Signature"


@hinting
def sign_webhook(body: bytes, secret: str, at: float | None = None) -> str:
    """Return the value of ``Aurous-Webhook-Signature`` (hook-7).

    Args:
        body: The raw body of the delivery.
        secret: The whole ``whsec_...`` string of the endpoint.
        at: The time in Unix seconds; by default now.

    Raises:
        AurousError: If an argument has another type, or *secret* is blank.

    Example:
        >>> sign_webhook(b"{}", "whsec_test", 1_778_241_600)[:17]
        't=1778241600,v1=e'
    """
    _check("sign_webhook", body, secret, at)
    stamp = int(_now() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    return f"t={stamp},v1={digest}"


@hinting
def verify_webhook(
    body: bytes,
    header: str | None,
    secret: str,
    *,
    tolerance: float = 300,
    at: float | None = None,
) -> None:
    """Check a signature as a receiver should (hook-7).

    Args:
        body: The raw body as it arrived.
        header: The value of ``Aurous-Webhook-Signature``; None if it is missing.
        secret: The whole ``whsec_...`` string of the endpoint.
        tolerance: How many seconds old, or ahead of *at*, the signature may be.
        at: The time of the verification, in Unix seconds; by default now.

    Raises:
        AurousSignatureError: If it is malformed, is too old, or does not match the body and the secret.
        AurousError: If an argument has another type.

    Example:
        >>> verify_webhook(b"{}", sign_webhook(b"{}", "whsec_test"), "whsec_test")
    """
    check = _check("verify_webhook", body, secret, at)
    if header is not None:
        check.instance("header", header, str, f"the value of {SIGNATURE} as text, or None where it is missing.")
    check.number("tolerance", tolerance, 0, inf)
    parts = dict(part.split("=", 1) for part in (header or "").split(",") if "=" in part)
    stamp, sent = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isdecimal() and len(stamp) <= _DIGITS and sent):
        raise AurousSignatureError(
            f"{SIGNATURE}: {shown(header)} is not a signature: expected t=<unix seconds>,v1=<hex>.\n{_MORE}"
        )
    age = (_now() if at is None else at) - int(stamp)
    if abs(age) > tolerance:
        raise AurousSignatureError(
            f"{SIGNATURE}: it was made {age:.0f} s ago, and the tolerance is {tolerance:g} s. "
            f"Where the clock of the fake is frozen or was moved, pass at=aurous.clock.now().timestamp().\n{_MORE}"
        )
    expected = sign_webhook(body, secret, int(stamp)).partition("v1=")[2]
    if not hmac.compare_digest(expected.encode(), sent.encode(errors="replace")):
        raise AurousSignatureError(
            f"{SIGNATURE}: it does not match these {len(body)} bytes and this secret. "
            f"Verify the raw body, before anything parses it, with the whole whsec_... string.\n{_MORE}"
        )


def _now() -> float:
    """Return the time as the code under test sees it, also while its sleeps are skipped."""
    now: float = getattr(time.time, "shifted", time.time)()
    return now


def _check(who: str, body: object, secret: object, at: object) -> Check:
    check = Check(who, _PAGE)
    check.instance("body", body, bytes | bytearray, "the raw body as bytes, such as request.content.")
    check.text("secret", secret, "whsec_...")
    if at is not None:
        expected = "seconds since the epoch, such as at=aurous.clock.now().timestamp()."
        check.number("at", at, -_FARTHEST, _FARTHEST, expected)
    return check


_FARTHEST: Final = 10**_DIGITS - 1
_PAGE: Final = "reference/webhooks.html"
_MORE: Final = see(_PAGE)
