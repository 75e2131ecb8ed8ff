"""An auditor who believes nobody: it reads the storage account and the trainer's own log, and counts.

lost         an upload that has neither a whole dataset nor an end on record; a pipeline that is said to have been
             started, and was not
duplicated   an upload with two datasets; a run whose pipeline did more than one job
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

ENDED_WITHOUT_A_DATASET = {"rejected", "failed", "ignored", "superseded", "held"}
STARTED = {"running", "succeeded", "timed_out"}

Version = tuple[str, str]
"""Name and ETag of an upload."""


@dataclass(frozen=True)
class Audit:
    """What was found; each line says of what, in words."""

    outcomes: Counter[str]
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]


def audit(connection_string: str, trainers_log: Path) -> Audit:
    """Every upload that is in the landing container or on record, and every job of the trainer, was looked at."""
    with BlobServiceClient.from_connection_string(connection_string) as storage:
        landed = {(blob.name, _bare(blob.etag)) for blob in _blobs(storage, "landing")}
        manifests = _manifests(storage)
        written = {blob.name for blob in _blobs(storage, "datasets")}
    uploads, runs = _on_record(connection_string, "sluiceuploads"), _on_record(connection_string, "sluiceruns")
    status = {(one["upload"]["name"], one["upload"]["etag"]): str(one["status"]) for one in uploads}
    datasets = Counter(version for folder, one in manifests.items() for version in _versions(folder, one, written))
    jobs = Counter(_jobs(trainers_log))
    due = {version for version in landed | status.keys() if status.get(version) not in ENDED_WITHOUT_A_DATASET}
    lost = [f"upload {name} ({etag})" for name, etag in due if not datasets[name, etag]]
    lost += [f"start of {one}" for one in _said_to_be_started(runs) if not jobs[one]]
    duplicated = [f"upload {name} ({etag})" for (name, etag), count in datasets.items() if count > 1]
    duplicated += [f"start of {run_id}" for run_id, count in jobs.items() if count > 1]
    return Audit(Counter(status.values()), tuple(sorted(lost)), tuple(sorted(duplicated)))


def _versions(folder: str, manifest: Mapping[str, Any], written: set[str]) -> Iterator[Version]:
    """What a dataset holds: nothing where a file is missing; a supplement holds rows of an upload, not the upload."""
    is_whole = all(folder + file["name"] in written for file in manifest["files"])
    if is_whole and not manifest.get("parent"):
        yield from ((upload["name"], upload["etag"]) for upload in manifest["uploads"])


def _said_to_be_started(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    return (run["request"]["run_id"] for run in runs if run["pipeline"]["status"] in STARTED)


def _jobs(trainers_log: Path) -> Iterator[str]:
    for line in trainers_log.read_text(encoding="utf-8").splitlines() if trainers_log.exists() else ():
        start = json.loads(line)
        if not start["repeated"]:
            yield start["run_id"]


def _manifests(storage: BlobServiceClient) -> dict[str, Any]:
    ending = "/manifest.json"
    names = [blob.name for blob in _blobs(storage, "datasets") if blob.name.endswith(ending)]
    read = {name: storage.get_blob_client("datasets", name).download_blob().readall() for name in names}
    return {name.removesuffix("manifest.json"): json.loads(content) for name, content in read.items()}


def _blobs(storage: BlobServiceClient, container: str) -> Iterator[Any]:
    client = storage.get_container_client(container)
    return iter(client.list_blobs() if client.exists() else ())


def _on_record(connection_string: str, table: str) -> list[Any]:
    with TableServiceClient.from_connection_string(connection_string) as service:
        if table not in {found.name for found in service.list_tables()}:
            return []
        entities = list(service.get_table_client(table).query_entities("PartitionKey eq 'all'"))
    pieces = [[entity[name] for name in sorted(entity) if name.startswith("document")] for entity in entities]
    return [json.loads("".join(piece)) for piece in pieces]


def _bare(etag: str) -> str:
    return etag.strip('"')
