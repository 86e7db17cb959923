"""The results as a file: what was measured, on what machine, with which tools."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from timing import Result

__all__ = ("PUBLISHED", "machine", "write_report")

PUBLISHED: Final = Path(__file__).with_name("results.json")
TOOLS: Final = (
    "pytest",
    "httpx",
    "respx",
    "faker",
    "uvicorn",
    "h11",
    "pytest-httpx",
    "pytest-httpserver",
    "moto",
    "boto3",
)


def machine() -> dict[str, Any]:
    """Describe this machine, and nothing by which it could be found; ask before the load is of our own making."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "os": _system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def write_report(file: Path, where: dict[str, Any], results: Iterable[tuple[str, Result]], *, quick: bool) -> None:
    """Write what each group found."""
    rows = [{"group": group, **_rounded(asdict(result)), "passed": result.passed} for group, result in results]
    versions = {tool: version(tool) for tool in TOOLS}
    report = {"quick": quick, "machine": where, "versions": versions, "results": rows}
    file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in row.items()}


def _cpu() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"
