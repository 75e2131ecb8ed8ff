"""`kill -9` at every border of every activity: after a restart there is one dataset and one start of its pipeline.

One window cannot be closed: killed between the pipeline's POST and its record, the call is made again, with the same
`Idempotency-Key`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from demo.makers.recording import RecordingService, Reply, recording_service, reply
from orchestrators import names
from tests.end_to_end.conftest import World
from tests.end_to_end.killing import DEADLINE_S, host_process, visitor_of
from tests.faults.auditing import Audited
from tests.waiting import wait_for

NAME = "readings/monday.csv"
ACTIVITIES = (
    names.PLAN_RUN,
    names.TRANSFORM_UPLOADS,
    names.PUBLISH_DATASET,
    names.START_PIPELINE,
    names.CHECK_PIPELINE,
    names.REPORT_RUN,
)
"""Those of every run over one upload; parts, a callback and a cancellation have tests of their own."""

STARTED = reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="0")
SUCCEEDED = reply(200, {"status": "succeeded", "run_id": "job-7"})


@pytest.fixture
def caller() -> Iterator[RecordingService]:
    """Whoever waits to be called back."""
    with recording_service() as service:
        yield service


def complete(world: World, audited: Audited, fault: str) -> None:
    """A new host takes over, and the run comes to its end; nothing is lost or twice."""
    with host_process(world) as process:
        world.visitor = visitor_of(process)
        run = world.finished(NAME)
        world.visitor = None
    assert (run["http_status"], run["status"], run["pipeline"]["status"]) == (200, "published", "succeeded")
    assert len(world.manifests()) == 1
    manifest = world.document("datasets", world.manifests()[0])
    assert sum(file["rows"] for file in manifest["files"]) == manifest["rows"]["published"] == 2
    is_in_order(audited, fault)


def is_in_order(audited: Audited, fault: str) -> None:
    """The auditor found the upload published, once, and its pipeline started once."""
    books = audited(f"kill -9 {fault}")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"published": 1})


def starts(pipeline: RecordingService) -> list[str]:
    """The run ids that the pipeline was started with."""
    return [asked.document["run_id"] for asked in pipeline.asked if asked.method == "POST"]


@pytest.mark.parametrize("activity", ACTIVITIES)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_host_completes_the_run_after_a_restart(
    world: World, pipeline: RecordingService, audited: Audited, moment: str, activity: str
) -> None:
    pipeline.will(STARTED, SUCCEEDED, SUCCEEDED)
    with host_process(world, moment, activity) as process:
        visitor_of(process)
        world.drop(NAME)
        assert process.wait(DEADLINE_S) == -signal.SIGKILL
    complete(world, audited, f"{moment} {activity}")
    assert len(starts(pipeline)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_host_calls_back_once_after_a_restart(
    world: World, pipeline: RecordingService, caller: RecordingService, audited: Audited, moment: str
) -> None:
    pipeline.will(STARTED, SUCCEEDED)
    caller.will(reply(200))
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.drop(NAME)
    with host_process(world, moment, names.CALL_BACK) as process:
        body = {"uploads": [NAME], "callBackUri": f"{caller.origin}/callback"}
        assert visitor_of(process).call("POST", "/api/flows/readings/runs", body).status == 202
        assert process.wait(DEADLINE_S) == -signal.SIGKILL
    with host_process(world) as process:
        world.visitor = visitor_of(process)
        run_id = world.runs()[0]["run_id"]
        assert world.visitor.finished(run_id)["runtimeStatus"] == "Completed"
        world.visitor = None
    assert [asked.document["StatusCode"] for asked in caller.asked] == ["200"]
    is_in_order(audited, f"{moment} {names.CALL_BACK}")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_host_ends_a_cancelled_run_after_a_restart(
    world: World, pipeline: RecordingService, audited: Audited, moment: str
) -> None:
    pipeline.will(reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="3600"))
    with host_process(world, moment, names.CANCEL_PIPELINE) as process:
        visitor = visitor_of(process)
        world.drop(NAME)
        wait_for(lambda: pipeline.asked, "the pipeline's start")
        run_id = visitor.call("GET", "/api/runs").json["items"][0]["run_id"]
        with suppress(OSError):  # the host may die before it has answered
            visitor.call("POST", f"/api/runs/{run_id}/cancel")
        assert process.wait(DEADLINE_S) == -signal.SIGKILL
    with host_process(world) as process:
        world.visitor = visitor_of(process)
        run = world.finished(NAME)
        world.visitor = None
    assert (run["status"], run["pipeline"]["status"]) == ("published", "unknown")
    assert len(starts(pipeline)) == 1
    is_in_order(audited, f"{moment} {names.CANCEL_PIPELINE}")


def test_killed_between_the_call_and_its_record_the_call_is_made_again_with_the_same_key(
    world: World, pipeline: RecordingService, audited: Audited
) -> None:
    pipeline.will(Reply(breaks="silence"), STARTED, SUCCEEDED)
    with host_process(world) as process:
        visitor_of(process)
        world.drop(NAME)
        wait_for(lambda: pipeline.asked, "the pipeline's POST")
        process.kill()
        process.wait(DEADLINE_S)
    complete(world, audited, "inside start_pipeline")
    assert len(starts(pipeline)) == 2
    assert len({asked.headers["Idempotency-Key"] for asked in pipeline.asked if asked.method == "POST"}) == 1


def test_killed_inside_the_transform_nothing_is_published_twice(
    world: World, pipeline: RecordingService, audited: Audited
) -> None:
    pipeline.will(STARTED, SUCCEEDED)
    scratch = Path(world.settings["SCRATCH_FOLDER"])
    with host_process(world) as process:
        visitor_of(process)
        world.drop(NAME)
        wait_for(lambda: list(scratch.glob("sluice-*/inbox/*")), "the download")
        process.kill()
        process.wait(DEADLINE_S)
    complete(world, audited, "inside transform_uploads")
    assert len(starts(pipeline)) == 1
