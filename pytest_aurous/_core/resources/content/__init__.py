"""The content of payloads: people, Faker's provider, pictures and films.

Nothing here knows requests or resources. It may import ids and the layers below the world.
"""
