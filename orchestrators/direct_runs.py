"""A run without an orchestration: planned, transformed, published and reported in one go.

The run ID, the records and the rules are those of every other run, so a plan can take over at any time.
What is not tried again here: the caller starts the plan where this ends in an exception.
"""

from __future__ import annotations

import logging
from threading import Event

from orchestrators.errors import SluiceError
from orchestrators.messages import Outcome, PipelineState, Publication, RunRecord, RunRequest
from orchestrators.pipeline_calls import start_pipeline
from orchestrators.planning import plan_run
from orchestrators.plans import ended_early
from orchestrators.publishing import publish_dataset
from orchestrators.reporting import report_run
from orchestrators.services import Services
from orchestrators.transforming import transform_uploads

log = logging.getLogger(__name__)


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
    if planned.finished:
        return planned.finished
    if planned.ended:
        return report_run(services, ended_early(request, planned.ended))
    transformed = transform_uploads(services, request)
    if transformed.ended:
        return report_run(services, ended_early(request, transformed.ended, transformed))
    _go_on_unless(called_off)
    publication = Publication(request=request, draft=str(transformed.draft), rows=transformed.rows)
    published = publish_dataset(services, publication)
    _go_on_unless(called_off)
    pipeline = start_pipeline(services, publication) if planned.has_pipeline else PipelineState()
    outcome = Outcome(
        request=request,
        status="published",
        uploads="published",
        rows=transformed.rows,
        published=published,
        pipeline=pipeline,
    )
    return report_run(services, outcome)


def _go_on_unless(called_off: Event) -> None:
    if called_off.is_set():
        raise CalledOff("the plan of this run goes on with it")
