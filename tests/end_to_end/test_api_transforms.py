"""One short transform within the request: the same run as any other, its result in the body."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, reply
from tests.end_to_end.conftest import GOOD, World

NAME = "readings/monday.csv"
TRANSFORM = "transforms/readings"


@pytest.fixture
def started(world: World) -> World:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    return world


def test_the_result_is_in_the_body(started: World) -> None:
    answer = started.post(TRANSFORM, {"uploads": [NAME], "caller_run_id": "adf-1"})
    assert (answer.status, answer.json["status"], answer.json["rows"]["published"]) == (200, "published", 2)
    assert started.manifests() == [f"readings/{answer.json['run_id']}/manifest.json"]
    assert (answer.json["caller_run_id"], started.uploads(NAME)[0]["status"]) == ("adf-1", "published")
    assert started.blobs("staging") == set()


def test_it_is_the_same_run_as_a_planned_one(started: World) -> None:
    direct = started.post(TRANSFORM, {"uploads": [NAME]}).json
    planned = started.post("flows/readings/runs", {"uploads": [NAME], "wait": 60})
    assert (planned.status, planned.json["run_id"]) == (200, direct["run_id"])
    assert started.visitor
    assert started.visitor.call("GET", f"/runtime/webhooks/durabletask/instances/{direct['run_id']}").status == 404


def test_a_run_that_has_a_plan_is_waited_for(started: World) -> None:
    planned = started.post("flows/readings/runs", {"uploads": [NAME]})
    direct = started.post(TRANSFORM, {"uploads": [NAME], "wait": 60})
    assert (direct.status, direct.json["run_id"]) == (200, planned.json["run_id"])


def test_bad_data_is_rejected_with_its_reasons(started: World) -> None:
    started.drop(NAME, b"id,kwh\none,-1\n")
    answer = started.post(TRANSFORM, {"uploads": [NAME]})
    assert (answer.status, answer.json["reason"]["code"]) == (422, "contract_broken")
    assert any(name.startswith("readings/run_id=") for name in started.blobs("quarantine"))


def test_what_does_not_end_in_time_goes_on_as_a_plan(started: World) -> None:
    answer = started.post(TRANSFORM, {"uploads": [NAME], "wait": 0})
    assert answer.status == 202
    assert answer.headers["Location"] == answer.json["status_url"]
    assert started.finished(NAME)["status"] == "published"
    assert started.visitor
    started.visitor.finished(answer.json["run_id"])
    assert len(started.manifests()) == 1


def test_the_pipeline_is_started_and_not_waited_for(world: World, pipeline: RecordingService) -> None:
    pipeline.will(reply(202, {"status": "running"}, Location="/jobs/7"))
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    answer = world.post(TRANSFORM, {"uploads": [NAME]})
    assert (answer.status, answer.json["pipeline"]["status"]) == (200, "running")
    assert [asked.document["run_id"] for asked in pipeline.asked] == [answer.json["run_id"]]


def test_passing_trouble_is_left_to_a_plan_that_tries_again(world: World, pipeline: RecordingService) -> None:
    pipeline.will(reply(503, Retry_After="0"), reply(200, {"status": "succeeded"}))
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME, GOOD)
    answer = world.post(TRANSFORM, {"uploads": [NAME]})
    assert answer.status == 202
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "succeeded")
    assert len(pipeline.asked) == 2
