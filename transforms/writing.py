"""Writing: a query's rows become files that are named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.data_formats import DATA_FORMATS, stored_rows
from transforms.draft import DataFile
from transforms.flow.output import Output
from transforms.relation import ROW, Relation, quoted, text
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
    """The relation is in files under `folder`, a folder for each value of its column `split`.

    `watch` sees each file's rows once, as a table, while they are at hand. The relation is read inside `reading`.

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
    if split is None:
        return _write(connection, relation, folder, output, watch=watch, reading=reading)
    with reading():
        values = connection.execute(f"SELECT DISTINCT {quoted(split)} FROM {relation.sql} ORDER BY ALL").fetchall()
    return tuple(
        file
        for (value,) in values
        for file in _write(
            connection,
            relation,
            folder / value,
            output,
            only=(split, value),
            watch=watch,
            reading=reading,
        )
    )


def write_parquet(
    connection: DuckDBPyConnection, relation: Relation, folder: Path, rows_per_file: int
) -> tuple[DataFile, ...]:
    """The rows of the relation are in Parquet files in `folder`, in order; no row, no file."""
    return _write(connection, relation, folder, Output(rows_per_file=rows_per_file))


def rows_in_footers(files: Sequence[DataFile]) -> int:
    """The number of rows that the files themselves say they hold, in a footer or record by record."""
    return sum(file.rows for file in files)


def _write(
    connection: DuckDBPyConnection,
    relation: Relation,
    folder: Path,
    output: Output,
    *,
    only: tuple[str, str] | None = None,
    watch: Callable[[Relation], None] | None = None,
    reading: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[DataFile, ...]:
    """Files of the rows, or of those that have a value in a column."""
    data_format = DATA_FORMATS[output.format]
    columns = ", ".join(_in_utc(name, kind) for name, kind in relation.columns.items())
    rows = f"{relation.sql} WHERE {f'{quoted(only[0])} = {text(only[1])}' if only else 'true'}"
    with reading():
        spans = spans_of(connection, rows, output.rows_per_file)
    files = []
    for number, span in enumerate(spans):
        with reading():
            part = _part(connection, f"SELECT {columns} FROM {rows} AND {span} ORDER BY {ROW}")
        if watch:
            watch(part)
        folder.mkdir(parents=True, exist_ok=True)
        unnamed = folder / f"part-{number:05d}"
        data_format.write(connection, stored_rows(part, data_format), unnamed, output.packing)
        files.append(_named(unnamed, output, only[1] if only else None))
        connection.execute(f"DROP TABLE {part.sql}")
    return tuple(files)


def _part(connection: DuckDBPyConnection, select: str) -> Relation:
    """A table of its own for the rows of a file.

    Only what comes sorted, and from a table, has row groups of one size: others, and so the bytes, depend on threads.
    """
    connection.execute(f"CREATE TEMP TABLE {_PART} AS {select}")
    described = connection.execute(f"DESCRIBE {_PART}").fetchall()
    return Relation(_PART, {str(row[0]): str(row[1]) for row in described})


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
