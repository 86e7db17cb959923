"""The clock of a fake, and skipped sleeps.

Begin with `clock.py`; `skipping.py` and `loops.py` let the clocks of the process jump along.
It must not know what the time is used for.
"""
