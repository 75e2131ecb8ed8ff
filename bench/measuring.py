"""Measuring: one command in a fresh process, its wall time, its peak memory, and the counts it printed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import launching

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
    """The command has run once, in `folder`, with at most this much address space (0: as much as there is)."""
    with (
        tempfile.TemporaryFile(dir=folder) as said,
        tempfile.TemporaryFile(dir=folder) as wrong,
        tempfile.TemporaryDirectory() as between,
    ):
        told = Path(between, "told.json")
        launcher = [sys.executable, "-I", "-S", launching.__file__, str(told), str(memory_bytes), *command]
        code = subprocess.call(launcher, cwd=folder, env=dict(environment), stdout=said, stderr=wrong)
        usage = {} if code else json.loads(told.read_text(encoding="utf-8"))
        if code or usage["code"]:
            wrong.seek(0)
            last = wrong.read().decode(errors="replace").strip()[-_LAST_WORDS:]
            raise ContenderFailed(f"ended with code {code or usage['code']}: {last}")
        said.seek(0)
        return Measured(usage["seconds"], usage["peak_mb"], _counts(said.read().decode()), usage["cpu_seconds"])


def _counts(said: str) -> dict[str, Any]:
    lines = [line for line in said.splitlines() if line.startswith("{")]
    counts: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return counts
