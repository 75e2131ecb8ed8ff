"""Rebuilding the ledger from the manifests: what is published can always be told from the datasets themselves.

Only published runs leave a manifest, so a rebuilt ledger knows nothing of rejected or ignored uploads;
the sweep takes up again what no dataset holds.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

from orchestrators import layout
from orchestrators.messages import PipelineState, Published, Rows, RunRecord, RunRequest, Upload, UploadRecord
from orchestrators.services import Services

log = logging.getLogger(__name__)


def rebuild_ledger(services: Services) -> int:
    """Every published dataset and its uploads are in the ledger; what was there is kept. Answers the datasets seen."""
    output = services.settings.output_container
    seen = 0
    for blob in services.lake.versions_in(output):
        if not blob.name.endswith(f"/{layout.MANIFEST}"):
            continue
        found = services.lake.read(output, blob.name)
        if found is not None:
            record = _record(services, json.loads(found[0]))
            services.ledger.open_run(record)
            for upload in record.request.taken:
                services.ledger.note_upload(_upload_record(upload, record))
            seen += 1
    log.info("ledger: rebuilt from %d manifest(s)", seen)
    return seen


def _record(services: Services, manifest: dict[str, Any]) -> RunRecord:
    request = RunRequest.from_dict({name: manifest[name] for name in RunRequest.model_fields if name in manifest})
    folder = layout.dataset_folder(request)
    output = services.settings.output_container
    counted = manifest["rows"]
    rows = Rows.from_dict({name: counted[name] for name in Rows.model_fields})
    published = Published(
        output_url=services.lake.url(output, folder),
        manifest_url=services.lake.url(output, folder + layout.MANIFEST),
    )
    return RunRecord(
        request=request,
        status="published",
        uploads="published",
        rows=rows,
        published=published,
        pipeline=_pipeline(services, folder),
        started_at=datetime.fromisoformat(manifest["timings"]["started_at"]),
        finished_at=datetime.fromisoformat(manifest["published_at"]),
    )


def _pipeline(services: Services, folder: str) -> PipelineState:
    found = services.lake.read(services.settings.output_container, folder + layout.PIPELINE)
    return PipelineState.model_validate_json(found[0]) if found else PipelineState()


def _upload_record(upload: Upload, record: RunRecord) -> UploadRecord:
    return UploadRecord(
        upload=upload,
        status="published",
        at=record.finished_at or record.started_at,
        flow=record.request.flow,
        run_id=record.request.run_id,
    )
