"""The state of one fake: rows, runs, keys, credits, limits, deliveries, and the journal of its calls.

Begin with `world.py`, which owns the rest; `state.py` is how all of it is copied, restored and undone.
It must not know endpoints. Two fakes share nothing.
"""
