"""`dev.py check`: the flows of the project are in order."""

from __future__ import annotations

import subprocess
import sys

from demo.installation import ROOT


def test_the_flows_of_the_project_are_in_order() -> None:
    done = subprocess.run([sys.executable, "-m", "demo.check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "in order: flights; broken: 0\n", "")
