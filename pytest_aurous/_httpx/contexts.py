"""SSL contexts: making one takes longer than most tests, so clients with the defaults of httpx share one."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""Change what a context is."""


def sharing(made: dict[Any, Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes contexts as *original*, httpx's own, does, and a default one once.

    A client cannot tell: a request that the fake intercepts needs no context, and any other one has an equal context.

    Args:
        made: The contexts so far.
        original: The function of httpx.
    """

    @wraps(original)
    def create_ssl_context(verify: Any = True, cert: Any = None, **options: Any) -> Any:  # noqa: FBT002 - as in httpx
        if verify is not True or cert is not None:
            return original(verify, cert, **options)
        replaced = ssl.SSLContext, ssl.create_default_context  # by truststore
        key = original, *options.items(), *map(os.environ.get, _VARIABLES), *replaced
        if key not in made:
            made[key] = original(verify, cert, **options)
        return made[key]

    return create_ssl_context
