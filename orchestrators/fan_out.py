"""The middle of a plan: uploads are transformed, in one activity or part by part. Replayed, as all of `plans`.

one part       transform_uploads
some parts     transform_part, at most `at_once` beside each other ─► reduce_parts
many parts     transform_parts (a sub-orchestration, so that no history grows without bound), one after the other ─┘
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from azure.durable_functions import DurableOrchestrationContext

from orchestrators import names, policies
from orchestrators.messages import (
    BatchDone,
    Ended,
    PartBatch,
    PartDone,
    PartRequest,
    Planned,
    Reason,
    Reduction,
    RunRequest,
    Transformed,
)
from orchestrators.policies import GaveUpError, Steps, Stop, StoppedError, begun, steadily, steadily_all

MOST_PARTS = 50
"""In one history; a replay reads all of it."""


def transform_all(context: DurableOrchestrationContext, request: RunRequest, planned: Planned, stop: Stop) -> Steps:
    """What the transform of all uploads of a run left, or how the run ended there."""
    if len(planned.parts) <= 1:
        answer = yield from steadily(context, names.TRANSFORM_UPLOADS, request, policies.TRANSFORM, stop)
        return Transformed.from_dict(answer)
    batches = batches_of(request, planned.parts, planned.parts_at_once)
    carry_out = _carry_out if len(batches) == 1 else _carry_out_apart
    documents: list[str] = []
    for batch in batches:
        done = yield from carry_out(context, batch, stop)
        if done.ended:
            return Transformed(ended=done.ended)
        documents += done.documents
    reduction = Reduction(request=request, parts=tuple(documents))
    return Transformed.from_dict(
        (yield from steadily(context, names.REDUCE_PARTS, reduction, policies.TRANSFORM, stop))
    )


def transform_parts(context: DurableOrchestrationContext) -> Steps:
    """A batch of parts is transformed: the sub-orchestration of a run that has many."""
    batch = PartBatch.from_dict(context.get_input())
    stop = Stop(context.wait_for_external_event(names.CANCEL))
    if batch.deadline is not None:
        stop.comes_at(context, batch.deadline)
    try:
        done = yield from _carry_out(context, batch, stop)
    except StoppedError as stopped:
        done = BatchDone(stopped="overdue" if stopped.is_overdue else "cancelled")
    except GaveUpError as failure:
        done = BatchDone(ended=gave_up(failure))
    stop.let_go()
    return done.to_dict()


def gave_up(failure: GaveUpError) -> Ended:
    """How a run ends whose activity kept failing."""
    return Ended(status="failed", uploads="failed", reason=Reason(code="gave_up", message=str(failure)))


def batches_of(request: RunRequest, sizes: Sequence[int], at_once: int) -> list[PartBatch]:
    """The parts of a run in batches of `MOST_PARTS`, each with the uploads of its parts alone."""
    ends = list(accumulate(sizes, initial=0))
    return [
        PartBatch(
            request=request.model_copy(
                update={"uploads": request.uploads[ends[first] : ends[min(first + MOST_PARTS, len(sizes))]]}
            ),
            sizes=tuple(sizes[first : first + MOST_PARTS]),
            first=first,
            at_once=at_once,
        )
        for first in range(0, len(sizes), MOST_PARTS)
    ]


def parts_of(batch: PartBatch) -> list[PartRequest]:
    """Each part of a batch, with its uploads alone."""
    ends = list(accumulate(batch.sizes, initial=0))
    return [
        PartRequest(
            request=batch.request.model_copy(update={"uploads": batch.request.uploads[start : start + size]}),
            number=batch.first + place,
        )
        for place, (start, size) in enumerate(zip(ends, batch.sizes, strict=False))
    ]


def _carry_out(context: DurableOrchestrationContext, batch: PartBatch, stop: Stop) -> Steps:
    """What the parts left, a round of `at_once` parts after the other; a part that ends the run ends the rounds.

    Not one part in as soon as another is out: Durable begins what a plan asks for only once all that it asked for
    before is over, so such a window would close to one part at a time.
    """
    parts, documents = parts_of(batch), list[str]()
    for start in range(0, len(parts), batch.at_once):
        some = parts[start : start + batch.at_once]
        answers = yield from steadily_all(context, names.TRANSFORM_PART, some, policies.TRANSFORM, stop)
        done = [PartDone.from_dict(answer) for answer in answers]
        if ended := next((part.ended for part in done if part.ended), None):
            return BatchDone(ended=ended)
        documents += [str(part.document) for part in done]
    return BatchDone(documents=tuple(documents))


def _carry_out_apart(context: DurableOrchestrationContext, batch: PartBatch, stop: Stop) -> Steps:
    """The same, in a history of its own."""
    child = f"{context.instance_id}-parts-{batch.first}"
    # So that whoever cancels the run can tell it to the parts that are under way as well.
    context.set_custom_status({"child": child})
    stop.raise_if_it_came()
    batch = batch.model_copy(update={"deadline": stop.deadline})
    task = context.call_sub_orchestrator(names.TRANSFORM_PARTS, batch.to_dict(), child)
    yield begun(context, task, stop=stop)
    try:
        done = BatchDone.from_dict((yield task))
    except Exception as trouble:  # noqa: BLE001 - a failed sub-orchestration reaches its plan as a bare Exception
        raise GaveUpError(f"parts {batch.first} and following: {trouble}") from None
    if done.stopped:
        raise StoppedError(is_overdue=done.stopped == "overdue")
    return done
