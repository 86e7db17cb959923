"""What only some runs do: each module is imported by the first option, marker or test that asks for it.

Begin with `tracing.py`, one of the simple ones.
A mode must not know another mode.
"""
