"""Cancelling a run over HTTP: nothing further of it is begun, and its outcome says so."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

import azure.functions as func
from azure.durable_functions import DurableOrchestrationClient

from orchestrators import names
from orchestrators.api.runs import answer_run, known_run
from orchestrators.errors import RequestRefused
from orchestrators.messages import RunRecord
from orchestrators.plans import CANCELLED, ended_early
from orchestrators.services import Services, now
from orchestrators.starts import LIVE, close_run, instance_status

log = logging.getLogger(__name__)

LONGEST_REQUEST = timedelta(seconds=230)
"""A run without an instance may be carried out inside a request; after this time no request is left."""


async def cancel(
    services: Services, request: func.HttpRequest, client: DurableOrchestrationClient
) -> func.HttpResponse:
    """202: what is under way is let finish, and nothing further begins; 409 where the run is over."""
    record = await asyncio.to_thread(known_run, services, str(request.route_params["run_id"]))
    _refuse_if_over(record)
    run_id = record.request.run_id
    status = await instance_status(client, run_id)
    if status in LIVE:
        await client.raise_event(run_id, names.CANCEL)
        await _tell_parts(client, run_id)
        log.info("run %s: asked to end", run_id)
    elif status is None and now() - record.started_at < LONGEST_REQUEST:
        told = f"run {run_id} is carried out inside a request, or about to start; ask again in a few minutes"
        raise RequestRefused(409, "Run not cancellable", told)
    else:
        # Its plan never came to be, or died.
        await close_run(services, client, ended_early(record.request, CANCELLED))
    record = await asyncio.to_thread(known_run, services, run_id)
    return answer_run(services, request, record)


async def _tell_parts(client: DurableOrchestrationClient, run_id: str) -> None:
    """The parts that are under way hear of it too; the run ends in any case, but would wait for the last of them."""
    custom = (await client.get_status(run_id)).custom_status
    if isinstance(custom, dict) and (child := custom.get("child")):
        with suppress(Exception):  # a bare one, when those parts are over
            await client.raise_event(child, names.CANCEL)


def _refuse_if_over(record: RunRecord) -> None:
    if record.finished_at is not None:
        told = f"run {record.request.run_id} is over: {record.status}"
        raise RequestRefused(409, "Run is over", told)
