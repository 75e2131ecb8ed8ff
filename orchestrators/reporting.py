"""Reporting a run: its one outcome record, the status of its uploads, and nothing left in staging."""

from __future__ import annotations

import logging

from orchestrators import layout
from orchestrators.earlier import beside_dataset
from orchestrators.messages import Outcome, PipelineState, Rows, RunRecord, Upload, UploadRecord
from orchestrators.pipeline_calls import abandoned_pipeline, publish_state
from orchestrators.publishing import published_as
from orchestrators.services import Services, now

log = logging.getLogger(__name__)


def report_run(services: Services, outcome: Outcome) -> RunRecord:
    """The run is closed with this outcome, or was closed before with another, which then stands."""
    request, told = outcome.request, PipelineState()
    outcome = _unless_published(services, outcome)

    def close(run: RunRecord) -> RunRecord:
        nonlocal told
        told = run.pipeline
        ended = {name: getattr(outcome, name) for name in Outcome.model_fields}
        return run.model_copy(update={**ended, "finished_at": now()})

    closed = services.ledger.amend_run(request.run_id, close)
    if closed.pipeline.status != "not_started" and closed.pipeline != told:
        publish_state(services, request, closed.pipeline)
    for upload in request.taken:  # behind all else that others read: what says `running` is looked at again
        settle_upload(services, upload, closed)
    _clear_staging(services, closed)
    because = f": {closed.reason.message}" if closed.reason else ""
    log.info("run %s: %s, pipeline %s%s", request.run_id, closed.status, closed.pipeline.status, because)
    return closed


def _unless_published(services: Services, outcome: Outcome) -> Outcome:
    """Where the manifest is there, the dataset is published, whatever went wrong afterwards."""
    if outcome.status == "published":
        return outcome
    manifest = beside_dataset(services, outcome.request.flow, outcome.request.run_id, layout.MANIFEST)
    if manifest is None:
        return outcome
    rows = Rows.from_dict({name: manifest["rows"][name] for name in Rows.model_fields})
    why = outcome.reason.message if outcome.reason else outcome.status
    told = {
        "status": "published",
        "uploads": "published",
        "rows": rows,
        "published": published_as(services, outcome.request),
        "pipeline": abandoned_pipeline(services, outcome.request, why),
    }
    return outcome.model_copy(update=told)


def _clear_staging(services: Services, closed: RunRecord) -> None:
    """Nothing that the run needed between two activities is left; what a second try left, the clean-up finds."""
    staging, folder = services.settings.staging_container, layout.staging_folder(closed.request)
    if closed.status != "published" or len(closed.request.uploads) > 1:
        services.lake.delete_under(staging, folder)
    elif closed.pipeline != PipelineState():
        services.lake.delete(staging, folder + layout.PIPELINE)


def settle_upload(services: Services, upload: Upload, closed: RunRecord) -> None:
    """The upload has the status that its run gave it; an upload that no event has noted yet is noted."""
    settled = UploadRecord(
        upload=upload,
        status=closed.uploads,
        at=now(),
        flow=closed.request.flow,
        run_id=closed.request.run_id,
        reason=closed.reason,
    )

    def settle(found: UploadRecord) -> UploadRecord:
        return settled if _is_ours(found, closed) else found

    try:
        services.ledger.amend_upload(upload, settle)
    except LookupError:
        if services.ledger.note_upload(settled) is not settled:
            services.ledger.amend_upload(upload, settle)


def _is_ours(found: UploadRecord, closed: RunRecord) -> bool:
    """An upload that waits for its set is that set's, until it is published."""
    is_free = found.run_id is None and (found.status != "collecting" or closed.request.collected is not None)
    return is_free or found.run_id == closed.request.run_id or closed.status == "published"
