"""Multipart bodies of forms and files (RFC 7578)."""

from __future__ import annotations

import re
from email.message import Message
from typing import Final, NamedTuple

_DISPOSITION: Final = re.compile(r"\ncontent-disposition: *form-data *(;.*)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))')
_ESCAPE: Final = re.compile(r'\\(["\\])|%(22|[01][0-9A-F])')
"""How clients write a quote, a backslash or a control character in a name."""
_MULTIPART: Final = re.compile(r"\ncontent-type: *multipart/", re.IGNORECASE)


class Part(NamedTuple):
    """One field of a form."""

    name: str
    filename: str | None
    data: bytes


def read_parts(content: bytes, content_type: str) -> list[Part]:
    """Return the fields of a ``multipart/form-data`` body.

    Empty for any other body, for a truncated body, and for a body with parts that are not fields, such as parts with
    parts of their own. The email parser of the standard library changes line endings and names, so it reads only the
    type.
    """
    header = Message()
    header["Content-Type"] = content_type.replace("\r", "").replace("\n", "")
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return []
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    parts: list[Part] = []
    for section in (b"\r\n" + content).split(delimiter)[1:]:
        if section[:2] == b"--":
            return parts
        part = _part(section)
        if part is None:
            break
        parts.append(part)
    return []


def _part(section: bytes) -> Part | None:
    head, end, data = section.partition(b"\r\n\r\n")
    text = head.decode(errors="replace")
    disposition = _DISPOSITION.search(text)
    if not end or disposition is None or _MULTIPART.search(text):
        return None
    found = {key.lower(): _plain(quoted) or token for key, quoted, token in _PARAMETER.findall(disposition[1])}
    return Part(found["name"], found.get("filename"), data) if "name" in found else None


def _plain(quoted: str) -> str:
    return _ESCAPE.sub(lambda escape: escape[1] or chr(int(escape[2], 16)), quoted)
