"""Planning a run: read what is on record, and check the flow before any byte is read."""

from __future__ import annotations

import logging
from pathlib import Path

from orchestrators.dividing import part_sizes
from orchestrators.messages import Ended, Planned, Reason, RunRequest
from orchestrators.services import Services
from transforms.errors import FlowBroken
from transforms.flow.check import check_flow
from transforms.flow.load import LoadedFlow

log = logging.getLogger(__name__)

FLOW_CHANGED = "flow_changed"

_CHECKED: dict[tuple[Path, str], FlowBroken | None] = {}
"""A revision covers everything that a flow can be checked for: its text, the Python beside it, the engine."""


def plan_run(services: Services, request: RunRequest) -> Planned:
    """What is still to be done for a run: nothing, if its outcome is on record or its flow is not fit."""
    record = services.ledger.run(request.run_id)
    if record is not None and record.finished_at:
        log.info("run %s: already %s", request.run_id, record.status)
        return Planned(finished=record)
    return plan_open_run(services, request)


def plan_open_run(services: Services, request: RunRequest) -> Planned:
    """What is still to be done for a run that is on record and not over."""
    flow = planned_flow(services, request)
    if flow is None:
        return Planned(ended=flow_changed(request))
    if request.refused is not None:
        return Planned(ended=Ended(status="rejected", uploads="rejected", reason=request.refused))
    broken = _broken(flow)
    if broken is not None:
        reason = Reason(code=broken.code, message=str(broken))
        return Planned(ended=Ended(status="rejected", uploads="held", reason=reason))
    then = flow.flow.then
    return Planned(
        has_pipeline=then is not None,
        wait_s=then.wait.total_seconds() if then else 0.0,
        deadline_s=services.settings.run_deadline_s,
        parts=part_sizes(services.settings, flow.flow, request),
        parts_at_once=services.settings.parts_at_once,
    )


def _broken(flow: LoadedFlow) -> FlowBroken | None:
    """Why the flow cannot run; found out once for each revision, since that starts an engine."""
    key = (flow.path, flow.revision)
    if key not in _CHECKED:
        _CHECKED[key] = _mistakes(flow)
    return _CHECKED[key]


def _mistakes(flow: LoadedFlow) -> FlowBroken | None:
    try:
        check_flow(flow)
    except FlowBroken as broken:
        return broken.with_traceback(None)
    return None


def planned_flow(services: Services, request: RunRequest) -> LoadedFlow | None:
    """The very revision that the run was planned with, or None where another one is deployed by now."""
    flow = services.flows.good.get(request.flow)
    return flow if flow and flow.revision == request.revision else None


def flow_changed(request: RunRequest) -> Ended:
    """A newer revision was deployed in between: the uploads are held, and the sweep gives them to it."""
    then = f"replay run {request.parent} again" if request.parent else "the newer revision takes its uploads"
    message = f"flow {request.flow} is no longer at revision {request.revision}; {then}"
    return Ended(status="cancelled", uploads="held", reason=Reason(code=FLOW_CHANGED, message=message))


def was_overtaken(services: Services, run_id: str) -> bool:
    """The run ended only because another revision was deployed by then; where it is asked for, its own is back."""
    run = services.ledger.run(run_id)
    return run is not None and run.reason is not None and run.reason.code == FLOW_CHANGED
