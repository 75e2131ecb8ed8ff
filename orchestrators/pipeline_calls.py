"""Pipelines: a start is on record before it counts, and is looked up before it is repeated.

    staging  {run_id}/pipeline.json          what to ask next; may hold a signed address, so it is not for readers
    output   {flow}/{run_id}/pipeline.json   how the pipeline stands, for everybody

One window stays open: killed between the call and its record, the call is made again, with the same
`Idempotency-Key`, so a receiver that honours it starts one job.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from orchestrators import layout
from orchestrators.azure_identity import app_identity
from orchestrators.messages import Message, PipelineState, Publication, RunRequest
from orchestrators.pipelines.choose import choose_pipeline
from orchestrators.pipelines.port import Finished, Pipeline, PipelineCall, Refused, Started
from orchestrators.pipelines.templates import render_parameters
from orchestrators.services import Services
from transforms.errors import FlowBroken, SettingsMissing
from transforms.flow.flow import Flow
from transforms.flow.settings import resolve_settings
from transforms.flow.then import Then
from transforms.flow.then.http import HttpStart
from transforms.flow.yaml_text import read_yaml

log = logging.getLogger(__name__)


class PipelineRecord(Message):
    """How a pipeline stands, and what to ask it with."""

    state: PipelineState
    started: Started | None = None


def start_pipeline(services: Services, publication: Publication) -> PipelineState:
    """The pipeline was started once, by this call or an earlier one; or refused, as a value."""
    request = publication.request
    known = _recorded(services, request)
    if known is not None:
        return known.state
    flow, then = _then(services, request)
    try:
        call = _call(services, publication, flow, then)
    except (FlowBroken, SettingsMissing) as broken:
        return _record(services, request, PipelineState(status="failed", message=str(broken)))
    log.info("run %s: starting its pipeline", request.run_id)
    answer = _pipeline(services, then).start(call)
    if isinstance(answer, Refused):
        log.error("run %s: pipeline refused: %s", request.run_id, answer.message)
        return _record(services, request, PipelineState(status="failed", message=answer.message))
    if isinstance(answer, Finished):
        return _record(services, request, _ended(answer))
    return _record(services, request, _running(answer), answer)


def check_pipeline(services: Services, publication: Publication) -> PipelineState:
    """How the started pipeline stands now."""
    request = publication.request
    known = _recorded(services, request)
    if known is None or known.started is None:
        return known.state if known else PipelineState(status="unknown", message="no record of its start is left")
    _, then = _then(services, request)
    answer = _pipeline(services, then).check(known.started)
    if isinstance(answer, Finished):
        log.info("run %s: pipeline %s", request.run_id, answer.status)
        return _record(services, request, _ended(answer))
    if answer.started == known.started:
        return known.state
    return _record(services, request, _running(answer.started), answer.started)


def publish_state(services: Services, request: RunRequest, state: PipelineState) -> None:
    """`pipeline.json` beside the dataset says how the pipeline stands."""
    document = state.model_dump(mode="json", exclude={"retry_after_s"})
    name = layout.dataset_folder(request) + layout.PIPELINE
    services.lake.put(services.settings.output_container, name, json.dumps(document, indent=1).encode())


def _recorded(services: Services, request: RunRequest) -> PipelineRecord | None:
    found = services.lake.read(services.settings.staging_container, layout.staging_folder(request) + layout.PIPELINE)
    return PipelineRecord.model_validate_json(found[0]) if found else None


def _record(
    services: Services, request: RunRequest, state: PipelineState, started: Started | None = None
) -> PipelineState:
    record = PipelineRecord(state=state, started=started).model_dump_json().encode()
    name = layout.staging_folder(request) + layout.PIPELINE
    services.lake.put(services.settings.staging_container, name, record)
    publish_state(services, request, state)
    services.ledger.amend_run(request.run_id, lambda run: run.model_copy(update={"pipeline": state}))
    return state


def _then(services: Services, request: RunRequest) -> tuple[Flow, Then]:
    """The flow as the run was planned with it, which the manifest keeps: another revision may be deployed by now."""
    name = layout.dataset_folder(request) + layout.MANIFEST
    found = services.lake.read(services.settings.output_container, name)
    if found is None:
        raise LookupError(f"{name} is gone, so nobody knows which pipeline to start")
    flow = Flow.model_validate(read_yaml(json.loads(found[0])["source"])[0])
    if flow.then is None:
        raise LookupError(f"flow {request.flow} at revision {request.revision} starts no pipeline")
    return flow, flow.then


def _pipeline(services: Services, then: Then) -> Pipeline:
    settings = services.settings
    return choose_pipeline(
        then.pipeline,
        flow_settings=settings.flow_settings,
        credential=lambda: app_identity(settings.lake_client_id),
        allow_http_loopback=settings.allow_http_loopback,
    )


def _call(services: Services, publication: Publication, flow: Flow, then: Then) -> PipelineCall:
    settings = services.settings.flow_settings
    if not isinstance(then, HttpStart):
        raise NotImplementedError(f"{then.pipeline} pipelines cannot be started yet")
    templates = {name: resolve_settings(str(template), settings) for name, template in then.parameters.items()}
    return PipelineCall(
        run_id=publication.request.run_id,
        url=resolve_settings(then.url, settings),
        body=render_parameters(templates, _words(services, publication, flow)),
        auth=then.auth,
    )


def _words(services: Services, publication: Publication, flow: Flow) -> Mapping[str, Any]:
    request, output = publication.request, services.settings.output_container
    folder = layout.dataset_folder(request)
    return {
        **_shared_captures(flow, request),
        **request.parameters,
        "run_id": request.run_id,
        "caller_run_id": request.caller_run_id,
        "flow": request.flow,
        "revision": request.revision,
        "output_url": services.lake.url(output, folder),
        "manifest_url": services.lake.url(output, folder + layout.MANIFEST),
        "rows": publication.rows.published,
        "rows_quarantined": publication.rows.quarantined,
    }


def _shared_captures(flow: Flow, request: RunRequest) -> dict[str, str | None]:
    """What the uploads' names agree on; null where they differ."""
    captures = [flow.source.captures(upload.name) or {} for upload in request.uploads]
    names = sorted(set().union(*captures))
    found = {name: {capture.get(name) for capture in captures} for name in names}
    return {name: values.pop() if len(values) == 1 else None for name, values in found.items()}


def _running(started: Started) -> PipelineState:
    return PipelineState(
        status="running", run_id=started.target_run_id, link=started.link, retry_after_s=started.retry_after_s
    )


def _ended(end: Finished) -> PipelineState:
    return PipelineState(
        status=end.status, run_id=end.target_run_id, message=end.message, link=end.link, answer=end.answer
    )
