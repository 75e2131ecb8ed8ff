"""Publishing: the dataset exists from the moment its manifest does, and not a moment before.

MLTable, fitted.json, profile.json ─► manifest.json (If-None-Match: *) ─► latest.json (forward only)
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

from orchestrators import layout
from orchestrators.messages import Publication, Published, RunRequest
from orchestrators.services import Services, now
from transforms.manifest import files_beside, json_bytes
from transforms.profile.column import without_sketches

log = logging.getLogger(__name__)


def publish_dataset(services: Services, publication: Publication) -> Published:
    """The manifest is in place, written by this call or by an earlier one, and `latest.json` is not older."""
    settings, request = services.settings, publication.request
    folder = layout.dataset_folder(request)
    if services.lake.read(settings.output_container, folder + layout.MANIFEST) is None:
        _write_dataset(services, publication)
    if request.parent is None:
        # A supplement is never the whole of what was uploaded last.
        _move_latest(services, request)
    published = Published(
        output_url=services.lake.url(settings.output_container, folder),
        manifest_url=services.lake.url(settings.output_container, folder + layout.MANIFEST),
    )
    _note_published(services, publication, published)
    return published


def _write_dataset(services: Services, publication: Publication) -> None:
    output, folder = services.settings.output_container, layout.dataset_folder(publication.request)
    document = _draft(services, publication)
    beside = files_beside(document)
    for name, content in beside.items():
        services.lake.put(output, folder + name, content)
    document["profile"] = without_sketches(document["profile"])
    document["beside"] = {name: hashlib.sha256(content).hexdigest() for name, content in beside.items()}
    document["published_at"] = now().isoformat()
    if services.lake.create(output, folder + layout.MANIFEST, json_bytes(document)):
        log.info("run %s: published %d rows", publication.request.run_id, publication.rows.published)


def _draft(services: Services, publication: Publication) -> dict[str, Any]:
    found = services.lake.read(services.settings.staging_container, publication.draft)
    if found is None:
        raise LookupError(f"staging holds no {publication.draft}, which the transform of this run had left there")
    return dict(json.loads(found[0]))


def _move_latest(services: Services, request: RunRequest) -> None:
    """`latest.json` points to this run unless it points to a newer one; it never goes backwards."""
    output, name = services.settings.output_container, layout.latest(request.flow)
    newest = max(upload.last_modified for upload in request.uploads).isoformat()
    pointer = json_bytes(
        {
            "run_id": request.run_id,
            "last_modified": newest,
            "manifest_url": services.lake.url(output, layout.dataset_folder(request) + layout.MANIFEST),
        }
    )
    while True:
        found = services.lake.read(output, name)
        if found is None:
            if services.lake.create(output, name, pointer):
                return
            continue
        content, etag = found
        known = json.loads(content)
        if (known["last_modified"], known["run_id"]) >= (newest, request.run_id):
            return
        if services.lake.swap(output, name, pointer, etag):
            return


def _note_published(services: Services, publication: Publication, published: Published) -> None:
    services.ledger.amend_run(
        publication.request.run_id,
        lambda run: run.model_copy(
            update={"status": "published", "rows": publication.rows, "published": published, "uploads": "published"}
        ),
    )
