"""How records look to a caller, and which HTTP status says so."""

from __future__ import annotations

from typing import Any

from orchestrators.messages import RunRecord, Upload, UploadRecord
from transforms.flow.load import BrokenFlow, LoadedFlow

ENDED = {"rejected": 422, "failed": 500, "cancelled": 409}
"""What an ended run answers when it published nothing."""


def run_view(record: RunRecord) -> dict[str, Any]:
    """A run, as `GET /api/runs/{run_id}` shows it."""
    request = record.request
    return {
        "run_id": request.run_id,
        "flow": request.flow,
        "revision": request.revision,
        "status": record.status,
        "caller_run_id": request.caller_run_id,
        "parameters": request.parameters,
        "uploads": [_upload_view(upload) for upload in request.uploads],
        "rows": record.rows.to_dict(),
        "reason": record.reason.to_dict() if record.reason else None,
        "output_url": record.published.output_url if record.published else None,
        "manifest_url": record.published.manifest_url if record.published else None,
        "pipeline": record.pipeline.model_dump(mode="json", exclude={"retry_after_s"}),
        "started_at": record.started_at.isoformat(),
        "finished_at": record.finished_at.isoformat() if record.finished_at else None,
    }


def run_status_code(record: RunRecord) -> int:
    """202 while it runs; 200 only when all went well, so that no caller goes green by mistake."""
    if record.finished_at is None:
        return 202
    if record.status != "published":
        return ENDED[record.status]
    return 200 if record.pipeline.status in {"not_started", "running", "succeeded"} else 500


def upload_view(record: UploadRecord) -> dict[str, Any]:
    """An upload, as `GET /api/uploads` shows it."""
    return {
        **_upload_view(record.upload),
        "status": record.status,
        "flow": record.flow,
        "run_id": record.run_id,
        "reason": record.reason.to_dict() if record.reason else None,
        "at": record.at.isoformat(),
    }


def _upload_view(upload: Upload) -> dict[str, Any]:
    return upload.model_dump(mode="json", exclude={"account"})


def flow_view(flow: LoadedFlow) -> dict[str, Any]:
    """A flow that runs, as `GET /api/flows` shows it."""
    declared = flow.flow
    return {
        "flow": declared.name,
        "state": "ok",
        "description": declared.description,
        "revision": flow.revision,
        "source": declared.source.path,
        "parameters": {name: parameter.model_dump(mode="json") for name, parameter in declared.parameters.items()},
        "starts_pipeline": declared.then is not None,
    }


def broken_flow_view(broken: BrokenFlow) -> dict[str, Any]:
    """A flow whose uploads are held, with all its mistakes."""
    return {"flow": broken.name, "state": "broken", "mistakes": [str(mistake) for mistake in broken.error.mistakes]}
