"""Explore a whole suite: what its tests found, the time for it, what is accepted, and tests of the findings.

Begin with `suite.py`.
It must not know pytest: `plugin/modes` makes the runs.
"""
