"""Gathering: uploads have gone through the contract, and what is left is one relation, with everything that is known.

stage -> parse + contract -> good rows
             `-> quarantine    (the table; see quarantine)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from transforms.conservation import confirm_ingest
from transforms.draft import LocalUpload, Rejection, RowCounts
from transforms.formats.catalog import open_upload
from transforms.formats.opening import Opening
from transforms.ingest import ParsedUpload, good_rows, nonfinite_counts, parse_uploads
from transforms.quarantine import (
    confirm_reasons,
    damaged_records,
    fill_quarantine,
    find_suspects,
    quarantined,
    ragged_records,
)
from transforms.relation import Relation, row_count
from transforms.replaying import restore_records
from transforms.stages import READING, OnStage, unwatched

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.flow import Flow
    from transforms.formats.reader import Reader
    from transforms.unpack import Room


@dataclass(frozen=True)
class Job:
    """What one transform is asked to do, and where it may do it."""

    flow: Flow
    lookups: Mapping[str, Path]
    parameters: Mapping[str, Any]
    scratch: Path
    flows_folder: Path
    previous: Mapping[str, Any] | None = None
    fitted: Mapping[str, Any] | None = None
    on_stage: OnStage = unwatched
    most_quarantined: int | None = None
    """Rows that the quarantine may take; with more of them the run is rejected, and the first ones are kept."""

    @property
    def keeps_bad_rows(self) -> bool:
        """True where bad rows go to quarantine, and are not only counted."""
        return self.flow.contract.bad_rows != "drop"


@dataclass(frozen=True)
class Facts:
    """What is known of uploads besides their rows; plain values, so that it can travel.

    `nonfinite` counts values by column; `missing` has the upload of each (column, upload); `rejection` is what
    ended a step.
    """

    counts: RowCounts
    ragged: int
    dialects: tuple[dict[str, Any], ...]
    nonfinite: dict[str, int]
    missing: tuple[tuple[str, str], ...]
    rejection: Rejection | None = None

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain JSON."""
        return _json_of_facts().dump_python(self, mode="json")  # type: ignore[no-any-return]  # pydantic says Any

    @classmethod
    def from_dict(cls, document: Any) -> Facts:
        """The facts that `to_dict` wrote."""
        return _json_of_facts().validate_python(document)


@dataclass(frozen=True)
class Gathered:
    """Rows that kept the contract, in (upload, record) order, and what is known of all; bad ones are in quarantine."""

    rows: Relation
    facts: Facts
    uploads: Sequence[ParsedUpload] = field(default=())


def gather(
    connection: DuckDBPyConnection, job: Job, uploads: Sequence[LocalUpload], room: Room, memory_bytes: int
) -> Gathered:
    """The rows of the uploads that keep the contract are at hand, the others in the table `quarantine`, all counted.

    Raises:
        UnreadableUpload, UploadTooLarge, ContractBroken: an upload could not be looked at.
        RowsLost: independent counts disagree.
    """
    job.on_stage(READING)
    options = job.flow.source.options
    contract = job.flow.contract.written_with(options.decimal, options.thousands)
    readers = [_open(connection, job, upload, order, room) for order, upload in enumerate(uploads)]
    parsed = parse_uploads(connection, readers, contract, job.parameters, memory_bytes)
    suspects = [find_suspects(connection, upload) for upload in parsed]
    bad = sum(suspects) + sum(damaged_records(connection, upload) for upload in parsed)
    kept = 0
    if job.keeps_bad_rows:
        fill_quarantine(connection, parsed, suspects, job.most_quarantined)
    if job.keeps_bad_rows and bad:
        restore_records(connection, uploads)
        confirm_reasons(connection)
        kept = quarantined(connection)
    good = good_rows(connection, parsed, contract)
    most = job.most_quarantined if job.keeps_bad_rows else 0
    counts = RowCounts(
        read=sum(reader.records for reader in readers),
        good=row_count(connection, good),
        quarantined=kept,
        dropped=0 if most is None else max(0, bad - most),
        steps=(),
        published=0,
    )
    confirm_ingest(counts)
    facts = Facts(
        counts=counts,
        ragged=sum(map(partial(ragged_records, connection), parsed, suspects)),
        dialects=tuple({"upload": reader.name, **reader.dialect} for reader in readers),
        nonfinite=nonfinite_counts(connection, parsed, contract),
        missing=tuple((name, upload.reader.name) for upload in parsed for name in upload.layout.missing),
    )
    return Gathered(good, facts, parsed)


@cache
def _json_of_facts() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def _open(connection: DuckDBPyConnection, job: Job, upload: LocalUpload, order: int, room: Room) -> Reader:
    folder, source = job.scratch / f"upload_{order}", job.flow.source
    return open_upload(Opening(upload, folder, source.format, source.options, job.flow.contract, room, connection))
