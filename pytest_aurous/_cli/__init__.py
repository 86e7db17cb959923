"""The command ``pytest-aurous``: examine a folder, serve the fake, check it, or print its OpenAPI document."""
