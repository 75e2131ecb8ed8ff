"""A run without an orchestration: planned, transformed, published and reported in one go.

The run ID, the records and the rules are those of every other run, so a plan can take over at any time.
What is not tried again here: the caller starts the plan where this ends in an exception.
"""

from __future__ import annotations

import logging
from threading import Event

from orchestrators.errors import Held, SluiceError
from orchestrators.messages import Outcome, PipelineState, Planned, Publication, RunRecord, RunRequest
from orchestrators.pipeline_calls import start_pipeline
from orchestrators.planning import plan_run
from orchestrators.plans import ended_early
from orchestrators.publishing import publish
from orchestrators.reporting import report_run
from orchestrators.services import Services
from orchestrators.transforming import draft_uploads

log = logging.getLogger(__name__)


_TRIES_WHILE_HELD = 4
"""What is held tells when to look again, a third of the longest time that a host that died can hold it."""


class CalledOff(SluiceError):
    """Nobody waits for this any more: the plan of the run goes on with it."""


def run_directly(services: Services, request: RunRequest, called_off: Event) -> RunRecord:
    """The run is over; its pipeline, if it has one, was started and is not waited for.

    `request` is the one on record: what two calls of one run may differ in is settled by the first.

    Raises:
        CalledOff: `called_off` was set; between two effects, so that no two of them meet.
        Unavailable: passing trouble.
    """
    planned = plan_run(services, request)
    return planned.finished or carry_out(services, request, planned, called_off)


def carry_out(services: Services, request: RunRequest, planned: Planned, called_off: Event) -> RunRecord:
    """As `run_directly`, for a run that is not over."""
    if planned.ended:
        return report_run(services, ended_early(request, planned.ended))
    left = draft_uploads(services, request)
    if left.ended:
        return report_run(services, ended_early(request, left.ended, left.rows))
    _go_on_unless(called_off)
    published = publish(services, request, left.document)
    _go_on_unless(called_off)
    publication = Publication(request=request, rows=left.rows)
    pipeline = _start_pipeline(services, publication, called_off) if planned.has_pipeline else PipelineState()
    outcome = Outcome(
        request=request,
        status="published",
        uploads="published",
        rows=left.rows,
        published=published,
        pipeline=pipeline,
    )
    return report_run(services, outcome)


def _start_pipeline(services: Services, publication: Publication, called_off: Event) -> PipelineState:
    """Here it is waited for a host that died in the call, and holds on: no event is delivered again so late."""
    for _ in range(_TRIES_WHILE_HELD):
        try:
            return start_pipeline(services, publication)
        except Held as held:
            called_off.wait(held.retry_after_s or 0)
            _go_on_unless(called_off)
    return start_pipeline(services, publication)


def _go_on_unless(called_off: Event) -> None:
    if called_off.is_set():
        raise CalledOff("the plan of this run goes on with it")
