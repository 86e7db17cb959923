"""One call through other fakes, some by other clients: they are there for scale, and have no bar."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from timing import per_call

__all__ = ("neighbours",)

Contestants = dict[str, Callable[[], float]]
ITEM = {"id": {"S": "1"}}


@contextmanager
def neighbours(path: str, answer: dict[str, Any], times: int) -> Iterator[Contestants]:
    """Yield a measurement of each neighbour, by the name that it has in the table."""
    with _openai_responses(times) as openai, _moto(times) as moto, _httpserver(path, answer, times) as loopback:
        yield {**_pytest_httpx(path, answer, times), **openai, **moto, **loopback}


def _pytest_httpx(path: str, answer: dict[str, Any], times: int) -> Contestants:
    from pytest_httpx import HTTPXMock
    from pytest_httpx._options import _HTTPXMockOptions

    class Through(httpx.HTTPTransport):
        """What the fixture makes of every transport."""

        def __init__(self) -> None:
            self.mock = HTTPXMock(_HTTPXMockOptions(can_send_already_matched_responses=True))
            self.mock.add_response(url=f"http://localhost{path}", json=answer)

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response: httpx.Response = self.mock._handle_request(self, request)
            return response

    def get() -> float:  # a new one each time, as each test has: it keeps all requests
        client = httpx.Client(transport=Through(), base_url="http://localhost")
        return per_call(lambda: client.get(path), times)

    return {"pytest-httpx, 1 static response": get}


@contextmanager
def _openai_responses(times: int) -> Iterator[Contestants]:
    """It asks for openai<3 and respx<0.23, which would hold back what we measure: it has an environment of its own."""
    worker = Path(__file__).with_name("openai_responses_worker.py")
    command = [sys.executable, "-m", "uv", "run", "--no-project", "--python", sys.executable, "--script", str(worker)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        ask, answers = process.stdin, process.stdout
        first = answers.readline()
        if not first:
            raise RuntimeError(f"the environment of {worker.name} could not be made; uv has said why")
        versions = json.loads(first)

        def get() -> float:
            print(times, file=ask, flush=True)
            return float(answers.readline())

        yield {f"openai-responses {versions['openai-responses']} on respx {versions['respx']}, a file": get}


@contextmanager
def _moto(times: int) -> Iterator[Contestants]:
    import boto3
    from moto import mock_aws

    with mock_aws():
        table = boto3.client("dynamodb", region_name="us-east-1")
        key = {"AttributeName": "id"}
        table.create_table(
            TableName="bench",
            KeySchema=[{**key, "KeyType": "HASH"}],
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        table.put_item(TableName="bench", Item=ITEM)

        def get() -> object:
            return table.get_item(TableName="bench", Key=ITEM)

        assert get()
        yield {"moto by boto3, an item of DynamoDB": lambda: per_call(get, times)}


@contextmanager
def _httpserver(path: str, answer: dict[str, Any], times: int) -> Iterator[Contestants]:
    from pytest_httpserver import HTTPServer

    with HTTPServer() as server, httpx.Client(base_url=server.url_for("")) as client:
        server.expect_request(path).respond_with_json(answer)

        def get() -> float:
            server.clear_log()
            assert client.get(path).status_code == httpx.codes.OK
            return per_call(lambda: client.get(path), times)

        yield {"pytest-httpserver, 1 static answer, both ends": get}
