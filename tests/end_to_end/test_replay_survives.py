"""Replays under contention and under `kill -9`: each quarantined row is published once, and none is lost."""

from __future__ import annotations

import io
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pyarrow.parquet as pq
import pytest

from orchestrators import names
from tests.devhost.visitor import Answer, Visitor
from tests.end_to_end.conftest import READINGS, World
from tests.end_to_end.killing import DEADLINE_S, host_process, visitor_of
from tests.waiting import wait_for

NAME = "readings/monday.csv"
TEXT = b"id,kwh\n1,1\n2,-5\n3,2\n4,-50\n5,x\n6,4\n"
STRICT = READINGS.replace("50%", "90%")
MILD = STRICT.replace("min: 0", "min: -10")
LAX = STRICT.replace("{type: float64, min: 0}", "string")


@pytest.fixture
def parent(world: World) -> str:
    """A run of which three rows are in quarantine; its id."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.declare(STRICT)
    world.drop(NAME, TEXT)
    with host_process(world) as process:
        answer = visitor_of(process).call("POST", "/api/flows/readings/runs", {"uploads": [NAME], "wait": 60})
    assert answer.json["rows"] == {"read": 6, "published": 3, "quarantined": 3, "dropped": 0}
    return str(answer.json["run_id"])


def replay(host: Visitor, run_id: str, **body: object) -> Answer:
    return host.call("POST", f"/api/runs/{run_id}/replay", body)


def over(host: Visitor, run_id: str) -> Answer:
    """Wait for the end of a run."""
    path = f"/api/runs/{run_id}"
    answer = wait_for(lambda: (told := host.call("GET", path)).status != 202 and told, f"the end of {run_id}")
    assert answer
    return answer


def published_ids(world: World) -> list[int]:
    """The column `id` of every dataset, read from its manifest."""
    found: list[int] = []
    for manifest in world.manifests():
        for file in world.document("datasets", manifest)["files"]:
            blob = world.storage.get_blob_client("datasets", manifest.replace("manifest.json", file["name"]))
            table = pq.read_table(io.BytesIO(blob.download_blob().readall()), columns=["id"])
            found += [int(str(one)) for one in table.column(0).to_pylist()]
    return sorted(found)


@pytest.mark.parametrize(
    ("moment", "activity"),
    [
        pytest.param("after", names.TRANSFORM_UPLOADS, id="when it owns the rows"),
        pytest.param("before", names.TRANSFORM_UPLOADS, id="before it reads", marks=pytest.mark.long),
        pytest.param("before", names.PUBLISH_DATASET, id="before it publishes", marks=pytest.mark.long),
        pytest.param("after", names.PUBLISH_DATASET, id="when it has published", marks=pytest.mark.long),
        pytest.param("before", names.REPORT_RUN, id="before it reports", marks=pytest.mark.long),
    ],
)
def test_a_replay_that_is_killed_publishes_its_rows_once(world: World, parent: str, moment: str, activity: str) -> None:
    world.declare(LAX)
    with host_process(world, moment, activity) as process:
        with suppress(OSError):  # the host may die before it has answered
            replay(visitor_of(process), parent)
        assert process.wait(DEADLINE_S) == -signal.SIGKILL
    with host_process(world) as process:
        host = visitor_of(process)
        answer = over(host, replay(host, parent).json["run_id"])
    assert (answer.status, answer.json["rows"]["published"]) == (200, 3)
    assert published_ids(world) == [1, 2, 3, 4, 5, 6]


def test_two_revisions_that_replay_at_the_same_instant_publish_each_row_once(world: World, parent: str) -> None:
    barrier = Barrier(2)

    def replay_at(flow: str) -> None:
        folder = world.folder / flow
        folder.mkdir()
        (folder / "readings.yaml").write_text({"mild": MILD, "lax": LAX}[flow], encoding="utf-8")
        settings = {**world.settings, "FLOWS_FOLDER": str(folder)}
        with host_process(world, state=f"state-{flow}", settings=settings) as process:
            host = visitor_of(process)
            barrier.wait(DEADLINE_S)
            asked = replay(host, parent)
            # Whoever comes late is told so, or is given what the other one left.
            assert asked.status in {200, 202, 409}
            if asked.status == 202:
                over(host, asked.json["run_id"])
            barrier.wait(DEADLINE_S)
            if flow == "lax":
                assert replay(host, parent, wait=60).status in {200, 409}

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(replay_at, ("mild", "lax")))
    assert published_ids(world) == [1, 2, 3, 4, 5, 6]
