"""What a test holds: ``Aurous``, teams, requests and assertions, limits, webhooks, and the verdict at its end.

It may import interception, reports and everything below; the plugin and the server import it.
"""
