"""Hosts in processes of their own, which can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.devhost.visitor import Visitor
from tests.end_to_end.conftest import World

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60


@contextmanager
def host_process(
    world: World, *death: str, state: str = "state", settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The host, in a process of its own; killed at the end of the block if it did not kill itself.

    Hosts with a `state` of their own know nothing of each other but what the storage account says.
    """
    command = [sys.executable, "-m", "tests.end_to_end.killable_host", str(world.folder / state), *death]
    environment = {**os.environ, **(settings or world.settings)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def visitor_of(process: subprocess.Popen[str]) -> Visitor:
    """A caller of the host, once it listens."""
    assert process.stdout
    told = json.loads(process.stdout.readline())
    return Visitor(told["url"], told["key"])
