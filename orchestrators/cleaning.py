"""Cleaning up: what dead runs left behind, and what a flow no longer wants to keep.

staging      folders of runs that are over
output       folders without a manifest, of runs that are over
scratch      folders of transforms that were killed
datasets     past the flow's `keep.datasets`, but never the latest, nor one that a newer one refers to,
             nor a supplement of one that stays
quarantine   past the flow's `keep.quarantine`
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus

from orchestrators import layout
from orchestrators.messages import Upload
from orchestrators.scratch import SCRATCH_PREFIX
from orchestrators.services import Services, now

log = logging.getLogger(__name__)

DEAD_AFTER = timedelta(days=1)
"""Nothing younger is a leftover: its run may still be writing."""

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
"""Before any history: the purge wants a start."""

OVER = (
    OrchestrationRuntimeStatus.Completed,
    OrchestrationRuntimeStatus.Failed,
    OrchestrationRuntimeStatus.Terminated,
    OrchestrationRuntimeStatus.Canceled,
)

Folders = Mapping[str, list[Upload]]


@dataclass(frozen=True)
class Leftover:
    """A folder that nobody needs any more, and why."""

    container: str
    prefix: str
    why: str


def clean_up(services: Services, *, dry_run: bool = False, at: datetime | None = None) -> list[Leftover]:
    """Everything that nobody needs is gone, or only told where `dry_run`; each of it is logged."""
    leftovers = find_leftovers(services, at or now())
    for leftover in leftovers:
        if not dry_run:
            services.lake.delete_under(leftover.container, leftover.prefix)
        done = "would remove" if dry_run else "removed"
        log.info("clean-up: %s %s/%s: %s", done, leftover.container, leftover.prefix, leftover.why)
    if not dry_run:
        _remove_scratch(services, at or now())
    return leftovers


async def clean_up_with_history(services: Services, client: DurableOrchestrationClient) -> None:
    """Everything that nobody needs is gone, histories of runs that ended long ago included."""
    await asyncio.to_thread(clean_up, services)
    until = now() - timedelta(days=services.settings.keep_history_days)
    purged = await client.purge_instance_history_by(BEGINNING, until, list(OVER))
    log.info("clean-up: purged the history of %d plan(s)", purged.instances_deleted)


def find_leftovers(services: Services, at: datetime) -> list[Leftover]:
    """Every folder that may go, by container and name."""
    settings = services.settings
    output = _folders(services, settings.output_container, depth=2)
    datasets = {prefix: blobs for prefix, blobs in output.items() if _manifest(prefix, blobs)}
    unpublished = {prefix: blobs for prefix, blobs in output.items() if prefix not in datasets}
    found = [
        *_dead(services, settings.staging_container, _folders(services, settings.staging_container, depth=1), at),
        *_dead(services, settings.output_container, unpublished, at),
        *_old_datasets(services, datasets, at),
        *_old_quarantine(services, at),
    ]
    return sorted(found, key=lambda leftover: (leftover.container, leftover.prefix))


def _folders(services: Services, container: str, depth: int) -> Folders:
    """The blobs of a container by their first folders; blobs that lie higher are no part of it."""
    folders: dict[str, list[Upload]] = defaultdict(list)
    for blob in services.lake.versions_in(container):
        parts = blob.name.split("/")
        if len(parts) > depth:
            folders["/".join(parts[:depth]) + "/"].append(blob)
    return folders


def _manifest(prefix: str, blobs: list[Upload]) -> Upload | None:
    return next((blob for blob in blobs if blob.name == prefix + layout.MANIFEST), None)


def _dead(services: Services, container: str, folders: Folders, at: datetime) -> Iterator[Leftover]:
    for prefix, blobs in folders.items():
        if max(blob.last_modified for blob in blobs) > at - DEAD_AFTER:
            continue
        run = services.ledger.run(prefix.rstrip("/").rpartition("/")[2])
        if run is None or run.finished_at:
            yield Leftover(container, prefix, "its run is over and published nothing of it")


def _old_datasets(services: Services, datasets: Folders, at: datetime) -> Iterator[Leftover]:
    for name, flow in services.flows.good.items():
        keep = flow.flow.keep.datasets
        if keep is None:
            continue
        own = {prefix: blobs for prefix, blobs in datasets.items() if prefix.startswith(f"{name}/")}
        old = {prefix for prefix, blobs in own.items() if _is_older(_manifest(prefix, blobs), at - keep)}
        for prefix in sorted(old - _needed(services, name, set(own), old)):
            yield Leftover(services.settings.output_container, prefix, f"older than keep.datasets of {name}")


def _is_older(manifest: Upload | None, moment: datetime) -> bool:
    return manifest is not None and manifest.last_modified <= moment


def _needed(services: Services, flow: str, prefixes: set[str], old: set[str]) -> set[str]:
    """The young datasets, the latest, those that one that stays refers to, and the supplements of those that stay."""
    refers = {prefix: _references(services, prefix) for prefix in prefixes}
    needed = (prefixes - old) | {layout.folder_of_dataset(flow, run_id) for run_id in _latest(services, flow)}
    while True:
        more = {
            layout.folder_of_dataset(flow, run_id) for prefix in needed for run_id in refers.get(prefix, {}).values()
        }
        more |= {
            prefix for prefix in prefixes if layout.folder_of_dataset(flow, refers[prefix].get("parent", "")) in needed
        }
        if more <= needed:
            return needed
        needed |= more


def _latest(services: Services, flow: str) -> set[str]:
    found = services.lake.read(services.settings.output_container, layout.latest(flow))
    return {str(json.loads(found[0])["run_id"])} if found else set()


def _references(services: Services, prefix: str) -> dict[str, str]:
    """The runs whose dataset this one was made of, or made or checked with."""
    found = services.lake.read(services.settings.output_container, prefix + layout.MANIFEST)
    manifest = json.loads(found[0]) if found else {}
    return {name: str(manifest[name]) for name in ("previous", "fitted_from", "parent") if manifest.get(name)}


def _old_quarantine(services: Services, at: datetime) -> Iterator[Leftover]:
    container = services.settings.quarantine_container
    for prefix, blobs in _folders(services, container, depth=2).items():
        flow = services.flows.good.get(prefix.split("/")[0])
        keep = flow.flow.keep.quarantine if flow else None
        if keep is not None and max(blob.last_modified for blob in blobs) <= at - keep:
            yield Leftover(container, prefix, f"older than keep.quarantine of {prefix.split('/')[0]}")


def _remove_scratch(services: Services, at: datetime) -> None:
    for folder in services.settings.scratch_folder.glob(f"{SCRATCH_PREFIX}*"):
        if datetime.fromtimestamp(folder.stat().st_mtime, UTC) <= at - DEAD_AFTER:
            shutil.rmtree(folder, ignore_errors=True)
            log.info("clean-up: removed scratch folder %s", folder.name)
