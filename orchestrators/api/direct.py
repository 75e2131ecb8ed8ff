"""One short transform within the request: the result in the body, or a run to follow where it takes too long."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Event

import azure.functions as func
from azure.durable_functions import DurableOrchestrationClient

from orchestrators.api.bodies import TransformNow, body_of
from orchestrators.api.runs import answer_run
from orchestrators.api.starting import run_asked_for, wait_for_end
from orchestrators.direct_runs import run_directly
from orchestrators.messages import CallbackRound, RunRecord, RunRequest
from orchestrators.services import Services
from orchestrators.starts import instance_status, open_run, start_run, tell_callers

log = logging.getLogger(__name__)


async def post_transform(
    services: Services, request: func.HttpRequest, client: DurableOrchestrationClient
) -> func.HttpResponse:
    """The run's end; 202 where it does not come in time, or not without trying again: its plan goes on with it."""
    asked = body_of(TransformNow, request)
    run = await asyncio.to_thread(run_asked_for, services, str(request.route_params["flow"]), asked)
    record = await asyncio.to_thread(open_run, services, run)
    if record.finished_at is None and await instance_status(client, run.run_id) is not None:
        record = await wait_for_end(services, record, asked.wait)
    elif record.finished_at is None:
        record = await _carry_out(services, client, record.request, asked.wait)
    return answer_run(services, request, record)


async def _carry_out(
    services: Services, client: DurableOrchestrationClient, run: RunRequest, seconds: float
) -> RunRecord:
    called_off = Event()
    workers = _workers(services.settings.parallel_transforms)
    running = asyncio.get_running_loop().run_in_executor(workers, run_directly, services, run, called_off)
    running.add_done_callback(_heard)
    try:
        record = await asyncio.wait_for(asyncio.shield(running), seconds)
    except TimeoutError:
        log.info("run %s: not over within %g s; its plan goes on with it", run.run_id, seconds)
    except Exception:
        log.exception("run %s: its plan tries again", run.run_id)
    else:
        if record.callbacks:
            await tell_callers(client, CallbackRound(run_id=run.run_id, keys=record.callbacks))
        return record
    called_off.set()
    running.cancel()
    return await start_run(services, client, run)


def _heard(running: asyncio.Future[RunRecord]) -> None:
    # An exception that nobody asks for is told as an error of the loop.
    if not running.cancelled():
        running.exception()


@cache
def _workers(count: int) -> ThreadPoolExecutor:
    """As many transforms at once as memory was shared out for; others wait, and their time runs."""
    return ThreadPoolExecutor(count, thread_name_prefix="transform")
