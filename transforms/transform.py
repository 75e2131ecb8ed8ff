"""Transform: local uploads of one flow become a draft of a dataset.

stage -> parse + contract -> steps -> files + profile -> checks
             `-> quarantine    (rows are counted at every station, see conservation)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.checks import rejection_of, run_checks
from transforms.column_types import contract_type
from transforms.conservation import confirm_ingest, confirm_steps
from transforms.draft import DataFile, Draft, Limits, LocalUpload, Rejection, RowCounts
from transforms.drift_checks import check_drift
from transforms.engine import open_engine
from transforms.errors import EmptyResult, StepFailed, UnreadableUpload
from transforms.flow.load import LoadedFlow
from transforms.flow.parameters import bind_parameters
from transforms.formats.catalog import open_upload
from transforms.formats.opening import Opening
from transforms.ingest import ParsedUpload, good_rows, nonfinite_counts, parse_uploads
from transforms.lookups import load_lookups
from transforms.profile.measuring import profile_of
from transforms.profile.merging import merge_all
from transforms.quarantine import (
    bad_records,
    confirm_reasons,
    fill_quarantine,
    find_suspects,
    quarantined,
    ragged_records,
    top_reasons,
    write_quarantine,
)
from transforms.relation import Relation, row_count
from transforms.stages import READING, WRITING, OnStage, unwatched
from transforms.steps.apply import StepsResult, apply_steps
from transforms.steps.step import StepEnv
from transforms.unpack import Room
from transforms.writing import rows_in_footers, write_dataset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.flow import Flow
    from transforms.formats.reader import Reader


@dataclass(frozen=True)
class Job:
    """What one transform is asked to do, and where it may do it."""

    flow: Flow
    uploads: Sequence[LocalUpload]
    lookups: Mapping[str, Path]
    parameters: Mapping[str, Any]
    scratch: Path
    flows_folder: Path
    previous: Mapping[str, Any] | None
    fitted: Mapping[str, Any] | None
    on_stage: OnStage


@dataclass(frozen=True)
class Ingested:
    """The contract's verdict: good rows as a relation, bad ones in files, and how many of each."""

    uploads: Sequence[ParsedUpload]
    good: Relation
    counts: RowCounts
    quarantine: tuple[DataFile, ...]
    reasons: str
    ragged: int

    @property
    def dialects(self) -> tuple[dict[str, Any], ...]:
        """How each upload is written."""
        return tuple({"upload": upload.reader.name, **upload.reader.dialect} for upload in self.uploads)


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
    Raises:
        FlowBroken, ParametersInvalid, UnreadableUpload, UploadTooLarge, ContractBroken: no row could be looked at.
            Whatever is found later is a `rejection` of the draft, which has the quarantine.
        RowsLost: independent counts disagree.
    """
    recipe = flow.flow if isinstance(flow, LoadedFlow) else flow
    bound = bind_parameters(recipe.parameters, parameters)
    job = Job(recipe, uploads, lookups, bound, scratch.resolve(), flows_folder, previous, fitted, on_stage)
    with open_engine(job.scratch, limits) as connection:
        room = Room(limits.scratch_bytes)
        ingested = _ingest(connection, job, room, limits.memory_bytes)
        if rejection := _contract_rejection(recipe, ingested):
            return _rejected(ingested, rejection)
        try:
            return _finish(connection, job, room, ingested)
        except (UnreadableUpload, StepFailed, EmptyResult) as error:
            return _rejected(ingested, Rejection(error.code, str(error)))


def _rejected(ingested: Ingested, rejection: Rejection) -> Draft:
    return Draft((), ingested.quarantine, ingested.counts, dialects=ingested.dialects, rejection=rejection)


def _ingest(connection: DuckDBPyConnection, job: Job, room: Room, memory_bytes: int) -> Ingested:
    job.on_stage(READING)
    options = job.flow.source.options
    contract = job.flow.contract.written_with(options.decimal, options.thousands)
    readers = [_open(connection, job, upload, order, room) for order, upload in enumerate(job.uploads)]
    uploads = parse_uploads(connection, readers, contract, job.parameters, memory_bytes)
    for upload in uploads:
        find_suspects(connection, upload)
    bad = sum(bad_records(connection, upload) for upload in uploads)
    keeps_bad = contract.bad_rows != "drop"
    if keeps_bad:
        fill_quarantine(connection, uploads)
        confirm_reasons(connection)
    good = good_rows(connection, uploads, contract)
    counts = RowCounts(
        read=sum(reader.records for reader in readers),
        good=row_count(connection, good),
        quarantined=quarantined(connection) if keeps_bad else 0,
        dropped=0 if keeps_bad else bad,
        steps=(),
        published=0,
    )
    confirm_ingest(counts)
    files = write_quarantine(connection, job.scratch / "quarantine", job.flow.output.rows_per_file) if keeps_bad else ()
    reasons = top_reasons(connection) if keeps_bad and bad else ""
    ragged = sum(ragged_records(connection, upload) for upload in uploads)
    return Ingested(uploads, good, counts, files, reasons, ragged)


def _finish(connection: DuckDBPyConnection, job: Job, room: Room, ingested: Ingested) -> Draft:
    read = ingested.counts.read
    why = f"none of {read:,} records keeps the contract" if read else "there is a header, but not a single record"
    _refuse_nothing(ingested.counts.good, why)
    lookups = load_lookups(connection, job.flow.lookups, job.lookups, job.scratch, room)
    env = StepEnv(lookups, job.parameters, job.flows_folder, job.scratch, job.fitted, job.on_stage)
    result = apply_steps(connection, ingested.good, job.flow, env)
    _refuse_nothing(row_count(connection, result.relation), "the steps removed every row")
    job.on_stage(WRITING)
    files, profile = _written(connection, job, result)
    counts = RowCounts(**(vars(ingested.counts) | {"steps": result.counts, "published": rows_in_footers(files)}))
    confirm_steps(counts)
    checks = run_checks(connection, result.relation, job.flow.sql_checks, job.parameters)
    drifts = [check_drift(drift, job.previous, profile, f"checks[{place}]")
              for place, drift in job.flow.drift_checks.items()]  # fmt: skip
    checks += tuple(found for drifted in drifts for found in drifted.results)
    rejection = rejection_of(checks)
    return Draft(
        () if rejection else files,
        ingested.quarantine,
        counts if not rejection else RowCounts(**(vars(counts) | {"published": 0})),
        dialects=ingested.dialects,
        schema=_schema(result.relation, profile),
        profile=profile,
        fitted=result.fitted,
        checks=checks,
        drift={name: column for drifted in drifts for name, column in drifted.columns.items()},
        notes=(
            *_notes(connection, job, ingested),
            *result.notes,
            *(note for drifted in drifts for note in drifted.notes),
        ),
        rejection=rejection,
    )


def _written(
    connection: DuckDBPyConnection, job: Job, result: StepsResult
) -> tuple[tuple[DataFile, ...], dict[str, Any]]:
    """The dataset's files, and the profile of all of them together."""
    profiles: list[dict[str, Any]] = []
    files = write_dataset(
        connection,
        result.relation,
        job.flow.output,
        job.scratch / "data",
        _split_column(job.flow, result.relation),
        watch=lambda part: profiles.append(profile_of(connection, part)),
        reading=result.reading,
    )
    return files, merge_all(profiles)


