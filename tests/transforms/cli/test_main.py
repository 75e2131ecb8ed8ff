"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.transforms.cli.conftest import Call
from transforms.cli.answers import Answer

ROOT = Path(__file__).parents[3]


def test_it_runs_as_a_module_and_its_exit_code_is_the_answers(folder: Path) -> None:
    command = [sys.executable, "-m", "transforms", "check", "trips.yaml", "no.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "no flow file: no.yaml\n")


def test_a_run_without_frames_leaves_pandas_alone(folder: Path) -> None:
    words = ["run", "trips.yaml", "--input", "monday.csv", "--lookup", "kinds=kinds.csv", "--output", "out"]
    code = f"import sys; from transforms.cli.main import main; print(main({words}), 'pandas' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"


def test_help_tells_the_exit_codes(call: Call) -> None:
    called = call("--help")
    assert called.code == 0
    assert "Exit codes: 0 done; 1 the data is at fault; 2 the call or the flow is at fault" in called.out


def test_an_interrupted_call_says_that_nothing_was_published(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> Answer:
        raise KeyboardInterrupt

    monkeypatch.setattr("transforms.cli.check.carry_out", interrupted)
    called = call("check trips.yaml")
    assert (called.code, called.err) == (130, "interrupted; nothing was published\n")
