"""A whole run, from the blob to the report, with every function called through the worker's library.

Covered: blob trigger with an SDK type, durable client, orchestrator (each replay), activities, HTTP.
"""

from __future__ import annotations

import json
import re

import pytest

from demo.makers.recording import RecordingService, reply
from orchestrators import fan_out, names
from orchestrators.activities import ACTIVITIES
from tests.conformance.referee import Answer, Referee
from tests.devhost.visitor import DURABLE
from tests.end_to_end.conftest import World
from tests.waiting import wait_for

DRAFT = re.compile(r"(draft|part-\d{5})-[0-9a-f]{12}\.json")
ONLY_WHEN_ASKED_FOR = {names.CANCEL_PIPELINE, names.CALL_BACK}
ONLY_OF_MANY_UPLOADS = {names.TRANSFORM_PART, names.REDUCE_PARTS}
DAMAGED = b"id,kwh\n1,2.5\n2,-1\nthree,3\n4,4\n"


def test_a_run_needs_nothing_but_the_library(world: World, pipeline: RecordingService, referee: Referee) -> None:
    pipeline.will(
        reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="0"),
        reply(200, {"status": "succeeded", "run_id": "job-7"}),
    )
    world.start(invoke=referee.ask_library)
    world.drop("readings/monday.csv", DAMAGED)
    run = world.finished("readings/monday.csv")
    assert (run["http_status"], run["status"], run["pipeline"]["status"]) == (200, "published", "succeeded")
    assert run["rows"] == {"read": 4, "published": 2, "quarantined": 2, "dropped": 0}
    assert world.manifests() == [f"readings/{run['run_id']}/manifest.json"]


def test_a_run_asked_for_over_http_needs_nothing_but_the_library(world: World, referee: Referee) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.drop("readings/monday.csv")
    world.start(invoke=referee.ask_library)
    accepted = world.post("flows/readings/runs", {"uploads": ["readings/monday.csv"]})
    assert accepted.status == 202
    assert accepted.headers["Location"] == accepted.json["status_url"]
    run = world.finished("readings/monday.csv")
    assert (run["run_id"], run["status"]) == (accepted.json["run_id"], "published")


def test_a_set_that_waits_for_quiet_needs_nothing_but_the_library(world: World, referee: Referee) -> None:
    text = (world.folder / "flows/readings.yaml").read_text(encoding="utf-8")
    world.declare(text + "collect: {by: [], quiet: 1s}\n")
    for day in ("monday", "tuesday"):
        world.drop(f"readings/{day}.csv", DAMAGED)
    world.start(invoke=referee.ask_library)
    wait_for(lambda: [run for run in world.runs() if run["finished_at"]], "the end of the run")
    (run,) = world.runs()
    assert (run["rows"]["read"], len(run["uploads"])) == (8, 2)


def test_every_function_of_a_run_answers_alike(world: World, pipeline: RecordingService, referee: Referee) -> None:
    pipeline.will(
        reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="0"),
        reply(202, {"status": "running"}),  # the local host's look
        reply(202, {"status": "running"}),  # the library's
        reply(200, {"status": "succeeded", "run_id": "job-7"}),  # the local host's: the library finds it on record
    )
    world.start(invoke=referee.ask_both)
    world.drop("readings/monday.csv", DAMAGED)
    run = world.finished("readings/monday.csv")
    assert world.visitor
    world.visitor.finished(run["run_id"])

    # What a poll sees may change between the two answers; test_http.py compares those that cannot.
    judgements = [one for one in referee.judgements if one.invocation.function.kind != "httpTrigger"]
    activities = {activity.__name__ for activity in ACTIVITIES} - ONLY_WHEN_ASKED_FOR - ONLY_OF_MANY_UPLOADS
    assert {one.function for one in judgements} == {"upload_landed", names.INGEST} | activities
    for one in judgements:
        assert _lasting(one.library) == _lasting(one.local), one.function
        assert not one.library.failure

    first_turn = json.loads(referee.of(names.INGEST)[0].library.given)
    ((action,),) = first_turn["actions"]
    planning, cancelling = action["compoundActions"]
    assert (planning["functionName"], json.loads(planning["input"])["run_id"]) == (names.PLAN_RUN, run["run_id"])
    assert cancelling["externalEventName"] == names.CANCEL
    assert not first_turn["isDone"]


def test_every_function_of_a_run_by_parts_answers_alike(
    world: World, referee: Referee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "MOST_PARTS", 2)  # so that three parts are sub-orchestrations
    days = [f"readings/{day}.csv" for day in ("monday", "sunday", "tuesday")]
    for day in days:
        world.drop(day, DAMAGED)
    world.settings |= {"BLOB_TRIGGER_SOURCE": "EventGrid", "PART_UPLOADS": "1", "PARTS_AT_ONCE": "2"}
    world.start(invoke=referee.ask_both)
    assert world.visitor
    world.visitor.finished(world.post("flows/readings/runs", {"uploads": days}).json["run_id"])
    run = world.finished(days[0])
    assert (run["status"], run["rows"]["published"], run["rows"]["quarantined"]) == ("published", 6, 6)
    functions = {*ONLY_OF_MANY_UPLOADS, names.TRANSFORM_PARTS, names.INGEST}
    judgements = [one for function in functions for one in referee.of(function)]
    assert {one.function for one in judgements} == functions
    for one in judgements:
        assert _lasting(one.library) == _lasting(one.local), one.function
        assert not one.library.failure


def test_a_run_that_is_cancelled_and_calls_back_answers_alike(
    world: World, pipeline: RecordingService, referee: Referee
) -> None:
    pipeline.will(reply(202, {"status": "running"}, Location="/jobs/7", Retry_After="3600"), reply(200))
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.drop("readings/monday.csv")
    world.start(invoke=referee.ask_both)
    assert world.visitor
    body = {"uploads": ["readings/monday.csv"], "callBackUri": f"{pipeline.origin}/callback"}
    run_id = world.post("flows/readings/runs", body).json["run_id"]
    wait_for(lambda: world.get(f"runs/{run_id}").json["pipeline"]["status"] == "running", "the pipeline's start")
    # Told to the plan itself: both would tell it, and it expects to be cancelled once.
    world.visitor.call("POST", f"{DURABLE}/instances/{run_id}/raiseEvent/{names.CANCEL}", None)
    world.visitor.finished(run_id)
    judgements = [one for name in (*ONLY_WHEN_ASKED_FOR, names.INGEST) for one in referee.of(name)]
    assert {one.function for one in judgements} == {*ONLY_WHEN_ASKED_FOR, names.INGEST}
    assert [one.library for one in judgements] == [one.local for one in judgements]
    assert [asked.path for asked in pipeline.asked] == ["/train", "/callback"]


def test_a_plan_that_fails_does_so_alike(world: World, referee: Referee) -> None:
    world.start(invoke=referee.ask_both)
    assert world.visitor
    ended = world.visitor.finished(world.visitor.start(names.INGEST, {"this": "is no request"}))
    assert ended["runtimeStatus"] == "Failed"
    (judgement,) = referee.of(names.INGEST)
    assert judgement.library == judgement.local
    assert "validation errors for RunRequest" in judgement.library.failure


def _lasting(answer: Answer) -> Answer:
    """The answer with no name of a draft or part in it: that is a hash over what has the seconds it took."""
    return Answer(DRAFT.sub(r"\1", answer.given) if answer.given else None, answer.failure)
