"""How records look to a caller, and which HTTP status says so. The models are what `openapi.json` describes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from orchestrators.messages import (
    PipelineState,
    PipelineStatus,
    Reason,
    Rows,
    RunRecord,
    RunStatus,
    Upload,
    UploadRecord,
    UploadStatus,
)
from transforms.flow.load import BrokenFlow, LoadedFlow

ENDED = {"rejected": 422, "failed": 500, "cancelled": 409}
"""What an ended run answers when it published nothing."""

Item = TypeVar("Item", bound=BaseModel)


class View(BaseModel):
    """A JSON object that a caller gets; every field is always there."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True, ser_json_bytes="base64")


class UploadVersion(View):
    """One version of one blob of the landing container; `etag` is unquoted."""

    container: str
    name: str
    etag: str
    size_bytes: int
    last_modified: datetime


class PipelineView(View):
    """What is known of the pipeline that the run started."""

    status: PipelineStatus
    run_id: str | None
    message: str | None
    link: str | None
    answer: dict[str, Any] | None = Field(description="what the pipeline's service answered at the end")


class RunView(View):
    """A run. `reason` says why it published nothing."""

    run_id: str
    flow: str
    revision: str
    status: RunStatus
    caller_run_id: str | None
    parent: str | None = Field(description="the run whose quarantined rows this one replays")
    parameters: dict[str, Any]
    uploads: tuple[UploadVersion, ...]
    rows: Rows
    reason: Reason | None
    output_url: str | None
    manifest_url: str | None
    pipeline: PipelineView
    started_at: datetime
    finished_at: datetime | None


class RunAnswer(RunView):
    """A run, and where to ask for it again."""

    status_url: str = Field(description="opens this run for reading, without a key, until it expires")


class UploadView(UploadVersion):
    """What became of an upload, and in which run."""

    status: UploadStatus
    flow: str | None
    run_id: str | None
    reason: Reason | None
    at: datetime


class RejectionView(View):
    """A record that breaks the contract, with every reason; `raw` is its text, where it came as text."""

    upload: str
    record: int
    raw: str | None
    reasons: tuple[dict[str, str | None], ...]


class ParameterView(View):
    """One parameter of a flow."""

    type: str
    default: bool | int | float | str


class FlowView(View):
    """A flow that runs."""

    flow: str
    state: Literal["ok"] = "ok"
    description: str
    revision: str
    source: str
    parameters: dict[str, ParameterView]
    starts_pipeline: bool


class FlowText(FlowView):
    """A flow that runs, with its file."""

    text: str = Field(description="the flow file")


class BrokenFlowView(View):
    """A flow whose uploads are held, with all its mistakes."""

    flow: str
    state: Literal["broken"] = "broken"
    mistakes: tuple[str, ...]


class Listing(View, Generic[Item]):
    """Some items, newest first; `next` asks for those that follow, and is null at the end."""

    items: tuple[Item, ...]
    next: str | None


class FlowListing(View):
    """Every flow, by name."""

    items: tuple[FlowView | BrokenFlowView, ...]
    next: None = None


class HealthView(View):
    """Whether the app is fit to work; only names are told, never values."""

    status: Literal["ok", "unfit"]
    missing_settings: tuple[str, ...]
    broken_flows: tuple[str, ...]
    flows: tuple[str, ...]


class Problem(BaseModel):
    """What could not be done, where, and what to do about it (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def run_view(record: RunRecord) -> RunView:
    """A run, as everybody sees it."""
    request, published = record.request, record.published
    return RunView(
        run_id=request.run_id,
        flow=request.flow,
        revision=request.revision,
        status=record.status,
        caller_run_id=request.caller_run_id,
        parent=request.parent,
        parameters=request.parameters,
        uploads=tuple(_version(upload) for upload in request.uploads),
        rows=record.rows,
        reason=record.reason,
        output_url=published.output_url if published else None,
        manifest_url=published.manifest_url if published else None,
        pipeline=_pipeline(record.pipeline),
        started_at=record.started_at,
        finished_at=record.finished_at,
    )


def run_status_code(record: RunRecord) -> int:
    """202 while it runs; 200 only when all went well, so that no caller goes green by mistake."""
    if record.finished_at is None:
        return 202
    if record.status != "published":
        return ENDED[record.status]
    return 200 if record.pipeline.status in {"not_started", "running", "succeeded"} else 500


def upload_view(record: UploadRecord) -> UploadView:
    """An upload, and what became of it."""
    return UploadView(
        **vars(_version(record.upload)),
        status=record.status,
        flow=record.flow,
        run_id=record.run_id,
        reason=record.reason,
        at=record.at,
    )


def flow_view(flow: LoadedFlow) -> FlowView:
    """A flow that runs."""
    declared = flow.flow
    return FlowView(
        flow=declared.name,
        description=declared.description,
        revision=flow.revision,
        source=declared.source.path,
        parameters={name: ParameterView(**parameter.model_dump()) for name, parameter in declared.parameters.items()},
        starts_pipeline=declared.then is not None,
    )


def flow_text(flow: LoadedFlow) -> FlowText:
    """A flow that runs, with its file."""
    return FlowText(**dict(flow_view(flow)), text=flow.source_text)


def broken_flow_view(broken: BrokenFlow) -> BrokenFlowView:
    """A flow that does not run."""
    return BrokenFlowView(flow=broken.name, mistakes=tuple(str(mistake) for mistake in broken.error.mistakes))


def _version(upload: Upload) -> UploadVersion:
    return UploadVersion(**upload.model_dump(exclude={"account"}))


def _pipeline(state: PipelineState) -> PipelineView:
    return PipelineView(**state.model_dump(exclude={"retry_after_s"}))
