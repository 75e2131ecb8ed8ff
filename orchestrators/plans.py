"""The plan of a run, replayed by Durable Functions: no clock, no random, no environment, no I/O of its own.

upload ─► plan ─► transform ─► publish ─► start pipeline ─► wait ─► report ─► call back
             `── the event `cancel`, or the deadline, ends it at the next border ──┘
"""

from __future__ import annotations

from datetime import datetime, timedelta

from azure.durable_functions import DurableOrchestrationContext

from orchestrators import names, policies
from orchestrators.fan_out import gave_up, transform_all
from orchestrators.messages import (
    CallbackRound,
    Ended,
    Outcome,
    PipelineState,
    Planned,
    Publication,
    Published,
    Reason,
    Rows,
    RunRecord,
    RunRequest,
)
from orchestrators.policies import GaveUpError, Steps, Stop, StoppedError, sleep, steadily

CANCEL_GRACE = timedelta(minutes=5)
"""How long a pipeline that was asked to end may take to say that it has."""

CANCELLED = Ended(
    status="cancelled", uploads="rejected", reason=Reason(code="cancelled", message="a caller cancelled the run")
)

OVERDUE = Ended(
    status="cancelled",
    uploads="failed",
    reason=Reason(code="deadline_passed", message="the run was not over at its deadline, which RUN_DEADLINE_S sets"),
)


def ingest(context: DurableOrchestrationContext) -> Steps:
    """Uploads have become a dataset whose pipeline was started, or the reason why not is on record."""
    request = RunRequest.from_dict(context.get_input())
    stop = Stop(context.wait_for_external_event(names.CANCEL))
    try:
        outcome = yield from _carry_out(context, request, stop)
    except GaveUpError as failure:
        outcome = ended_early(request, gave_up(failure))
    except StoppedError as stopped:
        outcome = ended_early(request, OVERDUE if stopped.is_overdue else CANCELLED)
    stop.let_go()
    if isinstance(outcome, RunRecord):
        return outcome.to_dict()
    record = RunRecord.from_dict((yield from steadily(context, names.REPORT_RUN, outcome, policies.REPORT)))
    if record.callbacks:
        yield from _tell(context, CallbackRound(run_id=request.run_id, keys=record.callbacks))
    return record.to_dict()


def tell_callers(context: DurableOrchestrationContext) -> Steps:
    """Callers who asked only after the end of a run are told about it."""
    yield from _tell(context, CallbackRound.from_dict(context.get_input()))


def _tell(context: DurableOrchestrationContext, asked: CallbackRound) -> Steps:
    try:
        yield from steadily(context, names.CALL_BACK, asked, policies.CALLBACK)
    except GaveUpError as failure:
        context.set_custom_status(str(failure))


def _carry_out(context: DurableOrchestrationContext, request: RunRequest, stop: Stop) -> Steps:
    began_at = context.current_utc_datetime
    planned = Planned.from_dict((yield from steadily(context, names.PLAN_RUN, request, policies.STORAGE, stop)))
    if planned.finished:
        return planned.finished
    if planned.ended:
        return ended_early(request, planned.ended)
    if planned.deadline_s:
        stop.comes_at(context, began_at + timedelta(seconds=planned.deadline_s))

    transformed = yield from transform_all(context, request, planned, stop)
    if transformed.ended or transformed.draft is None:
        why = transformed.ended or gave_up(GaveUpError("the transform left no draft"))
        return ended_early(request, why, transformed.rows)

    publication = Publication(request=request, draft=transformed.draft, rows=transformed.rows)
    answer = yield from steadily(context, names.PUBLISH_DATASET, publication, policies.STORAGE, stop)
    pipeline = PipelineState()
    if planned.has_pipeline:
        pipeline = yield from _run_pipeline(context, publication, timedelta(seconds=planned.wait_s), stop)
        if pipeline.status == "running" and planned.wait_s:
            pipeline = pipeline.model_copy(update={"status": "timed_out", "message": "no end within the flow's wait"})
    return Outcome(
        request=request,
        status="published",
        uploads="published",
        rows=transformed.rows,
        published=Published.from_dict(answer),
        pipeline=pipeline,
    )


def _run_pipeline(context: DurableOrchestrationContext, publication: Publication, wait: timedelta, stop: Stop) -> Steps:
    """How the pipeline ended, or how it stands when the flow no longer waits: the dataset stays published."""
    deadline = context.current_utc_datetime + wait
    try:
        answer = yield from steadily(context, names.START_PIPELINE, publication, policies.PIPELINE, stop)
    except StoppedError as stopped:
        return PipelineState(status="cancelled", message=f"{stopped}; its pipeline was not started")
    except GaveUpError as failure:
        return PipelineState(status="failed", message=str(failure))
    started = PipelineState.from_dict(answer)
    asked = _without_uploads(publication)
    try:
        return (yield from _wait_for_end(context, asked, started, deadline, stop))
    except StoppedError as stopped:
        state = yield from _cancel_pipeline(context, asked, started)
        return state.model_copy(update={"message": f"{stopped}; {state.message}" if state.message else str(stopped)})
    except GaveUpError as failure:
        return started.model_copy(update={"status": "unknown", "message": str(failure)})


def _without_uploads(publication: Publication) -> Publication:
    """What is asked hundreds of times is told without them: each replay hands over all that was ever asked."""
    request = publication.request.model_copy(update={"uploads": (), "lookups": {}})
    return publication.model_copy(update={"request": request})


def _wait_for_end(
    context: DurableOrchestrationContext,
    publication: Publication,
    state: PipelineState,
    deadline: datetime,
    stop: Stop | None = None,
) -> Steps:
    looks = 0
    while state.status == "running" and (remaining := deadline - context.current_utc_datetime) > timedelta(0):
        looks += 1
        pause = policies.POLLING.pause(looks, state.retry_after_s)
        yield from sleep(context, min(pause, remaining), stop)
        answer = yield from steadily(context, names.CHECK_PIPELINE, publication, policies.PIPELINE, stop)
        state = PipelineState.from_dict(answer)
    return state


def _cancel_pipeline(context: DurableOrchestrationContext, publication: Publication, started: PipelineState) -> Steps:
    """How the pipeline ended, once it was asked to."""
    try:
        asked = yield from steadily(context, names.CANCEL_PIPELINE, publication, policies.PIPELINE)
        deadline = context.current_utc_datetime + CANCEL_GRACE
        state = yield from _wait_for_end(context, publication, PipelineState.from_dict(asked), deadline)
    except GaveUpError as failure:
        return started.model_copy(update={"status": "unknown", "message": str(failure)})
    if state.status != "running":
        return state
    told = f"it was asked to end, and had not confirmed it after {CANCEL_GRACE}"
    return state.model_copy(update={"status": "cancelled", "message": told})


def ended_early(request: RunRequest, ended: Ended, rows: Rows | None = None) -> Outcome:
    """The outcome of a run that published nothing."""
    return Outcome(
        request=request,
        status=ended.status,
        uploads=ended.uploads,
        rows=rows or Rows(),
        reason=ended.reason,
    )
