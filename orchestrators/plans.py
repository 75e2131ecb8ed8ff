"""The plan of a run, replayed by Durable Functions: no clock, no random, no environment, no I/O of its own.

upload ─► plan ─► transform ─► publish ─► start pipeline ─► wait ─► report
"""

from __future__ import annotations

from datetime import datetime, timedelta

from azure.durable_functions import DurableOrchestrationContext

from orchestrators import names, policies
from orchestrators.messages import (
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
    Transformed,
)
from orchestrators.policies import GaveUpError, Steps, steadily


def ingest(context: DurableOrchestrationContext) -> Steps:
    """Uploads have become a dataset whose pipeline was started, or the reason why not is on record."""
    request = RunRequest.from_dict(context.get_input())
    try:
        outcome = yield from _carry_out(context, request)
    except GaveUpError as failure:
        outcome = ended_early(request, _failed(str(failure)))
    if isinstance(outcome, RunRecord):
        return outcome.to_dict()
    return (yield from steadily(context, names.REPORT_RUN, outcome, policies.REPORT))


def _carry_out(context: DurableOrchestrationContext, request: RunRequest) -> Steps:
    planned = Planned.from_dict((yield from steadily(context, names.PLAN_RUN, request, policies.STORAGE)))
    if planned.finished:
        return planned.finished
    if planned.ended:
        return ended_early(request, planned.ended)

    answer = yield from steadily(context, names.TRANSFORM_UPLOADS, request, policies.TRANSFORM)
    transformed = Transformed.from_dict(answer)
    if transformed.ended or transformed.draft is None:
        return ended_early(request, transformed.ended or _failed("the transform left no draft"), transformed)

    publication = Publication(request=request, draft=transformed.draft, rows=transformed.rows)
    answer = yield from steadily(context, names.PUBLISH_DATASET, publication, policies.STORAGE)
    published = Published.from_dict(answer)
    pipeline = PipelineState()
    if planned.has_pipeline:
        pipeline = yield from _run_pipeline(context, publication, timedelta(seconds=planned.wait_s))
        if pipeline.status == "running" and planned.wait_s:
            pipeline = pipeline.model_copy(update={"status": "timed_out", "message": "no end within the flow's wait"})
    return Outcome(
        request=request,
        status="published",
        uploads="published",
        rows=transformed.rows,
        published=published,
        pipeline=pipeline,
    )


def _run_pipeline(context: DurableOrchestrationContext, publication: Publication, wait: timedelta) -> Steps:
    """How the pipeline ended, or how it stands when the flow no longer waits: the dataset stays published."""
    deadline = context.current_utc_datetime + wait
    try:
        answer = yield from steadily(context, names.START_PIPELINE, publication, policies.PIPELINE)
    except GaveUpError as failure:
        return PipelineState(status="failed", message=str(failure))
    started = PipelineState.from_dict(answer)
    try:
        return (yield from _wait_for_end(context, publication, started, deadline))
    except GaveUpError as failure:
        return started.model_copy(update={"status": "unknown", "message": str(failure)})


def _wait_for_end(
    context: DurableOrchestrationContext, publication: Publication, state: PipelineState, deadline: datetime
) -> Steps:
    looks = 0
    while state.status == "running" and (remaining := deadline - context.current_utc_datetime) > timedelta(0):
        looks += 1
        pause = policies.POLLING.pause(looks, state.retry_after_s)
        yield context.create_timer(context.current_utc_datetime + min(pause, remaining))
        answer = yield from steadily(context, names.CHECK_PIPELINE, publication, policies.PIPELINE)
        state = PipelineState.from_dict(answer)
    return state


def ended_early(request: RunRequest, ended: Ended, transformed: Transformed | None = None) -> Outcome:
    """The outcome of a run that published nothing."""
    return Outcome(
        request=request,
        status=ended.status,
        uploads=ended.uploads,
        rows=transformed.rows if transformed else Rows(),
        reason=ended.reason,
    )


def _failed(message: str) -> Ended:
    return Ended(status="failed", uploads="failed", reason=Reason(code="gave_up", message=message))
