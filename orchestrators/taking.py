"""Taking an upload: its run goes the way its flow says, by a plan or here and now."""

from __future__ import annotations

import asyncio
from threading import Event

from azure.durable_functions import DurableOrchestrationClient

from orchestrators.collecting import take_arrival
from orchestrators.direct_runs import carry_out
from orchestrators.intake import take_blob
from orchestrators.messages import Arrival, RunRequest
from orchestrators.planning import plan_open_run
from orchestrators.reporting import report_run
from orchestrators.services import Services
from orchestrators.starts import open_run, start_run


async def take(services: Services, client: DurableOrchestrationClient, name: str) -> None:
    """The upload is with a run or waits for its set, or the ledger says why not; a direct run is over as well.

    Raises:
        Unavailable: passing trouble; the host delivers the event again, and after the last time as poison.
    """
    request = await asyncio.to_thread(take_blob, services, name)
    if request is None:
        return
    if isinstance(request, Arrival):
        await take_arrival(services, client, request)
    elif is_direct(services, request):
        await asyncio.to_thread(_carry_out, services, request)
    else:
        await start_run(services, client, request)


def is_direct(services: Services, request: RunRequest) -> bool:
    """True where the flow says that its runs need no plan."""
    flow = services.flows.good.get(request.flow)
    return flow is not None and flow.flow.run == "direct"


def _carry_out(services: Services, request: RunRequest) -> None:
    record = open_run(services, request)
    if record.finished_at is None:
        carry_out(services, record.request, plan_open_run(services, record.request), called_off=Event())
    else:
        report_run(services, record)  # whoever closed it may have died before it had told all
