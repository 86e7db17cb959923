"""Multipart bodies, as forms and files are sent (RFC 7578): the bytes of a part come out as they went in."""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser
from typing import NamedTuple

__all__ = ("Part", "read_parts")


class Part(NamedTuple):
    """One field of a form."""

    name: str
    filename: str | None
    data: bytes


def read_parts(content: bytes, content_type: str) -> list[Part] | None:
    """Return the fields of a ``multipart/form-data`` body, or None where it is none.

    The standard library reads the headers; its parser of mail would change line ends and obey encodings.
    """
    told = Message()
    told["Content-Type"] = content_type.replace("\r", "").replace("\n", "")
    boundary = told.get_boundary()
    if told.get_content_type() != "multipart/form-data" or not boundary:
        return None
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    sections = (b"\r\n" + content).split(delimiter)[1:]
    found = [_part(section) for section in sections if section[:2] != b"--"]
    return found or None


def _part(section: bytes) -> Part:
    head, _, data = section.partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode("latin-1").lstrip())
    name, filename = (_parameter(headers, one) for one in ("name", "filename"))
    return Part(name or "", filename, data)


def _parameter(headers: Message, name: str) -> str | None:
    """Return a parameter of Content-Disposition: UTF-8, whatever the standard library took it for."""
    found = headers.get_param(name, None, "content-disposition")
    return None if found is None else str(found).encode("latin-1", "replace").decode("utf-8", "replace")
