"""Part files: what one part leaves for the reduce, in the engine's own format, so that no type is lost on the way.

part.duckdb
|-- rows_0, rows_1, …    rows that kept the contract, in order; a table for each set of columns
`-- quarantine           the others, where the flow keeps them
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.conservation import confirm_ingest, confirm_part
from transforms.draft import Rejection, RowCounts, StepCount
from transforms.gathering import Facts, Gathered
from transforms.ingest import good_rows
from transforms.quarantine import QUARANTINE, quarantined
from transforms.relation import ROW, Relation, number, quoted, text
from transforms.stretches import Stretch, in_one

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Contract
    from transforms.gathering import Job

_PART = "part"
_ROWS = "rows_"
_GATHERED = "gathered"


@dataclass(frozen=True)
class Part:
    """What one part of a run left: its file, and what is known besides. `facts.counts` are of this part alone."""

    path: Path
    facts: Facts


@contextmanager
def part_file(connection: DuckDBPyConnection, path: Path) -> Iterator[None]:
    """Inside, tables can be put into the new file; afterwards it is whole."""
    connection.execute(f"ATTACH {text(path.as_posix())} AS {_PART}")
    yield
    # What is not checkpointed is in a log beside the file, and the file alone travels.
    connection.execute(f"CHECKPOINT {_PART}")
    connection.execute(f"DETACH {_PART}")


def store_rows(connection: DuckDBPyConnection, relations: Sequence[Relation]) -> None:
    """The relations are in the part file, in this order."""
    for place, relation in enumerate(relations):
        connection.execute(f"CREATE TABLE {_PART}.{_ROWS}{place} AS SELECT * FROM {relation.sql}")


def store_quarantine(connection: DuckDBPyConnection) -> None:
    """The table `quarantine` is in the part file."""
    connection.execute(f"CREATE TABLE {_PART}.{QUARANTINE} AS SELECT * FROM {QUARANTINE}")


def alike(connection: DuckDBPyConnection, gathered: Gathered, contract: Contract) -> list[Relation]:
    """The rows, one relation for uploads that follow each other with the same columns, of the same types."""
    found = [
        list(uploads) for _, uploads in groupby(gathered.uploads, lambda upload: tuple(upload.kept_unknown.items()))
    ]
    if len(found) == 1:
        return [gathered.rows]
    return [good_rows(connection, uploads, contract, f"alike_{place}") for place, uploads in enumerate(found)]


def load_parts(connection: DuckDBPyConnection, job: Job, parts: Sequence[Part]) -> Gathered:
    """The rows and the quarantine of all parts are at hand, one part after the other, each counted anew.

    Raises:
        RowsLost: a part holds other rows than it said, or the counts of all disagree.
    """
    for place, part in enumerate(parts):
        connection.execute(f"ATTACH {text(part.path.resolve().as_posix())} AS {_PART}_{place} (READ_ONLY)")
    rejection = next((part.facts.rejection for part in parts if part.facts.rejection), None)
    stretches = [] if rejection else [
        stretch for place, part in enumerate(parts) for stretch in _confirmed(connection, place, part)
    ]  # fmt: skip
    counts = _counts_together([part.facts.counts for part in parts], stepped=rejection is None)
    if job.keeps_bad_rows:
        counts = _quarantined_together(connection, job, parts, counts)
    confirm_ingest(counts)
    return Gathered(in_one(connection, _GATHERED, stretches), _together(parts, counts, rejection))


def _confirmed(connection: DuckDBPyConnection, place: int, part: Part) -> Iterator[Stretch]:
    found = 0
    for stretch, rows in _stretches(connection, f"{_PART}_{place}"):
        found += rows
        yield stretch
    confirm_part(part.facts.counts, found, place)


def _stretches(connection: DuckDBPyConnection, database: str) -> Iterator[tuple[Stretch, int]]:
    """Each table of rows, and how many there are."""
    tables = number(connection, f"""
        SELECT count(*) FROM duckdb_tables() WHERE database_name = {text(database)} AND table_name <> {text(QUARANTINE)}
    """)  # fmt: skip
    for place in range(tables):
        table = f"{database}.{_ROWS}{place}"
        columns = [str(row[0]) for row in connection.execute(f"DESCRIBE {table}").fetchall()]
        values = ", ".join(quoted(column) for column in columns)
        numbers = number(connection, f"SELECT max({ROW}) + 1 FROM {table}")
        rows = number(connection, f"SELECT count(*) FROM {table}")
        names = tuple(column for column in columns if column != ROW)
        yield Stretch(f"SELECT {values} FROM {table}", names, numbers), rows


def _quarantined_together(
    connection: DuckDBPyConnection, job: Job, parts: Sequence[Part], counts: RowCounts
) -> RowCounts:
    """The counts, once the quarantine of all parts is at hand; of more rows than it may take it has the first ones."""
    selects, uploads = [], 0
    for place, part in enumerate(parts):
        selects.append(f"SELECT * REPLACE (place + {uploads} AS place) FROM {_PART}_{place}.{QUARANTINE}")
        uploads += len(part.facts.dialects)
    everything, most = " UNION ALL ".join(selects), job.most_quarantined
    bad = counts.quarantined + counts.dropped
    if most is None or bad <= most:
        connection.execute(f"CREATE VIEW {QUARANTINE} AS {everything}")
        return replace(counts, quarantined=quarantined(connection))
    connection.execute(f"""
        CREATE TABLE {QUARANTINE} AS
        SELECT * FROM ({everything}) QUALIFY dense_rank() OVER (ORDER BY place, record) <= {most}""")
    return replace(counts, quarantined=quarantined(connection), dropped=bad - most)


def _counts_together(counts: Sequence[RowCounts], *, stepped: bool) -> RowCounts:
    return RowCounts(
        read=sum(of_part.read for of_part in counts),
        good=sum(of_part.good for of_part in counts),
        quarantined=sum(of_part.quarantined for of_part in counts),
        dropped=sum(of_part.dropped for of_part in counts),
        steps=tuple(_step_together(step) for step in zip(*(of_part.steps for of_part in counts), strict=True))
        if stepped
        else (),
        published=0,
    )


def _step_together(counts: Sequence[StepCount]) -> StepCount:
    return StepCount(
        counts[0].step,
        rows_in=sum(step.rows_in for step in counts),
        removed=sum(step.removed for step in counts),
        added=sum(step.added for step in counts),
        rows_out=sum(step.rows_out for step in counts),
    )


def _together(parts: Sequence[Part], counts: RowCounts, rejection: Rejection | None) -> Facts:
    facts = [part.facts for part in parts]
    nonfinite = Counter[str]()
    for of_part in facts:
        nonfinite.update(of_part.nonfinite)
    return Facts(
        counts=counts,
        ragged=sum(of_part.ragged for of_part in facts),
        dialects=tuple(dialect for of_part in facts for dialect in of_part.dialects),
        nonfinite=dict(nonfinite),
        missing=tuple(missing for of_part in facts for missing in of_part.missing),
        rejection=rejection,
    )
