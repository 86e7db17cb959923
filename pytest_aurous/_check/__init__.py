"""Checks of the fake against reality: recorded exchanges are replayed and compared, with a verdict for each rule."""
