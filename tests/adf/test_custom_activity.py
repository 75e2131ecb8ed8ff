"""The custom activity makes a dataset in storage by the flow file of the app, from what Data Factory puts beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from adf.custom_activity import Storage
from tests.adf.expressions import evaluate
from tests.adf.shipped import ROOT, resource
from tests.azurite import StorageAccount

READINGS = """
flow: readings
source: {path: "readings/{day}.csv", format: csv}
parameters: {least: {type: float64, default: 0}, only_first: {type: bool, default: true}}
contract: {columns: {id: {type: int64, required: true}, kwh: {type: float64, min: 0}}, max_bad_rows: 50%}
lookups: {sites: {path: sites.csv, key: id}}
steps: [{join: {lookup: sites, on: id, take: [town]}}, {filter: kwh >= $least AND (id = 1 OR NOT $only_first)}]
"""
NAME = "readings/monday.csv"


class Node:
    """A Batch node in a copy of the project's layout, with a flow of its own."""

    def __init__(self, folder: Path, account: StorageAccount, storage: BlobServiceClient) -> None:
        self.folder, self._account, self._storage = folder, account, storage
        (folder / "flows").mkdir()
        (folder / "flows" / "readings.yaml").write_text(READINGS, encoding="utf-8")
        (folder / "adf").mkdir()
        (folder / "adf" / "custom_activity.py").write_bytes((ROOT / "custom_activity.py").read_bytes())
        shutil.copytree(ROOT.parent / "transforms", folder / "transforms", ignore=shutil.ignore_patterns("__pycache__"))
        for container in ("landing", "lookups", "datasets"):
            storage.create_container(container)
        storage.get_blob_client("lookups", "sites.csv").upload_blob(b"id,town\n1,Ghent\n2,Bruges\n")

    def run(self, content: bytes, run: str = "adf-1") -> int:
        """The exit code for an upload."""
        self._storage.get_blob_client("landing", NAME).upload_blob(content, overwrite=True)
        place = self.folder / f"task {len(list(self.folder.glob('task *')))}"
        place.mkdir()
        for file, document in self._given(run).items():
            (place / file).write_text(json.dumps(document), encoding="utf-8")
        command = [sys.executable, str(self.folder / "adf" / "custom_activity.py")]
        return subprocess.run(command, cwd=place, check=False, capture_output=True).returncode

    def _given(self, run: str) -> dict[str, Any]:
        """What Data Factory puts beside the program, for the shipped pipeline."""
        parameters = {"flow": "readings", "uploads": [NAME], "lookups": {"sites": "sites.csv"}}
        parameters |= {"parameters": {"least": 2, "only_first": False}}
        told = {"pipeline": lambda: {"RunId": run, "parameters": parameters}}
        (activity,) = resource("pipeline", "sluice_on_batch")["properties"]["activities"]
        asked = evaluate(activity["typeProperties"]["extendedProperties"], told)
        service = {"type": "AzureBlobStorage", "typeProperties": {"connectionString": self._account.connection_string}}
        containers = {"sluice_landing": "landing", "sluice_lookups": "lookups", "sluice_output": "datasets"}
        return {
            "activity.json": {"type": "Custom", "typeProperties": {"extendedProperties": asked}},
            "linkedServices.json": [{"name": "lake", "properties": service}],
            "datasets.json": [
                {
                    "name": name,
                    "properties": {
                        "type": "Binary",
                        "linkedServiceName": {"referenceName": "lake", "type": "LinkedServiceReference"},
                        "typeProperties": {"location": {"type": "AzureBlobStorageLocation", "container": container}},
                    },
                }
                for name, container in containers.items()
            ],
        }

    def blobs(self) -> set[str]:
        return {blob.name for blob in self._storage.get_container_client("datasets").list_blobs()}

    def manifest(self, run: str = "adf-1") -> Any:
        blob = self._storage.get_blob_client("datasets", f"readings/{run}/manifest.json")
        return json.loads(blob.download_blob().readall())


@pytest.fixture
def node(tmp_path: Path, storage_account: StorageAccount) -> Iterator[Node]:
    with BlobServiceClient.from_connection_string(storage_account.connection_string) as storage:
        yield Node(tmp_path, storage_account, storage)


def test_the_dataset_is_in_the_output_container_and_its_retry_does_nothing(node: Node) -> None:
    assert node.run(b"id,kwh\n1,2.5\n2,3.5\n2,1\n") == 0
    manifest, blobs = node.manifest(), node.blobs()
    assert manifest["parameters"] == {"least": 2.0, "only_first": False}
    assert manifest["rows"]["published"] == 2
    assert {f"readings/adf-1/data/{Path(file['name']).name}" for file in manifest["files"]} <= blobs
    assert node.run(b"id,kwh\n1,9\n") == 0
    assert (node.manifest(), node.blobs()) == (manifest, blobs)


def test_rejected_data_turns_the_activity_red_and_leaves_its_quarantine(node: Node) -> None:
    assert node.run(b"id,kwh\none,-1\n") == 1
    assert [name for name in node.blobs() if name.endswith("manifest.json")] == []
    assert any("/quarantine/" in name for name in node.blobs())


def test_in_azure_the_node_s_identity_opens_the_storage() -> None:
    dataset = {
        "linkedServiceName": {"referenceName": "lake"},
        "typeProperties": {"location": {"container": "landing"}},
    }
    service = {"typeProperties": {"serviceEndpoint": "https://acme.blob.core.windows.net"}}
    storage = Storage([{"name": "sluice_landing", "properties": dataset}], [{"name": "lake", "properties": service}])
    with storage.container("sluice_landing") as container:
        assert container.url == "https://acme.blob.core.windows.net/landing"
        assert type(container.credential).__name__ == "DefaultAzureCredential"
