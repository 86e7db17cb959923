"""The clock of a fake, and sleeps that are skipped.

It may import the errors and the frames alone.
"""
