"""The recording on the page "Is it true?" is what its twin really sends."""

from __future__ import annotations

import twin


def test_the_recording_is_that_of_the_twin() -> None:
    recorded = twin.FILE.read_text(encoding="utf-8")
    assert twin.record().partition('"entries"')[2] == recorded.partition('"entries"')[2]
