"""The interface for tests: ``Aurous``, teams, calls and assertions, limits, webhooks, and the verdict on a test.

It may import interception, reports and everything below; the plugin and the server import it.
"""
