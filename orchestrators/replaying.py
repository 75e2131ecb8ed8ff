"""Replaying: the rows that a run has quarantined, through the flow of today, into a dataset that supplements its own.

    run ── quarantine ──► replay ── quarantine ──► replay …      each takes what the one before has left
               `─ replayed_by.json: the one replay that publishes these rows

A row is published once, however often, by whom and at how many revisions it is replayed: a replay that published
owns the quarantine that it was made of, and the next one is made of its own.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from orchestrators import layout
from orchestrators.earlier import beside_dataset, has_dataset
from orchestrators.errors import RequestRefused, UploadChanged, UploadGone
from orchestrators.fitted_runs import fitted_run
from orchestrators.identity import run_id_of
from orchestrators.messages import Ended, Reason, RunRecord, RunRequest, Upload
from orchestrators.quarantined import quarantine_files
from orchestrators.requests import bound_parameters, present_lookups
from orchestrators.scratch import refuse_bytes
from orchestrators.services import Services
from transforms.draft import LocalUpload, Quarantined
from transforms.flow.load import LoadedFlow
from transforms.formats.quarantined import kept_as_text

log = logging.getLogger(__name__)


def replay_of(
    services: Services,
    flow: LoadedFlow,
    run: RunRecord,
    caller_run_id: str | None = None,
    *,
    forced_by: str | None = None,
) -> RunRequest:
    """The replay of a run at the flow's present revision; of a run that was replayed, of what its replay has left.

    Asked for again, it is the same run. `forced_by` makes it another one.

    Raises:
        ParametersInvalid: the flow of today does not take the parameters of the run.
        RequestRefused: there is nothing to replay, or what there was is gone; or a lookup is missing.
    """
    while True:
        replay = _request(services, flow, run.request, caller_run_id, forced_by)
        owner = _owner(services, run.request)
        if owner is None or owner.published is None or owner.request.run_id == replay.run_id:
            break
        run = owner
    known = services.ledger.run(replay.run_id)
    if known is not None:
        return known.request
    _confirm_replayable(services, run, owner)
    return replay


def quarantined_uploads(
    services: Services, request: RunRequest, inbox: Path
) -> tuple[list[LocalUpload], dict[str, str]]:
    """The rows that the parent of a replay has quarantined, in `inbox`; with the SHA-256 of its uploads.

    Raises:
        UploadTooLarge: they do not fit into the scratch folder.
        UploadGone: the parent's dataset or quarantine was removed.
        UploadChanged: its quarantine is not what it wrote.
    """
    manifest = beside_dataset(services, request.flow, request.parent, layout.MANIFEST)
    if manifest is None:
        raise UploadGone(f"the dataset of run {request.parent} was removed, and with it how its uploads were written")
    refuse_bytes(services, "the quarantined rows", (int(file["size_bytes"]) for file in manifest["quarantine"]))
    files = tuple(_downloaded(services, request, file, inbox) for file in manifest["quarantine"])
    dialects = {dialect["upload"]: dialect for dialect in manifest["dialects"]}
    local = [LocalUpload(name, files[0], Quarantined(files, dialects[name])) for name in _uploads_in(files)]
    return local, {f"{upload['container']}/{upload['name']}": upload["sha256"] for upload in manifest["uploads"]}


def take_rows(services: Services, request: RunRequest) -> Ended | None:
    """The parent's quarantined rows are this replay's to publish; or why they are not.

    They change hands only where the replay that had them is over and has published nothing.
    """
    container, name = services.settings.quarantine_container, layout.replayed_by(request.flow, str(request.parent))
    mine = json.dumps({"run_id": request.run_id}).encode()
    while True:
        found = services.lake.read(container, name)
        if found is None:
            if services.lake.create(container, name, mine):
                return None
            continue
        owner = str(json.loads(found[0])["run_id"])
        if owner == request.run_id:
            return None
        if not _is_over_for_nothing(services, request.flow, owner):
            message = f"run {owner} publishes the quarantined rows of run {request.parent}; replay what it leaves"
            return Ended(status="rejected", uploads="rejected", reason=Reason(code="replayed_before", message=message))
        if services.lake.swap(container, name, mine, found[1]):
            log.info("run %s: takes over the rows that run %s did not publish", request.run_id, owner)
            return None


def confirm_rows_owned(services: Services, request: RunRequest) -> None:
    """A replay has the rows that it is about to publish; any other run has its own.

    Raises:
        LookupError: another replay took them over, since this one was given up for dead.
    """
    if request.parent is not None and _owner_id(services, request.flow, request.parent) != request.run_id:
        raise LookupError(f"run {request.run_id} was over, and another one replays run {request.parent} now")


def _is_over_for_nothing(services: Services, flow: str, run_id: str) -> bool:
    run = services.ledger.run(run_id)
    if run is None or run.finished_at is None or run.published is not None:
        return False
    return not has_dataset(services, flow, run_id)


def _owner(services: Services, request: RunRequest) -> RunRecord | None:
    run_id = _owner_id(services, request.flow, request.run_id)
    return services.ledger.run(run_id) if run_id else None


def _owner_id(services: Services, flow: str, parent: str) -> str | None:
    found = services.lake.read(services.settings.quarantine_container, layout.replayed_by(flow, parent))
    return str(json.loads(found[0])["run_id"]) if found else None


def _request(
    services: Services, flow: LoadedFlow, run: RunRequest, caller_run_id: str | None, forced_by: str | None
) -> RunRequest:
    """Its id covers the run and the flow's revision, and nothing that may differ from one call to the next."""
    bound = bound_parameters(flow, run.parameters)
    name, revision = flow.flow.name, flow.revision
    return RunRequest(
        run_id=run_id_of(name, revision, run.uploads, {}, bound, forced_by=forced_by, parent=run.run_id),
        flow=name,
        revision=revision,
        uploads=run.uploads,
        lookups=present_lookups(services, flow, [upload.name for upload in run.uploads]),
        parameters=bound,
        caller_run_id=caller_run_id or run.caller_run_id,
        fitted_from=_fitted_from(services, flow, run),
        parent=run.run_id,
    )


