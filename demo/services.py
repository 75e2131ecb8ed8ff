"""The three processes of the demo: Azurite, the trainer (or a maker's service), the local host with the app."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.installation import ROOT
from demo.processes import Service, ServiceFailed, running

ACCOUNT = "sluice"
SAMPLE_SETTINGS = ROOT / "local.settings.sample.json"
LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")
READY = re.compile(r"^READY (\{.*\})\s*$")


@dataclass(frozen=True)
class Host:
    """Where the app answers, and the function key that it asks for."""

    url: str
    key: str


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """The connection string of a storage account that lives in `folder`, on free ports of this machine."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    options = ["--location", str(folder / "azurite"), "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    command = [_tool("SLUICE_NODE"), _tool("SLUICE_AZURITE"), *ports, *options]
    service = Service("Azurite", command, LISTENING, signs=3)
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}
    with running(service, environment, folder / "azurite.log") as signs:
        endpoints = "".join(f"{sign[1]}Endpoint={sign[2]}/{ACCOUNT};" for sign in signs)
        yield f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};{endpoints}"


@contextmanager
def trainer(connection_string: str, folder: Path) -> Iterator[str]:
    """The URL to which a flow sends its training data."""
    command = [sys.executable, "-m", "demo.trainer", "--starts", str(folder / "starts.jsonl")]
    # One core for training leaves the others to the app.
    environment = {**os.environ, "TRAINER_STORAGE": connection_string, "OMP_NUM_THREADS": "1"}
    with running(Service("the trainer", command, READY), environment, folder / "trainer.log") as [sign]:
        yield json.loads(sign[1])["url"]


@contextmanager
def maker(kind: str, connection_string: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Where that maker's service answers, and the file with the certificate to trust it by."""
    command = [sys.executable, "-m", "demo.makers", "--kind", kind, "--folder", str(folder)]
    environment = {**os.environ, "TRAINER_STORAGE": connection_string, "OMP_NUM_THREADS": "1"}
    with running(Service(f"the service {kind}", command, READY), environment, folder / "trainer.log") as [sign]:
        ready = json.loads(sign[1])
        yield ready["url"], ready["certificate"]


@contextmanager
def local_host(settings: Mapping[str, str], folder: Path) -> Iterator[Host]:
    """The app, served by the local host with these settings on top of the sample's."""
    command = [sys.executable, "-m", "devhost", "--app", str(ROOT), "--port", "0", "--state", str(folder / "host")]
    environment = {**os.environ, **sample_settings(), **settings, "PYTHONUNBUFFERED": "1"}
    with running(Service("the local host", command, READY), environment, folder / "host.log") as [sign]:
        ready = json.loads(sign[1])
        yield Host(ready["url"].rstrip("/"), ready["key"])


def sample_settings() -> dict[str, str]:
    """Every app setting with a value that is safe on one's own machine."""
    values: dict[str, str] = json.loads(SAMPLE_SETTINGS.read_text(encoding="utf-8"))["Values"]
    return values


def demo_settings(connection_string: str, folder: Path) -> dict[str, str]:
    """What is different from the sample: storage on free ports, polling, a scratch folder that is swept away."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        "AzureWebJobsStorage": connection_string,
        "LakeStorage": connection_string,
        "BLOB_TRIGGER_SOURCE": "LogsAndContainerScan",
        "SCRATCH_FOLDER": str(scratch),
        "ALLOW_HTTP_LOOPBACK": "true",
    }


def _tool(setting: str) -> str:
    if found := os.environ.get(setting):
        return found
    raise ServiceFailed(f"{setting} is not set: start this with python3 dev.py, which sets it")
