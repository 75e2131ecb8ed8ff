"""Starting runs: an outcome on record is read first, so that no run is ever started again by accident."""

from __future__ import annotations

import asyncio
import logging

from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus

from orchestrators import names
from orchestrators.messages import CallbackRound, Message, Outcome, RunRecord, RunRequest
from orchestrators.reporting import report_run
from orchestrators.services import Services, now

log = logging.getLogger(__name__)

LIVE = (
    OrchestrationRuntimeStatus.Running,
    OrchestrationRuntimeStatus.Pending,
    OrchestrationRuntimeStatus.Suspended,
    OrchestrationRuntimeStatus.ContinuedAsNew,
)


async def start_run(services: Services, client: DurableOrchestrationClient, request: RunRequest) -> RunRecord:
    """The run is on record and, unless it is over, its plan has an instance; safe to call any number of times."""
    record = await asyncio.to_thread(open_run, services, request)
    if record.finished_at or await instance_status(client, request.run_id) is not None:
        log.info("run %s: already %s", request.run_id, record.status)
        return record
    # As it is on record: what two calls of one run may differ in is settled by the first.
    await _start(client, names.INGEST, request.run_id, record.request)
    log.info("run %s: started, flow %s, %d upload(s)", request.run_id, request.flow, len(request.uploads))
    return record


def open_run(services: Services, request: RunRequest) -> RunRecord:
    """The run is on record: as it is now, or as somebody had it before."""
    opened = RunRecord(request=request, status="running", uploads="running", started_at=now())
    return services.ledger.open_run(opened)


async def close_run(services: Services, client: DurableOrchestrationClient, outcome: Outcome) -> RunRecord:
    """A run without a plan is closed, and whoever asked for it is told."""
    record = await asyncio.to_thread(report_run, services, outcome)
    if record.callbacks:
        await tell_callers(client, CallbackRound(run_id=record.request.run_id, keys=record.callbacks))
    return record


async def tell_callers(client: DurableOrchestrationClient, asked: CallbackRound) -> None:
    """A plan of its own calls back, for a run whose plan does not."""
    await _start(client, names.TELL_CALLERS, f"{asked.run_id}-callback-{'-'.join(asked.keys)[:24]}", asked)


async def keep_plan(
    client: DurableOrchestrationClient, plan: str, instance_id: str, message: Message, *, event: str | None
) -> None:
    """The plan has a live instance; one that lived before was told of the event, where there is one."""
    is_live = await instance_status(client, instance_id) in LIVE
    if is_live and event is not None:
        try:
            await client.raise_event(instance_id, event)
        except Exception:
            # It may have ended in this moment.
            is_live = await instance_status(client, instance_id) in LIVE
            if is_live:
                raise
    if not is_live:
        await _start(client, plan, instance_id, message)


async def _start(client: DurableOrchestrationClient, plan: str, instance_id: str, message: Message) -> None:
    try:
        await client.start_new(plan, instance_id, message.to_dict())
    except Exception:
        # The client raises a bare Exception when another starter was faster.
        if await instance_status(client, instance_id) is None:
            raise


async def instance_status(client: DurableOrchestrationClient, run_id: str) -> OrchestrationRuntimeStatus | None:
    """What Durable knows of the run's instance; None if there is none."""
    status = await client.get_status(run_id)
    return status.runtime_status if status else None
