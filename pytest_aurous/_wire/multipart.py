"""Multipart bodies of forms and files (RFC 7578)."""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser
from typing import NamedTuple


class Part(NamedTuple):
    """One field of a form."""

    name: str
    filename: str | None
    data: bytes


def read_parts(content: bytes, content_type: str) -> list[Part]:
    """Return the fields of a ``multipart/form-data`` body; empty for any other body.

    The email parser of the standard library reads the headers only: on a body it would change line
    endings and apply transfer encodings.
    """
    header = Message()
    header["Content-Type"] = content_type.replace("\r", "").replace("\n", "")
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return []
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    sections = (b"\r\n" + content).split(delimiter)[1:]
    return [_part(section) for section in sections if section[:2] != b"--"]


def _part(section: bytes) -> Part:
    head, _, data = section.partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode("latin-1").lstrip())
    name, filename = (_parameter(headers, key) for key in ("name", "filename"))
    return Part(name or "", filename, data)


def _parameter(headers: Message, name: str) -> str | None:
    """Return a parameter of Content-Disposition; the parser read the UTF-8 bytes as Latin-1."""
    found = headers.get_param(name, None, "content-disposition")
    return None if found is None else str(found).encode("latin-1", "replace").decode("utf-8", "replace")
