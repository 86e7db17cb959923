"""Forms as httpx and httpx2 send them: whatever names, file names and bytes, they come back as they were."""

import re
from typing import Any, Final

import httpx
import httpx2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_aurous._core.wire.bodies import FormPart, read_parts

pytestmark = pytest.mark.slow

each_client: Final = pytest.mark.parametrize("client", [httpx, httpx2], ids=["httpx", "httpx2"])
AMBIGUOUS: Final = re.compile("%(22|[01][0-9A-F])")  # httpx does not escape the percent sign
names: Final = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda name: not AMBIGUOUS.search(name))
data: Final = st.binary(max_size=64)
files: Final = st.lists(st.tuples(names, st.tuples(names.filter(bool), data)), min_size=1, max_size=4)
fields: Final = st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3)
BOUNDARY: Final = "b0undary"


def sent(client: Any, **options: Any) -> tuple[bytes, str]:
    """Return the body and the type of a form."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    request = client.Request("POST", "https://x", headers={"Content-Type": kind}, **options)
    body: bytes = request.read()
    return body, kind


@each_client
@given(files, fields)
def test_every_form_comes_back(client: Any, files: list[tuple[str, tuple[str, bytes]]], fields: dict[str, str]) -> None:
    """Quotes, line breaks, control characters, backslashes and every script, in any order."""
    values = [*fields.values(), *(str(content) for _, (_, content) in files)]
    assume(all(BOUNDARY not in value for value in values))

    parts = read_parts(*sent(client, files=files, data=fields))

    assert parts == [
        *(FormPart(name, None, value.encode()) for name, value in fields.items()),
        *(FormPart(name, filename, content) for name, (filename, content) in files),
    ]
