# /// script
# dependencies = ["openai-responses"]
# ///
"""Measures openai-responses where it can be installed: each line on standard input asks for that many calls."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import httpx
from openai_responses import OpenAIMock

from timing import per_call


def main() -> None:
    """Serve measurements until standard input ends."""
    # Its client is plain httpx, as ours is: the vendor's SDK would cost more than the fake.
    with OpenAIMock().router, httpx.Client(base_url="https://api.openai.com/v1") as client:
        made = client.post("/files", files={"file": ("batch.jsonl", b"{}")}, data={"purpose": "batch"}).json()
        path = f"/files/{made['id']}"
        assert client.get(path).json() == made
        print(json.dumps({tool: version(tool) for tool in ("openai-responses", "openai", "respx")}), flush=True)
        for line in sys.stdin:
            print(per_call(lambda: client.get(path), int(line)), flush=True)


if __name__ == "__main__":
    main()
