"""One run of the code under test: what belongs to it, what it does, and what ends it.

Begin with `run.py`. `watchdog.py` ends a run in which nothing happens; in one of `turns.py`, two workers take turns.
It must not know cases or laws.
"""
