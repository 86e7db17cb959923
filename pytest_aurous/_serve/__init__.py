"""The fake over HTTP: the server, the ASGI application, the control requests, and the command line.

It serves a handle, so it may import ``_handle`` and everything below; only the plugin imports it.
"""
