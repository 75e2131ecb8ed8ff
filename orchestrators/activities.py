"""The activities of a plan: JSON in, JSON out. Their names are durable, see `names.py`.

Messages come annotated as `Any`: on a bound parameter the worker refuses to load `dict[str, Any]`.
"""

from __future__ import annotations

from typing import Any

from azure.durable_functions import DurableOrchestrationClient

from orchestrators import callbacks, collecting, parts, pipeline_calls, planning, publishing, reporting, transforming
from orchestrators.messages import CallbackRound, Outcome, PartRequest, Publication, Reduction, RunRequest, SetLook
from orchestrators.services import services


def plan_run(message: Any) -> dict[str, Any]:
    """`RunRequest` to `Planned`."""
    return planning.plan_run(services(), RunRequest.from_dict(message)).to_dict()


def transform_uploads(message: Any) -> dict[str, Any]:
    """`RunRequest` to `Transformed`."""
    return transforming.transform_uploads(services(), RunRequest.from_dict(message)).to_dict()


def transform_part(message: Any) -> dict[str, Any]:
    """`PartRequest` to `PartDone`."""
    return parts.transform_part(services(), PartRequest.from_dict(message)).to_dict()


def reduce_parts(message: Any) -> dict[str, Any]:
    """`Reduction` to `Transformed`."""
    return parts.reduce_parts(services(), Reduction.from_dict(message)).to_dict()


def publish_dataset(message: Any) -> dict[str, Any]:
    """`Publication` to `Published`."""
    return publishing.publish_dataset(services(), Publication.from_dict(message)).to_dict()


def start_pipeline(message: Any) -> dict[str, Any]:
    """`Publication` to `PipelineState`."""
    return pipeline_calls.start_pipeline(services(), Publication.from_dict(message)).to_dict()


def check_pipeline(message: Any) -> dict[str, Any]:
    """`Publication` to `PipelineState`."""
    return pipeline_calls.check_pipeline(services(), Publication.from_dict(message)).to_dict()


def cancel_pipeline(message: Any) -> dict[str, Any]:
    """`Publication` to `PipelineState`."""
    return pipeline_calls.cancel_pipeline(services(), Publication.from_dict(message)).to_dict()


def report_run(message: Any) -> dict[str, Any]:
    """`Outcome` to `RunRecord`."""
    return reporting.report_run(services(), Outcome.from_dict(message)).to_dict()


def call_back(message: Any) -> dict[str, Any]:
    """`CallbackRound` to itself."""
    return callbacks.call_back(services(), CallbackRound.from_dict(message)).to_dict()


async def settle_set(message: Any, client: DurableOrchestrationClient) -> dict[str, Any]:
    """`SetLook` to `SetState`. It starts runs, and so needs a client; a plan could not leave one to itself."""
    look = SetLook.from_dict(message)
    return (await collecting.settle(services(), client, look.of, look.at)).to_dict()


ACTIVITIES = (
    plan_run,
    transform_uploads,
    transform_part,
    reduce_parts,
    publish_dataset,
    start_pipeline,
    check_pipeline,
    cancel_pipeline,
    report_run,
    call_back,
)
