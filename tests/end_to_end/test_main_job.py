"""The main job: a file dropped in a container becomes a dataset and starts a training run."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import yaml

from demo.makers.recording import RecordingService, reply
from tests.end_to_end.conftest import World
from tests.waiting import wait_for

DAMAGED = b"id,kwh\n1,2.5\n2,-1\nthree,3\n4,4\n"


def test_a_dropped_file_is_published_and_its_pipeline_ends_well(world: World, pipeline: RecordingService) -> None:
    pipeline.will(
        reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="0"),
        reply(202, {"status": "running"}),
        reply(200, {"status": "succeeded", "run_id": "job-7", "scores": {"auc": 0.9}}),
    )
    world.start()
    world.drop("readings/monday.csv", DAMAGED)
    run = world.finished("readings/monday.csv")

    assert (run["http_status"], run["status"]) == (200, "published")
    assert run["rows"] == {"read": 4, "published": 2, "quarantined": 2, "dropped": 0}
    assert run["pipeline"]["status"] == "succeeded"
    assert run["pipeline"]["answer"]["scores"] == {"auc": 0.9}
    start = pipeline.asked[0]
    assert start.headers["Idempotency-Key"] == run["run_id"]
    assert start.document == {
        "training_data": run["output_url"],
        "run_id": run["run_id"],
        "rows": 2,
        "day": "monday",
    }
    assert [asked.method for asked in pipeline.asked] == ["POST", "GET", "GET"]
    pipeline_record = world.document("datasets", f"readings/{run['run_id']}/pipeline.json")
    assert (pipeline_record["status"], pipeline_record["run_id"]) == ("succeeded", "job-7")
    wait_for(lambda: world.blobs("staging") == set(), "nothing left in staging")


def test_manifest_ml_table_and_files_agree(world: World, tmp_path: Path) -> None:
    world.start()
    world.drop("readings/monday.csv", DAMAGED)
    run = world.finished("readings/monday.csv")
    folder = f"readings/{run['run_id']}/"
    manifest = world.document("datasets", f"{folder}manifest.json")
    assert manifest["rows"]["read"] == 4
    assert {file["name"] for file in manifest["files"]} == {
        name.removeprefix(folder) for name in world.blobs("datasets") if name.endswith(".parquet")
    }
    ml_table = yaml.safe_load(content(world, "datasets", f"{folder}MLTable"))
    assert [path["file"] for path in ml_table["paths"]] == [f"./{file['name']}" for file in manifest["files"]]
    for file in manifest["files"]:
        assert file["name"].startswith("data/")
        written = content(world, "datasets", folder + file["name"])
        assert (hashlib.sha256(written).hexdigest(), len(written)) == (file["sha256"], file["size_bytes"])
        downloaded = tmp_path / "dataset.parquet"
        downloaded.write_bytes(written)
        assert duckdb.read_parquet(str(downloaded)).fetchall() == [(1, 2.5), (4, 4.0)]
    for name, sha256 in manifest["beside"].items():
        assert hashlib.sha256(content(world, "datasets", folder + name)).hexdigest() == sha256


def test_every_bad_row_is_in_quarantine_with_its_reasons(world: World) -> None:
    world.start()
    world.drop("readings/monday.csv", DAMAGED)
    run = world.finished("readings/monday.csv")
    (name,) = world.blobs("quarantine")
    assert name.startswith(f"readings/run_id={run['run_id']}/")
    rows = pq.read_table(io.BytesIO(content(world, "quarantine", name))).to_pylist()
    assert [(row["upload"], row["record"], row["raw"]) for row in rows] == [
        ("readings/monday.csv", 2, "2,-1"),
        ("readings/monday.csv", 3, "three,3"),
    ]
    reasons: list[Any] = [row["reasons"] for row in rows]
    assert reasons == [
        [{"column": "kwh", "rule": "min", "value": "-1"}],
        [{"column": "id", "rule": "type", "value": "three"}],
    ]


def test_latest_points_to_the_newest_dataset_and_never_back(world: World) -> None:
    world.start()
    world.drop("readings/monday.csv")
    world.finished("readings/monday.csv")
    world.drop("readings/tuesday.csv")
    newest = world.finished("readings/tuesday.csv")
    older = world.post("flows/readings/runs", {"uploads": ["readings/monday.csv"]})
    assert older.status == 200
    runs = {run["run_id"]: run["uploads"][0]["last_modified"] for run in world.runs()}
    assert world.document("datasets", "readings/latest.json")["run_id"] == max(runs, key=lambda i: (runs[i], i))
    assert newest["run_id"] in runs


def content(world: World, container: str, name: str) -> bytes:
    """The bytes of a blob."""
    return bytes(world.storage.get_blob_client(container, name).download_blob().readall())
