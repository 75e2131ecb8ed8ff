"""Reporting a run: its one outcome record, the status of its uploads, and nothing left in staging."""

from __future__ import annotations

import logging

from orchestrators import layout
from orchestrators.messages import Outcome, RunRecord, Upload, UploadRecord
from orchestrators.pipeline_calls import publish_state
from orchestrators.services import Services, now

log = logging.getLogger(__name__)


def report_run(services: Services, outcome: Outcome) -> RunRecord:
    """The run is closed with this outcome, or was closed before with another, which then stands."""
    request = outcome.request
    closed = services.ledger.amend_run(request.run_id, lambda run: _close(run, outcome))
    for upload in request.taken:
        _settle(services, upload, closed)
    if closed.pipeline.status != "not_started":
        publish_state(services, request, closed.pipeline)
    services.lake.delete_under(services.settings.staging_container, layout.staging_folder(request))
    because = f": {closed.reason.message}" if closed.reason else ""
    log.info("run %s: %s, pipeline %s%s", request.run_id, closed.status, closed.pipeline.status, because)
    return closed


def _close(run: RunRecord, outcome: Outcome) -> RunRecord:
    ended = {name: getattr(outcome, name) for name in Outcome.model_fields}
    if run.published and outcome.status != "published":
        # The manifest is there: whatever went wrong afterwards, the dataset is published.
        ended |= {"status": "published", "uploads": "published", "rows": run.rows, "published": run.published}
    return run.model_copy(update={**ended, "finished_at": now()})


def _settle(services: Services, upload: Upload, closed: RunRecord) -> None:
    """The upload has the status that its run gave it; an upload that no event has noted yet is noted."""
    settled = UploadRecord(
        upload=upload,
        status=closed.uploads,
        at=now(),
        flow=closed.request.flow,
        run_id=closed.request.run_id,
        reason=closed.reason,
    )
    known = services.ledger.note_upload(settled)
    if known is not settled:
        services.ledger.amend_upload(upload, lambda found: settled if _is_ours(found, closed) else found)


def _is_ours(found: UploadRecord, closed: RunRecord) -> bool:
    """An upload that waits for its set is nobody else's, until it is published."""
    is_free = found.run_id is None and found.status != "collecting"
    return is_free or found.run_id == closed.request.run_id or closed.status == "published"
