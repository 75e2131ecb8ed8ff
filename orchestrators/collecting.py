"""Sets of uploads: each has its run once it is complete, or a plan that waits for that.

event ─► still to wait? ──yes──► a plan of its own looks again: when it may be quiet, and at the deadline
              `──────no───────► one claim for these versions ─► their run
sweep ─► the same, for every set that has an upload nobody decided about
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime
from functools import partial
from typing import Literal

from azure.durable_functions import DurableOrchestrationClient

from orchestrators import names
from orchestrators.identity import canonical
from orchestrators.messages import Arrival, RunRequest, SetState, UploadSet
from orchestrators.reporting import settle_upload
from orchestrators.services import Services, now
from orchestrators.set_claims import claim_rejection, claim_run
from orchestrators.set_contents import RECORDS_AT_ONCE, collect_of, contents_of, first_missing, known_of
from orchestrators.set_verdicts import judge
from orchestrators.side_by_side import side_by_side
from orchestrators.starts import keep_plan, start_run

log = logging.getLogger(__name__)


async def take_arrival(services: Services, client: DurableOrchestrationClient, arrival: Arrival) -> None:
    """The set that the upload belongs to has its run, or a plan that waits."""
    waits_for = await asyncio.to_thread(_waits_for, services, arrival.of)
    if waits_for is None:
        await look_again(services, client, arrival.of)
    else:
        may_be_quiet_by_now = waits_for == "quiet" and arrival.is_needed
        await keep_watch(client, arrival.of, look_now=may_be_quiet_by_now)


async def look_again(services: Services, client: DurableOrchestrationClient, of: UploadSet) -> None:
    """The set has its run if it can, and else a plan that looks at it just now."""
    state = await settle(services, client, of, now())
    if state.look_at is not None:
        await keep_watch(client, of, look_now=True)


async def settle(services: Services, client: DurableOrchestrationClient, of: UploadSet, at: datetime) -> SetState:
    """What can be decided about the set at this moment is decided, and its run started."""
    decided = await asyncio.to_thread(decide, services, of, at)
    if isinstance(decided, SetState):
        return decided
    record = await start_run(services, client, decided)
    if record.finished_at is not None:
        # Of a set that its run has held nothing more can be decided; its uploads are not to say that they wait.
        close = partial(settle_upload, services, closed=record)
        await asyncio.to_thread(side_by_side, close, decided.taken, RECORDS_AT_ONCE)
    return SetState(run_id=record.request.run_id)


def decide(services: Services, of: UploadSet, at: datetime) -> RunRequest | SetState:
    """The run that the set gets, on record and with its uploads; or how it stands without one."""
    flow = services.flows.good.get(of.flow)
    collect = collect_of(flow)
    if flow is None or collect is None or set(of.captures) != set(collect.by):
        return SetState()  # another revision by now: the sweep gives it what was left open
    contents = contents_of(services, flow, collect, of.captures)
    verdict = judge(collect, known_of(services, contents), at)
    if verdict.kind == "wait":
        return SetState(look_at=verdict.look_at)
    request = None
    if verdict.kind == "run":
        request = claim_run(services, flow, of, contents)
    elif verdict.kind == "reject":
        request = claim_rejection(services, flow, of, contents, verdict.why)
    if request is not None:
        log.info("%s: run %s over %d upload(s)", of, request.run_id, len(request.uploads))
    return request or SetState()


async def keep_watch(client: DurableOrchestrationClient, of: UploadSet, *, look_now: bool) -> None:
    """A plan of the set's own is there, which looks at it in time."""
    digest = hashlib.sha256(canonical(of.to_dict())).hexdigest()[:16]
    event = names.ARRIVED if look_now else None
    await keep_plan(client, names.COLLECT_UPLOADS, f"set-{of.flow}-{digest}", of, event=event)


def _waits_for(services: Services, of: UploadSet) -> Literal["blob", "quiet"] | None:
    """What the set waits for at least; None where nothing but a listing can tell."""
    flow = services.flows.good.get(of.flow)
    collect = collect_of(flow)
    if flow is None or collect is None:
        return None
    if first_missing(services, flow, collect, of.captures) is not None:
        return "blob"
    return "quiet" if collect.quiet else None
