"""No key survives redaction, whatever text stands around it."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pytest_aurous._core.base.redaction import MIN_SECRET, protecting, redacted, shortened

pytestmark = pytest.mark.slow

LETTERS = string.ascii_letters + string.digits + "_-"
TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("İıſßŉΣ\u212a\\%/:@ ")))
SECRETS = st.text(st.one_of(st.sampled_from(LETTERS), st.characters(codec="utf-8", categories=["L"])), min_size=12)


@given(TEXTS, st.text(LETTERS, min_size=12), TEXTS)
@example("İ" * 40, "Qw3rTy7UiOp9", "")
def test_no_key_of_the_vendor_survives(before: str, secret: str, after: str) -> None:
    """Also when a report shortens the text."""
    assume(secret not in f"{before} {after}")
    text = f"{before}al_live_{secret}{after}"

    assert secret not in redacted(text)
    assert secret not in shortened(text, 60)


@given(TEXTS, SECRETS, TEXTS)
@example("İ" * 40, "sk-secret-123456789", "")
@example("", "geheim-ΑΣ-geheim", "x")
def test_no_window_of_a_protected_key_survives(before: str, secret: str, after: str) -> None:
    """A key in the environment may have any letters."""
    key = f"sk-{secret}"
    with protecting(key):
        shown = redacted(f"{before}{key}{after}")

    assert not [at for at in range(len(key) - MIN_SECRET + 1) if key[at : at + MIN_SECRET] in shown]
