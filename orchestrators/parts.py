"""The parts of a run: each is transformed into a file in staging, and the reduce makes one dataset of all of them.

uploads of a part ─► part-….duckdb, part-….json ─► reduce ─► data files, draft-….json
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrators import layout
from orchestrators.messages import Ended, PartDone, PartRequest, Reduction, Transformed
from orchestrators.scratch import Stopwatch, download, in_scratch, limits, refuse_bytes, refuse_what_cannot_fit
from orchestrators.services import Services, now
from orchestrators.transforming import learnt_before, stage, stage_draft, store
from transforms.flow.load import LoadedFlow

if TYPE_CHECKING:
    from transforms.part_files import Part

_SECONDS = ("download_s", "transform_s", "store_s")


def transform_part(services: Services, asked: PartRequest) -> PartDone:
    """The part's rows and quarantine are in a file in staging, and what else is known of it is in a document there.

    Bad data and a replaced upload are values; trouble with storage is raised, and retried by the plan.
    """
    done = in_scratch(services, asked.request, lambda flow, scratch: _transform_part(services, flow, asked, scratch))
    return PartDone(ended=done) if isinstance(done, Ended) else PartDone(document=done)


def reduce_parts(services: Services, asked: Reduction) -> Transformed:
    """The parts of a run have become what `transform_uploads` would leave of all its uploads."""
    done = in_scratch(services, asked.request, lambda flow, scratch: _reduce(services, flow, asked, scratch))
    return Transformed(ended=done) if isinstance(done, Ended) else done


def _transform_part(services: Services, flow: LoadedFlow, asked: PartRequest, scratch: Path) -> str:
    from transforms.dividing import lookups_per_part
    from transforms.transform import transform_part

    request, needed = asked.request, lookups_per_part(flow.flow)
    lookups = {name: version for name, version in request.lookups.items() if name in needed}
    refuse_what_cannot_fit(services, request.uploads, lookups.values())
    timings, clock = {"started_at": now().isoformat()}, Stopwatch()
    inbox = scratch / "inbox"
    inbox.mkdir()
    uploads, checksums = download(services, request.uploads, inbox, "upload")
    local, _ = download(services, lookups.values(), inbox, "lookup")
    seconds = {"download_s": clock.lap()}
    part = transform_part(
        flow,
        uploads,
        {name: lookup.path for name, lookup in zip(lookups, local, strict=True)},
        request.parameters,
        scratch=scratch,
        limits=limits(services),
        flows_folder=services.settings.flows_folder,
    )
    seconds["transform_s"] = clock.lap()
    with part.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kind = f"part-{asked.number:05}"
    name = f"{layout.staging_folder(request)}{kind}-{digest[:12]}.duckdb"
    services.lake.put_file(services.settings.staging_container, name, part.path)
    seconds["store_s"] = clock.lap()
    known = {"size_bytes": part.path.stat().st_size, "checksums": checksums, "facts": part.facts.to_dict()}
    return stage(services, request, kind, {"file": name, "sha256": digest, **known, "timings": timings | seconds})


@dataclass(frozen=True)
class _Staged:
    """A part as its document has it."""

    file: str
    sha256: str
    size_bytes: int
    checksums: Mapping[str, str]
    facts: Mapping[str, Any]
    timings: Mapping[str, Any]


def _reduce(services: Services, flow: LoadedFlow, asked: Reduction, scratch: Path) -> Transformed:
    from transforms.transform import reduce_parts

    request, clock = asked.request, Stopwatch()
    staged = [_staged(services, name) for name in asked.parts]
    sizes = (*(part.size_bytes for part in staged), *(lookup.size_bytes for lookup in request.lookups.values()))
    refuse_bytes(services, "the parts of the run", sizes)
    inbox = scratch / "inbox"
    inbox.mkdir()
    parts = [_brought(services, part, inbox / f"part-{place:05}.duckdb") for place, part in enumerate(staged)]
    lookups, lookup_checksums = download(services, request.lookups.values(), inbox, "lookup")
    seconds = {"download_s": clock.lap()}
    draft = reduce_parts(
        flow,
        parts,
        {name: local.path for name, local in zip(request.lookups, lookups, strict=True)},
        request.parameters,
        scratch=scratch,
        limits=limits(services),
        flows_folder=services.settings.flows_folder,
        **learnt_before(services, request),
    )
    seconds["transform_s"] = clock.lap()
    checksums = {name: digest for part in staged for name, digest in part.checksums.items()} | lookup_checksums
    timings = _together([part.timings for part in staged], seconds)
    return stage_draft(services, request, store(services, flow, request, draft, checksums=checksums, timings=timings))


def _staged(services: Services, name: str) -> _Staged:
    found = services.lake.read(services.settings.staging_container, name)
    if found is None:
        raise LookupError(f"staging holds no {name}, which a part of this run had left there")
    return _Staged(**json.loads(found[0]))


def _brought(services: Services, part: _Staged, to: Path) -> Part:
    """The file of a part, with the very bytes that the part left."""
    from transforms.gathering import Facts
    from transforms.part_files import Part

    version = services.lake.version_of(services.settings.staging_container, part.file)
    if version is None or services.lake.download(version, to) != part.sha256:
        raise LookupError(f"staging holds no {part.file}, or another one than a part of this run had left there")
    return Part(to, Facts.from_dict(part.facts))


def _together(of_parts: Sequence[Mapping[str, Any]], of_reduce: Mapping[str, float]) -> dict[str, Any]:
    """When the first part began, and the seconds of all parts and of the reduce: more than went by, side by side."""
    seconds = {name: round(sum(timings.get(name, 0) for timings in (*of_parts, of_reduce)), 3) for name in _SECONDS}
    return {"started_at": min(timings["started_at"] for timings in of_parts), **seconds}
