"""The rules of the house that a linter does not know."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "transforms": {"transforms"},
    "orchestrators": {"orchestrators", "transforms"},
    "function_app.py": {"orchestrators"},
    "devhost": {"devhost"},
}
OURS = {"transforms", "orchestrators", "devhost", "demo", "bench", "function_app", "tests", "dev"}
HEAVY = {"duckdb", "pandas", "pyarrow", "numpy", "sklearn", "scipy"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "shared", "manager", "base"}


def sources(part: str = "") -> Iterator[Path]:
    """Python files of a part of the house, or of all of it."""
    start = ROOT / part
    found = [start] if start.is_file() else start.rglob("*.py")
    return (path for path in found if not {".dev", ".git"} & set(path.relative_to(ROOT).parts))


def imported(path: Path) -> set[str]:
    """The top-level names of everything that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_point_one_way(part: str) -> None:
    astray = {
        str(path.relative_to(ROOT)): sorted(bad)
        for path in sources(part)
        if (bad := (imported(path) & OURS) - MAY_IMPORT[part])
    }
    assert astray == {}


def test_transforms_never_import_azure() -> None:
    assert [path for path in sources("transforms") if "azure" in imported(path)] == []


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [path for path in sources() if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES] == []


def test_the_wiring_stays_within_100_lines() -> None:
    assert len((ROOT / "function_app.py").read_text(encoding="utf-8").splitlines()) <= 100


def test_importing_the_app_loads_nothing_heavy() -> None:
    code = "import json, sys, function_app; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=_bare_environment(), capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) & HEAVY == set()


def test_the_app_indexes_without_a_single_setting() -> None:
    code = "import function_app; print(*sorted(f.get_function_name() for f in function_app.app.get_functions()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=_bare_environment(), capture_output=True, text=True, check=True
    )
    assert {"upload_landed", "sweep_uploads", "upload_poisoned", "ingest", "get_health"} <= set(done.stdout.split())


def _bare_environment() -> dict[str, str]:
    kept = ("PATH", "SYSTEMROOT", "HOME", "USERPROFILE", "TEMP", "TMP", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}
