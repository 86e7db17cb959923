"""What is in payloads: people, Faker's provider, pictures and films.

It knows no request. It may import the lowest layers alone.
"""
