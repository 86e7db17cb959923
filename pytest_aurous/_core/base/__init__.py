"""What every layer needs: errors, names, checks of arguments, stack frames, redaction, and whom a thread works for."""
