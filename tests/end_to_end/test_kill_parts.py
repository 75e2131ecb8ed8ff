"""`kill -9` around and inside the parts of a run and their reduce: one dataset, no row lost, none twice, one start."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from demo.makers.recording import RecordingService, reply
from orchestrators import names
from orchestrators.fan_out import MOST_PARTS
from tests.end_to_end.conftest import THEN, World
from tests.end_to_end.killing import DEADLINE_S, host_process, visitor_of
from tests.end_to_end.test_many_uploads import METERS, dropped, names_of, rows
from tests.faults.auditing import Audited
from tests.waiting import wait_for

UPLOADS = 7
STARTED = reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="0")
SUCCEEDED = reply(200, {"status": "succeeded", "run_id": "job-7"})


@pytest.fixture
def parted(world: World, pipeline: RecordingService) -> World:
    """Seven uploads that no event tells of, and a host that has four parts of them."""
    pipeline.will(STARTED, SUCCEEDED, SUCCEEDED)
    world.declare(METERS + THEN.replace(', day: "{day}"', ""))
    world.settings |= {"BLOB_TRIGGER_SOURCE": "EventGrid", "PART_UPLOADS": "2", "PARTS_AT_ONCE": "2"}
    dropped(world, names_of(UPLOADS))
    return world


def killed(world: World, *death: str, when: Callable[[], object] | None = None, uploads: int = UPLOADS) -> None:
    """A host begins the run, and dies."""
    with host_process(world, *death) as process:
        visitor = visitor_of(process)
        with suppress(OSError):  # the host may die before it has answered
            visitor.call("POST", "/api/flows/readings/runs", {"uploads": names_of(uploads)})
        if when is not None:
            wait_for(when, "the moment to be killed in")
            process.kill()
        assert process.wait(DEADLINE_S) == -signal.SIGKILL


def complete(world: World, pipeline: RecordingService, audited: Audited, fault: str, uploads: int = UPLOADS) -> None:
    """A new host takes over, and leaves exactly what is to be left."""
    with host_process(world) as process:
        world.visitor = visitor_of(process)
        [run_id] = [run["run_id"] for run in world.runs()]
        run = wait_for(lambda: (told := world.get(f"runs/{run_id}")).status != 202 and told, f"the end of {run_id}")
        wait_for(lambda: not world.blobs("staging"), "an empty staging")
        world.visitor = None
    assert run
    assert (run.json["status"], run.json["pipeline"]["status"]) == ("published", "succeeded")
    [name] = world.manifests()
    manifest = world.document("datasets", name)
    assert [row["id"] for row in rows(world, manifest, run_id)] == [0, 1, -1, *range(2, 2 * uploads)]
    assert manifest["rows"]["quarantined"] == uploads == sum(file["rows"] for file in manifest["quarantine"])
    assert [asked.document["run_id"] for asked in pipeline.asked if asked.method == "POST"] == [run_id]
    books = audited(f"kill -9 {fault}")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": uploads})


@pytest.mark.parametrize(
    ("moment", "activity"),
    [
        pytest.param("after", names.TRANSFORM_PART, id="after a part"),
        pytest.param("after", names.REDUCE_PARTS, id="after the reduce"),
        pytest.param("before", names.TRANSFORM_PART, id="before a part", marks=pytest.mark.long),
        pytest.param("before", names.REDUCE_PARTS, id="before the reduce", marks=pytest.mark.long),
    ],
)
def test_a_host_that_is_killed_around_parts_completes_the_run_after_its_restart(
    parted: World, pipeline: RecordingService, audited: Audited, moment: str, activity: str
) -> None:
    killed(parted, moment, activity)
    complete(parted, pipeline, audited, f"{moment} {activity}")


@pytest.mark.parametrize(
    "kind",
    [pytest.param("upload", id="inside a part", marks=pytest.mark.long), pytest.param("part", id="inside the reduce")],
)
def test_a_host_that_is_killed_inside_parts_completes_the_run_after_its_restart(
    parted: World, pipeline: RecordingService, audited: Audited, kind: str
) -> None:
    scratch = Path(parted.settings["SCRATCH_FOLDER"])
    killed(parted, when=lambda: list(scratch.glob(f"sluice-*/inbox/{kind}-*")))
    complete(parted, pipeline, audited, f"inside {names.TRANSFORM_PART if kind == 'upload' else names.REDUCE_PARTS}")


@pytest.mark.long
def test_a_host_that_is_killed_inside_a_sub_orchestration_completes_the_run_after_its_restart(
    parted: World, pipeline: RecordingService, audited: Audited
) -> None:
    many = MOST_PARTS + 3
    parted.settings["PART_UPLOADS"] = "1"
    dropped(parted, names_of(many))
    killed(parted, "after", names.TRANSFORM_PART, uploads=many)
    complete(parted, pipeline, audited, "inside a sub-orchestration", uploads=many)
