"""The real app on the local host and a storage account of its own, used as its users use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from demo.makers.recording import RecordingService, recording_service
from devhost.host import LocalHost, running_in_thread
from orchestrators import services
from tests.azurite import StorageAccount
from tests.devhost.visitor import Answer, Visitor
from tests.faults.auditing import audited, trainers_log
from tests.waiting import wait_for

__all__ = ["audited", "trainers_log"]

ROOT = Path(__file__).parents[2]

READINGS = """
flow: readings
source: {path: "readings/{day}.csv", format: csv}
contract:
  columns:
    id: {type: int64, required: true}
    kwh: {type: float64, min: 0}
  max_bad_rows: 50%
"""

THEN = """
then:
  pipeline: http
  url: ${FLOW_TRAINING_URL}
  parameters: {training_data: "{output_url}", run_id: "{run_id}", rows: "{rows}", day: "{day}"}
  wait: 10m
"""

GOOD = b"id,kwh\n1,2.5\n2,3.5\n"


@dataclass
class World:
    """One user's world: a storage account, a folder of flows, and a host that can be started and ended."""

    account: StorageAccount
    folder: Path
    settings: dict[str, str]
    stack: ExitStack
    visitor: Visitor | None = None
    storage: BlobServiceClient = field(init=False)

    def __post_init__(self) -> None:
        self.storage = self.stack.enter_context(
            BlobServiceClient.from_connection_string(self.account.connection_string)
        )
        self.storage.create_container("landing")

    def declare(self, text: str, file: str = "readings.yaml") -> None:
        """A flow file is in the flows folder; the next start of the host reads it."""
        (self.folder / "flows" / file).write_text(text, encoding="utf-8")

    def start(self, **options: Any) -> None:
        """The host runs; one that ran before is ended first."""
        self.stop()
        options = {"poll_interval_s": 0.05, **options}
        host = LocalHost(ROOT, self.settings, self.folder / "state", **options)
        self._running = ExitStack()
        self.visitor = Visitor.of(self._running.enter_context(running_in_thread(host)))
        self.stack.push(self._running)

    def stop(self) -> None:
        """No host runs."""
        if self.visitor:
            self._running.close()
            self.visitor = None
        services.services.cache_clear()

    def drop(self, name: str, content: bytes = GOOD) -> str:
        """A user uploads a file; its ETag, as events tell it."""
        uploaded = self.storage.get_blob_client("landing", name).upload_blob(content, overwrite=True)
        return str(uploaded["etag"]).strip('"')

    def get(self, path: str) -> Answer:
        """What the app's API answers."""
        assert self.visitor, "start() the host first"
        return self.visitor.call("GET", f"/api/{path}")

    def post(self, path: str, body: Any) -> Answer:
        """What the app's API answers to a body."""
        assert self.visitor, "start() the host first"
        return self.visitor.call("POST", f"/api/{path}", body)

    def uploads(self, name: str | None = None) -> list[dict[str, Any]]:
        """What became of every upload, or of those with a name; newest first."""
        items: list[dict[str, Any]] = self.get("uploads").json["items"]
        return [item for item in items if name in (None, item["name"])]

    def runs(self) -> list[dict[str, Any]]:
        """Every run."""
        items: list[dict[str, Any]] = self.get("runs").json["items"]
        return items

    def settled(self, name: str, *, versions: int = 1) -> dict[str, Any]:
        """Wait until every version of an upload has its status for good; the newest one's record."""

        def look() -> list[dict[str, Any]] | None:
            found = self.uploads(name)
            is_settled = len(found) >= versions and all(item["status"] != "running" for item in found)
            return found if is_settled else None

        found = wait_for(look, f"the end of {name}")
        assert found
        return found[0]

    def finished(self, name: str) -> dict[str, Any]:
        """Wait until the run of an upload is over; its answer."""
        record = self.settled(name)
        run_id = record["run_id"]

        def look() -> Answer | None:
            answer = self.get(f"runs/{run_id}")
            return answer if answer.status != 202 else None

        answer = wait_for(look, f"the end of run {run_id}")
        assert answer
        return {**answer.json, "http_status": answer.status}

    def blobs(self, container: str) -> set[str]:
        """The names of all blobs of a container."""
        client = self.storage.get_container_client(container)
        return {blob.name for blob in client.list_blobs()} if client.exists() else set()

    def document(self, container: str, name: str) -> Any:
        """A JSON blob."""
        return json.loads(self.storage.get_blob_client(container, name).download_blob().readall())

    def manifests(self) -> list[str]:
        """The names of all published manifests."""
        return sorted(name for name in self.blobs("datasets") if name.endswith("/manifest.json"))


@pytest.fixture
def world(storage_account: StorageAccount, tmp_path: Path) -> Iterator[World]:
    """A world with the flow `readings`, its host not started yet."""
    (tmp_path / "flows").mkdir()
    settings = {
        "AzureWebJobsStorage": storage_account.connection_string,
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        "TASK_HUB_NAME": "SluiceTests",
        "LakeStorage": storage_account.connection_string,
        "LANDING_CONTAINER": "landing",
        "BLOB_TRIGGER_SOURCE": "LogsAndContainerScan",
        "FLOWS_FOLDER": str(tmp_path / "flows"),
        "SCRATCH_FOLDER": str(tmp_path / "scratch"),
        "SWEEP_SCHEDULE": "0 0 3 1 1 *",
        "CLEAN_UP_SCHEDULE": "0 0 3 1 1 *",
        "SWEEP_GRACE_S": "0",
        "ALLOW_HTTP_LOOPBACK": "true",
        "STATUS_URL_KEY": "a-key-that-only-these-tests-know-of",
        "CALLBACK_HOSTS": "127.0.0.1",
    }
    with ExitStack() as stack:
        world = World(storage_account, tmp_path, settings, stack)
        stack.callback(world.stop)
        world.declare(READINGS)
        yield world


@pytest.fixture
def pipeline(world: World) -> Iterator[RecordingService]:
    """The pipeline that the flow `readings` starts; tests say what it answers."""
    with recording_service() as service:
        world.settings["FLOW_TRAINING_URL"] = service.url
        world.declare(READINGS + THEN)
        yield service
