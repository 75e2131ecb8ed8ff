"""Measuring: one command in a fresh process, its wall time, its peak memory, and the counts it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_S = 1800
_LAST_WORDS = 400


@dataclass(frozen=True)
class Measured:
    """One run. What the system does not tell is None; `counts` are the contender's own."""

    seconds: float
    peak_mb: float | None
    counts: Mapping[str, int | None]
    cpu_seconds: float | None = None
    """Of all cores together: hardly disturbed by what else runs, but silent about what waits for one core."""


class ContenderFailed(RuntimeError):
    """A contender ended badly; says what it said last."""


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str], memory_bytes: int = 0) -> Measured:
    """The command has run once, in `folder`, with at most this much address space (0: as much as there is).

    This process must be small: a child's peak counts what its parent held when it was started.
    """
    with tempfile.TemporaryFile(dir=folder) as said, tempfile.TemporaryFile(dir=folder) as wrong:
        started = time.perf_counter()
        child = subprocess.Popen(
            _limited(command, memory_bytes), cwd=folder, env=dict(environment), stdout=said, stderr=wrong
        )
        code, peak_mb, cpu_seconds = _wait(child)
        seconds = time.perf_counter() - started
        if code:
            wrong.seek(0)
            last = wrong.read().decode(errors="replace").strip()[-_LAST_WORDS:]
            raise ContenderFailed(f"ended with code {code}: {last}")
        said.seek(0)
        return Measured(seconds, peak_mb, _counts(said.read().decode()), cpu_seconds)


def _limited(command: Sequence[str], memory_bytes: int) -> list[str]:
    if not memory_bytes or sys.platform == "win32":
        return list(command)
    limit = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2); "
    return [sys.executable, "-S", "-c", f"{limit}os.execv(sys.argv[2], sys.argv[2:])", str(memory_bytes), *command]


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, float | None, float | None]:
    """Exit code, peak memory and processor time."""
    if sys.platform == "win32":
        return child.wait(LONGEST_S), None, None
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    # macOS tells bytes, all others kilobytes.
    peak_mb = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return child.returncode, peak_mb, usage.ru_utime + usage.ru_stime


def _counts(said: str) -> dict[str, Any]:
    lines = [line for line in said.splitlines() if line.startswith("{")]
    counts: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return counts
