"""Compare pytest-aurous with openai-responses and respx: what one completion takes, and who catches what.

openai-responses needs openai 2 and an older respx, so this runs in an environment of its own:
``uv run --no-project --with openai-responses==0.13.1 --with . python benchmarks/completions/measure.py``
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from shutil import copytree
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import counting  # noqa: E402

WAYS = ("sdk_alone", "aurous", "openai_responses", "respx_route")
FILES = ("with_aurous.py", "with_openai_responses.py", "with_respx.py")
MISTAKES = {
    "nothing": ("", ""),
    "the code sends no key": ("once = {", "once = {} and {"),
    "the code takes a cut stream for a complete one": ("if end is None:", "if False:"),
    "the code forgets `tool_call_id`": ('"tool_call_id": call.id, ', ""),
    "the code misspells a role": ('"role": "system"', '"role": "sytem"'),
    "the code asks for more tokens than the model has": ("max_tokens=100", "max_tokens=100_000"),
    "the code names a model that does not exist": ("grow-2.0-pro", "grow-2.0"),
    "the code does not offer the tool": (", tools=[TOOL])", ")"),
}


def caught() -> None:
    """Print which test files fail for each mistake."""
    for mistake, (old, new) in MISTAKES.items():
        with TemporaryDirectory() as folder:
            copytree(HERE, folder, dirs_exist_ok=True)
            file = Path(folder, "code_under_test.py")
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
            failed = []
            for name in FILES:
                command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", folder, name]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
                failed.append("yes" if done.returncode == 1 else "no" if done.returncode == 0 else done.stdout)
        print("|", mistake, "|", " | ".join(failed), "|", flush=True)


def instructions() -> None:
    """Print what one completion takes, and what each adds to the SDK."""
    found: dict[str, float] = {}
    for name in WAYS:
        few, many = (counting.total("completions/asked.py", name, times) for times in (10, 40))
        found[name] = (many - few) / 30e6
        print(name, f"{found[name]:.2f} M {counting.UNIT}", flush=True)
    beyond_the_sdk(found)
    few, many = (counting.total("completions/asked.py", "stream_alone", chunks) for chunks in (500, 1500))
    print(f"1,000 chunks: {(many - few) / 1e6:.1f} M {counting.UNIT}")


def processor_time() -> None:
    """Print the same in milliseconds, with the garbage collector: the median of rounds in which all take turns."""
    asked = import_module("asked")
    rounds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(15):
        for name, taken in rounds.items():
            start = process_time()
            getattr(asked, name)(100)
            taken.append((process_time() - start) * 10)
    found = {name: median(taken) for name, taken in rounds.items()}
    for name, each in found.items():
        print(name, f"{each:.2f} ms")
    beyond_the_sdk(found)


def beyond_the_sdk(found: dict[str, float]) -> None:
    """Print what pytest-aurous takes, divided by what the others take, without what the SDK takes itself."""
    alone = found["sdk_alone"]
    for other in ("openai_responses", "respx_route"):
        beyond = (found["aurous"] - alone) / (found[other] - alone)
        print(f"aurous / {other}: {found['aurous'] / found[other]:.2f}, beyond the SDK {beyond:.2f}")


def lines() -> None:
    """Print how long each test file is, without blank lines and comments."""
    for name in FILES:
        text = (HERE / name).read_text(encoding="utf-8")
        print(name, len(re.findall(r"^(?!#).*\S.*$", text, re.MULTILINE)), "lines")


if __name__ == "__main__":
    lines()
    caught()
    processor_time()
    instructions()
    for chunks in ("1000", "100000"):
        subprocess.run([sys.executable, str(HERE / "asked.py"), "stream", chunks], check=True, timeout=600)
