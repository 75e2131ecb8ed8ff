"""Pipelines: a start is on record before it counts, and is looked up before it is repeated.

    staging  {run_id}/between/pipeline.json  what to ask next; may hold a signed address, so it is not for readers
    output   {flow}/{run_id}/pipeline.json   how the pipeline stands, for everybody

How it ended, the report tells; what is running is told here, since that may take long.

One host at a time starts the pipeline of a run: the one that holds the lease of its manifest. One window stays open:
killed between the call and its record, or frozen or cut off from storage for longer than the lease lasts, the call is
made again by another host, with the same `Idempotency-Key`, so a receiver that honours it starts one job.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestrators import layout
from orchestrators.azure_identity import app_identity
from orchestrators.messages import Message, PipelineState, Publication, RunRequest
from orchestrators.pipelines.choose import choose_pipeline
from orchestrators.pipelines.port import Finished, Pipeline, PipelineCall, Refused, Started
from orchestrators.pipelines.sending import Sender
from orchestrators.pipelines.templates import fill_in
from orchestrators.pipelines.words import names_manifest, words_of_manifest, words_of_output, words_of_target
from orchestrators.planning import planned_flow
from orchestrators.publishing import published_as
from orchestrators.services import Services
from transforms.drift_checks import has_drifted
from transforms.errors import FlowBroken, SettingsMissing
from transforms.flow.flow import Flow
from transforms.flow.settings import resolve_then, settings_named
from transforms.flow.then import Then
from transforms.flow.yaml_text import read_yaml

log = logging.getLogger(__name__)

NO_RECORD = PipelineState(status="unknown", message="no record of its start is left")
NOT_DUE = "no drift check tripped, and the flow's `retrain_on` is drift"


class PipelineRecord(Message):
    """How a pipeline stands, and what to ask it with."""

    state: PipelineState
    started: Started | None = None


@dataclass(frozen=True)
class _Published:
    """What a run has published, and the flow as it was planned with it: another revision may be deployed by now."""

    services: Services
    request: RunRequest

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """Read where it is needed: most flows tell their pipeline nothing that only the manifest knows."""
        name = layout.dataset_folder(self.request) + layout.MANIFEST
        found = self.services.lake.read(self.services.settings.output_container, name)
        if found is None:
            raise LookupError(f"{name} is gone, so nobody knows which pipeline to start")
        return dict(json.loads(found[0]))

    @cached_property
    def flow(self) -> Flow:
        """That of this process where it has the very revision."""
        planned = planned_flow(self.services, self.request)
        return planned.flow if planned else Flow.model_validate(read_yaml(self.manifest["source"])[0])

    @property
    def then(self) -> Then:
        """What follows publishing."""
        if self.flow.then is None:
            raise LookupError(f"flow {self.request.flow} at revision {self.request.revision} starts no pipeline")
        return self.flow.then


def start_pipeline(services: Services, publication: Publication) -> PipelineState:
    """The pipeline was started once, by this call or an earlier one; or refused, or not due, as a value."""
    request = publication.request
    manifest = layout.dataset_folder(request) + layout.MANIFEST
    # Two hosts may carry out the same run: the second waits for what the first has to record.
    with services.lake.hold(services.settings.output_container, manifest):
        return _known(services, request) or _start(services, publication)


def _known(services: Services, request: RunRequest) -> PipelineState | None:
    recorded = _recorded(services, request)
    if recorded is not None:
        return recorded.state
    run = services.ledger.run(request.run_id)
    return run.pipeline if run and run.finished_at else None


def _start(services: Services, publication: Publication) -> PipelineState:
    request = publication.request
    published = _Published(services, request)
    if not _is_due(published):
        log.info("run %s: %s", request.run_id, NOT_DUE)
        return _record(services, publication, PipelineState(status="not_started", message=NOT_DUE))
    try:
        call = _call(services, publication, published)
    except (FlowBroken, SettingsMissing) as broken:
        return _record(services, publication, PipelineState(status="failed", message=str(broken)))
    log.info("run %s: starting its pipeline", request.run_id)
    answer = _pipeline(services, published.then).start(call)
    if isinstance(answer, Refused):
        log.error("run %s: pipeline refused: %s", request.run_id, answer.message)
        return _record(services, publication, PipelineState(status="failed", message=answer.message))
    if isinstance(answer, Finished):
        return _record(services, publication, _ended(answer))
    return _record(services, publication, _running(answer), answer)


def check_pipeline(services: Services, publication: Publication) -> PipelineState:
    """How the started pipeline stands now."""
    request = publication.request
    known = _recorded(services, request)
    if known is None or known.started is None:
        return _known(services, request) or NO_RECORD
    answer = _pipeline(services, _Published(services, request).then).check(known.started)
    if isinstance(answer, Finished):
        log.info("run %s: pipeline %s", request.run_id, answer.status)
        return _record(services, publication, _ended(answer))
    if answer.started == known.started:
        return known.state
    return _record(services, publication, _running(answer.started), answer.started)


def cancel_pipeline(services: Services, publication: Publication) -> PipelineState:
    """The started pipeline was asked to end, which `check_pipeline` then tells; or cannot be asked."""
    request = publication.request
    known = _recorded(services, request)
    if known is None or known.started is None:
        return _known(services, request) or NO_RECORD
    refused = _pipeline(services, _Published(services, request).then).cancel(known.started)
    if refused is None:
        log.info("run %s: its pipeline was asked to end", request.run_id)
        return known.state
    log.warning("run %s: its pipeline goes on: %s", request.run_id, refused.message)
    told = {"status": "unknown", "message": f"no longer waited for: {refused.message}"}
    return _record(services, publication, known.state.model_copy(update=told))


def abandoned_pipeline(services: Services, request: RunRequest, why: str) -> PipelineState:
    """How the pipeline of a published run stands whose plan ended before it could tell."""
    recorded = _recorded(services, request)
    if recorded is not None and recorded.state.status != "running":
        return recorded.state
    then = _Published(services, request).flow.then
    if then is None:
        return PipelineState()
    if recorded is None:
        return PipelineState(status="failed", message=f"it was not started: {why}")
    is_awaited = then.wait.total_seconds() > 0
    told = {"status": "unknown", "message": f"no longer waited for: {why}"} if is_awaited else {}
    return recorded.state.model_copy(update=told)


def publish_state(services: Services, request: RunRequest, state: PipelineState) -> None:
    """`pipeline.json` beside the dataset says how the pipeline stands."""
    document = state.model_dump(mode="json", exclude={"retry_after_s"})
    name = layout.dataset_folder(request) + layout.PIPELINE
    services.lake.put(services.settings.output_container, name, json.dumps(document, indent=1).encode())


def _recorded(services: Services, request: RunRequest) -> PipelineRecord | None:
    found = services.lake.read(services.settings.staging_container, layout.staging_folder(request) + layout.PIPELINE)
    return PipelineRecord.model_validate_json(found[0]) if found else None


def _record(
    services: Services, publication: Publication, state: PipelineState, started: Started | None = None
) -> PipelineState:
    request = publication.request
    record = PipelineRecord(state=state, started=started).model_dump_json().encode()
    name = layout.staging_folder(request) + layout.PIPELINE
    services.lake.put(services.settings.staging_container, name, record)
    if state.status in {"running", "not_started"}:
        publish_state(services, request, state)
    if state.status == "running":
        told = {
            "status": "published",
            "uploads": "published",
            "rows": publication.rows,
            "published": published_as(services, request),
            "pipeline": state,
        }
        services.ledger.amend_run(request.run_id, lambda run: run.model_copy(update=told))
    return state


def _is_due(published: _Published) -> bool:
    return "publish" in published.then.retrain_on or has_drifted(published.manifest["checks"])


def _pipeline(services: Services, then: Then) -> Pipeline:
    settings = services.settings
    sender = Sender(
        flow_settings=settings.flow_settings,
        credential=lambda: app_identity(settings.lake_client_id),
        allow_http_loopback=settings.allow_http_loopback,
    )
    return choose_pipeline(then.pipeline, sender)


def _call(services: Services, publication: Publication, published: _Published) -> PipelineCall:
    then = resolve_then(published.then, services.settings.flow_settings, f"flow {publication.request.flow}")
    words = _words(services, publication, published.flow)
    words |= words_of_target(then, words)
    if names_manifest(then):
        words |= words_of_manifest(then, published.manifest)
    call = _pipeline(services, then).call(fill_in(then, words), words)
    return call.model_copy(update={"settings": tuple(sorted(settings_named(published.flow)))})


def _words(services: Services, publication: Publication, flow: Flow) -> dict[str, Any]:
    request, output = publication.request, services.settings.output_container
    folder = layout.dataset_folder(request)
    return {
        **_shared_captures(flow, request),
        **request.parameters,
        "run_id": request.run_id,
        "caller_run_id": request.caller_run_id,
        "flow": request.flow,
        "revision": request.revision,
        "manifest_url": services.lake.url(output, folder + layout.MANIFEST),
        "rows": publication.rows.published,
        "rows_quarantined": publication.rows.quarantined,
        **words_of_output(services.lake.url(output, folder), output),
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
