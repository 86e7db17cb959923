"""Write the OpenAPI document into the package, for each wheel and each editable install."""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    """The hook of the wheel; the document needs nothing but the standard library."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the signature of hatchling
        """Write what `pytest-aurous openapi` prints."""
        command = [sys.executable, "-m", "pytest_aurous", "openapi", "--output", "pytest_aurous/openapi.json"]
        subprocess.run(command, cwd=self.root, check=True, timeout=600)  # noqa: S603 - ours
