"""The command ``pytest-aurous``: examine a folder, serve the fake, check it, or print its OpenAPI document.

Begin with `main.py`, which has the subcommands; the commands of check and serve live with them.
It must not know how they work, and no other folder imports it.
"""
