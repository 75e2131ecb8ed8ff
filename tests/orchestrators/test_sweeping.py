from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrators.errors import SweepIncomplete
from orchestrators.intake import take_upload
from orchestrators.messages import Arrival, Outcome, RunRequest, Upload, UploadRecord
from orchestrators.reporting import report_run
from orchestrators.services import Services, now
from orchestrators.starts import open_run
from orchestrators.sweeping import find_unstarted, sweep
from orchestrators.taking import take
from tests.orchestrators.collected import carried_out, drop, requests, runs, statuses
from tests.orchestrators.conftest import READINGS
from tests.orchestrators.fake_client import FakeClient

MONDAY, TUESDAY = "readings/monday.csv", "readings/tuesday.csv"


def test_runs_that_a_killed_sweep_has_not_started_are_started_by_the_next_one(
    services: Services, client: FakeClient
) -> None:
    services.ledger.first_deployed_at(now())
    drop(services, MONDAY, TUESDAY)
    assert len(find_unstarted(services, []).requests) == 2  # and here it dies
    asyncio.run(sweep(services, client))
    assert sorted(runs(client)) == [[MONDAY], [TUESDAY]]


def test_an_upload_that_was_deleted_before_its_run_was_opened_is_rejected(
    services: Services, client: FakeClient
) -> None:
    services.ledger.first_deployed_at(now())
    drop(services, MONDAY, TUESDAY)
    find_unstarted(services, [])
    services.lake.delete("landing", MONDAY)
    asyncio.run(sweep(services, client))
    assert (runs(client), statuses(services)) == ([[TUESDAY]], {MONDAY: "rejected", TUESDAY: "running"})


def test_an_upload_that_seems_to_run_says_how_its_run_has_ended(services: Services, client: FakeClient) -> None:
    services.ledger.first_deployed_at(now())
    drop(services, MONDAY)
    (request,) = find_unstarted(services, []).requests
    done = open_run(services, request).model_copy(update={"status": "published", "uploads": "published"})
    # The report dies after it has closed the run.
    services.ledger.amend_run(request.run_id, lambda _: done.model_copy(update={"finished_at": now()}))
    assert statuses(services) == {MONDAY: "running"}
    asyncio.run(sweep(services, client))
    assert (runs(client), statuses(services)) == ([], {MONDAY: "published"})


def test_an_upload_that_its_run_has_held_waits_through_any_sweep_until_its_flow_is_mended(
    open_services: Callable[[], Services], flows_folder: Path, client: FakeClient
) -> None:
    flow = flows_folder / "readings.yaml"
    flow.write_text(READINGS + 'steps: [{filter: "id >"}]\n', encoding="utf-8")
    broken = open_services()
    drop(broken, MONDAY)
    asyncio.run(take(broken, client, MONDAY))
    carried_out(broken, client)
    for _ in range(2):
        asyncio.run(sweep(broken, client))
        assert (len(runs(client)), statuses(broken)) == (1, {MONDAY: "held"})
    flow.write_text(READINGS, encoding="utf-8")
    asyncio.run(sweep(open_services(), client))
    assert (len(runs(client)), statuses(broken)) == (2, {MONDAY: "running"})


def test_an_upload_is_run_though_one_revision_was_deployed_over_another_and_back(
    open_services: Callable[[], Services], flows_folder: Path, client: FakeClient
) -> None:
    old = open_services()
    drop(old, MONDAY)
    asyncio.run(take(old, client, MONDAY))
    (flows_folder / "readings.yaml").write_text(READINGS + "description: newer\n", encoding="utf-8")
    carried_out(open_services(), client)
    assert statuses(old) == {MONDAY: "held"}
    for _ in range(2):
        asyncio.run(sweep(old, client))
    first, second = requests(client)
    assert (first.revision, first.uploads) == (second.revision, second.uploads)
    report_run(old, Outcome(request=second, status="published", uploads="published"))
    asyncio.run(sweep(old, client))
    assert (len(runs(client)), statuses(old)) == (2, {MONDAY: "published"})


def test_one_upload_that_always_fails_keeps_no_other_from_its_run(
    services: Services, client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_on_monday(here: Services, upload: Upload, *records: UploadRecord) -> RunRequest | Arrival | None:
        if upload.name == MONDAY:
            raise ValueError("nobody thought of this")
        return take_upload(here, upload, *records)

    services.ledger.first_deployed_at(now())
    drop(services, MONDAY, TUESDAY)
    monkeypatch.setattr("orchestrators.sweeping.take_upload", fails_on_monday)
    with pytest.raises(SweepIncomplete, match=MONDAY):
        asyncio.run(sweep(services, client))
    assert runs(client) == [[TUESDAY]]
    monkeypatch.undo()
    asyncio.run(sweep(services, client))
    assert sorted(runs(client)) == [[MONDAY], [TUESDAY]]
