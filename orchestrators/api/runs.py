"""Runs over HTTP: start one, ask for one, list them."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import azure.functions as func
from azure.durable_functions import DurableOrchestrationClient
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrators.api.answers import json_answer
from orchestrators.api.queries import RunListing, UploadListing, listing
from orchestrators.api.views import run_status_code, run_view, upload_view
from orchestrators.errors import RequestRefused
from orchestrators.messages import RunRecord, RunRequest, Upload
from orchestrators.requests import request_run
from orchestrators.routing import why_broken
from orchestrators.services import Services
from orchestrators.starts import start_run
from transforms.flow.load import LoadedFlow

_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")
_MAX_BODY_BYTES = 1 << 20
_POLL_S = "5"


class StartRun(BaseModel):
    """The body of `POST /api/flows/{flow}/runs`."""

    model_config = ConfigDict(extra="forbid")

    uploads: list[str] = Field(min_length=1, max_length=1000)
    parameters: dict[str, Any] = Field(default_factory=dict)
    caller_run_id: str | None = Field(None, max_length=200)


async def post_run(
    services: Services, request: func.HttpRequest, client: DurableOrchestrationClient
) -> func.HttpResponse:
    """202 and where to look; the same request again is the same run."""
    asked = _body(request)
    run = await asyncio.to_thread(_request, services, str(request.route_params["flow"]), asked)
    record = await start_run(services, client, run)
    return _run_answer(record, f"{_root(request)}/api/runs/{record.request.run_id}")


def get_run(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """202 while it runs, 200 when all went well, 422 when the data is at fault, 500 when we or the pipeline are."""
    run_id = str(request.route_params["run_id"])
    record = services.ledger.run(run_id) if _RUN_ID.fullmatch(run_id) else None
    if record is None:
        raise RequestRefused(404, "Run unknown", f"no run {run_id[:80]!r}; GET /api/runs lists them")
    return _run_answer(record, str(request.url).split("?")[0])


def get_runs(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Runs, newest upload first."""
    page = services.ledger.runs(listing(RunListing, request.params))
    return json_answer(200, {"items": [run_view(record) for record in page.items], "next": page.next})


def get_uploads(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Uploads and what became of them, newest first."""
    page = services.ledger.uploads(listing(UploadListing, request.params))
    return json_answer(200, {"items": [upload_view(record) for record in page.items], "next": page.next})


def _run_answer(record: RunRecord, status_url: str) -> func.HttpResponse:
    status = run_status_code(record)
    headers = {"Location": status_url, "Retry-After": _POLL_S} if record.finished_at is None else {}
    return json_answer(status, {**run_view(record), "status_url": status_url}, headers)


def _root(request: func.HttpRequest) -> str:
    return str(request.url).split("/api/", 1)[0]


def _body(request: func.HttpRequest) -> StartRun:
    content = request.get_body()
    if len(content) > _MAX_BODY_BYTES:
        raise RequestRefused(413, "Body too large", f"{len(content):,} bytes; at most {_MAX_BODY_BYTES:,}")
    try:
        document = json.loads(content or b"{}")
    except ValueError as error:
        raise RequestRefused(400, "Body is not JSON", str(error)) from None
    try:
        return StartRun.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, d['loc'])) or 'body'}: {d['msg']}" for d in error.errors())
        raise RequestRefused(400, "Body invalid", wrong) from None


def _request(services: Services, flow_name: str, asked: StartRun) -> RunRequest:
    flow = _flow(services, flow_name)
    uploads = [_upload(services, flow, name) for name in dict.fromkeys(asked.uploads)]
    return request_run(services, flow, uploads, asked.parameters, asked.caller_run_id)


def _flow(services: Services, name: str) -> LoadedFlow:
    if (broken := services.flows.broken.get(name)) is not None:
        raise RequestRefused(409, "Flow broken", why_broken(broken.error))
    if (flow := services.flows.good.get(name)) is None:
        known = ", ".join(sorted(services.flows.good)) or "none"
        raise RequestRefused(404, "Flow unknown", f"no flow {name!r}; there are: {known}")
    return flow


def _upload(services: Services, flow: LoadedFlow, name: str) -> Upload:
    if flow.flow.source.captures(name) is None:
        raise RequestRefused(
            400, "Upload does not fit", f"{name!r} does not match source.path {flow.flow.source.path!r} of the flow"
        )
    version = services.lake.version_of(services.settings.landing_container, name)
    if version is None:
        container = services.settings.landing_container
        raise RequestRefused(404, "Upload unknown", f"no blob {name!r} in container {container!r}")
    return version
