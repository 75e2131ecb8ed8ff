"""Runs one command and tells what it used: the program between the measuring process and what is measured.

A child's peak memory counts what its parent held when it was started, so the parent has to be small: nothing but the
standard library is imported here, and `measuring` starts it as a program of its own.
"""

import json
import os
import subprocess
import sys
import time
from typing import IO

LONGEST_S = 1800


def launch(told: IO[str], memory_bytes: int, command: list[str]) -> None:
    """`told` holds the command's exit code, seconds, and what the system tells of its peak and processor time."""
    if memory_bytes and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    started = time.perf_counter()
    child = subprocess.Popen(command)
    if sys.platform == "win32":
        code, peak_mb, cpu_seconds = child.wait(LONGEST_S), None, None
    else:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = code = os.waitstatus_to_exitcode(status)
        # macOS tells bytes, all others kilobytes.
        peak_mb = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        cpu_seconds = usage.ru_utime + usage.ru_stime
    seconds = time.perf_counter() - started
    json.dump({"code": code, "seconds": seconds, "peak_mb": peak_mb, "cpu_seconds": cpu_seconds}, told)


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as told:  # noqa: PTH123 - pathlib would double the start time
        launch(told, int(sys.argv[2]), sys.argv[3:])
