"""A run is compared with the newest dataset of its flow that is older than its uploads."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrators.messages import RunRequest, Transformed, Upload
from orchestrators.services import Services
from orchestrators.transforming import transform_uploads
from tests.orchestrators.carrying_out import landed, published, requested

DRIFTING = """
flow: readings
source: {path: "readings/{day}.csv", format: csv}
contract: {columns: {id: int64, kwh: float64}}
checks:
  - drift: {max_ks: 0.2, then: reject}
"""


@pytest.fixture
def services(flows_folder: Path, open_services: Callable[[], Services]) -> Services:
    (flows_folder / "readings.yaml").write_text(DRIFTING, encoding="utf-8")
    return open_services()


DAYS = {"monday": datetime(2013, 1, 7, tzinfo=UTC), "tuesday": datetime(2013, 1, 8, tzinfo=UTC)}


def readings(services: Services, day: str, first: int) -> Upload:
    """An upload of that day, whatever day the storage thinks it is: versions are pinned by their ETag alone."""
    rows = "".join(f"{number},{first + number}\n" for number in range(50))
    upload = landed(services, day, f"id,kwh\n{rows}".encode())
    return upload.model_copy(update={"last_modified": DAYS[day]})


def manifest(services: Services, request: RunRequest) -> Any:
    found = services.lake.read("datasets", f"readings/{request.run_id}/manifest.json")
    assert found is not None
    return json.loads(found[0])


def test_the_first_run_has_nothing_to_compare_with(services: Services) -> None:
    request = published(services, readings(services, "monday", 0))
    assert request.previous is None
    assert "no earlier dataset" in manifest(services, request)["notes"][0]


def test_the_next_run_is_compared_and_the_manifest_says_with_what(services: Services) -> None:
    first = published(services, readings(services, "monday", 0))
    second = published(services, readings(services, "tuesday", 0))
    told = manifest(services, second)
    assert told["previous"] == second.previous == first.run_id
    assert told["drift"]["kwh"]["ks"] == 0
    assert told["checks"] == [
        {"check": "drift: ks <= 0.2", "value": 0.0, "passed": True, "then": "reject", "detail": ""}
    ]


def test_too_much_drift_rejects_the_run(services: Services) -> None:
    published(services, readings(services, "monday", 0))
    done: Transformed = transform_uploads(services, requested(services, readings(services, "tuesday", 1000)))
    assert done.ended is not None
    assert (done.ended.status, done.ended.reason.code) == ("rejected", "check_failed")
    assert "kwh 1" in done.ended.reason.message


def test_the_same_upload_is_the_same_run_whatever_was_published_since(services: Services) -> None:
    monday = readings(services, "monday", 0)
    first = published(services, monday)
    assert requested(services, monday) == first
    published(services, readings(services, "tuesday", 0))
    assert requested(services, monday) == first


def test_a_dataset_that_was_removed_since_is_not_compared(services: Services) -> None:
    first = published(services, readings(services, "monday", 0))
    request = requested(services, readings(services, "tuesday", 1000))
    services.lake.delete_under("datasets", f"readings/{first.run_id}/")
    assert transform_uploads(services, request).ended is None


def test_the_manifest_has_what_people_read_and_the_profile_the_sketches(services: Services) -> None:
    request = published(services, readings(services, "monday", 0))
    assert "sketch" not in manifest(services, request)["profile"]["columns"]["kwh"]
    profile = services.lake.read("datasets", f"readings/{request.run_id}/profile.json")
    assert profile is not None
    assert "points" in json.loads(profile[0])["columns"]["kwh"]["sketch"]
