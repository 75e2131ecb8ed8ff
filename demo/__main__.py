"""The demo: drop real flights, watch them become datasets and trained models. Started by `python3 dev.py demo`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from demo.arguments import HTTP, add_demo_arguments
from demo.flights import DataUnavailable, Month, fetched_archive, lookups, months
from demo.host import drop_command
from demo.installation import DEV, say
from demo.lake import Lake
from demo.pipelines import Training, training
from demo.processes import ServiceFailed
from demo.progress import Progress
from demo.report import disappointments, run_report, shown
from demo.services import Host, azurite, demo_settings, local_host, sample_settings
from demo.signals import ending_on_signals
from demo.watching import StoodStill, watch

NAP_S = 60


class Disappointed(RuntimeError):
    """The demo ran to its end, and something is not as it should be."""


Troubles = (ServiceFailed, DataUnavailable, StoodStill, Disappointed)


def main() -> int:
    """Run the demo; 0 when every file became a dataset and a model worth having."""
    parser = argparse.ArgumentParser(prog="dev.py demo")
    add_demo_arguments(parser)
    words = parser.parse_args()
    with ending_on_signals():
        try:
            _demo(words.months, words.pipeline, as_json=words.json, keep=words.keep)
        except Troubles as trouble:
            say(str(trouble))
            if words.json and not isinstance(trouble, Disappointed):
                print(json.dumps({"runs": [], "ok": False}), flush=True)
            return 1
        except KeyboardInterrupt:
            say("ended; nothing is left running")
            return 130
    return 0


def _demo(count: int, kind: str, *, as_json: bool, keep: bool) -> None:
    say("reading the flights (8 MB are fetched once)")
    archive = fetched_archive()
    files = months(archive, count)
    with ExitStack() as stack:
        folder = stack.enter_context(demo_folder())
        say(f"starting Azurite, {'the trainer' if kind == HTTP else kind} and the local host")
        connection = stack.enter_context(azurite(folder))
        lake = Lake(connection, sample_settings())
        lake.create_containers()
        lake.put_lookups(lookups(archive))
        pipeline = stack.enter_context(training(kind, connection, folder))
        host = stack.enter_context(local_host({**demo_settings(connection, folder), **pipeline.settings}, folder))
        reports = _drop_and_watch(lake, host, files, pipeline)
        wrong = disappointments(reports, {file.name: (file.rows, file.damaged) for file in files})
        print(json.dumps({"runs": reports, "ok": not wrong}) if as_json else shown(reports, kind), flush=True)
        if keep:
            _keep(host, lake, pipeline, folder)
        if wrong:
            raise Disappointed("\n".join(wrong))


def _drop_and_watch(lake: Lake, host: Host, files: list[Month], pipeline: Training) -> list[dict[str, Any]]:
    progress = Progress(len(files))
    dropped: dict[str, float] = {}
    for file in files:
        dropped[file.name] = time.monotonic()
        lake.drop(file.name, file.content)
    try:
        sights = watch(host, dropped, progress.show)
    finally:
        progress.end()
    received = pipeline.received()
    return [run_report(sight, received) for sight in sights]


def _keep(host: Host, lake: Lake, pipeline: Training, folder: Path) -> None:
    say(
        f"""
Everything runs on until Ctrl-C.

  runs      {host.url}/api/runs?code={host.key}
  uploads   {host.url}/api/uploads?code={host.key}
  trainer   {pipeline.starts_url}
  logs      {folder}

Drop a file of your own (any name that fits flights/{{year}}/{{month}}.csv):

  {drop_command(lake, "flights/2014/01.csv")}
"""
    )
    try:
        while True:
            time.sleep(NAP_S)
    except KeyboardInterrupt:
        say("ending")


@contextmanager
def demo_folder() -> Iterator[Path]:
    """A folder for everything the demo writes; kept, and named, only when the demo fails."""
    parent = DEV / "demo"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
    try:
        yield folder
    except Troubles:
        say(f"what everything said is kept in {folder}")
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
