"""The URL of another host that stands for the API: a staging host, or a gateway."""

from __future__ import annotations

import re
from typing import Final

from .._base.errors import AurousError, see
from .._wire.hosts import is_loopback

_BASE_URL: Final = re.compile(
    r"(https?)://(([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?)((?:/[A-Za-z0-9_.~-]+)*)/?"
)


def check_base_url(text: str) -> str:
    """Return the base URL without ``/v1``, which begins the paths of the API.

    Raises:
        AurousError: If it is not a URL, or would send the key in plain text over a network.
    """
    found = _BASE_URL.fullmatch(text)
    if found is None or not (found[1] == "https" or is_loopback(found[3].strip("[]"))):
        raise AurousError(
            f"--base-url {text}: expected a URL such as https://api.staging.example, with https so that no one "
            f"can read the key on its way.\n{see('reference/check.html#probes-of-the-real-api')}"
        )
    return f"{found[1]}://{found[2]}{found[4].removesuffix('/v1')}"
