"""Uploads whose blob-triggered function failed again and again: the host gives up, the ledger does not."""

from __future__ import annotations

import json
import logging
from typing import Any

from orchestrators.messages import Outcome, Reason, Upload, UploadRecord
from orchestrators.reporting import report_run
from orchestrators.services import Services, now
from orchestrators.taking import is_direct

log = logging.getLogger(__name__)

QUEUE = "webjobs-blobtrigger-poison"
"""Where the host leaves a message for every upload that it gave up on."""


def record_poisoned(services: Services, body: bytes) -> UploadRecord:
    """The upload is on record: `failed`, unless its run needs a plan, which the sweep then starts."""
    message = json.loads(body)
    upload = _upload(services, message)
    reason = Reason(
        code="trigger_failed",
        message=f"{message.get('FunctionId', 'the blob trigger')} failed for every delivery; its log says why. "
        f"Upload the file again, or POST a run for it",
    )
    known = services.ledger.note_upload(UploadRecord(upload=upload, status="failed", at=now(), reason=reason))
    run = services.ledger.run(known.run_id) if known.run_id else None
    if run is not None and is_direct(services, run.request):
        report_run(services, Outcome(request=run.request, status="failed", uploads="failed", reason=reason))
    log.error("upload %s (%s): the host gave up on it; %s", upload.name, upload.etag, known.status)
    return known


def _upload(services: Services, message: dict[str, Any]) -> Upload:
    """The version that the message names, with its size and time where it is still there."""
    container, name, etag = message["ContainerName"], message["BlobName"], str(message["ETag"]).strip('"')
    present = services.lake.version_of(container, name)
    if present is not None and present.etag == etag:
        return present
    account = present.account if present else ""
    return Upload(account=account, container=container, name=name, etag=etag, size_bytes=0, last_modified=now())
