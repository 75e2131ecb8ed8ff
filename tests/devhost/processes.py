"""The local host as a process of its own, for tests that end it in every way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.devhost.visitor import Visitor

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60


@dataclass
class HostProcess:
    """A host that has said READY."""

    process: subprocess.Popen[str]
    visitor: Visitor
    said: list[str]

    def wait(self) -> int:
        """Wait until it has ended; gives its exit code."""
        return self.process.wait(DEADLINE_S)


@contextmanager
def host_process(
    arguments: Sequence[str], settings: Mapping[str, str], module: Sequence[str] = ("devhost",)
) -> Iterator[HostProcess]:
    """A host runs in a process of its own; if it still does at the end, it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", *module, *arguments],
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        said = _read_until_ready(process)
        ready = json.loads(said[-1].removeprefix("READY "))
        yield HostProcess(process, Visitor(ready["url"], ready["master_key"]), said)
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)


def _read_until_ready(process: subprocess.Popen[str]) -> list[str]:
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        if line.startswith("READY "):
            return said
    raise AssertionError(f"The host ended with {process.wait()} before it was ready. It said: {''.join(said)}")
