"""The whole text of a request that the fake does not know, and the hints about calls that were refused."""

from __future__ import annotations

import re
from typing import Final

import pytest

HOME: Final = "https://api.aurous-labs.com"

ALLOW: Final = """\
The client got the response that the API would send. If the request is intended, allow it with \
@pytest.mark.aurous(strict="off"), or "warn".
Read on: pytest-aurous docs reference/errors#unmatched-requests"""

UNMATCHED: Final = {
    "wrong method": (
        f"PUT {HOME}/v1/balance",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: PUT {HOME}/v1/balance
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: the method: PUT instead of GET
""",
    ),
    "typo": (
        f"POST {HOME}/v1/characters/char_x/sav",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: POST {HOME}/v1/characters/char_x/sav
  nearest: characters.save, POST {HOME}/v1/characters/{{id}}/save
  differs: 'sav' instead of 'save'
""",
    ),
    "missing v1": (
        f"GET {HOME}/characters/char_x",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET {HOME}/characters/char_x
  nearest: characters.retrieve, GET {HOME}/v1/characters/{{id}}
  differs: missing /v1
""",
    ),
    "http": (
        "GET http://api.aurous-labs.com/v1/balance",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET http://api.aurous-labs.com/v1/balance
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: http:// instead of https://
""",
    ),
    "trailing slash": (
        f"GET {HOME}/v1/balance/",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET {HOME}/v1/balance/
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: a trailing slash
""",
    ),
    "double slash": (
        f"GET {HOME}//v1/balance",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET {HOME}//v1/balance
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: a double slash
""",
    ),
    "upper case": (
        f"GET {HOME}/v1/Balance",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET {HOME}/v1/Balance
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: 'Balance' instead of 'balance'
""",
    ),
    "quoted slash": (
        f"GET {HOME}/v1/characters/char_x%2Fa/b",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET {HOME}/v1/characters/char_x%2Fa/b
  nearest: characters.save, POST {HOME}/v1/characters/{{id}}/save
  differs: 'b' instead of 'save'; the method: GET instead of POST
  %2F is a slash inside a segment: join segments with /, and quote only ids
""",
    ),
    "wrong host": (
        "GET https://app.aurous-labs.com/v1/balance",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET https://app.aurous-labs.com/v1/balance
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: the host: app.aurous-labs.com instead of api.aurous-labs.com
""",
    ),
    "upload host": (
        "GET https://aurous.storage/v1/balance",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET https://aurous.storage/v1/balance
  nearest: balance.retrieve, GET {HOME}/v1/balance
  differs: the host: aurous.storage instead of api.aurous-labs.com
""",
    ),
    "no key": (
        f"GET {HOME}/v1/charcters",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: GET {HOME}/v1/charcters
  nearest: characters.list, GET {HOME}/v1/characters
  differs: 'charcters' instead of 'characters'
  no API key was sent either
""",
    ),
    "everything": (
        "PUT http://www.aurous-labs.com/characters//char_x/sav/",
        f"""\
AurousUnmatchedRequest: pytest-aurous has no such operation: PUT http://www.aurous-labs.com/characters//char_x/sav/
  nearest: characters.save, POST {HOME}/v1/characters/{{id}}/save
  differs: http:// instead of https://; the host: www.aurous-labs.com instead of api.aurous-labs.com; \
a double slash; a trailing slash; missing /v1; 'sav' instead of 'save'; the method: PUT instead of POST
""",
    ),
}
"""A request, and all that is said of it before how to allow it. Each but one brings a key."""

HINTS: Final = {
    "another kind": (
        "GET /v1/characters/upl_x",
        """\
    1  10:00:00  characters.retrieve  GET    /v1/characters/upl_x -> 404 resource_not_found
       said: No such character: 'upl_x'.
       hint: upl_x is an id of uploads: characters.retrieve expects another kind
""",
    ),
    "no key": (
        "GET /v1/balance",
        """\
    1  10:00:00  balance.retrieve  GET    /v1/balance -> 401 missing_api_key
       said: No API key provided. Send it in the X-Api-Key header.
       hint: no API key was sent: send X-Api-Key; aurous_client does, and
         AUROUS_API_KEY holds it
""",
    ),
    "quoted slash": (
        "POST /v1/characters/char%2Fx/save",
        """\
    1  10:00:00  characters.save  POST   /v1/characters/char%2Fx/save -> 404 resource_not_found
       said: No such character: 'char/x'.
       hint: char%2Fx contains %2F: a slash inside a segment, and no id contains
         one
""",
    ),
    "nothing to say": (
        "GET /v1/characters/char_x",
        """\
    1  10:00:00  characters.retrieve  GET    /v1/characters/char_x -> 404 resource_not_found
       said: No such character: 'char_x'.
""",
    ),
}
"""A call that the API refuses, and what the timeline says of it."""

HEADLINE: Final = re.compile(r"^_+ test_it\[(.+)\] _+$", re.MULTILINE)


def blocks(text: str) -> dict[str, str]:
    """Return what is shown of each failed test."""
    parts = HEADLINE.split(text.partition("\n=====")[0])
    return dict(zip(parts[1::2], (part.strip("\n") for part in parts[2::2]), strict=True))


def test_the_whole_text_of_each_unmatched_request(pytester: pytest.Pytester) -> None:
    """The request, the nearest operation, what differs, what else there is to say, and how to allow it."""
    rows = {name: request.split() for name, (request, _) in UNMATCHED.items()}
    pytester.makepyfile(
        f"""
        import httpx, pytest

        ROWS = {rows}

        @pytest.mark.aurous(report="off")
        @pytest.mark.parametrize("name", ROWS)
        def test_it(aurous, name):
            httpx.request(*ROWS[name], headers={{}} if name == "no key" else {{"X-Api-Key": aurous.api_key}})
        """
    )

    result = pytester.runpytest("-p", "no:randomly", "-W", "ignore::pytest_aurous.AurousPitfallWarning")

    result.assert_outcomes(failed=len(UNMATCHED))
    shown = blocks(str(result.stdout).partition(" FAILURES ")[2])
    place = "  sent at: test_the_whole_text_of_each_unmatched_request.py:8 in test_it\n"
    assert shown == {name: text + place + ALLOW for name, (_, text) in UNMATCHED.items()}


def test_the_whole_hint_of_each_refused_call(pytester: pytest.Pytester) -> None:
    """The line of the call, what the API said, and what probably went wrong."""
    rows = {name: request.split() for name, (request, _) in HINTS.items()}
    pytester.makepyfile(
        f"""
        import httpx, pytest

        ROWS = {rows}

        @pytest.mark.aurous(now="2026-05-08T10:00:00Z")
        @pytest.mark.parametrize("name", ROWS)
        def test_it(aurous, name):
            method, path = ROWS[name]
            headers = {{}} if name == "no key" else {{"X-Api-Key": aurous.api_key}}
            httpx.request(method, aurous.base_url + path, headers=headers)
            assert False
        """
    )

    result = pytester.runpytest("-p", "no:randomly")

    result.assert_outcomes(failed=len(HINTS))
    shown = blocks(str(result.stdout).partition(" FAILURES ")[2])
    calls = {
        name: re.split(r"-+ Aurous timeline -+\n", text)[1].partition("at the end:")[0] for name, text in shown.items()
    }
    assert calls == {name: text for name, (_, text) in HINTS.items()}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_unmatched_stays_so_whatever_key_came(pytester: pytest.Pytester, method: str) -> None:
    """A wrong key, or none, makes an unknown path no 401."""
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.mark.parametrize("headers", [{{}}, {{"X-Api-Key": "al_live_wrong"}}], ids=["none", "wrong"])
        def test_it(aurous, headers):
            assert httpx.request("{method}", f"{{aurous.base_url}}/v1/nonsense", headers=headers).status_code == 404
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([f"*no such operation: {method} *"] * 2)