def _open(connection: DuckDBPyConnection, job: Job, upload: LocalUpload, order: int, room: Room) -> Reader:
    folder, source = job.scratch / f"upload_{order}", job.flow.source
    return open_upload(Opening(upload, folder, source.format, source.options, job.flow.contract, room, connection))


def _contract_rejection(flow: Flow, ingested: Ingested) -> Rejection | None:
    counts = ingested.counts
    if flow.source.options.ragged_rows == "reject" and ingested.ragged:
        message = f"{ingested.ragged:,} of {counts.read:,} records have too few or too many fields; allowed are none"
        return Rejection("contract_broken", f"{message} (ragged_rows: reject). See the quarantine, mend the data.")
    bad = counts.quarantined + counts.dropped
    refused = flow.contract.bad_rows == "reject" and bad > 0
    if not refused and flow.contract.max_bad_rows.allows(bad, counts.read):
        return None
    limit = "none" if refused else flow.contract.max_bad_rows.described
    found = f" ({ingested.reasons})" if ingested.reasons else ""
    message = f"{bad:,} of {counts.read:,} records break the contract{found}; allowed are {limit}"
    return Rejection("contract_broken", f"{message}. See the quarantine, mend the data or the contract.")


def _refuse_nothing(rows: int, why: str) -> None:
    if not rows:
        raise EmptyResult(f"no row is left to train on: {why}")


def _split_column(flow: Flow, relation: Relation) -> str | None:
    """The column that the flow's split left, unless a later step took it away."""
    columns = [str(step.says.column) for step in flow.steps if step.verb == "split"]
    return columns[-1] if columns and columns[-1] in relation.columns else None


def _schema(relation: Relation, profile: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Names and types as the contract has them; `nullable` says what is in the data."""
    return tuple(
        {"name": name, "type": contract_type(kind), "nullable": profile["columns"][name]["nulls"] > 0}
        for name, kind in relation.columns.items()
    )


def _notes(connection: DuckDBPyConnection, job: Job, ingested: Ingested) -> tuple[str, ...]:
    contract = job.flow.contract
    naive = [name for name, column in contract.columns.items() if column.type == "timestamp" and not column.zone]
    notes = [f"Column {name} has no zone: times written without an offset were read as UTC." for name in naive]
    nonfinite = nonfinite_counts(connection, ingested.uploads, contract)
    notes += [
        f"Column {name}: {count:,} values were NaN or infinite, and are null." for name, count in nonfinite.items()
    ]
    missing = dict.fromkeys(
        f"Column {name} is missing in {upload.reader.name}, and null." for upload in ingested.uploads
        for name in upload.layout.missing
    )  # fmt: skip
    learns_itself = ["There is no earlier dataset: what the steps apply was learnt from this one."]
    return (*notes, *missing, *(learns_itself if job.flow.fitted and job.fitted is None else ()))
