"""One run of the code under test: what belongs to it, what it does, and what ends it.

Begin with `run.py`; `watchdog.py` ends a run in which nothing happens, and `turns.py` lets two workers take turns in one.
It must not know cases or laws.
"""
