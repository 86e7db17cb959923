"""The clock of a fake, and skipped sleeps.

It may import only the modules of the lowest layer.
"""
