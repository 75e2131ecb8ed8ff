from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus
from azure.durable_functions.models.PurgeHistoryResult import PurgeHistoryResult

from orchestrators.cleaning import DEAD_AFTER, Leftover, clean_up, clean_up_with_history, find_leftovers
from orchestrators.messages import RunRecord, RunRequest, Upload
from orchestrators.services import Services, now
from tests.orchestrators.conftest import READINGS

OLD, NEW = "20130131T060000Z-000000000001", "20130201T060000Z-000000000002"
KEEP = READINGS + "keep: {datasets: 30d, quarantine: 30d}\n"
TOMORROW = now() + DEAD_AFTER + timedelta(hours=1)
NEXT_YEAR = now() + timedelta(days=365)


@pytest.fixture
def keeping(open_services: Callable[[], Services], flows_folder: Path) -> Services:
    """Services whose flow keeps things for thirty days."""
    (flows_folder / "readings.yaml").write_text(KEEP, encoding="utf-8")
    return open_services()


def open_run(services: Services, run_id: str, *, finished: bool) -> None:
    upload = Upload(account="a", container="landing", name="a", etag="1", size_bytes=1, last_modified=now())
    request = RunRequest(run_id=run_id, flow="readings", revision="r", uploads=(upload,))
    record = RunRecord(request=request, status="running", uploads="running", started_at=now())
    services.ledger.open_run(record.model_copy(update={"finished_at": now() if finished else None}))


def publish(services: Services, run_id: str, **manifest: str) -> None:
    services.lake.put("datasets", f"readings/{run_id}/data/part.parquet", b"rows")
    services.lake.put("datasets", f"readings/{run_id}/manifest.json", json.dumps(manifest).encode())
    services.lake.put("datasets", "readings/latest.json", json.dumps({"run_id": run_id}).encode())


def prefixes(services: Services, at: datetime) -> list[tuple[str, str]]:
    return [(leftover.container, leftover.prefix) for leftover in find_leftovers(services, at)]


def test_what_a_dead_run_left_is_removed(services: Services) -> None:
    open_run(services, OLD, finished=True)
    services.lake.put("staging", f"{OLD}/draft.json", b"{}")
    services.lake.put("datasets", f"readings/{OLD}/data/part.parquet", b"rows")
    assert prefixes(services, now()) == []  # too young to be called dead
    assert prefixes(services, TOMORROW) == [("datasets", f"readings/{OLD}/"), ("staging", f"{OLD}/")]
    clean_up(services, at=TOMORROW)
    assert prefixes(services, TOMORROW) == []
    assert list(services.lake.versions_in("staging")) == []


def test_what_a_run_still_needs_is_kept(services: Services) -> None:
    open_run(services, OLD, finished=False)
    services.lake.put("staging", f"{OLD}/draft.json", b"{}")
    services.lake.put("datasets", f"readings/{OLD}/data/part.parquet", b"rows")
    assert prefixes(services, NEXT_YEAR) == []


def test_without_a_time_to_keep_everything_published_stays(services: Services) -> None:
    publish(services, OLD)
    publish(services, NEW)
    services.lake.put("quarantine", f"readings/run_id={OLD}/part.parquet", b"rows")
    assert prefixes(services, NEXT_YEAR) == []


def test_a_dataset_past_its_time_goes_but_never_the_latest(keeping: Services) -> None:
    publish(keeping, OLD)
    publish(keeping, NEW)
    assert prefixes(keeping, now() + timedelta(days=29)) == []
    assert prefixes(keeping, NEXT_YEAR) == [("datasets", f"readings/{OLD}/")]


@pytest.mark.parametrize("word", ["previous", "fitted_from"])
def test_a_dataset_that_a_newer_one_refers_to_stays(keeping: Services, word: str) -> None:
    publish(keeping, OLD)
    publish(keeping, NEW, **{word: OLD})
    assert prefixes(keeping, NEXT_YEAR) == []


def test_quarantine_past_its_time_goes(keeping: Services) -> None:
    keeping.lake.put("quarantine", f"readings/run_id={OLD}/part.parquet", b"rows")
    assert prefixes(keeping, now() + timedelta(days=29)) == []
    assert prefixes(keeping, NEXT_YEAR) == [("quarantine", f"readings/run_id={OLD}/")]


def test_a_dry_run_only_tells(services: Services) -> None:
    services.lake.put("staging", f"{OLD}/draft.json", b"{}")
    told = clean_up(services, dry_run=True, at=TOMORROW)
    assert told == [Leftover("staging", f"{OLD}/", "its run is over and published nothing of it")]
    assert len(list(services.lake.versions_in("staging"))) == 1


def test_the_scratch_of_a_killed_transform_goes_and_that_of_a_living_one_stays(services: Services) -> None:
    scratch = services.settings.scratch_folder
    killed, living = scratch / "sluice-killed", scratch / "sluice-living"
    for folder in (killed, living):
        (folder / "inbox").mkdir(parents=True)
    two_days_ago = (now() - timedelta(days=2)).timestamp()
    os.utime(killed, (two_days_ago, two_days_ago))
    clean_up(services)
    assert not killed.exists()
    assert living.exists()


class FakeClient:
    """Takes note of which histories are to go."""

    def __init__(self) -> None:
        self.purged: list[tuple[datetime, datetime, list[OrchestrationRuntimeStatus]]] = []

    async def purge_instance_history_by(
        self, since: datetime, until: datetime, statuses: list[OrchestrationRuntimeStatus]
    ) -> PurgeHistoryResult:
        self.purged.append((since, until, statuses))
        return PurgeHistoryResult(3)


def test_only_histories_of_plans_that_ended_long_ago_are_purged(services: Services) -> None:
    client = FakeClient()
    asyncio.run(clean_up_with_history(services, client))
    ((_, until, statuses),) = client.purged
    assert until <= now() - timedelta(days=30)
    assert set(statuses) == {
        OrchestrationRuntimeStatus.Completed,
        OrchestrationRuntimeStatus.Failed,
        OrchestrationRuntimeStatus.Terminated,
        OrchestrationRuntimeStatus.Canceled,
    }
