"""What every layer needs: errors, names, checks of arguments, stack frames, redaction, and whom a thread works for.

Begin with `errors.py` and `arguments.py`: what a mistake of a test looks like.
It must not know the API, nor any other folder.
"""
