"""Environments: each contender has a virtual environment of its own, made from its pinned requirements."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from demo.installation import DEV, ROOT, SetUpFailed, python_environment

REQUIREMENTS = ROOT / "bench/requirements"
BENCH = DEV / "bench"
TOLD = ("duckdb", "pandas", "polars", "pyarrow", "dlt", "lakelogic", "azure-storage-blob", "obstore")


def prepared(names: Iterable[str | None]) -> tuple[dict[str | None, Path], dict[str | None, str]]:
    """The Python of each environment, and why some could not be made."""
    pythons: dict[str | None, Path] = {}
    failures: dict[str | None, str] = {}
    for name in dict.fromkeys(names):
        if name is None:
            pythons[name] = Path(sys.executable)
            continue
        try:
            pythons[name] = python_environment(sys.executable, BENCH / f"env-{name}", REQUIREMENTS / f"{name}.txt")
        except SetUpFailed as failure:
            failures[name] = str(failure)
    return pythons, failures


def versions(python: Path) -> dict[str, str]:
    """The versions of what matters, in one environment."""
    ask = (
        "import importlib.metadata as m, sys\n"
        "found = {d.name.lower(): d.version for d in m.distributions()}\n"
        "print(*(f'{name}={found[name]}' for name in sys.argv[1:] if name in found))"
    )
    said = subprocess.run([str(python), "-c", ask, *TOLD], capture_output=True, encoding="utf-8", check=True).stdout
    return dict(word.split("=", 1) for word in said.split())
