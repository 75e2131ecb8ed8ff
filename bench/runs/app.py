"""The app on the local host with a storage account of its own, as the load finds it."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient

from bench.environments import BENCH
from demo.installation import ROOT
from demo.processes import Service, running
from demo.services import azurite, demo_settings, sample_settings
from devhost.settings import MOST_WORKER_PROCESSES

READY = re.compile(r"^READY (\{.*\})\s*$")
LONGEST_S = 900
LOOK_EVERY_S = 0.25
WORKER_PROCESSES = min(os.cpu_count() or 1, MOST_WORKER_PROCESSES)

FLOW = """
flow: readings
source: {path: "readings/{name}.csv", format: csv}
contract:
  columns:
    id: {type: int64, required: true}
    site: {type: string, required: true}
    kwh: {type: float64, min: 0}
  max_bad_rows: 50%
"""


@dataclass(frozen=True)
class Look:
    """What the host told at one moment, of itself and its worker processes."""

    at: float
    rss_mb: float | None
    transactions: int
    ended: dict[str, int]


@dataclass(frozen=True)
class App:
    """Where the app and its storage are."""

    url: str
    key: str
    connection_string: str
    watch: Path
    counts_runs: str
    """The function that has ended as often as runs are over."""

    def looks(self) -> list[Look]:
        """What the host has told so far."""
        lines = self.watch.read_text(encoding="utf-8").split("\n")[:-1]
        return [Look(**json.loads(line)) for line in lines]

    def runs_over(self) -> int:
        """How many runs are over."""
        return (self.looks() or [Look(0, None, 0, {})])[-1].ended.get(self.counts_runs, 0)

    def wait_for(self, runs: int) -> bool:
        """Return when so many runs are over; False where that takes too long."""
        ends_at = time.monotonic() + LONGEST_S
        while self.runs_over() < runs:
            if time.monotonic() > ends_at:
                return False
            time.sleep(LOOK_EVERY_S)
        return True


@contextmanager
def running_app(*, direct: bool) -> Iterator[App]:
    """The app runs with one flow, in plans or directly, and is told of uploads by events, as in Azure."""
    with ExitStack() as stack:
        BENCH.mkdir(parents=True, exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=BENCH, prefix="runs-")))
        connection_string = stack.enter_context(azurite(folder))
        with BlobServiceClient.from_connection_string(connection_string) as storage:
            storage.create_container("landing")
        (folder / "flows").mkdir()
        (folder / "flows/readings.yaml").write_text(FLOW + ("run: direct\n" if direct else ""), encoding="utf-8")
        settings: dict[str, Any] = {
            **os.environ,
            **sample_settings(),
            **demo_settings(connection_string, folder),
            "BLOB_TRIGGER_SOURCE": "EventGrid",
            "FLOWS_FOLDER": str(folder / "flows"),
            "FUNCTIONS_WORKER_PROCESS_COUNT": str(WORKER_PROCESSES),
            "SWEEP_SCHEDULE": "0 0 3 1 1 *",
            "PYTHONUNBUFFERED": "1",
        }
        watch = folder / "watch.jsonl"
        options = ["--app", str(ROOT), "--port", "0", "--state", str(folder / "host")]
        command = [sys.executable, "-m", "bench.runs.counted_host", str(watch), *options]
        service = Service("the local host", command, READY)
        [sign] = stack.enter_context(running(service, settings, folder / "host.log"))
        ready = json.loads(sign[1])
        counts_runs = "upload_landed" if direct else "report_run"
        yield App(ready["url"].rstrip("/"), ready["master_key"], connection_string, watch, counts_runs)
