"""The whole demo, as somebody starts it: one month dropped, one model trained, nothing left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.installation import DEV, ROOT
from demo.makers.makers import MAKERS
from tests.azurite import find_azurite, find_node

DEADLINE_S = 300
IN_THE_GATE = {"azureml_batch", "databricks"}


def start(*options: str) -> subprocess.Popen[str]:
    tools = {"SLUICE_NODE": find_node(), "SLUICE_AZURITE": str(find_azurite())}
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "--months=1", *options],
        cwd=ROOT,
        env={**os.environ, **tools},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def folders_of(demo: subprocess.Popen[str]) -> list[Path]:
    """What a demo keeps on disk; other demos may be running beside it."""
    return list((DEV / "demo").glob(f"{demo.pid}-*"))


def test_a_month_becomes_a_dataset_and_a_model() -> None:
    demo = start("--json")
    said, progress = demo.communicate(timeout=DEADLINE_S)
    assert demo.returncode == 0, progress
    result = json.loads(said.splitlines()[-1])
    assert result["ok"] is True
    [run] = result["runs"]
    assert (run["upload"], run["status"]) == ("flights/2013/01.csv", "published")
    assert run["rows_read"] > run["rows_published"] > 0
    assert run["rows_quarantined"] > 0
    assert run["pipeline"]["status"] == "succeeded"
    assert run["pipeline"]["run_id"] == run["run_id"]
    assert run["pipeline"]["scores"]["auc"] > 0.6
    assert folders_of(demo) == []


@pytest.mark.parametrize(
    "kind", [kind if kind in IN_THE_GATE else pytest.param(kind, marks=pytest.mark.long) for kind in sorted(MAKERS)]
)
def test_a_makers_service_gets_the_dataset_and_trains_with_it(kind: str) -> None:
    demo = start("--json", "--pipeline", kind)
    said, progress = demo.communicate(timeout=DEADLINE_S)
    assert demo.returncode == 0, progress
    [run] = json.loads(said.splitlines()[-1])["runs"]
    pipeline = run["pipeline"]
    assert (run["status"], pipeline["status"]) == ("published", "succeeded")
    assert pipeline["scores"]["auc"] > 0.6
    assert pipeline["received"]["audience"] == MAKERS[kind].audience
    assert run["run_id"] in json.dumps(pipeline["received"])


@pytest.mark.skipif(sys.platform == "win32", reason="there, no other process can send a SIGINT")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(number: signal.Signals) -> None:
    demo = start()
    assert demo.stderr
    starting = next(line for line in demo.stderr if "Azurite" in line)
    assert starting.startswith("starting")
    assert len(folders_of(demo)) == 1
    demo.send_signal(number)
    _, progress = demo.communicate(timeout=DEADLINE_S)
    assert demo.returncode == 130
    assert progress.endswith("ended; nothing is left running\n")
    assert folders_of(demo) == []