def _fitted_from(services: Services, flow: LoadedFlow, run: RunRequest) -> str | None:
    """The run itself where its steps are those of today: its rows and their supplement are then alike."""
    from transforms.flow.flow import Flow
    from transforms.flow.yaml_text import read_yaml

    manifest = beside_dataset(services, run.flow, run.run_id, layout.MANIFEST)
    if manifest and manifest["fitted"]:
        before = Flow.model_validate(read_yaml(manifest["source"])[0])
        if before.steps == flow.flow.steps:
            return run.run_id
    return fitted_run(services, flow, run.uploads)


def _confirm_replayable(services: Services, run: RunRecord, owner: RunRecord | None) -> None:
    run_id = run.request.run_id
    if run.finished_at is None:
        raise RequestRefused(409, "Run not over", f"run {run_id} still runs; ask again when it is over")
    if owner is not None and owner.finished_at is None:
        told = f"run {owner.request.run_id} replays run {run_id}; ask again when it is over"
        raise RequestRefused(409, "Run not over", told)
    if run.published is None:
        told = f"run {run_id} published nothing: POST /api/runs/{run_id}/rerun takes all its rows"
        raise RequestRefused(409, "Run not published", told)
    if not run.rows.quarantined:
        raise RequestRefused(409, "Nothing to replay", f"no row of run {run_id} is in quarantine")
    manifest = beside_dataset(services, run.request.flow, run_id, layout.MANIFEST)
    if manifest is None or not quarantine_files(services, run.request):
        told = f"the dataset or the quarantine of run {run_id} was removed; upload the rows again"
        raise RequestRefused(404, "Quarantine gone", told)
    formats = {str(dialect["format"]) for dialect in manifest["dialects"]}
    if strange := sorted(name for name in formats if not kept_as_text(name)):
        told = f"of {', '.join(strange)} no text of a row is kept; mend the flow and rerun {run_id} as a whole"
        raise RequestRefused(409, "Not replayable", told)


def _downloaded(services: Services, request: RunRequest, file: dict[str, Any], inbox: Path) -> Path:
    container = services.settings.quarantine_container
    name = layout.folder_of_quarantine(request.flow, str(request.parent)) + file["name"]
    version: Upload | None = services.lake.version_of(container, name)
    if version is None:
        raise UploadGone(f"{container}/{name}, which has quarantined rows of run {request.parent}, was removed")
    path = inbox / Path(name).name
    if services.lake.download(version, path) != file["sha256"]:
        raise UploadChanged(f"{container}/{name} is not what run {request.parent} wrote there")
    return path


def _uploads_in(files: tuple[Path, ...]) -> list[str]:
    import pyarrow.parquet as pq

    names: set[str] = set()
    for file in files:
        found = pq.read_table(file, columns=["upload"], partitioning=None).column(0).unique()
        names.update(str(name) for name in found.to_pylist())
    return sorted(names)
