"""Previews over HTTP: a flow tried out, and nothing written."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import azure.functions as func
from pydantic import Field

from orchestrators.api.answers import json_answer
from orchestrators.api.bodies import MAX_PREVIEW_BODY_BYTES, Preview, body_of
from orchestrators.api.uploads import named_flow, named_upload
from orchestrators.api.views import RejectionView, View
from orchestrators.errors import RequestRefused, UploadChanged
from orchestrators.messages import Reason, Rows
from orchestrators.previewing import Content, start_of, try_flow
from orchestrators.services import Services
from orchestrators.transforming import rows_of
from transforms.errors import FlowBroken, ParametersInvalid, RowsLost, TransformError, UploadTooLarge
from transforms.flow.load import LoadedFlow
from transforms.preview import Previewed

MAX_CONTENT_BYTES = 1 << 20


class ColumnView(View):
    """A column of the rows that come out."""

    name: str
    type: str
    nullable: bool


class CheckView(View):
    """A check of the flow, on the sample."""

    check: str
    value: float | bool | None
    passed: bool


class StepView(View):
    """Rows around one step."""

    step: str
    rows_in: int
    removed: int
    added: int
    rows_out: int


class SampleProfile(View):
    """The profile of the sample: of the whole upload it says little."""

    from_sample: bool = True
    rows: int
    columns: dict[str, dict[str, Any]]


class PreviewView(View):
    """What a flow makes of the first records of an upload; `rejection` says why a run over them would be rejected."""

    flow: str
    revision: str
    upload: str
    sample_is_whole: bool = Field(description="whether the sample is the whole upload")
    counts: Rows
    steps: tuple[StepView, ...]
    columns: tuple[ColumnView, ...] = Field(serialization_alias="schema")
    rows: tuple[dict[str, Any], ...]
    rejections: tuple[RejectionView, ...]
    profile: SampleProfile | None
    checks: tuple[CheckView, ...]
    notes: tuple[str, ...]
    rejection: Reason | None


def post_preview(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """200 with what comes out; 422 where nothing could be made of the upload."""
    asked = body_of(Preview, request, MAX_PREVIEW_BODY_BYTES)
    flow = named_flow(services, str(request.route_params["flow"]))
    try:
        content = _content(services, flow, asked)
        return json_answer(200, _view(flow, content, try_flow(services, flow, content, asked.parameters)))
    except UploadChanged as changed:
        raise RequestRefused(409, "Upload changed", str(changed)) from None
    except FlowBroken as broken:
        raise RequestRefused(409, "Flow broken", str(broken)) from None
    except UploadTooLarge as large:
        raise RequestRefused(413, "Upload too large", str(large)) from None
    except (ParametersInvalid, RowsLost):
        raise
    except TransformError as fault:
        raise RequestRefused(422, "Upload does not fit the flow", f"{fault.code}: {fault}") from None


def _content(services: Services, flow: LoadedFlow, asked: Preview) -> Content:
    if asked.content is None:
        return start_of(services, named_upload(services, flow, str(asked.upload)))
    data = _decoded(asked.content) if asked.encoding == "base64" else asked.content.encode()
    if len(data) > MAX_CONTENT_BYTES:
        raise RequestRefused(413, "Content too large", f"{len(data):,} bytes; at most {MAX_CONTENT_BYTES:,}")
    return Content(asked.name or "content", data, is_whole=True)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestRefused(400, "Body invalid", f"content: not base64 ({error})") from None


def _view(flow: LoadedFlow, content: Content, tried: Previewed) -> PreviewView:
    draft = tried.draft
    rejection = draft.rejection
    return PreviewView(
        flow=flow.flow.name,
        revision=flow.revision,
        upload=content.name,
        sample_is_whole=tried.sample_is_whole,
        counts=rows_of(draft),
        steps=tuple(StepView(**vars(step)) for step in draft.counts.steps),
        columns=tuple(ColumnView(**column) for column in draft.schema),
        rows=tried.rows,
        rejections=tuple(RejectionView(**record) for record in tried.rejections),
        profile=SampleProfile(**draft.profile) if draft.profile else None,
        checks=tuple(CheckView(**vars(check)) for check in draft.checks),
        notes=draft.notes,
        rejection=Reason(code=rejection.code, message=rejection.message) if rejection else None,
    )
