"""Transform: local uploads of one flow become a draft of a dataset, all at once or part by part.

gather (parse + contract) ------------------------------------------> finish (steps, files, checks)
gather -> row-wise steps -> part file  --.
gather -> row-wise steps -> part file  ---+-> load (count anew) ----> finish
                                          `   (rows are counted at every station, see conservation)
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.dividing import is_divisible, lookups_per_part, steps_per_part
from transforms.draft import Draft, Limits, LocalUpload, Rejection
from transforms.engine import SMALL_BYTES, open_engine
from transforms.errors import StepFailed, UnreadableUpload
from transforms.finishing import apply_places, finish
from transforms.flow.load import LoadedFlow
from transforms.flow.parameters import bind_parameters
from transforms.gathering import Facts, Gathered, Job, gather
from transforms.part_files import Part, alike, load_parts, part_file, store_quarantine, store_rows
from transforms.replaying import NOTE, for_supplements, is_replay
from transforms.stages import OnStage, unwatched
from transforms.unpack import Room

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.flow import Flow


MOST_UPLOADS = 100
"""In one engine: each upload has tables of its own, which take memory, however small it is."""


def transform(
    flow: LoadedFlow | Flow,
    uploads: Sequence[LocalUpload],
    lookups: Mapping[str, Path],
    parameters: Mapping[str, Any],
    *,
    scratch: Path,
    limits: Limits,
    flows_folder: Path,
    previous: Mapping[str, Any] | None = None,
    fitted: Mapping[str, Any] | None = None,
    on_stage: OnStage = unwatched,
) -> Draft:
    """Local uploads have become a draft: data files, quarantine, profile and counts, or the reason why not.

    `previous` is the profile of the dataset that drift checks compare with, where there is one. `fitted` is what
    an earlier dataset learnt: where it is given, it is applied again and nothing is learnt. `on_stage` is told each
    of the `stages_of` the flow when it begins.

    Shape:
        Rows keep (upload, record) order. Everything is written below `scratch`, a folder for this run alone.
        More than `MOST_UPLOADS` go part by part, one part after the other, where the flow `is_divisible`.
    Raises:
        FlowBroken, ParametersInvalid, UnreadableUpload, UploadTooLarge, ContractBroken: no row could be looked at.
            Whatever is found later is a `rejection` of the draft, which has the quarantine.
        RowsLost: independent counts disagree.
    """
    job = replace(
        _job(flow, lookups, parameters, (scratch, flows_folder), limits),
        previous=previous,
        fitted=fitted,
        on_stage=on_stage,
    )
    if is_replay(uploads):
        draft = _at_once(replace(job, flow=for_supplements(job.flow)), uploads, limits)
        return replace(draft, notes=(NOTE, *draft.notes))
    if len(uploads) > MOST_UPLOADS and is_divisible(job.flow):
        return _bring_together(job, _parts_in_turn(job, uploads, limits), limits)
    return _at_once(job, uploads, limits)


def transform_part(
    flow: LoadedFlow | Flow,
    uploads: Sequence[LocalUpload],
    lookups: Mapping[str, Path],
    parameters: Mapping[str, Any],
    *,
    scratch: Path,
    limits: Limits,
    flows_folder: Path,
) -> Part:
    """Some uploads of a run have gone through the contract and the flow's `steps_per_part`, into a file for the reduce.

    The flow `is_divisible`; of its lookups only the `lookups_per_part` are needed.

    Shape:
        Rows keep (upload, record) order. Everything is written below `scratch`, a folder for this part alone.
    Raises:
        As `transform`. A step that fails is a `rejection` of the part: it counts once the contract of the whole run
        is judged.
    """
    return _leave_part(_job(flow, lookups, parameters, (scratch, flows_folder), limits), uploads, limits)


def reduce_parts(
    flow: LoadedFlow | Flow,
    parts: Sequence[Part],
    lookups: Mapping[str, Path],
    parameters: Mapping[str, Any],
    *,
    scratch: Path,
    limits: Limits,
    flows_folder: Path,
    previous: Mapping[str, Any] | None = None,
    fitted: Mapping[str, Any] | None = None,
) -> Draft:
    """The parts of a run, in the order of its uploads, have become the draft that `transform` makes of all uploads.

    Shape:
        The same rows in the same order, the same quarantine, counts, profile and rejection. The files of the parts
        lie below `scratch`.
    Raises:
        FlowBroken, ParametersInvalid, UploadTooLarge: as `transform`.
        RowsLost: independent counts disagree, within a part, between parts and reduce, or in the reduce.
    """
    job = _job(flow, lookups, parameters, (scratch, flows_folder), limits)
    return _bring_together(replace(job, previous=previous, fitted=fitted), parts, limits)


def _job(
    flow: LoadedFlow | Flow,
    lookups: Mapping[str, Path],
    parameters: Mapping[str, Any],
    folders: tuple[Path, Path],
    limits: Limits,
) -> Job:
    recipe = flow.flow if isinstance(flow, LoadedFlow) else flow
    bound = bind_parameters(recipe.parameters, parameters)
    scratch, flows_folder = folders
    return Job(recipe, lookups, bound, scratch.resolve(), flows_folder, most_quarantined=limits.quarantine_rows)


def _at_once(job: Job, uploads: Sequence[LocalUpload], limits: Limits) -> Draft:
    room = Room(limits.scratch_bytes)
    with open_engine(job.scratch, limits, is_small=_is_small(job, uploads)) as connection:
        return finish(connection, job, room, gather(connection, job, uploads, room, limits.memory_bytes))


def _is_small(job: Job, uploads: Sequence[LocalUpload]) -> bool:
    if is_replay(uploads):
        return False  # it reads quarantines, in files of any size
    files = (*(upload.path for upload in uploads), *job.lookups.values())
    return sum(file.stat().st_size for file in files) < SMALL_BYTES


def _parts_in_turn(job: Job, uploads: Sequence[LocalUpload], limits: Limits) -> list[Part]:
    """The parts of all uploads; of the scratch folder each takes what the one before has left."""
    parts = []
    for place, start in enumerate(range(0, len(uploads), MOST_UPLOADS)):
        folder = job.scratch / "part"
        folder.mkdir()
        part = _leave_part(replace(job, scratch=folder), uploads[start : start + MOST_UPLOADS], limits)
        parts.append(replace(part, path=part.path.rename(job.scratch / f"part_{place}.duckdb")))
        shutil.rmtree(folder)
    return parts


def _leave_part(job: Job, uploads: Sequence[LocalUpload], limits: Limits) -> Part:
    room, path = Room(limits.scratch_bytes), job.scratch / "part.duckdb"
    with open_engine(job.scratch, limits) as connection:
        gathered = gather(connection, job, uploads, room, limits.memory_bytes)
        with part_file(connection, path):
            facts = _leave_rows(connection, job, room, gathered)
            if job.keeps_bad_rows:
                store_quarantine(connection)
    return Part(path, facts)


def _bring_together(job: Job, parts: Sequence[Part], limits: Limits) -> Draft:
    room = Room(limits.scratch_bytes)
    for part in parts:
        room.take(part.path.stat().st_size, part.path.name)
    with open_engine(job.scratch, limits) as connection:
        return finish(connection, job, room, load_parts(connection, job, parts))


def _leave_rows(connection: DuckDBPyConnection, job: Job, room: Room, gathered: Gathered) -> Facts:
    """The rows are in the part file, as far as the steps of a part let them; what is known of them now."""
    facts, places = gathered.facts, range(steps_per_part(job.flow))
    if not places:
        store_rows(connection, alike(connection, gathered, job.flow.contract))
        return facts
    lookups = lookups_per_part(job.flow)
    try:
        result = apply_places(connection, job, room, gathered.rows, places=places, lookups=lookups)
        with result.reading():
            store_rows(connection, [result.relation])
    except (UnreadableUpload, StepFailed) as error:
        return replace(facts, rejection=Rejection(error.code, str(error)))
    return replace(facts, counts=replace(facts.counts, steps=result.counts))
