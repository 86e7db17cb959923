"""The fake over HTTP: the server, the ASGI application and the control requests.

It may import ``_fake`` and everything below; the plugin and the command line import it.
"""
