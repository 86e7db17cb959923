"""Two workers at once: the schedules in which they take turns, and what one after the other gives.

Begin with `interleaver.py`; `turns.py` decides who goes on.
It must not know faults or laws.
"""
