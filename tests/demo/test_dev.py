"""`dev.py` before anything is installed: it needs Python alone, and says so when that is the wrong one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from demo.gate import find_interpreter
from demo.host import settings_of
from demo.installation import ROOT
from demo.services import sample_settings

BEFORE_SET_UP = (
    "dev.py",
    "bench/__init__.py",
    "bench/arguments.py",
    "demo/__init__.py",
    "demo/arguments.py",
    "demo/gate.py",
    "demo/installation.py",
    "demo/locking.py",
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("file", BEFORE_SET_UP)
def test_what_runs_before_set_up_needs_python_alone(file: str) -> None:
    own = {name.removesuffix(".py").replace("/", ".") for name in BEFORE_SET_UP}
    foreign = {name for name in imported(ROOT / file) - own if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == set()


def test_another_python_gets_one_clear_line() -> None:
    pretend = "import sys, runpy; sys.version_info = (3, 14, 0); sys.version = '3.14.0 (x)'; runpy.run_path('dev.py')"
    ended = run("-c", pretend)
    assert ended.returncode == 1
    assert ended.stderr == "Sluice runs on Python 3.11, 3.12 and 3.13; this is Python 3.14.0.\n"


@pytest.mark.parametrize("months", ["0", "13", "-1", "one"])
def test_a_wrong_number_of_months_is_refused_before_set_up(months: str) -> None:
    ended = run("dev.py", "demo", f"--months={months}")
    assert ended.returncode == 2
    assert "expected a number of months from 1 to 12" in ended.stderr


def test_a_pipeline_that_nobody_plays_is_refused_before_set_up() -> None:
    ended = run("dev.py", "demo", "--pipeline=sagemaker")
    assert ended.returncode == 2
    assert "'azureml_batch'" in ended.stderr


def test_an_interpreter_is_found_only_if_it_starts() -> None:
    here = "{}.{}".format(*sys.version_info[:2])
    found = find_interpreter(here)
    assert found is None or run_version(found) == here
    assert find_interpreter("3.99") is None


def run_version(interpreter: str) -> str:
    ask = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(ask, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def test_own_settings_win_over_the_samples(tmp_path: Path) -> None:
    own = tmp_path / "local.settings.json"
    own.write_text('{"Values": {"LANDING_CONTAINER": "arrivals"}}')
    assert settings_of(own) == {**sample_settings(), "LANDING_CONTAINER": "arrivals"}
    assert settings_of(tmp_path / "none.json") == sample_settings()
