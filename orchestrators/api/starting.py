"""Starting runs over HTTP: a new one, the same one again, or an old one anew."""

from __future__ import annotations

import asyncio
import time

import azure.functions as func
from azure.durable_functions import DurableOrchestrationClient

from orchestrators.api.bodies import Replay, Rerun, StartRun, TransformNow, body_of
from orchestrators.api.runs import answer_run, known_run
from orchestrators.api.uploads import named_flow, named_uploads
from orchestrators.callbacks import ask_for_callback, problem_with_callback
from orchestrators.errors import RequestRefused
from orchestrators.messages import RunRecord, RunRequest, Upload
from orchestrators.replaying import replay_of
from orchestrators.requests import request_run
from orchestrators.services import Services
from orchestrators.settings import Settings
from orchestrators.starts import start_run, tell_callers

_LOOK_EVERY_S = 0.5


async def post_run(
    services: Services, request: func.HttpRequest, client: DurableOrchestrationClient
) -> func.HttpResponse:
    """202 and where to look, or the end if it comes in time; the same request again is the same run."""
    asked = body_of(StartRun, request)
    _confirm_callback(services.settings, asked.call_back_uri)
    run = await asyncio.to_thread(run_asked_for, services, str(request.route_params["flow"]), asked)
    return await _started(services, request, client, run, asked)


async def rerun(services: Services, request: func.HttpRequest, client: DurableOrchestrationClient) -> func.HttpResponse:
    """A run of its own over the same uploads, at the flow's present revision; asked for again, it is the same."""
    asked = body_of(Rerun, request)
    _confirm_callback(services.settings, asked.call_back_uri)
    run = await asyncio.to_thread(_run_anew, services, str(request.route_params["run_id"]), asked)
    return await _started(services, request, client, run, asked)


async def replay(
    services: Services, request: func.HttpRequest, client: DurableOrchestrationClient
) -> func.HttpResponse:
    """The run that takes the quarantined rows of another one at the flow's present revision; always the same one."""
    asked = body_of(Replay, request)
    _confirm_callback(services.settings, asked.call_back_uri)
    run = await asyncio.to_thread(_replayed, services, str(request.route_params["run_id"]), asked)
    return await _started(services, request, client, run, asked)


async def _started(
    services: Services,
    request: func.HttpRequest,
    client: DurableOrchestrationClient,
    run: RunRequest,
    asked: StartRun | Rerun | Replay,
) -> func.HttpResponse:
    record = await start_run(services, client, run)
    if asked.call_back_uri is not None:
        late = await asyncio.to_thread(ask_for_callback, services, run.run_id, asked.call_back_uri)
        if late is not None:
            await tell_callers(client, late)
    record = await wait_for_end(services, record, asked.wait)
    return answer_run(services, request, record)


async def wait_for_end(services: Services, record: RunRecord, seconds: float) -> RunRecord:
    """The run as it stands at its end, or when the time is up."""
    ends_at = time.monotonic() + seconds
    while record.finished_at is None and (left := ends_at - time.monotonic()) > 0:
        await asyncio.sleep(min(_LOOK_EVERY_S, left))
        record = await asyncio.to_thread(known_run, services, record.request.run_id)
    return record


def run_asked_for(services: Services, flow_name: str, asked: StartRun | TransformNow) -> RunRequest:
    """The run that a body asks for."""
    flow = named_flow(services, flow_name)
    uploads = named_uploads(services, flow, asked.uploads)
    forced_by = asked.caller_run_id if asked.force else None
    return request_run(services, flow, uploads, asked.parameters, asked.caller_run_id, forced_by=forced_by)


def _run_anew(services: Services, run_id: str, asked: Rerun) -> RunRequest:
    before = known_run(services, run_id)
    if before.finished_at is None:
        raise RequestRefused(409, "Run not over", f"run {run_id} still runs; cancel it first, or wait for its end")
    flow = named_flow(services, before.request.flow)
    forced_by = f"rerun of {run_id} {asked.caller_run_id or ''}".strip()
    if before.request.parent is not None:
        parent = known_run(services, before.request.parent)
        return replay_of(services, flow, parent, asked.caller_run_id, forced_by=forced_by)
    for upload in before.request.uploads:
        _confirm_version(services, upload)
    # Without an id of the caller's, a rerun of the rerun is the next one, and a retry of this call is none.
    return request_run(
        services,
        flow,
        before.request.uploads,
        before.request.parameters,
        asked.caller_run_id or before.request.caller_run_id,
        forced_by=forced_by,
    )


def _replayed(services: Services, run_id: str, asked: Replay) -> RunRequest:
    run = known_run(services, run_id)
    return replay_of(services, named_flow(services, run.request.flow), run, asked.caller_run_id)


def _confirm_version(services: Services, upload: Upload) -> None:
    present = services.lake.version_of(upload.container, upload.name)
    if present is None or present.etag != upload.etag:
        what = "was deleted" if present is None else "was replaced by a newer version"
        told = f"{upload.name} {what}; POST /api/flows/{{flow}}/runs takes what is there now"
        raise RequestRefused(409, "Upload changed", told)


def _confirm_callback(settings: Settings, uri: str | None) -> None:
    if uri is not None and (wrong := problem_with_callback(settings, uri)):
        raise RequestRefused(400, "Callback not allowed", f"callBackUri: {wrong}")
