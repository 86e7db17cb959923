"""Explore a whole suite: what its tests found, the time for it, what is accepted, and tests of the findings."""
