"""Transforming the uploads of a run: pinned download, transform, upload of what it left, draft into staging."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrators import layout
from orchestrators.earlier import beside_dataset
from orchestrators.fitted_runs import fitted_values
from orchestrators.manifest import draft_document
from orchestrators.messages import Ended, Reason, Rows, RunRequest, Transformed
from orchestrators.replaying import quarantined_uploads, take_rows
from orchestrators.scratch import Stopwatch, download, in_scratch, limits, refuse_what_cannot_fit
from orchestrators.services import Services, now
from orchestrators.side_by_side import side_by_side
from transforms.draft import Draft
from transforms.flow.load import LoadedFlow

log = logging.getLogger(__name__)

_FILES_AT_ONCE = 4


@dataclass(frozen=True)
class Drafted:
    """What a transform left, its data files in place: the draft of the manifest; or how the run ended there."""

    rows: Rows = field(default_factory=Rows)
    document: Mapping[str, Any] | None = None
    ended: Ended | None = None


def transform_uploads(services: Services, request: RunRequest) -> Transformed:
    """What `draft_uploads` leaves, its document in staging for another activity."""
    return stage_draft(services, request, draft_uploads(services, request))


def draft_uploads(services: Services, request: RunRequest) -> Drafted:
    """The data files are in place under content-named names, and a draft of the manifest is at hand.

    Bad data and a replaced upload are values; trouble with storage is raised, and retried by the plan.
    """
    done = in_scratch(services, request, lambda flow, scratch: _transform(services, flow, request, scratch))
    return Drafted(ended=done) if isinstance(done, Ended) else done


def stage_draft(services: Services, request: RunRequest, left: Drafted) -> Transformed:
    """The document is in staging, where there is one."""
    draft = None if left.document is None else stage(services, request, "draft", left.document)
    return Transformed(draft=draft, rows=left.rows, ended=left.ended)


def _transform(services: Services, flow: LoadedFlow, request: RunRequest, scratch: Path) -> Drafted:
    from transforms.transform import transform

    started_at, clock = now(), Stopwatch()
    inbox = scratch / "inbox"
    inbox.mkdir()
    if request.parent is None:
        refuse_what_cannot_fit(services, request.uploads, request.lookups.values())
        uploads, checksums = download(services, request.uploads, inbox, "upload")
    else:
        uploads, checksums = quarantined_uploads(services, request, inbox)
    lookups, lookup_checksums = download(services, request.lookups.values(), inbox, "lookup")
    timings: dict[str, Any] = {"started_at": started_at.isoformat(), "download_s": clock.lap()}
    draft = transform(
        flow,
        uploads,
        {name: local.path for name, local in zip(request.lookups, lookups, strict=True)},
        request.parameters,
        scratch=scratch,
        limits=limits(services),
        flows_folder=services.settings.flows_folder,
        **learnt_before(services, request),
    )
    timings["transform_s"] = clock.lap()
    return store(services, flow, request, draft, checksums=checksums | lookup_checksums, timings=timings)


def learnt_before(services: Services, request: RunRequest) -> dict[str, Any]:
    """What a transform is told of earlier datasets: the profile to compare with, and the values to apply again."""
    return {
        "previous": beside_dataset(services, request.flow, request.previous, layout.PROFILE),
        "fitted": fitted_values(services, request),
    }


def store(
    services: Services,
    flow: LoadedFlow,
    request: RunRequest,
    draft: Draft,
    *,
    checksums: Mapping[str, str],
    timings: Mapping[str, Any],
) -> Drafted:
    """The files of a draft are in place, and its document is at hand, unless it was rejected."""
    clock = Stopwatch()
    _store_files(services, request, draft)
    stored = {"store_s": round(timings.get("store_s", 0) + clock.lap(), 3)}
    rows = rows_of(draft)
    if draft.rejection is not None:
        log.warning("run %s: rejected: %s", request.run_id, draft.rejection.message)
        reason = Reason(code=draft.rejection.code, message=draft.rejection.message)
        return Drafted(rows=rows, ended=Ended(status="rejected", uploads="rejected", reason=reason))
    if request.parent is not None and (ended := take_rows(services, request)):
        return Drafted(rows=rows.model_copy(update={"published": 0}), ended=ended)
    document = draft_document(flow, request, draft, checksums)
    return Drafted(rows=rows, document={**document, "timings": {**timings, **stored}})


def rows_of(draft: Draft) -> Rows:
    """The counts that people ask about."""
    counts = draft.counts
    published = 0 if draft.rejection else counts.published
    return Rows(read=counts.read, published=published, quarantined=counts.quarantined, dropped=counts.dropped)


def stage(services: Services, request: RunRequest, kind: str, document: Mapping[str, Any]) -> str:
    """The document is in staging, under a name that its content gives it."""
    content = json.dumps(document, ensure_ascii=False).encode()
    name = f"{layout.staging_folder(request)}{kind}-{hashlib.sha256(content).hexdigest()[:12]}.json"
    services.lake.put(services.settings.staging_container, name, content)
    return name


def _store_files(services: Services, request: RunRequest, draft: Draft) -> None:
    settings, lake = services.settings, services.lake
    dataset, quarantine = layout.dataset_folder(request) + layout.DATA, layout.quarantine_folder(request)
    files = [(settings.output_container, dataset + file.name, file.path) for file in draft.files]
    files += [(settings.quarantine_container, quarantine + file.name, file.path) for file in draft.quarantine]
    side_by_side(lambda file: lake.put_file(*file), files, _FILES_AT_ONCE)
