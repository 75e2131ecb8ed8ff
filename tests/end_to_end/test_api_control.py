"""Runs that are waited for, forced, cancelled and run anew."""

from __future__ import annotations

from typing import Any

import pytest

from demo.makers.recording import RecordingService, reply
from tests.devhost.visitor import Answer
from tests.end_to_end.conftest import GOOD, World
from tests.waiting import wait_for

NAME = "readings/monday.csv"
RUNS = "flows/readings/runs"
BAD = b"id,kwh\none,-1\n"
STARTED = reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="3600")


@pytest.fixture
def started(world: World) -> World:
    """A host that no event reaches, with one upload."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    return world


def over(world: World, run_id: str) -> Answer:
    """Wait for the end of a run."""
    path = f"runs/{run_id}"
    answer = wait_for(lambda: (told := world.get(path)).status != 202 and told, f"the end of {run_id}")
    assert answer
    return answer


@pytest.mark.parametrize(
    ("content", "status"),
    [pytest.param(GOOD, 200, id="published"), pytest.param(BAD, 422, id="rejected")],
)
def test_a_held_request_answers_with_the_end(started: World, content: bytes, status: int) -> None:
    started.drop(NAME, content)
    answer = started.post(RUNS, {"uploads": [NAME], "wait": 60})
    assert answer.status == status
    assert "Location" not in answer.headers
    assert answer.json["finished_at"]


def test_a_request_is_held_no_longer_than_asked(world: World, pipeline: RecordingService) -> None:
    pipeline.will(STARTED)
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    answer = world.post(RUNS, {"uploads": [NAME], "wait": 0.6})
    assert answer.status == 202
    assert answer.headers["Location"] == answer.json["status_url"]


def test_a_forced_run_is_another_one_and_its_retry_is_not(started: World) -> None:
    def post(**more: Any) -> str:
        return str(started.post(RUNS, {"uploads": [NAME], "wait": 60, **more}).json["run_id"])

    plain = [post(), post(caller_run_id="adf-1")]
    forced = [post(caller_run_id=caller, force=True) for caller in ("adf-1", "adf-1", "adf-2")]
    assert plain[0] == plain[1]
    assert forced[0] == forced[1]
    assert len({plain[0], *forced}) == 3


def test_a_rerun_is_a_run_of_its_own_over_the_same_uploads(started: World) -> None:
    first = started.post(RUNS, {"uploads": [NAME], "wait": 60, "caller_run_id": "adf-1"}).json
    again, retried = (started.post(f"runs/{first['run_id']}/rerun", {"wait": 60}) for _ in range(2))
    assert again.status == retried.status == 200
    assert again.json["run_id"] == retried.json["run_id"] != first["run_id"]
    assert again.json["uploads"] == first["uploads"]
    assert again.json["caller_run_id"] == "adf-1"
    assert started.post(f"runs/{again.json['run_id']}/rerun", None).json["run_id"] != again.json["run_id"]


def test_a_rerun_takes_the_flow_as_it_is_now(started: World) -> None:
    started.drop(NAME, b"id,kwh\n1,-5\n2,1\n3,-7\n")
    first = started.post(RUNS, {"uploads": [NAME], "wait": 60})
    assert first.status == 422
    started.declare(
        "flow: readings\nsource: {path: 'readings/{day}.csv', format: csv}\ncontract: {columns: {id: int64}}"
    )
    started.start()
    again = started.post(f"runs/{first.json['run_id']}/rerun", {"wait": 60})
    assert (again.status, again.json["rows"]["published"]) == (200, 3)
    assert again.json["revision"] != first.json["revision"]


def test_a_rerun_needs_the_very_version(started: World) -> None:
    first = started.post(RUNS, {"uploads": [NAME], "wait": 60}).json
    started.drop(NAME, b"id,kwh\n9,9\n")
    answer = started.post(f"runs/{first['run_id']}/rerun", {})
    assert (answer.status, answer.json["title"]) == (409, "Upload changed")


@pytest.mark.parametrize("call", ["cancel", "rerun"])
def test_a_run_that_never_was_is_unknown(started: World, call: str) -> None:
    answer = started.post(f"runs/20130131T060000Z-0123456789ab/{call}", {})
    assert (answer.status, answer.json["title"]) == (404, "Run unknown")


def test_a_run_that_waits_for_its_pipeline_can_be_cancelled_once(world: World, pipeline: RecordingService) -> None:
    pipeline.will(STARTED)
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    run_id = world.post(RUNS, {"uploads": [NAME]}).json["run_id"]
    wait_for(lambda: world.get(f"runs/{run_id}").json["pipeline"]["status"] == "running", "the pipeline's start")
    rerun = world.post(f"runs/{run_id}/rerun", {})
    assert (rerun.status, rerun.json["title"]) == (409, "Run not over")
    answer = world.post(f"runs/{run_id}/cancel", None)
    assert (answer.status, answer.json["run_id"]) == (202, run_id)
    ended = over(world, run_id)
    # An `http` pipeline knows no call that ends it: the dataset stays, and nobody waits any more.
    assert (ended.status, ended.json["status"], ended.json["pipeline"]["status"]) == (500, "published", "unknown")
    wait_for(lambda: world.blobs("staging") == set(), "nothing left in staging")
    again = world.post(f"runs/{run_id}/cancel", None)
    assert (again.status, again.json["title"]) == (409, "Run is over")
