"""One run of the code under test: what belongs to it, what it does, and what ends it."""
