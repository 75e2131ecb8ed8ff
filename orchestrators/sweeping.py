"""The sweep: uploads whose event was lost, that were held, or wait for a set; runs whose instance is gone or died.

An upload is on record before its run is: where a host died in between, nobody but the sweep knows of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus

from orchestrators.collecting import look_again
from orchestrators.errors import SweepIncomplete, Unavailable
from orchestrators.identity import canonical
from orchestrators.intake import take_upload
from orchestrators.ledger import Query, pages_of
from orchestrators.messages import Arrival, Outcome, Reason, RunRecord, RunRequest, Upload, UploadRecord, UploadSet
from orchestrators.reporting import settle_upload
from orchestrators.services import Services, now
from orchestrators.set_contents import OPEN
from orchestrators.starts import close_run, instance_status, start_run

log = logging.getLogger(__name__)

_PAGE = 1000
_DEAD = (
    OrchestrationRuntimeStatus.Failed,
    OrchestrationRuntimeStatus.Terminated,
    OrchestrationRuntimeStatus.Canceled,
)


async def sweep(services: Services, client: DurableOrchestrationClient) -> None:
    """Every upload since the first deployment is on record, and every open run has a live instance.

    Raises:
        SweepIncomplete: something failed for some of them; all others had their turn.
    """
    troubles: list[str] = []
    found = await asyncio.to_thread(find_unstarted, services, troubles)
    for request in found.requests:
        with _apart(troubles, f"run {request.run_id}"):
            await start_run(services, client, request)
    for of in found.sets:
        with _apart(troubles, str(of)):
            await look_again(services, client, of)
    for run in await asyncio.to_thread(find_open_runs, services):
        with _apart(troubles, f"open run {run.request.run_id}"):
            await _revive(services, client, run)
    if troubles:
        raise SweepIncomplete(troubles)


@contextmanager
def _apart(troubles: list[str], what: str) -> Iterator[None]:
    """What fails inside keeps nobody else from their turn; storage in trouble is everybody's."""
    try:
        yield
    except Unavailable:
        raise
    except Exception:
        log.exception("sweep: %s failed; the others go on", what)
        troubles.append(what)


@dataclass(frozen=True)
class Unstarted:
    """What the sweep found to start, and sets to look at."""

    requests: list[RunRequest]
    sets: list[UploadSet]


def find_unstarted(services: Services, troubles: list[str]) -> Unstarted:
    """What is to be done about the uploads that nobody has taken, and those that were held or wait for their set.

    `troubles` gets the name of each upload for which that could not be found out.
    """
    waiting = _waiting(services)
    untaken, present = _in_landing(services, waiting)
    to_do: list[RunRequest | Arrival] = []
    for upload in untaken:
        with _apart(troubles, f"upload {upload.name}"):
            to_do += _taken(take_upload(services, upload))
    for record in waiting:
        with _apart(troubles, f"upload {record.upload.name}"):
            there = present.get(record.upload.name)
            if there is None or there.version != record.upload.version:
                _settle_replaced(services, record, is_there=there is not None)
            else:
                to_do += _taken(take_upload(services, there, record))
    requests = [one for one in to_do if isinstance(one, RunRequest)]
    if requests:
        log.warning("sweep: %d upload(s) had no run: %s", len(requests), ", ".join(r.run_id for r in requests))
    sets = {canonical(one.of.to_dict()): one.of for one in to_do if isinstance(one, Arrival)}
    return Unstarted(requests, list(sets.values()))


def _taken(one: RunRequest | Arrival | None) -> list[RunRequest | Arrival]:
    return [one] if one else []


def _waiting(services: Services) -> list[UploadRecord]:
    """The records of uploads that nothing was decided about, or whose run nobody has opened."""
    found = [record for status in sorted(OPEN) for record in _of_status(services, status)]
    return found + _without_run(services)


def _of_status(services: Services, status: str) -> list[UploadRecord]:
    found = pages_of(services.ledger.uploads, Query(status=status, limit=_PAGE))
    return [record for record in found if record.upload.container == services.settings.landing_container]


def _without_run(services: Services) -> list[UploadRecord]:
    """Of the uploads that are said to run those whose run is not on record; where it is over, they now say so."""
    running = [record for record in _of_status(services, "running") if _is_settled(services, record.at)]
    opened = {run.request.run_id for run in pages_of(services.ledger.runs, Query(is_open=True, limit=_PAGE))}
    found = []
    for record in running:
        if record.run_id not in opened:
            run = services.ledger.run(record.run_id or "")
            if run is None:
                found.append(record)
            elif run.finished_at:
                settle_upload(services, record.upload, run)
    return found


def _is_settled(services: Services, moment: datetime) -> bool:
    """So long ago that whoever had it in hand is through with it."""
    return moment <= now() - timedelta(seconds=services.settings.sweep_grace_s)


def _in_landing(services: Services, waiting: list[UploadRecord]) -> tuple[list[Upload], dict[str, Upload]]:
    """Uploads that are on no record, and the present versions of those that wait."""
    # Storage tells times in whole seconds.
    since = services.ledger.first_deployed_at(now()).replace(microsecond=0)
    names = {record.upload.name for record in waiting}
    settled, present = [], {}
    for upload in services.lake.versions_in(services.settings.landing_container):
        if upload.name in names:
            present[upload.name] = upload
        if since <= upload.last_modified and _is_settled(services, upload.last_modified):
            settled.append(upload)
    return services.ledger.off_record(settled), present


def _settle_replaced(services: Services, record: UploadRecord, *, is_there: bool) -> None:
    """A version that waited, and that nobody can read any more, is told as superseded, or as gone."""
    told = "a newer version came" if is_there else "it was deleted"
    reason = Reason(
        code="upload_changed" if is_there else "upload_gone",
        message=f"{record.upload.container}/{record.upload.name}: {told} before it was read",
    )
    settled = record.model_copy(
        update={"status": "superseded" if is_there else "rejected", "at": now(), "reason": reason}
    )
    services.ledger.amend_upload(record.upload, partial(_unless_taken, seen=record, settled=settled))


def _unless_taken(found: UploadRecord, *, seen: UploadRecord, settled: UploadRecord) -> UploadRecord:
    return settled if found.status in OPEN or found == seen else found


def find_open_runs(services: Services) -> list[RunRecord]:
    """Runs that have been open for longer than the grace time."""
    pages = pages_of(services.ledger.runs, Query(is_open=True, limit=_PAGE))
    return [run for run in pages if _is_settled(services, run.started_at)]


async def _revive(services: Services, client: DurableOrchestrationClient, run: RunRecord) -> None:
    """An open run whose instance never came to be is started; one whose instance died is closed as failed."""
    status = await instance_status(client, run.request.run_id)
    if status is None:
        await start_run(services, client, run.request)
    elif status in _DEAD:
        reason = Reason(code="plan_died", message=f"the run's orchestration ended as {status.name}")
        outcome = Outcome(request=run.request, status="failed", uploads="failed", reason=reason)
        await close_run(services, client, outcome)
