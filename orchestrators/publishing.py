"""Publishing: the dataset exists from the moment its manifest does, and not a moment before.

MLTable, fitted.json, profile.json ─► manifest.json (If-None-Match: *) ─► latest.json (forward only)
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from orchestrators import layout
from orchestrators.messages import Publication, Published, RunRequest
from orchestrators.replaying import confirm_rows_owned
from orchestrators.services import Services, now
from transforms.manifest import files_beside, json_bytes
from transforms.profile.column import without_sketches

log = logging.getLogger(__name__)


def publish_dataset(services: Services, publication: Publication) -> Published:
    """The dataset is published with the draft in staging, by this call or by an earlier one; the draft is gone."""
    staging, draft = services.settings.staging_container, str(publication.draft)
    found = services.lake.read(staging, draft)
    published = publish(services, publication.request, json.loads(found[0]) if found else None)
    services.lake.delete(staging, draft)
    return published


def publish(services: Services, request: RunRequest, draft: Mapping[str, Any] | None) -> Published:
    """The manifest is in place, written by this call or by an earlier one, and `latest.json` is not older.

    Raises:
        LookupError: there is neither a draft nor a manifest, or another replay took the rows over.
    """
    if draft is None:
        _confirm_published(services, request, "staging holds no draft of it, which its transform had left there")
    else:
        _write_dataset(services, request, draft)
    if request.parent is None:
        # A supplement is never the whole of what was uploaded last.
        _move_latest(services, request)
    return published_as(services, request)


def published_as(services: Services, request: RunRequest) -> Published:
    """Where the dataset of a run is, once it is."""
    output, folder = services.settings.output_container, layout.dataset_folder(request)
    return Published(
        output_url=services.lake.url(output, folder),
        manifest_url=services.lake.url(output, folder + layout.MANIFEST),
    )


def _write_dataset(services: Services, request: RunRequest, draft: Mapping[str, Any]) -> None:
    output, folder = services.settings.output_container, layout.dataset_folder(request)
    beside = files_beside(draft)
    (first, content), *rest = beside.items()
    if not services.lake.create(output, folder + first, content):
        # Only where somebody was here before can there be a manifest, which the files beside it must not outrun.
        if services.lake.read(output, folder + layout.MANIFEST) is not None:
            return
        rest = list(beside.items())
    for name, content in rest:
        services.lake.put(output, folder + name, content)
    document = {
        **draft,
        "profile": without_sketches(draft["profile"]),
        "beside": {name: hashlib.sha256(content).hexdigest() for name, content in beside.items()},
        "published_at": now().isoformat(),
    }
    confirm_rows_owned(services, request)
    if services.lake.create(output, folder + layout.MANIFEST, json_bytes(document)):
        log.info("run %s: published %d rows", request.run_id, draft["rows"]["published"])
    else:
        _confirm_published(services, request, "storage refused its manifest, and has none")


def _confirm_published(services: Services, request: RunRequest, otherwise: str) -> None:
    """Another call has published the dataset, or something is wrong."""
    manifest = layout.dataset_folder(request) + layout.MANIFEST
    if services.lake.read(services.settings.output_container, manifest) is None:
        raise LookupError(f"run {request.run_id}: {otherwise}")


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

    def forward(content: bytes | None) -> bytes | None:
        known = json.loads(content) if content else {"last_modified": "", "run_id": ""}
        is_newer = (newest, request.run_id) > (known["last_modified"], known["run_id"])
        return pointer if is_newer else None

    services.lake.amend(output, name, forward)
