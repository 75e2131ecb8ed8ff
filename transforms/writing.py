"""Writing: a query's rows become Parquet files that are named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.draft import DataFile
from transforms.engine import count
from transforms.relation import Relation, quoted, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.output import Output

ROWS_PER_GROUP = 122_880
"""DuckDB's own row group: whole groups pass from a table to a file as they are."""

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
        `part-00000-<hash>.parquet`, each of at most `rows_per_file` rows, in `__row` order, without `__row`.
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
    columns = ", ".join(_stored(name, kind) for name, kind in relation.columns.items())
    select = f"SELECT {columns} FROM {relation.sql}"
    if split is None:
        return write_parquet(connection, select, folder, output.rows_per_file, output.compression, watch=watch)
    values = connection.execute(f"SELECT DISTINCT {quoted(split)} FROM {relation.sql} ORDER BY ALL").fetchall()
    return tuple(
        file
        for (value,) in values
        for file in write_parquet(
            connection,
            f"{select} WHERE {quoted(split)} = {text(value)}",
            folder / value,
            output.rows_per_file,
            output.compression,
            split=value,
            watch=watch,
        )
    )


def write_parquet(
    connection: DuckDBPyConnection,
    select: str,
    folder: Path,
    rows_per_file: int,
    compression: str = "zstd",
    *,
    split: str | None = None,
    watch: Callable[[Relation], None] | None = None,
) -> tuple[DataFile, ...]:
    """The rows of a query are in Parquet files in `folder`, in order; no row, no file."""
    files = []
    for number, _ in enumerate(_parts(connection, select, rows_per_file)):
        folder.mkdir(parents=True, exist_ok=True)
        if watch:
            described = connection.execute(f"DESCRIBE {_PART}").fetchall()
            watch(Relation(_PART, {str(row[0]): str(row[1]) for row in described}))
        unnamed = folder / f"part-{number:05d}.parquet"
        codec = "uncompressed" if compression == "none" else compression
        connection.execute(
            f"COPY {_PART} TO {text(unnamed.as_posix())} "
            f"(FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {ROWS_PER_GROUP})"
        )
        files.append(_named(unnamed, split))
    return tuple(files)


def rows_in_footers(files: Sequence[DataFile]) -> int:
    """The number of rows that the files themselves say they hold."""
    return sum(file.rows for file in files)


def _parts(connection: DuckDBPyConnection, select: str, rows_per_file: int) -> Iterator[int]:
    """The table `part` holds the next rows, for as long as there are any.

    A file is written from a table of its own: only then do the row groups, and so the bytes, not depend on threads.
    """
    offset = 0
    while True:
        connection.execute(f"CREATE OR REPLACE TABLE {_PART} AS {select} LIMIT {rows_per_file} OFFSET {offset}")
        rows = count(connection, f"SELECT count(*) FROM {_PART}")
        if rows:
            yield rows
        if rows < rows_per_file:
            connection.execute(f"DROP TABLE {_PART}")
            return
        offset += rows


def _stored(name: str, kind: str) -> str:
    return f"timezone('UTC', {quoted(name)}) AS {quoted(name)}" if kind == "TIMESTAMP" else quoted(name)


def _named(unnamed: Path, split: str | None) -> DataFile:
    import pyarrow.parquet as pq

    with unnamed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = unnamed.replace(unnamed.with_name(f"{unnamed.stem}-{digest[:_HASH_DIGITS]}.parquet"))
    with pq.ParquetFile(path) as written:
        rows = written.metadata.num_rows
    name = f"{split}/{path.name}" if split else path.name
    return DataFile(name, path, rows, path.stat().st_size, digest, split)
