"""The gate: what must pass before anything is merged. One list, run in order, all of it reported."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from demo.installation import ROOT, Installation, installed, mltable_python, say

WORKER_PYTHON = "3.13"
"""The Python of the newest Functions worker: whatever runs here must run there too."""

RUN_ONCE = ("tests/end_to_end", "tests/demo", "tests/bench")
"""What runs whole processes or is no part of the app, and is tested on the Python that called alone."""

PYTEST = ("pytest", "-q", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal")
"""A process for each core, up to four; each has an Azurite of its own."""


@dataclass(frozen=True)
class Check:
    """One command of the gate."""

    name: str
    command: list[str]
    environment: dict[str, str]


def run_gate(here: Installation, *, long: bool = False) -> int:
    """Run every check and say how each one ended; 0 when all passed."""
    results = [(check.name, *_timed(check)) for check in _checks(here, long=long)]
    say("")
    for name, code, seconds in results:
        say(f"{'passed' if code == 0 else 'FAILED':<8}{seconds:>6.0f} s  {name}")
    return int(any(code for _, code, _ in results))


def _checks(here: Installation, *, long: bool) -> Iterator[Check]:
    yield _module(here, "lint", "ruff", "check", ".")
    yield _module(here, "format", "ruff", "format", "--check", ".")
    yield _module(here, "types", "mypy")
    matrix = ("-m", "", "--hypothesis-profile=long") if long else ()
    yield _with_mltable(_module(here, "all tests", *PYTEST, *matrix))
    if sys.version_info[:2] == tuple(map(int, WORKER_PYTHON.split("."))):
        return
    interpreter = find_interpreter(WORKER_PYTHON)
    if interpreter is None:
        say(f"no Python {WORKER_PYTHON} on PATH or under pyenv: unit and conformance tests were not run there")
        return
    # There the conformance tests run too: the library of the real worker needs that Python.
    name = f"unit and conformance tests, Python {WORKER_PYTHON}"
    yield _module(installed(interpreter), name, *PYTEST, *(f"--ignore={folder}" for folder in RUN_ONCE))


def _module(here: Installation, name: str, *command: str) -> Check:
    return Check(name, [str(here.python), "-m", *command], here.environment())


def _with_mltable(check: Check) -> Check:
    return replace(check, environment={**check.environment, "SLUICE_MLTABLE_PYTHON": str(mltable_python())})


def _timed(check: Check) -> tuple[int, float]:
    say(f"\n== {check.name}: python {' '.join(check.command[1:])}")
    started = time.monotonic()
    return _run(check), time.monotonic() - started


def _run(check: Check) -> int:
    # An interrupted pytest must get the time to end the Azurite it started: `subprocess.run` would kill it.
    child = subprocess.Popen(check.command, cwd=ROOT, env=check.environment)
    previous = signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT))
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)


def find_interpreter(version: str) -> str | None:
    """An interpreter of that version that really starts: on PATH, by Windows' launcher, or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [[found] for found in (shutil.which(f"python{version}"),) if found]
    candidates += [[found, f"-{version}"] for found in (shutil.which("py"),) if found]
    candidates += [[str(found)] for found in sorted(pyenv.glob(f"{version}*/bin/python{version}"))]
    return next((real for candidate in candidates if (real := _executable(candidate, version))), None)


def _executable(command: list[str], version: str) -> str | None:
    ask = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    # A pyenv shim exists for versions that are not selected, and only fails when it is run.
    answer = subprocess.run([*command, "-c", ask], capture_output=True, encoding="utf-8", check=False).stdout.strip()
    found, _, executable = answer.partition(" ")
    return executable if found == version else None
