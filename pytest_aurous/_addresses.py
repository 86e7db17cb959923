"""Which hosts and paths are ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from ._catalog import Catalog, Methods
from ._hosts import UPLOAD_HOST, host_of, is_vendors
from ._wire import Call

__all__ = ("Addresses",)


class Addresses:
    """Where the API answers: its base URL, with a prefix perhaps, and the upload host.

    Args:
        catalog: What answers there.
        base_url: The setting.
    """

    __slots__ = ("_catalog", "_home", "_hosts", "_root", "_scheme")

    def __init__(self, catalog: Catalog, base_url: str) -> None:
        self._catalog = catalog
        home = urlsplit(base_url)
        self._scheme, self._root = home.scheme, f"{home.path}/"
        self._home = host_of(home)
        self._hosts = {self._home: "api", urlsplit(UPLOAD_HOST).netloc: "upload"}

    def owns(self, host: str) -> bool:
        """Whether requests to *host*, with its port if that is unusual, are ours to answer."""
        return host in self._hosts or is_vendors(host.partition(":")[0])

    def claim(self, host: str) -> int:
        """Return how good a claim to *host* this API has, to compare it with another API.

        3: requests to it are served. 2: it is the vendor's, and so is the API's own. 1: it is the vendor's, to whom
        nothing must get through. 0: none.
        """
        if host in self._hosts:
            return 3
        return (1 + is_vendors(self._home)) if self.owns(host) else 0

    def root_length(self, host: str, path: str) -> int:
        """Return the length of the base URL's path with its last slash, if *path* on *host* is below it; else 0."""
        return len(self._root) if self._hosts.get(host) == "api" and path.startswith(self._root) else 0

    def find(self, call: Call) -> Methods:
        """Return the endpoints on the path of *call*."""
        host = self._hosts.get(call.host, "")
        path = call.path
        if host == "api":
            if call.scheme != self._scheme or not path.startswith(self._root):
                return {}
            path = path[len(self._root) - 1 :]
        return self._catalog.find(host, path)
