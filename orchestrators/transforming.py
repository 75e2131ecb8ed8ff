"""Transforming the uploads of a run: pinned download, transform, upload of what it left, draft into staging."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from orchestrators import layout
from orchestrators.earlier import beside_dataset
from orchestrators.errors import UploadChanged, UploadGone
from orchestrators.fitted_runs import fitted_values
from orchestrators.manifest import draft_document
from orchestrators.messages import Ended, Reason, Rows, RunRequest, Transformed, Upload
from orchestrators.planning import flow_changed, planned_flow
from orchestrators.replaying import quarantined_uploads, take_rows
from orchestrators.services import Services, now
from transforms.draft import Draft, Limits, LocalUpload
from transforms.errors import RowsLost, TransformError, UploadTooLarge
from transforms.flow.load import LoadedFlow

log = logging.getLogger(__name__)

SCRATCH_PREFIX = "sluice-"
_ENDING = re.compile(r"\.[a-z0-9]{1,8}(?=\.|$)")


def transform_uploads(services: Services, request: RunRequest) -> Transformed:
    """The data files are in place under content-named names, and a draft of the manifest is in staging.

    Bad data and a replaced upload are values; trouble with storage is raised, and retried by the plan.
    """
    flow = planned_flow(services, request)
    if flow is None:
        return Transformed(ended=flow_changed(request))
    services.settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{SCRATCH_PREFIX}{request.run_id}-", dir=services.settings.scratch_folder))
    try:
        return _transform(services, flow, request, scratch)
    except RowsLost as lost:
        log.exception("run %s: %s", request.run_id, lost)
        return _ended("failed", "failed", lost.code, str(lost))
    except TransformError as fault:
        log.warning("run %s: rejected: %s", request.run_id, fault)
        return _ended("rejected", "rejected", fault.code, str(fault))
    except UploadChanged as changed:
        return _ended("cancelled", "superseded", "upload_changed", str(changed))
    except UploadGone as gone:
        return _ended("rejected", "rejected", "upload_gone", str(gone))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _ended(status: Any, uploads: Any, code: str, message: str) -> Transformed:
    return Transformed(ended=Ended(status=status, uploads=uploads, reason=Reason(code=code, message=message)))


def _transform(services: Services, flow: LoadedFlow, request: RunRequest, scratch: Path) -> Transformed:
    from transforms.transform import transform

    if request.parent is None:
        _refuse_what_cannot_fit(services, request)
    started_at, clock = now(), _Stopwatch()
    inbox = scratch / "inbox"
    inbox.mkdir()
    if request.parent is None:
        uploads, checksums = download(services, request.uploads, inbox, "upload")
    else:
        uploads, checksums = quarantined_uploads(services, request, inbox)
    lookups, lookup_checksums = download(services, tuple(request.lookups.values()), inbox, "lookup")
    timings = {"download_s": clock.lap()}
    draft = transform(
        flow,
        uploads,
        {name: local.path for name, local in zip(request.lookups, lookups, strict=True)},
        request.parameters,
        scratch=scratch,
        limits=limits(services),
        flows_folder=services.settings.flows_folder,
        previous=beside_dataset(services, request.flow, request.previous, layout.PROFILE),
        fitted=fitted_values(services, request),
    )
    timings["transform_s"] = clock.lap()
    _store(services, request, draft)
    timings["store_s"] = clock.lap()
    rows = rows_of(draft)
    if draft.rejection is not None:
        log.warning("run %s: rejected: %s", request.run_id, draft.rejection.message)
        reason = Reason(code=draft.rejection.code, message=draft.rejection.message)
        return Transformed(rows=rows, ended=Ended(status="rejected", uploads="rejected", reason=reason))
    if request.parent is not None and (ended := take_rows(services, request)):
        return Transformed(rows=rows.model_copy(update={"published": 0}), ended=ended)
    document = draft_document(flow, request, draft, checksums | lookup_checksums)
    document["timings"] = {"started_at": started_at.isoformat(), **timings}
    return Transformed(draft=_stage(services, request, document), rows=rows)


def rows_of(draft: Draft) -> Rows:
    """The counts that people ask about."""
    counts = draft.counts
    published = 0 if draft.rejection else counts.published
    return Rows(read=counts.read, published=published, quarantined=counts.quarantined, dropped=counts.dropped)


def _refuse_what_cannot_fit(services: Services, request: RunRequest) -> None:
    largest = max(request.uploads, key=lambda upload: upload.size_bytes)
    most = services.settings.upload_limit_mb << 20
    if largest.size_bytes > most:
        raise UploadTooLarge(
            f"{largest.name} holds {largest.size_bytes:,} bytes, UPLOAD_LIMIT_MB allows {most:,}; raise it or split it"
        )
    size = sum(upload.size_bytes for upload in (*request.uploads, *request.lookups.values()))
    limit = services.settings.scratch_limit_mb << 20
    if size > limit:
        raise UploadTooLarge(
            f"the uploads hold {size:,} bytes, SCRATCH_LIMIT_MB allows {limit:,}; raise it or split the uploads"
        )


def limits(services: Services) -> Limits:
    """What one transform may use, as the settings have it."""
    settings = services.settings
    return Limits(
        memory_bytes=settings.transform_memory_bytes,
        threads=settings.engine_threads,
        scratch_bytes=settings.scratch_limit_mb << 20,
        quarantine_rows=settings.quarantine_limit_rows,
    )


def download(
    services: Services, versions: tuple[Upload, ...], inbox: Path, kind: str
) -> tuple[list[LocalUpload], dict[str, str]]:
    """Every version, pinned, in `inbox`; with the SHA-256 of each by container and name."""
    local: list[LocalUpload] = []
    checksums: dict[str, str] = {}
    for number, version in enumerate(versions):
        # The blob's own name is untrusted: only its endings, which tell format and compression, reach the disk.
        path = inbox / f"{kind}-{number:05}{endings(version.name)}"
        checksums[f"{version.container}/{version.name}"] = services.lake.download(version, path)
        local.append(LocalUpload(name=version.name, path=path))
    return local, checksums


def endings(name: str) -> str:
    """The endings of a blob's name that tell how it is written and packed."""
    return "".join(_ENDING.findall(name.rsplit("/", 1)[-1].lower())[-2:])


def _store(services: Services, request: RunRequest, draft: Draft) -> None:
    settings, lake = services.settings, services.lake
    for file in draft.files:
        lake.put_file(settings.output_container, layout.dataset_folder(request) + layout.DATA + file.name, file.path)
    for file in draft.quarantine:
        lake.put_file(settings.quarantine_container, layout.quarantine_folder(request) + file.name, file.path)


def _stage(services: Services, request: RunRequest, document: dict[str, Any]) -> str:
    content = json.dumps(document, ensure_ascii=False).encode()
    name = f"{layout.staging_folder(request)}draft-{hashlib.sha256(content).hexdigest()[:12]}.json"
    services.lake.put(services.settings.staging_container, name, content)
    return name


class _Stopwatch:
    """Seconds since the lap before."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        last, self._last = self._last, time.perf_counter()
        return round(self._last - last, 3)
