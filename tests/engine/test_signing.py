"""`sign_webhook` and `verify_webhook`: hook-7, checked against hmac alone."""

import hmac
import time
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, Final

import pytest

from pytest_aurous import Aurous, AurousError, AurousSignatureError, sign_webhook, verify_webhook

BODY: Final = b'{"id": "evt_1"}'
SECRET: Final = "whsec_test"
AT: Final = 1_778_241_600
GOOD: Final = f"t={AT},v1={hmac.new(SECRET.encode(), f'{AT}.'.encode() + BODY, sha256).hexdigest()}"


def test_hook_7_the_header_is_an_hmac_of_time_and_body() -> None:
    """The signature is HMAC-SHA256 over `<t>.<raw body>`, with the whole secret; a fraction of a second is cut."""
    assert sign_webhook(BODY, SECRET, AT) == sign_webhook(BODY, SECRET, AT + 0.9) == GOOD


def test_hook_7_it_is_signed_now_unless_told() -> None:
    """Without an instant, signing and verifying go by the wall clock."""
    header = sign_webhook(BODY, SECRET)

    assert abs(int(header[2:].partition(",")[0]) - time.time()) < 60
    verify_webhook(BODY, header, SECRET)


@pytest.mark.parametrize("age", [-301, 301])
def test_hook_7_an_old_signature_is_refused(age: int) -> None:
    """What is replayed, or ahead of time, is refused, with its age; the tolerance is the receiver's to choose."""
    with pytest.raises(AurousSignatureError, match=rf"made {age} s ago.*pass at=aurous\.clock\.now"):
        verify_webhook(BODY, GOOD, SECRET, at=AT + age)

    verify_webhook(BODY, GOOD, SECRET, at=AT + age, tolerance=301)
    verify_webhook(BODY, GOOD, SECRET, at=AT + (300 if age > 0 else -300))


@pytest.mark.parametrize(
    ("body", "header", "secret"),
    [
        (BODY + b" ", GOOD, SECRET),
        (BODY, GOOD, "whsec_other"),
        (BODY, GOOD, SECRET.removeprefix("whsec_")),
        (BODY, f"t={AT},v1=00", SECRET),
        (BODY, f"t={AT},v1=\u00e9", SECRET),
        (BODY, GOOD.replace(str(AT), str(AT + 1)), SECRET),
    ],
    ids=["body", "secret", "half-the-secret", "digest", "no-ascii", "time"],
)
def test_hook_7_another_signature_is_refused(body: bytes, header: str, secret: str) -> None:
    with pytest.raises(AurousSignatureError, match=f"does not match these {len(body)} bytes"):
        verify_webhook(body, header, secret, at=AT)


@pytest.mark.parametrize(
    "header", [None, "", "x", "t=1", f"v1={'0' * 64}", "t=now,v1=00", "t=,v1=", "t=-1,v1=00", f"t={'1' * 5000},v1=00"]
)
def test_hook_7_what_is_no_signature_is_refused(header: str | None) -> None:
    """The expected form is told, where a receiver found no header, too; whoever catches ValueError catches this."""
    with pytest.raises(ValueError, match=r"is not a signature: expected t=<unix seconds>,v1=<hex>") as caught:
        verify_webhook(BODY, header, SECRET, at=AT)

    assert isinstance(caught.value, AurousSignatureError)


def test_hook_7_fields_that_are_not_known_are_passed_over() -> None:
    """A later scheme beside v1 does no harm, nor does the order."""
    stamp, digest = GOOD.split(",")

    verify_webhook(BODY, f"{digest},v2=x,noise,{stamp}", SECRET, at=AT)


@pytest.mark.parametrize("at", [datetime(2026, 5, 8, tzinfo=timezone.utc), "2026-05-08T10:00:00Z", 1e13, True])
def test_a_time_that_is_not_in_seconds_is_refused_with_the_way_to_get_them(at: Any) -> None:
    """The clock returns a `datetime`; the message says how to pass it."""
    for use in (lambda: sign_webhook(BODY, SECRET, at=at), lambda: verify_webhook(BODY, GOOD, SECRET, at=at)):
        with pytest.raises(AurousError, match=r"seconds since the epoch, such as at=aurous\.clock\.now\(\)\.timestamp"):
            use()


def test_skipped_sleeps_age_a_signature() -> None:
    """A receiver whose sleeps are skipped is as late as one that has slept."""
    with Aurous() as aurous, aurous.clock.skip_sleeps():
        header = sign_webhook(b"{}", "whsec_test")
        time.sleep(3_600)
        verify_webhook(b"{}", sign_webhook(b"{}", "whsec_test"), "whsec_test")
        with pytest.raises(AurousSignatureError, match=r"360[0-9] s ago"):
            verify_webhook(b"{}", header, "whsec_test")
