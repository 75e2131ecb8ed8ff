"""Writing: a query's rows become files that are named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.data_formats import DATA_FORMATS, stored_rows
from transforms.draft import DataFile
from transforms.engine import count
from transforms.flow.output import Output
from transforms.relation import Relation, quoted, text

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
) -> tuple[DataFile, ...]:
    """The relation is in files under `folder`, a folder for each value of its column `split`.

    `watch` sees each file's rows once, as a table, while they are at hand.

    Shape:
        `part-00000-<hash>` and the format's ending, each of at most `rows_per_file` rows, in `__row` order and
        without `__row`.
        The same rows give the same bytes, whatever the number of threads.
    Units:
        Timestamps say that they are UTC (isAdjustedToUTC).
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
    columns = ", ".join(_in_utc(name, kind) for name, kind in relation.columns.items())
    select = f"SELECT {columns} FROM {relation.sql}"
    if split is None:
        return _write(connection, select, folder, output, watch=watch)
    values = connection.execute(f"SELECT DISTINCT {quoted(split)} FROM {relation.sql} ORDER BY ALL").fetchall()
    return tuple(
        file
        for (value,) in values
        for file in _write(
            connection,
            f"{select} WHERE {quoted(split)} = {text(value)}",
            folder / value,
            output,
            split=value,
            watch=watch,
        )
    )


def write_parquet(
    connection: DuckDBPyConnection, select: str, folder: Path, rows_per_file: int
) -> tuple[DataFile, ...]:
    """The rows of a query are in Parquet files in `folder`, in order; no row, no file."""
    return _write(connection, select, folder, Output(rows_per_file=rows_per_file))


def rows_in_footers(files: Sequence[DataFile]) -> int:
    """The number of rows that the files themselves say they hold, in a footer or record by record."""
    return sum(file.rows for file in files)


def _write(
    connection: DuckDBPyConnection,
    select: str,
    folder: Path,
    output: Output,
    *,
    split: str | None = None,
    watch: Callable[[Relation], None] | None = None,
) -> tuple[DataFile, ...]:
    data_format = DATA_FORMATS[output.format]
    files = []
    for number, part in enumerate(_parts(connection, select, output.rows_per_file)):
        folder.mkdir(parents=True, exist_ok=True)
        if watch:
            watch(part)
        unnamed = folder / f"part-{number:05d}"
        data_format.write(connection, stored_rows(part, data_format), unnamed, output.packing)
        files.append(_named(unnamed, output, split))
    return tuple(files)


def _parts(connection: DuckDBPyConnection, select: str, rows_per_file: int) -> Iterator[Relation]:
    """The next rows as a table, for as long as there are any.

    A file is written from a table of its own: only then do the row groups, and so the bytes, not depend on threads.
    """
    offset = 0
    while True:
        connection.execute(f"CREATE OR REPLACE TABLE {_PART} AS {select} LIMIT {rows_per_file} OFFSET {offset}")
        rows = count(connection, f"SELECT count(*) FROM {_PART}")
        if rows:
            described = connection.execute(f"DESCRIBE {_PART}").fetchall()
            yield Relation(_PART, {str(row[0]): str(row[1]) for row in described})
        if rows < rows_per_file:
            connection.execute(f"DROP TABLE {_PART}")
            return
        offset += rows


def _in_utc(name: str, kind: str) -> str:
    return f"timezone('UTC', {quoted(name)}) AS {quoted(name)}" if kind == "TIMESTAMP" else quoted(name)


def _named(unnamed: Path, output: Output, split: str | None) -> DataFile:
    data_format = DATA_FORMATS[output.format]
    with unnamed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = data_format.suffix(output.packing)
    path = unnamed.replace(unnamed.with_name(f"{unnamed.name}-{digest[:_HASH_DIGITS]}{suffix}"))
    name = f"{split}/{path.name}" if split else path.name
    return DataFile(name, path, data_format.rows(path), path.stat().st_size, digest, split)
