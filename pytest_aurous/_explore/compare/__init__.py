"""What two runs have in common: which requests are the same, what is there at the end, and what they returned.

Begin with `end_state.py`.
It must not know faults or laws.
"""
