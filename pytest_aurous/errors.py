"""Every exception and warning of pytest-aurous.

`AurousError` and its subclasses mean that a *test* is wrong. If the vendor's API refuses a request, the client gets an
HTTP response, and never one of these.
"""

from ._core.base.errors import *  # noqa: F403 - exactly its `__all__`
