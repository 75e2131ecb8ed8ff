"""A directory of small files is one dataset in one run, transformed part by part."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.devhost.visitor import Answer
from tests.end_to_end.calls import Calls
from tests.end_to_end.conftest import World
from tests.waiting import wait_for

METERS = """
flow: readings
source: {path: "readings/{meter}.csv", format: csv}
contract:
  columns: {id: {type: int64, required: true}, kwh: {type: float64, min: 0}}
  unknown_columns: drop
  max_bad_rows: 50%
steps:
  - filter: kwh > 0
  - dedupe: {keys: id}
"""
ROWS = 5
"""In each file: a bad one, one that a step removes, one that all files have, and two of its own."""


def names_of(uploads: int) -> list[str]:
    return [f"readings/{number:04}.csv" for number in range(uploads)]


def content(number: int) -> bytes:
    return f"id,kwh\n{2 * number},1\n{2 * number + 1},2\n-1,3\n7,0\n8,-1\n".encode()


def dropped(world: World, names: Sequence[str]) -> None:
    """All files are in the landing container, and nobody is told."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(world.drop, names, map(content, range(len(names)))))


def over(world: World, run_id: str, deadline_s: float) -> Answer:
    """The answer for the run once it is over."""
    answer = wait_for(
        lambda: (told := world.get(f"runs/{run_id}")).status != 202 and told, f"the end of {run_id}", deadline_s
    )
    assert answer
    return answer


def rows(world: World, manifest: dict[str, Any], run_id: str) -> list[dict[str, Any]]:
    """The published rows, in the order of the manifest's files."""
    folder = world.storage.get_container_client("datasets")
    files = [folder.download_blob(f"readings/{run_id}/{file['name']}").readall() for file in manifest["files"]]
    return [row for file in files for row in pq.read_table(io.BytesIO(file)).to_pylist()]


@pytest.mark.parametrize(
    ("uploads", "part_uploads", "parts"),
    [
        pytest.param(60, 8, 8, id="sixty"),
        pytest.param(1000, 10, 100, id="a thousand", marks=pytest.mark.long),
    ],
)
def test_many_small_files_are_one_dataset_in_one_run(world: World, uploads: int, part_uploads: int, parts: int) -> None:
    world.declare(METERS)
    world.settings |= {"BLOB_TRIGGER_SOURCE": "EventGrid", "PART_UPLOADS": str(part_uploads), "PARTS_AT_ONCE": "3"}
    names = names_of(uploads)
    dropped(world, names)
    calls = Calls()
    world.start(invoke=calls)
    started = world.post("flows/readings/runs", {"uploads": names})
    assert started.status == 202, started.text
    run_id = started.json["run_id"]

    ended = over(world, run_id, deadline_s=60 + uploads)
    assert (ended.status, ended.json["status"]) == (200, "published"), ended.text
    kept = 2 * uploads + 1
    assert ended.json["rows"] == {"read": ROWS * uploads, "published": kept, "quarantined": uploads, "dropped": 0}
    assert (calls.names.count("transform_part"), calls.names.count("reduce_parts")) == (parts, 1)

    [name] = world.manifests()
    manifest = world.document("datasets", name)
    found = [row["id"] for row in rows(world, manifest, run_id)]
    assert found == [0, 1, -1, *range(2, 2 * uploads)]
    assert [upload["name"] for upload in manifest["uploads"]] == names
    assert all(upload["sha256"] for upload in manifest["uploads"])
    assert manifest["rows"]["steps"][0]["removed"] == uploads
    # The run is over a moment before all its uploads say so, and before its staging is empty.
    wait_for(lambda: settled(world, run_id) == set(names), "the status of every upload", deadline_s=60 + uploads)
    wait_for(lambda: not world.blobs("staging"), "an empty staging")


def settled(world: World, run_id: str) -> set[str]:
    """The uploads that are published by the run."""
    found: set[str] = set()
    query = "uploads?status=published&limit=500"
    page = world.get(query).json
    while True:
        found |= {item["name"] for item in page["items"] if item["run_id"] == run_id}
        if not page["next"]:
            return found
        page = world.get(f"{query}&next={page['next']}").json
