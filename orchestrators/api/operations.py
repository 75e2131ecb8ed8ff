"""Every call of the HTTP API: what it takes, and what it answers. `openapi.json` is made of this table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, RootModel

from orchestrators.api.bodies import Preview, Replay, Rerun, StartRun, TransformNow
from orchestrators.api.preview import PreviewView
from orchestrators.api.queries import LinkQuery, QuarantineListing, RunListing, UploadListing
from orchestrators.api.views import (
    FlowListing,
    FlowText,
    HealthView,
    Listing,
    RejectionView,
    RunAnswer,
    RunView,
    UploadView,
)

Answers = dict[int, type[BaseModel]]

RUN_ANSWERS: Answers = dict.fromkeys((200, 202, 409, 422, 500), RunAnswer)
"""202 while it runs; 409 cancelled; 422 rejected; 500 where the run or its awaited pipeline failed."""


class OpenApiDocument(RootModel[dict[str, Any]]):
    """An OpenAPI document."""


@dataclass(frozen=True)
class Operation:
    """One call. `refusals` are statuses of problems, beside those that every call may answer."""

    name: str
    method: str
    path: str
    summary: str
    answers: Answers
    body: type[BaseModel] | None = None
    needs_body: bool = True
    query: type[BaseModel] | None = None
    refusals: tuple[int, ...] = field(default=())
    needs_key: bool = True


OPERATIONS = (
    Operation(
        "post_run",
        "POST",
        "/api/flows/{flow}/runs",
        "Start a run over uploads; the same request again is the same run",
        RUN_ANSWERS,
        body=StartRun,
        refusals=(400, 404, 409, 413),
    ),
    Operation(
        "post_preview",
        "POST",
        "/api/flows/{flow}/preview",
        "Try a flow out on the first records of an upload; nothing is written",
        {200: PreviewView},
        body=Preview,
        refusals=(400, 404, 409, 413, 422),
    ),
    Operation(
        "post_transform",
        "POST",
        "/api/transforms/{flow}",
        "Carry out one short run within the request; 202 where it takes longer",
        RUN_ANSWERS,
        body=TransformNow,
        refusals=(400, 404, 409, 413),
    ),
    Operation(
        "post_cancel",
        "POST",
        "/api/runs/{run_id}/cancel",
        "Let nothing further of a run begin",
        RUN_ANSWERS,
        refusals=(404, 409),
    ),
    Operation(
        "post_rerun",
        "POST",
        "/api/runs/{run_id}/rerun",
        "Start a run of its own over the same uploads, at the flow's present revision",
        RUN_ANSWERS,
        body=Rerun,
        needs_body=False,
        refusals=(400, 404, 409, 413),
    ),
    Operation(
        "post_replay",
        "POST",
        "/api/runs/{run_id}/replay",
        "Run the quarantined rows of a run through the flow's present revision; the same call is the same run",
        RUN_ANSWERS,
        body=Replay,
        needs_body=False,
        refusals=(400, 404, 409, 413),
    ),
    Operation(
        "get_quarantine",
        "GET",
        "/api/runs/{run_id}/quarantine",
        "The rows of a run that broke the contract, with every reason",
        {200: Listing[RejectionView]},
        query=QuarantineListing,
        refusals=(400, 404, 409),
    ),
    Operation("get_run", "GET", "/api/runs/{run_id}", "One run", RUN_ANSWERS, refusals=(404,)),
    Operation(
        "get_status",
        "GET",
        "/api/status/{run_id}",
        "One run, for whoever has a link to it",
        RUN_ANSWERS,
        query=LinkQuery,
        refusals=(403, 404),
        needs_key=False,
    ),
    Operation(
        "get_runs",
        "GET",
        "/api/runs",
        "Runs, newest upload first",
        {200: Listing[RunView]},
        query=RunListing,
        refusals=(400,),
    ),
    Operation(
        "get_uploads",
        "GET",
        "/api/uploads",
        "Uploads and what became of them, newest first",
        {200: Listing[UploadView]},
        query=UploadListing,
        refusals=(400,),
    ),
    Operation("get_flows", "GET", "/api/flows", "Every flow, broken ones with their mistakes", {200: FlowListing}),
    Operation("get_flow", "GET", "/api/flows/{flow}", "One flow, with its file", {200: FlowText}, refusals=(404, 409)),
    Operation(
        "get_health",
        "GET",
        "/api/health",
        "Whether the app is fit to work",
        {200: HealthView, 503: HealthView},
        needs_key=False,
    ),
    Operation("get_openapi", "GET", "/api/openapi.json", "This document", {200: OpenApiDocument}, needs_key=False),
)
