"""A flow marked `run: direct` is carried out by the blob-triggered function itself, with the same records and rules."""

from __future__ import annotations

from demo.makers.recording import RecordingService, reply
from tests.end_to_end.calls import Calls
from tests.end_to_end.conftest import READINGS, THEN, World

NAME = "readings/monday.csv"
DIRECT = READINGS + "run: direct\n"


def test_a_direct_run_needs_no_plan(world: World, pipeline: RecordingService) -> None:
    pipeline.will(reply(202, {"status": "running", "run_id": "job-7"}, Location="/jobs/7"))
    world.declare(DIRECT + THEN)
    calls = Calls()
    world.start(invoke=calls)
    world.drop(NAME, b"id,kwh\n1,2.5\n2,-1\n")
    run = world.finished(NAME)
    assert (run["http_status"], run["status"], run["pipeline"]["status"]) == (200, "published", "running")
    assert run["rows"] == {"read": 2, "published": 1, "quarantined": 1, "dropped": 0}
    assert {"ingest", "transform_uploads"} & set(calls.names) == set()
    assert [asked.method for asked in pipeline.asked] == ["POST"]
    assert world.document("datasets", "readings/latest.json")["run_id"] == run["run_id"]


def test_a_direct_run_that_is_delivered_again_is_the_same_run(world: World) -> None:
    world.declare(DIRECT)
    calls = Calls(failing="upload_landed", times=2)  # it fails after its effect
    world.start(invoke=calls)
    world.drop(NAME)
    run = world.finished(NAME)
    assert run["status"] == "published"
    assert len(world.manifests()) == 1
    assert len(world.runs()) == 1


def test_bad_data_is_rejected_and_not_delivered_again(world: World) -> None:
    world.declare(DIRECT)
    calls = Calls()
    world.start(invoke=calls)
    world.drop(NAME, b"")
    run = world.finished(NAME)
    assert (run["http_status"], run["status"]) == (422, "rejected")
    assert calls.names.count("upload_landed") == 1


def test_a_direct_run_that_keeps_failing_is_a_failed_run_on_record(world: World) -> None:
    world.declare(DIRECT)
    world.settings["SCRATCH_FOLDER"] = "/dev/null/scratch"  # nobody can write there
    calls = Calls()
    world.start(invoke=calls)
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"], run["reason"]["code"]) == (500, "failed", "trigger_failed")
    assert calls.names.count("upload_landed") == 5
    assert world.uploads(NAME)[0]["status"] == "failed"
