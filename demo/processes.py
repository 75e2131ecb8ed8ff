"""Processes that serve while somebody needs them: ready before they are used, ended with all their children."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from demo.signals import undisturbed

START_DEADLINE_S = 120
END_DEADLINE_S = 20
TAIL_LINES = 20


class ServiceFailed(RuntimeError):
    """A process ended or stayed silent instead of becoming ready; says its last words."""


@dataclass(frozen=True)
class Service:
    """What to start, and the lines it prints when it is ready: one match of `ready` for each of `signs`."""

    name: str
    command: Sequence[str]
    ready: re.Pattern[str]
    signs: int = 1


@contextmanager
def running(service: Service, environment: Mapping[str, str], log: Path) -> Iterator[list[re.Match[str]]]:
    """The service runs inside the block, its output in `log`; it and its children are gone afterwards."""
    with ExitStack() as stack:
        with undisturbed():
            process = _start(service, environment)
            watch = _Watch(process, service.ready, service.signs, log)
            stack.callback(watch.join)
            stack.callback(_end, process)
        yield watch.ready_signs(service)


class _Watch:
    """Copies a process's output to a file and notices the lines that say it is ready."""

    def __init__(self, process: subprocess.Popen[str], ready: re.Pattern[str], wanted: int, log: Path) -> None:
        self._process, self._ready, self._wanted, self._log = process, ready, wanted, log
        self._signs: list[re.Match[str]] = []
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"output of {log.stem}", daemon=True)
        self._thread.start()

    def ready_signs(self, service: Service) -> list[re.Match[str]]:
        """The lines that say so, once all of them came."""
        in_time = self._settled.wait(START_DEADLINE_S)
        if len(self._signs) < self._wanted:
            why = "ended" if in_time else f"was not ready after {START_DEADLINE_S} s"
            raise ServiceFailed(f"{service.name} {why}. Its last words ({self._log}):\n{''.join(self._tail).rstrip()}")
        return self._signs

    def join(self) -> None:
        """Everything the process said is in the log."""
        self._thread.join(END_DEADLINE_S)

    def _read(self) -> None:
        # To the very end, also when it is ready: a full pipe would stop the process.
        with self._log.open("a", encoding="utf-8") as log, cast(IO[str], self._process.stdout) as said:
            for line in said:
                log.write(line)
                log.flush()
                self._tail.append(line)
                if not self._settled.is_set() and (sign := self._ready.search(line)):
                    self._signs.append(sign)
                    if len(self._signs) == self._wanted:
                        self._settled.set()
        self._settled.set()


def _start(service: Service, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    # A group of its own: Ctrl-C reaches only us, and we end services in the right order, children included.
    return subprocess.Popen(
        service.command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _end(process: subprocess.Popen[str]) -> None:
    _tell(process, ending=True)
    try:
        process.wait(END_DEADLINE_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _tell(process, ending=False)
        process.wait()


def _tell(process: subprocess.Popen[str], *, ending: bool) -> None:
    """Ask the whole group to end, or end it."""
    if sys.platform == "win32":
        if process.poll() is None:
            process.send_signal(signal.CTRL_BREAK_EVENT) if ending else process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGTERM if ending else signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nobody is left; macOS says it of a group that only waits to be reaped with a PermissionError.
        return
