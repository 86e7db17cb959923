"""The fixture `aurous_server`."""

import pytest

pytest.importorskip("uvicorn", reason="needs the extra, server")


def test_shares_everything(pytester: pytest.Pytester) -> None:
    """It shares state and calls with `aurous`, the variable is set, and a subprocess gets a response."""
    pytester.makepyfile(
        """
        import json, os, subprocess, sys
        from urllib.request import Request, urlopen

        CODE = '''
        import os
        from urllib.request import Request, urlopen
        url = os.environ["AUROUS_BASE_URL"] + "/v1/characters"
        print(urlopen(Request(url, headers={"X-Api-Key": os.environ["AUROUS_API_KEY"]})).read().decode())
        '''

        def test_it(aurous, aurous_server):
            assert os.environ["AUROUS_BASE_URL"] == aurous_server.url
            assert aurous_server.aurous is aurous
            character = aurous.characters.add()
            run = subprocess.run([sys.executable, "-c", CODE.replace("\\n        ", "\\n")], capture_output=True,
                                 env=os.environ | aurous_server.env, timeout=60, check=True)
            assert character.id in run.stdout.decode()
            aurous.assert_called("characters.list", times=1)

        def test_after():
            assert "AUROUS_BASE_URL" not in os.environ
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)
