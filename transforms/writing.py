"""Writing: a query's rows become files that are named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.data_formats import DATA_FORMATS, stored_rows
from transforms.draft import DataFile
from transforms.flow.output import Output
from transforms.partitions import Folder, folders_of
from transforms.relation import ROW, Relation, quoted
from transforms.spans import spans_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HASH_DIGITS = 12
_PART = "part"


def write_dataset(
    connection: DuckDBPyConnection,
    relation: Relation,
    output: Output,
    folder: Path,
    split: str | None,
    *,
    watch: Callable[[Relation], None],
    reading: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[DataFile, ...]:
    """The relation is in files under `folder`, a folder for each value of its column `split`, and of `partition_by`.

    `watch` sees all rows once, a table at a time. The relation is read inside `reading`.

    Shape:
        `part-00000-<hash>` and the format's ending, each of at most `rows_per_file` rows, in `__row` order and
        without `__row` and the columns that name the folders.
        The same rows give the same bytes, whatever the number of threads.
    Units:
        Timestamps say that they are UTC (isAdjustedToUTC).
    Raises:
        StepFailed: the columns of `partition_by` have too many different values.
    Example:
        >>> import duckdb, tempfile
        >>> from transforms.flow.output import Output
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i AS __row, i * i AS area FROM range(5) r(i)")
        >>> trips, output = relation_of(connection, "trips"), Output(rows_per_file=3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = write_dataset(connection, trips, output, Path(folder), None, watch=lambda part: None)
        >>> [(file.name[:10], file.rows) for file in files]
        [('part-00000', 3), ('part-00001', 2)]
    """
    rows, folders = folders_of(connection, relation, output.partition_by, split, reading)
    if output.partition_by:
        # Many folders mean many small files, and a profile of each would take longer than the rest.
        for part in _parts(connection, rows, "true", output.rows_per_file, nullcontext):
            watch(part)
        watch, reading = _nobody, nullcontext
    return tuple(
        file
        for number, place in enumerate(folders)
        for file in _write(
            connection,
            rows,
            folder / (str(number) if place.values else place.name),
            output,
            place,
            watch=watch,
            reading=reading,
        )
    )


def write_parquet(
    connection: DuckDBPyConnection, relation: Relation, folder: Path, rows_per_file: int
) -> tuple[DataFile, ...]:
    """The rows of the relation are in Parquet files in `folder`, in order; no row, no file."""
    everything = Folder("", "true")
    return tuple(_write(connection, relation, folder, Output(rows_per_file=rows_per_file), everything, watch=_nobody))


def rows_in_footers(files: Sequence[DataFile]) -> int:
    """The number of rows that the files themselves say they hold, in a footer or record by record."""
    return sum(file.rows for file in files)


def _write(
    connection: DuckDBPyConnection,
    relation: Relation,
    folder: Path,
    output: Output,
    place: Folder,
    *,
    watch: Callable[[Relation], None],
    reading: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[DataFile]:
    """Files of the rows that belong into one place of the dataset."""
    data_format = DATA_FORMATS[output.format]
    for number, part in enumerate(_parts(connection, relation, place.condition, output.rows_per_file, reading)):
        watch(part)
        folder.mkdir(parents=True, exist_ok=True)
        unnamed = folder / f"part-{number:05d}"
        stored = Relation(part.name, {name: kind for name, kind in part.columns.items() if name not in place.values})
        data_format.write(connection, stored_rows(stored, data_format), unnamed, output.packing)
        yield _named(unnamed, output, place)


def _parts(
    connection: DuckDBPyConnection,
    relation: Relation,
    condition: str,
    rows_per_file: int,
    reading: Callable[[], AbstractContextManager[None]],
) -> Iterator[Relation]:
    """The rows that fulfil a condition, in order, as tables of so many rows; each is gone when the next one comes."""
    columns = ", ".join(_in_utc(name, kind) for name, kind in relation.columns.items())
    rows = f"{relation.sql} WHERE {condition}"
    with reading():
        spans = spans_of(connection, rows, rows_per_file)
    for span in spans:
        with reading():
            part = _part(connection, f"SELECT {columns} FROM {rows} AND {span} ORDER BY {ROW}")
        yield part
        connection.execute(f"DROP TABLE {part.sql}")


def _nobody(part: Relation) -> None:
    """Watches nothing."""


def _part(connection: DuckDBPyConnection, select: str) -> Relation:
    """A table of its own for the rows of a file.

    Only what comes sorted, and from a table, has row groups of one size: others, and so the bytes, depend on threads.
    """
    connection.execute(f"CREATE TEMP TABLE {_PART} AS {select}")
    described = connection.execute(f"DESCRIBE {_PART}").fetchall()
    return Relation(_PART, {str(row[0]): str(row[1]) for row in described})


def _in_utc(name: str, kind: str) -> str:
    return f"timezone('UTC', {quoted(name)}) AS {quoted(name)}" if kind == "TIMESTAMP" else quoted(name)


def _named(unnamed: Path, output: Output, place: Folder) -> DataFile:
    data_format = DATA_FORMATS[output.format]
    with unnamed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = data_format.suffix(output.packing)
    path = unnamed.replace(unnamed.with_name(f"{unnamed.name}-{digest[:_HASH_DIGITS]}{suffix}"))
    size_bytes, rows = path.stat().st_size, data_format.rows(path)
    return DataFile(place.name + path.name, path, rows, size_bytes, digest, place.split, place.values)
