"""Files as plain data, whatever they contain: no tag constructs an object, and nothing fills the memory.

Cassettes of VCR.py become HAR.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception

from ..._core.base.data import MOST_BYTES, LimitError, as_list, as_object, read_file
from .har import field, plain_text

_YAML: Final = (".yaml", ".yml")
_NODE: Final = 64
"""The bytes that an object or a list counts beside its text, and in YAML any value: it takes memory of its own."""
_MOST_DEPTH: Final = 100


class UnreadableError(Exception):
    """Why a file cannot be read, in plain words."""


class Bound:
    """The most that is read: of one file, or of all bodies of a recording. *what* names them in messages."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._left = MOST_BYTES

    def take(self, text: bytes, values: int = 0) -> bytes:
        """Return a text, with so many *values* beside objects and lists. LimitError: it is too much."""
        size = len(text) + _NODE * (values + text.count(b"[") + text.count(b"{"))
        if size > self._left:
            most = f"{MOST_BYTES // 1024 // 1024} MB, where an object or a list has {_NODE} bytes more"
            raise LimitError(f"{self._what} is larger than {most}")
        self._left -= size
        return text


def read(file: Path) -> bytes:
    """Return what is in a file. LimitError: it is too large, or not a regular file. OSError: it cannot be read."""
    return Bound("it").take(read_file(file, MOST_BYTES))


def read_member(archive: ZipFile, folder: Path, name: str) -> bytes:
    """Return what is in a file of an archive. LimitError: it is too large. UnreadableError: it cannot be read."""
    try:
        with archive.open((folder / name).as_posix()) as stream:
            return Bound(name).take(stream.read(MOST_BYTES + 1))
    except (BadZipFile, EOFError, KeyError, RuntimeError, ZlibError) as error:
        raise UnreadableError(f"{name} in it cannot be read: {error}") from None


def check_depth(value: Any, left: int = _MOST_DEPTH) -> None:
    """Raise a LimitError if JSON data is nested too deep for what walks through it."""
    if isinstance(value, (dict, list)):
        if not left:
            raise LimitError(f"its JSON is nested more than {_MOST_DEPTH} deep")
        for one in (*as_object(value).values(), *as_list(value)):
            check_depth(one, left - 1)


def parse(file: Path, raw: bytes) -> Any:
    """Return the content of a file as data. LimitError: its aliases stand for too much. UnreadableError: it is none."""
    try:
        if file.suffix.lower() in _YAML or raw.startswith(b"interactions:"):  # VCR.py adds no suffix
            return _parse_yaml(raw.decode("utf-8-sig"))
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("it is not text in UTF-8. Save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno}: " if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableError(f"{line}truncated, or not valid JSON") from None


def _parse_yaml(text: str) -> Any:
    try:
        yaml: Any = import_module("yaml")
    except ImportError:
        why = "YAML needs PyYAML, the extra check: install it with python -m pip install pyyaml"
        raise UnreadableError(why) from None
    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]  # a class that is known when PyYAML is
        def flatten_mapping(self, node: Any) -> None:
            """Merge nothing: merges of merges fill the memory."""

    try:
        size = Bound("it")
        for event in yaml.parse(text, safe):  # before any value is made
            size.take(str(getattr(event, "value", "")).encode(), 1)
        return _without_aliases(yaml.load(text, Loader))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise UnreadableError(f"{line}truncated, endless, or not plain YAML") from None


def _without_aliases(value: Any) -> Any:
    """Return data of YAML as JSON has it: what is in several places is counted, and copied, in each."""
    bound, written = Bound("with its aliases, it"), StringIO()
    for part in json.JSONEncoder(default=_plain).iterencode(value):
        bound.take(part.encode(), 1)
        written.write(part)
    return json.loads(written.getvalue())


def _plain(value: Any) -> Any:
    """Return bytes as a cassette has them in JSON, and a time as text."""
    return {"base64_string": b64encode(value).decode()} if isinstance(value, bytes) else str(value)


def entry_of(interaction: Any) -> dict[str, Any]:
    """Return an interaction of a cassette as an entry of HAR, whose bodies are bytes. FieldError: one is malformed."""
    status = field(interaction, "response.status")
    old = field(interaction, "response.status_code")  # of httpx, as the content
    body = field(interaction, "response.body", _body)
    return {
        "request": {
            "method": field(interaction, "request.method"),
            "url": field(interaction, "request.uri", plain_text),
            "headers": field(interaction, "request.headers", _headers),
            "postData": {"text": field(interaction, "request.body", _body)},
        },
        "response": {
            "status": as_object(status).get("code", status) or old,
            "headers": field(interaction, "response.headers", _headers),
            "content": {"text": body or field(interaction, "response.content", _body), "size": 0},
        },
    }


def _headers(headers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the headers of a cassette, where each name has a list of values, or one."""
    return [
        {"name": name, "value": value}
        for name, values in headers.items()
        for value in (as_list(values) if isinstance(values, list) else [values])
    ]


def _body(body: Any) -> bytes:
    """Return a body: a text, or an object that has it, perhaps in Base64."""
    shape = as_object(body)
    if "base64_string" in shape:
        return b64decode(shape["base64_string"])
    if isinstance(body, dict):
        return _body(shape.get("string", ""))
    return plain_text(body).encode(errors="replace")
