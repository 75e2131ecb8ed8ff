"""Processes: ready before they are used, and gone with all their children afterwards."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pytest

from demo.processes import Service, ServiceFailed, running

DEADLINE_S = 30
READY = re.compile(r"READY (\d+)")

WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("READY", child.pid, flush=True)
time.sleep(600)
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("READY", os.getpid(), flush=True)
time.sleep(600)
"""
NEVER_READY = "print('no port is free', flush=True)"


def service(code: str) -> Service:
    return Service("the service", [sys.executable, "-c", code], READY)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed orphan stays a zombie until somebody reaps it.
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while is_alive(pid):
        assert time.monotonic() < deadline, f"{pid} still lives"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="asks for processes as POSIX does")
def test_a_service_is_ended_with_its_children(tmp_path: Path) -> None:
    with running(service(WITH_A_CHILD), os.environ, tmp_path / "log") as [sign]:
        child = int(sign[1])
        assert is_alive(child)
    assert_gone(child)


@pytest.mark.skipif(sys.platform == "win32", reason="asks for processes as POSIX does")
def test_a_service_is_ended_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), running(service(WITH_A_CHILD), os.environ, tmp_path / "log") as [sign]:
        raise KeyboardInterrupt
    assert_gone(int(sign[1]))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be deaf to")
def test_a_service_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.processes.END_DEADLINE_S", 0.2)
    with running(service(DEAF), os.environ, tmp_path / "log") as [sign]:
        pid = int(sign[1])
    assert_gone(pid)


def test_a_service_that_ends_before_it_is_ready_says_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(ServiceFailed, match=r"the service ended(.|\n)*no port is free"),
        running(service(NEVER_READY), os.environ, tmp_path / "log"),
    ):
        pass
    assert (tmp_path / "log").read_text() == "no port is free\n"
