"""A flow that is fitted from an earlier run applies what that one learnt."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrators.errors import RequestRefused
from orchestrators.intake import take_upload
from orchestrators.ledger import Query
from orchestrators.messages import RunRequest, Upload
from orchestrators.services import Services
from orchestrators.transforming import transform_uploads
from tests.orchestrators.carrying_out import landed, published, requested

FLOW = """
flow: readings
source: {{path: "readings/{{day}}.csv", format: csv}}
contract: {{columns: {{id: int64, kwh: float64}}}}
steps: [{{scale: {{kwh: minmax}}}}]
fitted: {{from: {source}}}
"""
DAYS = {"monday": datetime(2013, 1, 7, tzinfo=UTC), "tuesday": datetime(2013, 1, 8, tzinfo=UTC)}
NEVER = "20130101T000000Z-0123456789ab"


@pytest.fixture
def declare(flows_folder: Path, open_services: Callable[[], Services]) -> Callable[[str], Services]:
    """The services of a process whose flow is fitted from there."""

    def declared(source: str) -> Services:
        (flows_folder / "readings.yaml").write_text(FLOW.format(source=source), encoding="utf-8")
        return open_services()

    return declared


def readings(services: Services, day: str, kwh: list[float]) -> Upload:
    """An upload of that day, whatever day the storage thinks it is: versions are pinned by their ETag alone."""
    rows = "".join(f"{number},{value}\n" for number, value in enumerate(kwh))
    return landed(services, day, f"id,kwh\n{rows}".encode()).model_copy(update={"last_modified": DAYS[day]})


def beside(services: Services, request: RunRequest, name: str) -> Any:
    found = services.lake.read("datasets", f"readings/{request.run_id}/{name}")
    assert found is not None
    return json.loads(found[0])


def test_the_second_run_applies_what_the_first_learnt(declare: Callable[[str], Services]) -> None:
    services = declare("previous")
    first = published(services, readings(services, "monday", [0, 10]))
    second = published(services, readings(services, "tuesday", [5, 500]))
    learnt = {"scale": {"kwh": {"method": "minmax", "center": 0.0, "scale": 10.0}}}
    assert beside(services, first, "fitted.json") == beside(services, second, "fitted.json") == learnt
    assert beside(services, second, "manifest.json")["fitted_from"] == second.fitted_from == first.run_id
    assert beside(services, second, "profile.json")["columns"]["kwh"]["max"] == 50.0


def test_the_first_run_learns_and_says_so(declare: Callable[[str], Services]) -> None:
    services = declare("previous")
    first = published(services, readings(services, "monday", [0, 10]))
    assert first.fitted_from is None
    assert "There is no earlier dataset" in beside(services, first, "manifest.json")["notes"][-1]


def test_the_same_upload_is_the_same_run_whatever_was_published_since(declare: Callable[[str], Services]) -> None:
    services = declare("previous")
    monday, tuesday = readings(services, "monday", [0, 10]), readings(services, "tuesday", [5, 500])
    first, second = published(services, monday), published(services, tuesday)
    assert requested(services, monday) == first
    assert requested(services, tuesday) == second


def test_a_run_may_be_named(declare: Callable[[str], Services]) -> None:
    services = declare("previous")
    first = published(services, readings(services, "monday", [0, 10]))
    second = published(declare(first.run_id), readings(services, "tuesday", [5, 500]))
    assert second.fitted_from == first.run_id


def test_a_run_that_has_no_dataset_refuses_callers_and_holds_uploads(declare: Callable[[str], Services]) -> None:
    services = declare(NEVER)
    monday = readings(services, "monday", [0, 10])
    with pytest.raises(RequestRefused, match=f"fitted.from names run {NEVER}, which has no dataset"):
        requested(services, monday)
    assert take_upload(services, monday) is None
    [record] = services.ledger.uploads(Query()).items
    assert (record.status, record.reason.code if record.reason else None) == ("held", "dataset_missing")


def test_a_dataset_that_is_gone_rejects_the_run(declare: Callable[[str], Services]) -> None:
    services = declare("previous")
    first = published(services, readings(services, "monday", [0, 10]))
    request = requested(services, readings(services, "tuesday", [5, 500]))
    services.lake.delete_under("datasets", f"readings/{first.run_id}/")
    done = transform_uploads(services, request)
    assert done.ended is not None
    assert (done.ended.status, done.ended.reason.code) == ("rejected", "step_failed")
    assert f"the dataset of run {first.run_id} is gone" in done.ended.reason.message
