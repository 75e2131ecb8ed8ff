"""A maker's service as the pipeline of a flow: started, looked at, and told in the run and beside the dataset."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, reply
from devhost.clock import SkippingClock
from tests.end_to_end.conftest import READINGS, World
from tests.orchestrators.pipelines.services import DATABRICKS

NAME = "readings/monday.csv"
THEN = """
then:
  pipeline: databricks
  url: ${FLOW_DATABRICKS_URL}
  job_id: ${FLOW_JOB_ID}
  auth: {setting: FLOW_DATABRICKS_TOKEN}
  parameters: {data: "{output_abfss}", rows: "{manifest.rows.published}", day: "{day}"}
  wait: 10m
"""


@pytest.fixture
def databricks(world: World, pipeline: RecordingService) -> RecordingService:
    """The service that the flow `readings` starts."""
    world.settings |= {
        "FLOW_DATABRICKS_URL": pipeline.origin,
        "FLOW_JOB_ID": "11223344",
        "FLOW_DATABRICKS_TOKEN": "dapi",
    }
    world.declare(READINGS + THEN)
    return pipeline


def test_a_failed_job_is_told_and_the_dataset_stays(world: World, databricks: RecordingService) -> None:
    databricks.will(
        reply(200, DATABRICKS.started),
        reply(200, DATABRICKS.standing("RUNNING")),
        reply(429, Retry_After="60"),
        reply(200, DATABRICKS.standing("TERMINATED/FAILED", "out of memory")),
    )
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"]) == (500, "published")
    told = run["pipeline"]
    assert (told["status"], told["run_id"], told["link"]) == ("failed", "455644833", DATABRICKS.link)
    assert told["message"] == "FAILED: out of memory"
    assert [asked.method for asked in databricks.asked] == ["POST", "GET", "GET", "GET"]
    sent = databricks.asked[0].document
    assert (sent["job_id"], sent["idempotency_token"]) == (11223344, run["run_id"])
    assert sent["job_parameters"]["rows"] == "2"
    assert sent["job_parameters"]["day"] == "monday"
    assert sent["job_parameters"]["data"].startswith("abfss://datasets@")
    record = world.document("datasets", f"readings/{run['run_id']}/pipeline.json")
    assert (record["status"], record["run_id"], record["link"]) == ("failed", "455644833", DATABRICKS.link)


def test_a_job_that_is_not_there_is_told_with_its_settings(world: World, databricks: RecordingService) -> None:
    databricks.will(reply(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such job"}))
    world.start(clock=SkippingClock())
    world.drop(NAME)
    told = world.finished(NAME)["pipeline"]
    assert told["status"] == "failed"
    assert "no such job. Check `then.url` and `then.job_id`" in told["message"]
    assert "FLOW_JOB_ID" in told["message"]
    assert len(databricks.asked) == 1


def test_a_value_that_the_manifest_lacks_is_a_mistake_of_the_flow(world: World, databricks: RecordingService) -> None:
    world.declare(READINGS + THEN.replace("rows.published", "profile.columns.mwh.mean"))
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "failed")
    assert "the manifest has no profile.columns.mwh.mean" in run["pipeline"]["message"]
    assert databricks.asked == []
