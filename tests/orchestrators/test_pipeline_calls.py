"""Pipelines of a run: started once, and ended where somebody wants it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from demo.makers.recording import RecordingService, recording_service, reply
from orchestrators import layout
from orchestrators.api.views import run_status_code
from orchestrators.messages import Outcome, Publication, Reason, Rows, RunRecord, RunRequest, Upload
from orchestrators.pipeline_calls import cancel_pipeline, check_pipeline, start_pipeline
from orchestrators.reporting import report_run
from orchestrators.services import Services
from tests.orchestrators.conftest import READINGS
from tests.orchestrators.pipelines.services import DATABRICKS, RUN_ID

THEN = """
then:
  pipeline: databricks
  url: ${FLOW_DATABRICKS_URL}
  job_id: 11223344
  auth: {setting: FLOW_TOKEN}
  parameters: {rows: "{rows}"}
"""
AT = datetime(2013, 1, 31, 6, tzinfo=UTC)
UPLOAD = Upload(account="a", container="landing", name="readings/1.csv", etag="e", size_bytes=1, last_modified=AT)
REQUEST = RunRequest(run_id=RUN_ID, flow="readings", revision="r", uploads=(UPLOAD,))
DIED = Outcome(
    request=REQUEST, status="failed", uploads="failed", reason=Reason(code="plan_died", message="the plan ended")
)
PUBLICATION = Publication(request=REQUEST, draft="draft.json", rows=Rows(read=3, published=3))


@pytest.fixture
def databricks() -> Iterator[RecordingService]:
    with recording_service() as service:
        yield service


@pytest.fixture
def environment(environment: dict[str, str], databricks: RecordingService) -> dict[str, str]:
    return {**environment, "FLOW_DATABRICKS_URL": databricks.origin, "FLOW_TOKEN": "dapi"}


@pytest.fixture
def published(services: Services) -> Services:
    """A run is on record, and its manifest is there."""
    services.ledger.open_run(RunRecord(request=REQUEST, status="running", uploads="running", started_at=AT))
    counted = {"rows": PUBLICATION.rows.to_dict()}
    manifest = json.dumps({"source": READINGS + THEN, **counted}).encode()
    services.lake.put("datasets", layout.dataset_folder(REQUEST) + layout.MANIFEST, manifest)
    return services


def test_a_start_is_on_record_and_not_made_again(published: Services, databricks: RecordingService) -> None:
    databricks.will(reply(200, DATABRICKS.started))
    first = start_pipeline(published, PUBLICATION)
    assert (first.status, first.run_id) == ("running", DATABRICKS.target_run_id)
    assert start_pipeline(published, PUBLICATION) == first
    assert len(databricks.asked) == 1


def test_a_running_pipeline_is_asked_to_end(published: Services, databricks: RecordingService) -> None:
    databricks.will(
        reply(200, DATABRICKS.started), reply(200, {}), reply(200, DATABRICKS.standing("TERMINATED/CANCELED"))
    )
    start_pipeline(published, PUBLICATION)
    assert cancel_pipeline(published, PUBLICATION).status == "running"
    assert databricks.asked[-1].path == "/api/2.2/jobs/runs/cancel"
    assert check_pipeline(published, PUBLICATION).status == "cancelled"
    assert cancel_pipeline(published, PUBLICATION).status == "cancelled"
    assert len(databricks.asked) == 3


def test_an_end_that_is_refused_is_told(published: Services, databricks: RecordingService) -> None:
    databricks.will(reply(200, DATABRICKS.started), reply(403))
    start_pipeline(published, PUBLICATION)
    told = cancel_pipeline(published, PUBLICATION)
    assert told.status == "unknown"
    assert "FLOW_TOKEN" in str(told.message)


def test_a_pipeline_that_runs_when_its_plan_dies_stays_on_record(
    published: Services, databricks: RecordingService
) -> None:
    databricks.will(reply(200, DATABRICKS.started))
    started = start_pipeline(published, PUBLICATION)
    closed = report_run(published, DIED)
    assert (closed.status, closed.pipeline.run_id) == ("published", started.run_id)
    assert (closed.pipeline.status, closed.pipeline.message) == ("unknown", "no longer waited for: the plan ended")


def test_a_published_run_whose_plan_dies_before_the_pipeline_was_started_says_so(published: Services) -> None:
    closed = report_run(published, DIED)
    assert (closed.status, closed.rows) == ("published", PUBLICATION.rows)
    assert (closed.pipeline.status, closed.pipeline.message) == ("failed", "it was not started: the plan ended")
    assert run_status_code(closed) == 500
