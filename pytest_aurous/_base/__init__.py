"""What every layer needs: checks of arguments, stack frames, the test that a thread works for, and redaction."""
