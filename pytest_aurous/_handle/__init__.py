"""What a test uses: ``Aurous``, teams, calls and assertions, limits, webhooks, and the verdict at the end of a test.

It may import interception, reports and everything below; the plugin and the server import it.
"""
