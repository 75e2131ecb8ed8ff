"""The sweep: uploads whose event was lost, uploads that were held, runs whose instance is gone or died."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus

from orchestrators.intake import take_upload
from orchestrators.ledger import Query, pages_of
from orchestrators.messages import Outcome, Reason, RunRecord, RunRequest
from orchestrators.services import Services, now
from orchestrators.starts import close_run, instance_status, start_run

log = logging.getLogger(__name__)

_PAGE = 1000
_DEAD = (
    OrchestrationRuntimeStatus.Failed,
    OrchestrationRuntimeStatus.Terminated,
    OrchestrationRuntimeStatus.Canceled,
)


async def sweep(services: Services, client: DurableOrchestrationClient) -> None:
    """Every upload since the first deployment is on record, and every open run has a live instance."""
    for request in await asyncio.to_thread(find_unstarted, services):
        await start_run(services, client, request)
    for run in await asyncio.to_thread(find_open_runs, services):
        await _revive(services, client, run)


def find_unstarted(services: Services) -> list[RunRequest]:
    """Requests for the uploads that nobody has taken, and for those that were held and can go now."""
    # Storage tells times in whole seconds.
    since = services.ledger.first_deployed_at(now()).replace(microsecond=0)
    settled_before = now() - timedelta(seconds=services.settings.sweep_grace_s)
    on_record = pages_of(services.ledger.uploads, Query(limit=_PAGE))
    taken = {record.upload.version for record in on_record if record.status != "held"}
    found = [
        upload
        for upload in services.lake.versions_in(services.settings.landing_container)
        if since <= upload.last_modified <= settled_before and upload.version not in taken
    ]
    requests = [request for upload in found if (request := take_upload(services, upload))]
    if requests:
        log.warning("sweep: %d upload(s) had no run: %s", len(requests), ", ".join(r.run_id for r in requests))
    return requests


def find_open_runs(services: Services) -> list[RunRecord]:
    """Runs that have been open for longer than the grace time."""
    opened_before = now() - timedelta(seconds=services.settings.sweep_grace_s)
    pages = pages_of(services.ledger.runs, Query(is_open=True, limit=_PAGE))
    return [run for run in pages if run.started_at <= opened_before]


async def _revive(services: Services, client: DurableOrchestrationClient, run: RunRecord) -> None:
    """An open run whose instance never came to be is started; one whose instance died is closed as failed."""
    status = await instance_status(client, run.request.run_id)
    if status is None:
        await start_run(services, client, run.request)
    elif status in _DEAD:
        reason = Reason(code="plan_died", message=f"the run's orchestration ended as {status.name}")
        outcome = Outcome(request=run.request, status="failed", uploads="failed", reason=reason)
        await close_run(services, client, outcome)
