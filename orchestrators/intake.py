"""What becomes of an upload that was seen: a run of its flow, or a record that says why not.

          no flow matches            ──► ignored
upload ─► its flow is broken now     ──► held, until the sweep finds it mended
          its flow collects          ──► collecting, and its set is to be looked at
          a run has it already       ──► nothing: the same version is the same run
          otherwise                  ──► running, and a request to start
"""

from __future__ import annotations

import logging

from orchestrators.errors import RequestRefused
from orchestrators.messages import Arrival, Reason, RunRequest, Upload, UploadRecord, UploadSet, UploadStatus
from orchestrators.planning import was_overtaken
from orchestrators.requests import request_run
from orchestrators.routing import is_addressable, route
from orchestrators.services import Services, now
from orchestrators.set_contents import OPEN
from transforms.flow.collect import Collect
from transforms.flow.load import LoadedFlow
from transforms.flow.pattern import captures_of

log = logging.getLogger(__name__)

ToDo = RunRequest | Arrival


def take_blob(services: Services, name: str) -> ToDo | None:
    """What is to be done about the version that is there now, or None where the ledger says the rest."""
    if not is_addressable(name):
        log.warning("upload %r: nobody can ask for it by that name; the sweep, which lists it, puts it on record", name)
        return None
    upload = services.lake.version_of(services.settings.landing_container, name)
    services.ledger.first_deployed_at(now())
    if upload is None:
        log.warning("upload %s: deleted before it was seen", name)
        return None
    return take_upload(services, upload)


def take_upload(services: Services, upload: Upload, known: UploadRecord | None = None) -> ToDo | None:
    """The request to start for this version, or its set to look at; None where the ledger says the rest.

    `known` is its record, where the caller has it.
    """
    wanted, to_do = _decide(services, upload, known)
    known = known or services.ledger.note_upload(wanted)
    is_held_by_it = known.run_id is not None and known.run_id == wanted.run_id  # and so it would be again
    if known is not wanted and known.status in OPEN and known.status != wanted.status and not is_held_by_it:
        known = services.ledger.amend_upload(upload, lambda found: wanted if found.status in OPEN else found)
    if isinstance(to_do, Arrival) and known.status in {"collecting", wanted.status}:
        return to_do
    if known.status != "running":
        log.info("upload %s (%s): %s%s", upload.name, upload.etag, known.status, _because(known.reason))
        return None
    return _still_to_start(services, known, wanted, to_do if isinstance(to_do, RunRequest) else None)


def _decide(services: Services, upload: Upload, known: UploadRecord | None) -> tuple[UploadRecord, ToDo | None]:
    if not is_addressable(upload.name):
        reason = Reason(code="name_unusable", message=f"nobody can ask storage for {upload.name}; give it another name")
        return UploadRecord(upload=upload, status="ignored", at=now(), reason=reason), None
    found = route(services.flows, upload.name)
    if found.held_for is not None:
        return _held(upload, found.held_for, "flow_broken", found.why_held), None
    if found.flow is None:
        reason = Reason(code="no_flow_matches", message=f"no flow's source.path matches {upload.name}")
        return UploadRecord(upload=upload, status="ignored", at=now(), reason=reason), None
    if found.flow.flow.collect is not None:
        return _collected(upload, found.flow, found.flow.flow.collect)
    try:
        request = request_run(services, found.flow, [upload], {})
        if known is not None and known.run_id is not None and was_overtaken(services, request.run_id):
            request = request_run(services, found.flow, [upload], {}, forced_by=f"after {known.run_id}")
    except RequestRefused as refusal:
        return _held(upload, found.flow.flow.name, _code(refusal), str(refusal)), None
    return UploadRecord(upload=upload, status="running", at=now(), flow=request.flow, run_id=request.run_id), request


def _collected(upload: Upload, flow: LoadedFlow, collect: Collect) -> tuple[UploadRecord, Arrival]:
    """It waits for its set; a blob that only closes the set is never read, and that is all there is to say of it."""
    name, captures = flow.flow.name, flow.flow.captures(upload.name) or {}
    of = UploadSet(flow=name, captures={by: captures[by] for by in collect.by})
    is_lookup = any(captures_of(flow.flow.lookups[lookup].path, upload.name) is not None for lookup in collect.lookups)
    is_marker = not is_lookup and flow.flow.source.captures(upload.name) is None
    is_needed = is_lookup or any(captures_of(pattern, upload.name) is not None for pattern in collect.needs)
    reason = Reason(code="waits_for_set", message=f"it waits for the {of}")
    if is_marker:
        reason = Reason(code="closes_set", message=f"it is needed by the {of}, and not read")
    status: UploadStatus = "ignored" if is_marker else "collecting"
    record = UploadRecord(upload=upload, status=status, at=now(), flow=name, reason=reason)
    return record, Arrival(of=of, is_needed=is_needed)


def _code(refusal: RequestRefused) -> str:
    return refusal.title.lower().replace(" ", "_")


def _held(upload: Upload, flow: str, code: str, message: str) -> UploadRecord:
    return UploadRecord(upload=upload, status="held", at=now(), flow=flow, reason=Reason(code=code, message=message))


def _still_to_start(
    services: Services, known: UploadRecord, wanted: UploadRecord, request: RunRequest | None
) -> RunRequest | None:
    """The run that has the upload, unless it is over; an upload is never given to a second run by an event."""
    if request is not None and known.run_id == request.run_id:
        return request
    opened = services.ledger.run(known.run_id or "")
    if opened is not None:
        return None if opened.finished_at else opened.request
    # Claimed under other flows, and the claimer died before it opened that run: by those of now it has another one,
    # or none.
    claim = wanted if request is None else known.model_copy(update={"run_id": request.run_id})
    services.ledger.amend_upload(known.upload, lambda found: claim if found == known else found)
    return request


def _because(reason: Reason | None) -> str:
    return f": {reason.message}" if reason else ""
