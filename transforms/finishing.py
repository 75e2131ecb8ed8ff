"""Finishing: gathered rows go through the steps that are left, and become a draft.

quarantine files -> contract's verdict -> steps -> files + profile -> checks
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from transforms.checks import rejection_of, run_checks
from transforms.column_types import contract_type
from transforms.conservation import confirm_steps
from transforms.draft import DataFile, Draft, Rejection
from transforms.drift_checks import check_drift
from transforms.errors import EmptyResult, StepFailed, UnreadableUpload
from transforms.lookups import load_lookups
from transforms.partitions import refuse_unfit, without_empty_texts
from transforms.profile.passing import passing
from transforms.quarantine import top_reasons, write_quarantine
from transforms.relation import Relation
from transforms.stages import WRITING
from transforms.steps.apply import StepsResult, apply_steps
from transforms.steps.step import StepEnv
from transforms.writing import rows_in_footers, stored_types, write_dataset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.flow import Flow
    from transforms.gathering import Facts, Gathered, Job
    from transforms.unpack import Room


def finish(connection: DuckDBPyConnection, job: Job, room: Room, gathered: Gathered) -> Draft:
    """What was gathered is a draft: data files, quarantine, profile and counts, or the reason why not.

    Shape:
        The steps that the rows have not gone through yet are applied; rows keep their order.
    Raises:
        RowsLost: independent counts disagree.
    """
    facts = gathered.facts
    folder, rows_per_file = job.scratch / "quarantine", job.flow.output.rows_per_file
    quarantine = write_quarantine(connection, folder, rows_per_file) if facts.counts.quarantined else ()
    rejection = _contract_rejection(connection, job, facts)
    try:
        if rejection is None:
            _refuse_nothing(facts.counts.good, _why_nothing(facts.counts.read))
            rejection = facts.rejection
        if rejection is None:
            return _finished(connection, job, room, gathered, quarantine)
    except (UnreadableUpload, StepFailed, EmptyResult) as error:
        rejection = Rejection(error.code, str(error))
    return Draft((), quarantine, replace(facts.counts, steps=()), dialects=facts.dialects, rejection=rejection)


def apply_places(
    connection: DuckDBPyConnection, job: Job, room: Room, rows: Relation, *, places: range, lookups: Collection[str]
) -> StepsResult:
    """The rows have gone through the steps at these places of the flow, with these of its lookups at hand.

    Raises:
        UnreadableUpload: a lookup is damaged.
        StepFailed: a step does not fit the columns, or fails on a row.
    """
    wanted = {name: lookup for name, lookup in job.flow.lookups.items() if name in lookups}
    loaded = load_lookups(connection, wanted, job.lookups, job.scratch, room)
    env = StepEnv(loaded, job.parameters, job.flows_folder, job.scratch, job.fitted, job.on_stage)
    return apply_steps(connection, rows, job.flow, env, places)


def _finished(
    connection: DuckDBPyConnection, job: Job, room: Room, gathered: Gathered, quarantine: tuple[DataFile, ...]
) -> Draft:
    facts = gathered.facts
    places = range(len(facts.counts.steps), len(job.flow.steps))
    result = apply_places(connection, job, room, gathered.rows, places=places, lookups=job.flow.lookups)
    steps = (*facts.counts.steps, *result.counts)
    rows = steps[-1].rows_out if steps else facts.counts.good
    _refuse_nothing(rows, "the steps removed every row")
    job.on_stage(WRITING)
    refuse_unfit(result.relation, job.flow.output.partition_by)
    with result.reading():
        relation, notes = without_empty_texts(connection, result.relation, job.flow.output.partition_by)
    result = replace(result, relation=relation, notes=(*result.notes, *notes))
    files, profile = _written(connection, job, result, rows)
    counts = replace(facts.counts, steps=steps, published=rows_in_footers(files))
    confirm_steps(counts)
    checks = run_checks(connection, result.relation, job.flow.sql_checks, job.parameters)
    drifts = [check_drift(drift, job.previous, profile, f"checks[{place}]")
              for place, drift in job.flow.drift_checks.items()]  # fmt: skip
    checks += tuple(found for drifted in drifts for found in drifted.results)
    rejection = rejection_of(checks)
    return Draft(
        () if rejection else files,
        quarantine,
        replace(counts, published=0) if rejection else counts,
        dialects=facts.dialects,
        schema=_schema(result.relation, profile),
        profile=profile,
        fitted=result.fitted,
        checks=checks,
        drift={name: column for drifted in drifts for name, column in drifted.columns.items()},
        notes=(*_notes(job, facts), *result.notes, *(note for drifted in drifts for note in drifted.notes)),
        rejection=rejection,
    )


def _written(
    connection: DuckDBPyConnection, job: Job, result: StepsResult, rows: int
) -> tuple[tuple[DataFile, ...], dict[str, Any]]:
    """The dataset's files, and the profile of all of them together."""
    with passing(connection, stored_types(result.relation.columns), rows) as seen:
        files = write_dataset(
            connection,
            result.relation,
            job.flow.output,
            job.scratch / "data",
            _split_column(job.flow, result.relation),
            watch=seen.add,
            reading=result.reading,
        )
        return files, seen.profile()


def _contract_rejection(connection: DuckDBPyConnection, job: Job, facts: Facts) -> Rejection | None:
    counts, contract = facts.counts, job.flow.contract
    if job.flow.source.options.ragged_rows == "reject" and facts.ragged:
        message = f"{facts.ragged:,} of {counts.read:,} records have too few or too many fields; allowed are none"
        return Rejection("contract_broken", f"{message} (ragged_rows: reject). See the quarantine, mend the data.")
    bad = counts.quarantined + counts.dropped
    refused = contract.bad_rows == "reject" and bad > 0
    if not refused and contract.max_bad_rows.allows(bad, counts.read):
        return _quarantine_rejection(job, bad)
    limit = "none" if refused else contract.max_bad_rows.described
    found = f" ({top_reasons(connection)})" if job.keeps_bad_rows else ""
    message = f"{bad:,} of {counts.read:,} records break the contract{found}; allowed are {limit}"
    return Rejection("contract_broken", f"{message}. See the quarantine, mend the data or the contract.")


def _quarantine_rejection(job: Job, bad: int) -> Rejection | None:
    most = job.most_quarantined
    if most is None or bad <= most or not job.keeps_bad_rows:
        return None
    return Rejection(
        "quarantine_full",
        f"{bad:,} records break the contract, and the quarantine of a run takes {most:,}; it has the first ones. "
        "Mend the data or the contract, or drop what breaks it (bad_rows: drop)",
    )


def _why_nothing(read: int) -> str:
    return f"none of {read:,} records keeps the contract" if read else "there is a header, but not a single record"


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


def _notes(job: Job, facts: Facts) -> tuple[str, ...]:
    columns = job.flow.contract.columns
    naive = [name for name, column in columns.items() if column.type == "timestamp" and not column.zone]
    notes = [f"Column {name} has no zone: times written without an offset were read as UTC." for name in naive]
    notes += [
        f"Column {name}: {facts.nonfinite[name]:,} values were NaN or infinite, and are null."
        for name in columns
        if name in facts.nonfinite
    ]
    missing = dict.fromkeys(f"Column {name} is missing in {upload}, and null." for name, upload in facts.missing)
    learns_itself = ["There is no earlier dataset: what the steps apply was learnt from this one."]
    return (*notes, *missing, *(learns_itself if job.flow.fitted and job.fitted is None else ()))
