"""Explore a whole suite: what its tests found, the time for it, and what is accepted.

Begin with `suite.py`.
It must not know pytest: `plugin/modes` makes the runs.
"""
