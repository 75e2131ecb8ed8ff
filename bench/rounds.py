"""Rounds: every entry of every case runs once a round, so that what disturbs the machine disturbs all alike."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.cases import Case, Contender, Entry, Metric
from bench.data import data_file, put_blob
from bench.environments import BENCH
from bench.measuring import ContenderFailed, Measured, measure
from demo.installation import ROOT, say
from demo.services import azurite

MEMORY_SHARE = 0.7
"""Of what is free at the start, for one contender: what wants more fails, and not the machine."""


@dataclass
class Record:
    """What one entry did, over all rounds; `failure` says why it has no figures."""

    runs: list[Measured] = field(default_factory=list)
    failure: str | None = None

    def figure(self, metric: Metric) -> float | None:
        """The median of a metric."""
        values = [value for run in self.runs if (value := getattr(run, metric)) is not None]
        return median(values) if values else None


Records = dict[tuple[str, str], Record]
Source = tuple[str, dict[str, str]]
"""What a contender reads, and the environment in which it finds it."""


def run_rounds(
    cases: Sequence[Case], pythons: Mapping[str | None, Path], failures: Mapping[str | None, str], repeats: int
) -> Records:
    """Every entry has run `repeats` times, or has its failure told."""
    records: Records = {(case.name, entry.name): Record() for case in cases for entry in case.entries}
    with ExitStack() as stack:
        sources = {(case.name, entry.name): _source(case, entry, stack) for case in cases for entry in case.entries}
        for number in range(repeats):
            for case in cases:
                for entry in case.entries:
                    record = records[case.name, entry.name]
                    record.failure = record.failure or failures.get(entry.contender.environment)
                    if record.failure is None:
                        say(f"round {number + 1} of {repeats}: {case.name}, {entry.name}")
                        _run(entry.contender, pythons, sources[case.name, entry.name], record)
    return records


def run_once(contender: Contender, python: Path, source: str, environment: Mapping[str, str]) -> Measured:
    """One contender has run on one source, in a folder of its own that is gone now."""
    BENCH.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=BENCH, prefix="run-"))
    try:
        script = ROOT / f"bench/contenders/{contender.script}.py"
        command = [str(python), str(script), source, str(folder / "out"), contender.variant]
        own = {"PYTHONPATH": str(ROOT)} if contender.environment is None else {}
        return measure(command, folder, {**os.environ, **environment, **own}, _most_memory())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    contender: Contender, pythons: Mapping[str | None, Path], source: tuple[str, dict[str, str]], to: Record
) -> None:
    try:
        to.runs.append(run_once(contender, pythons[contender.environment], *source))
    except ContenderFailed as failure:
        to.failure = str(failure)
        say(f"  {failure}")


def _source(case: Case, entry: Entry, stack: ExitStack) -> Source:
    """What the entry reads, and the environment in which it finds it."""
    file = data_file(entry.data, case.size_mb)
    if case.name != "blob":
        return str(file.path), {}
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=BENCH, prefix="azurite-")))
    connection_string = stack.enter_context(azurite(folder))
    return put_blob(connection_string, file), {"BENCH_STORAGE": connection_string}


def _most_memory() -> int:
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return 0
    kilobytes = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("MemAvailable:"))
    return int(kilobytes * 1024 * MEMORY_SHARE)
