"""The content of payloads: people, Faker's provider, JSON for schemas, pictures and films.

Begin with `people.py`.
It must not know requests or resources.
"""
