"""`retrain_on: drift`: a dataset starts its pipeline only when it has moved away from the one before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.makers.recording import RecordingService, recording_service, reply
from orchestrators.messages import PipelineState
from orchestrators.pipeline_calls import start_pipeline
from orchestrators.publishing import publish_dataset
from orchestrators.services import Services
from tests.orchestrators.carrying_out import landed, transformed

FLOW = """
flow: readings
source: {path: "readings/{day}.csv", format: csv}
contract: {columns: {id: int64, kwh: float64}}
checks:
  - drift: {max_ks: 0.2}
then:
  pipeline: http
  url: ${FLOW_TRAINING_URL}
  parameters: {run_id: "{run_id}"}
  retrain_on: drift
"""


@pytest.fixture
def training() -> Iterator[RecordingService]:
    with recording_service() as service:
        yield service


@pytest.fixture
def environment(environment: dict[str, str], training: RecordingService) -> dict[str, str]:
    return {**environment, "FLOW_TRAINING_URL": training.url}


def published(services: Services, day: int, first: int) -> PipelineState:
    """How the pipeline stands after the upload of that day, whose readings start at a number, was published."""
    rows = "".join(f"{number},{first + number}\n" for number in range(50))
    upload = landed(services, f"{day}", f"id,kwh\n{rows}".encode())
    publication = transformed(services, upload.model_copy(update={"last_modified": datetime(2013, 1, day, tzinfo=UTC)}))
    publish_dataset(services, publication)
    return start_pipeline(services, publication)


def beside_the_newest_dataset(services: Services) -> bytes:
    """`pipeline.json`, as everybody may read it."""
    newest = services.lake.read("datasets", "readings/latest.json")
    assert newest
    found = services.lake.read("datasets", f"readings/{json.loads(newest[0])['run_id']}/pipeline.json")
    assert found
    return found[0]


def test_only_a_dataset_that_drifted_starts_its_pipeline(
    flows_folder: Path, open_services: Callable[[], Services], training: RecordingService
) -> None:
    (flows_folder / "readings.yaml").write_text(FLOW, encoding="utf-8")
    services = open_services()
    first, alike = published(services, 7, first=0), published(services, 8, first=0)
    assert {first.status, alike.status} == {"not_started"}
    assert "no drift check tripped" in str(alike.message)
    assert training.asked == []
    assert b'"status": "not_started"' in beside_the_newest_dataset(services)
    training.will(reply(200, {"status": "succeeded"}))
    assert published(services, 9, first=1000).status == "succeeded"
    assert len(training.asked) == 1
