"""The OpenAPI document of the fake, without a fake."""

import json
from importlib.resources import files


def test_the_document_lies_in_the_package() -> None:
    document = json.loads(
        files("pytest_aurous").joinpath("openapi.json").read_text(encoding="utf-8")
    )

    save = document["paths"]["/v1/characters/{id}/save"]["post"]
    assert save["operationId"] == "characters.save"
