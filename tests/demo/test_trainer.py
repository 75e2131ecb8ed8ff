"""The trainer as a pipeline sees it: over HTTP, on a dataset in a storage account."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.storage.blob import BlobServiceClient

from demo.dataset import DatasetUnreadable, read_dataset
from demo.jobs import Jobs
from demo.trainer import TrainerServer, score_dataset
from tests.azurite import StorageAccount
from tests.demo.flight_tables import dataset

DEADLINE_S = 60


def published(account: StorageAccount, splits: dict[str, pa.Table], *, honest: bool = True) -> str:
    """A dataset with its manifest; the location that a pipeline is told."""
    files = []
    with BlobServiceClient.from_connection_string(account.connection_string) as client:
        container = client.create_container("datasets")
        for split, table in splits.items():
            name, content = f"data/{split}/part-00000.parquet", io.BytesIO()
            pq.write_table(table, content)
            sha256 = hashlib.sha256(content.getvalue() if honest else b"").hexdigest()
            container.upload_blob(f"flights/run-1/{name}", content.getvalue())
            files.append({"name": name, "rows": table.num_rows, "sha256": sha256, "split": split})
        container.upload_blob("flights/run-1/manifest.json", json.dumps({"run_id": "run-1", "files": files}))
    return f"{account.blob_url}/datasets/flights/run-1/"


@pytest.fixture
def trainer(storage_account: StorageAccount, tmp_path: Path) -> Iterator[TrainerServer]:
    train = partial(score_dataset, connection_string=storage_account.connection_string)
    jobs = Jobs(train, tmp_path / "starts.jsonl")
    with TrainerServer(0, jobs) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
    jobs.close()


def ask(url: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), error.headers


def test_a_dataset_is_trained_on_and_scored(trainer: TrainerServer, storage_account: StorageAccount) -> None:
    location = published(storage_account, dataset())
    body = {"training_data": location, "run_id": "run-1", "rows": 6400}
    code, answer, headers = ask(trainer.url, body, **{"Idempotency-Key": "run-1"})
    assert (code, answer) == (202, {"status": "running", "run_id": "run-1"})
    assert headers["Location"] == "/jobs/run-1"
    assert headers["Retry-After"] == "1"
    code, answer, _ = ended(trainer, "run-1")
    assert code == 200
    assert (answer["status"], answer["run_id"]) == ("succeeded", "run-1")
    assert answer["scores"]["auc"] > 0.6


def test_starts_are_listed(trainer: TrainerServer) -> None:
    for _ in range(2):
        ask(trainer.url, {"training_data": "nowhere", "run_id": "run-1"}, **{"Idempotency-Key": "run-1"})
    _, answer, _ = ask(trainer.url.replace("/train", "/starts"))
    assert [start["repeated"] for start in answer["items"]] == [False, True]


def test_a_location_elsewhere_fails_the_job(trainer: TrainerServer) -> None:
    ask(trainer.url, {"training_data": "http://elsewhere.example/datasets/x/", "run_id": "run-1"})
    _, answer, _ = ended(trainer, "run-1")
    assert answer["status"] == "failed"
    assert "expected a dataset below http://127.0.0.1" in answer["message"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="a list"),
        pytest.param({"run_id": "run-1"}, id="no training data"),
        pytest.param({"run_id": 1, "training_data": "x"}, id="a number as run ID"),
        pytest.param({"run_id": "x" * 70_000, "training_data": "x"}, id="too large"),
    ],
)
def test_a_wrong_body_is_refused(trainer: TrainerServer, body: Any) -> None:
    code, answer, _ = ask(trainer.url, body)
    assert code == 400
    assert "expected" in answer["message"]


def test_an_unknown_address_is_not_found(trainer: TrainerServer) -> None:
    assert ask(trainer.url.replace("/train", "/jobs/never"))[0] == 404
    assert ask(trainer.url + "/now", {})[0] == 404


def test_splits_are_read_through_the_manifest(storage_account: StorageAccount) -> None:
    splits = {"train": pa.table({"a": [1, 2]}), "test": pa.table({"a": [3]})}
    location = published(storage_account, splits)
    assert read_dataset(location, storage_account.connection_string) == splits


def test_a_file_that_is_not_the_manifests_is_refused(storage_account: StorageAccount) -> None:
    location = published(storage_account, {"train": pa.table({"a": [1]})}, honest=False)
    with pytest.raises(DatasetUnreadable, match="checksum differs"):
        read_dataset(location, storage_account.connection_string)


def test_a_location_without_a_manifest_says_so(storage_account: StorageAccount) -> None:
    location = published(storage_account, {"train": pa.table({"a": [1]})})
    with pytest.raises(DatasetUnreadable, match=r"flights/run-2/manifest\.json does not exist in datasets"):
        read_dataset(location.replace("run-1", "run-2"), storage_account.connection_string)


def ended(trainer: TrainerServer, job: str) -> tuple[int, Any, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = ask(trainer.url.replace("/train", f"/jobs/{job}"))
        if found[0] != 202:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{job} still runs after {DEADLINE_S} s")
