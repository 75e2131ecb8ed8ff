"""When the pipeline is in trouble the dataset stays published and findable, and the pipeline field says why."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, Reply, reply
from devhost.clock import SkippingClock
from tests.end_to_end.conftest import World

NAME = "readings/monday.csv"
BUSY = reply(503, {"message": "busy"})


def test_a_pipeline_that_stays_down_fails_after_its_retries(world: World, pipeline: RecordingService) -> None:
    pipeline.will(*[BUSY] * 20)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"], run["pipeline"]["status"]) == (500, "published", "failed")
    assert "503" in run["pipeline"]["message"]
    assert len(pipeline.asked) == 6
    assert {asked.headers["Idempotency-Key"] for asked in pipeline.asked} == {run["run_id"]}
    assert len(world.manifests()) == 1
    assert world.document("datasets", "readings/latest.json")["run_id"] == run["run_id"]
    assert world.document("datasets", f"readings/{run['run_id']}/pipeline.json")["status"] == "failed"


def test_a_pipeline_that_comes_back_is_started_once(world: World, pipeline: RecordingService) -> None:
    pipeline.will(BUSY, reply(429, {}, Retry_After="60"), Reply(breaks="reset"), reply(200, {"status": "succeeded"}))
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["pipeline"]["status"]) == (200, "succeeded")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(reply(401, {"message": "who are you"}), "401", id="refused"),
        pytest.param(reply(404, {}), "404", id="not there"),
        pytest.param(Reply(200, b"<html>sign in</html>", {"Content-Type": "text/html"}), "JSON", id="sign-in page"),
    ],
)
def test_a_final_refusal_is_not_retried(world: World, pipeline: RecordingService, answer: Reply, told: str) -> None:
    pipeline.will(answer)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "failed")
    assert told in run["pipeline"]["message"]
    assert len(pipeline.asked) == 1


def test_a_pipeline_that_never_ends_is_timed_out(world: World, pipeline: RecordingService) -> None:
    pipeline.will(reply(202, {}, Location="/jobs/7"), *[reply(202, {"status": "running"})] * 200)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"], run["pipeline"]["status"]) == (500, "published", "timed_out")


def test_a_missing_setting_of_the_pipeline_is_named(world: World, pipeline: RecordingService) -> None:
    del world.settings["FLOW_TRAINING_URL"]
    world.start(clock=SkippingClock())
    assert world.get("health").json["missing_settings"] == ["FLOW_TRAINING_URL"]
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "failed")
    assert "FLOW_TRAINING_URL" in run["pipeline"]["message"]
    assert pipeline.asked == []
