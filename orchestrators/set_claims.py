"""One decision for one set of versions, whoever takes it first: hosts, events and sweeps that come later follow it.

claim in staging (If-None-Match: *) ─► run on record ─► its uploads marked ─► the run is started
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Any

from orchestrators import layout
from orchestrators.errors import RequestRefused
from orchestrators.identity import canonical, run_id_of
from orchestrators.messages import Reason, RunRecord, RunRequest, Upload, UploadRecord, UploadSet, UploadStatus
from orchestrators.planning import was_overtaken
from orchestrators.requests import request_run
from orchestrators.services import Services, now
from orchestrators.set_contents import OPEN, RECORDS_AT_ONCE, SHORT, SetContents, is_short
from orchestrators.side_by_side import side_by_side
from orchestrators.starts import open_run
from transforms.flow.load import LoadedFlow


def claim_run(services: Services, flow: LoadedFlow, of: UploadSet, contents: SetContents) -> RunRequest | None:
    """The run of the set is on record and has its uploads; None where they are held or refused instead."""
    try:
        if len(contents.uploads) > services.settings.max_uploads_per_run:
            limit = services.settings.max_uploads_per_run
            raise RequestRefused(413, "Too many uploads", f"{of} has more than MAX_UPLOADS_PER_RUN: {limit:,}")
        request = request_run(services, flow, contents.uploads, {})
        while was_overtaken(services, request.run_id):
            request = request_run(services, flow, contents.uploads, {}, forced_by=f"after {request.run_id}")
    except RequestRefused as refusal:
        status: UploadStatus = "held" if refusal.status == HTTPStatus.CONFLICT else "rejected"
        reason = Reason(code=refusal.title.lower().replace(" ", "_"), message=str(refusal))
        _settle_without_run(services, of, contents.members, status, reason)
        return None
    return _claim(services, request.model_copy(update={"collected": of, "missing": contents.missing}))


def claim_rejection(
    services: Services, flow: LoadedFlow, of: UploadSet, contents: SetContents, why: str
) -> RunRequest | None:
    """The same for a set that was not complete in time: its run is on record, and ends before anything is read.

    A set without any upload of the source has no run; its lookups are rejected by themselves.
    """
    reason = Reason(code=SHORT, message=f"{of}: {why}")
    if not contents.uploads:
        _settle_without_run(services, of, contents.members, "rejected", reason)
        return None
    name, revision = flow.flow.name, flow.revision
    # Not the run that the very same versions get, should all that they lack come after all.
    run_id = run_id_of(name, revision, contents.uploads, contents.lookups, {}, forced_by=SHORT)
    while was_overtaken(services, run_id):
        again = f"{SHORT} after {run_id}"
        run_id = run_id_of(name, revision, contents.uploads, contents.lookups, {}, forced_by=again)
    return _claim(
        services,
        RunRequest(
            run_id=run_id,
            flow=name,
            revision=revision,
            uploads=contents.uploads,
            lookups=dict(contents.lookups),
            collected=of,
            missing=contents.missing,
            refused=reason,
        ),
    )


def _claim(services: Services, wanted: RunRequest) -> RunRequest:
    """What was decided about these versions, by this call or by an earlier one."""
    counts: list[Any] = [
        wanted.flow,
        wanted.revision,
        wanted.refused is None,
        sorted(one.version for one in wanted.taken),
    ]
    while (first := _claimed(services, wanted, counts)) is not None and was_overtaken(services, first.run_id):
        counts.append(first.run_id)
    if first is not None:
        # Whoever was first marks the uploads; should it have died, the end of the run settles them all the same.
        return first
    record = open_run(services, wanted)
    side_by_side(lambda upload: _mark(services, upload, record), wanted.taken, RECORDS_AT_ONCE)
    return wanted


def _claimed(services: Services, wanted: RunRequest, counts: list[Any]) -> RunRequest | None:
    """The run that somebody has claimed all this for; None where it now is the wanted one."""
    staging = services.settings.staging_container
    name = layout.claim(hashlib.sha256(canonical(counts)).hexdigest()[:24])
    if services.lake.create(staging, name, wanted.model_dump_json().encode()):
        return None
    found = services.lake.read(staging, name)
    return RunRequest.model_validate_json(found[0]) if found else wanted


def _mark(services: Services, upload: Upload, run: RunRecord) -> None:
    """The upload is this run's, which may be over already; unless something was decided about it before."""
    request = run.request
    marked = UploadRecord(
        upload=upload, status=run.uploads, at=now(), flow=request.flow, run_id=request.run_id, reason=run.reason
    )
    _amend_open(services, marked, takes_short=request.refused is None)


def _settle_without_run(
    services: Services, of: UploadSet, uploads: tuple[Upload, ...], status: UploadStatus, reason: Reason
) -> None:
    def settle(upload: Upload) -> None:
        record = UploadRecord(upload=upload, status=status, at=now(), flow=of.flow, reason=reason)
        _amend_open(services, record)

    side_by_side(settle, uploads, RECORDS_AT_ONCE)


def _amend_open(services: Services, wanted: UploadRecord, *, takes_short: bool = False) -> None:
    def change(found: UploadRecord) -> UploadRecord:
        return wanted if found.status in OPEN or (takes_short and is_short(found)) else found

    if services.ledger.upload(wanted.upload) is not None or services.ledger.note_upload(wanted) is not wanted:
        services.ledger.amend_upload(wanted.upload, change)
