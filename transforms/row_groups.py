"""Row groups: the rows of a query leave the engine as Arrow, in order, as many at a time as a file keeps together.

relation ─► batches, as the engine makes them ─► pieces of 2,048 rows ─► groups
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from transforms.errors import RowsLost
from transforms.relation import ROW

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

ROWS_PER_GROUP = 122_880
"""DuckDB's own row group: a column of it packs well, and all of it is quickly held."""

MOST_BYTES = 32 << 20
"""Of a group: rows that are very wide share it with fewer others."""

ROWS_PER_PIECE = 2048
"""The engine's own vector. Groups end after whole pieces, so that they do not depend on threads."""


_BYTES_A_VALUE = 8
_JOIN = re.compile(r"\b(JOIN|IN)\b", re.IGNORECASE)


class RowGroups:
    """The rows of a query that has `__row`, in its order, to be taken off group by group."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        """Nothing was taken yet."""
        self._reader = reader
        self._varying = [place for place, kind in enumerate(reader.schema.types) if _varies(kind)]
        self._bytes_a_row = _BYTES_A_VALUE * (len(reader.schema.types) - len(self._varying))
        self._held: list[pa.RecordBatch] = []
        self._last_row = -1

    def take(self, most: int) -> pa.Table | None:
        """The next rows, at most so many, and none of them twice; None after the last one.

        Raises:
            RowsLost: the engine did not keep the order.
            duckdb.Error: the query failed on a row.
        """
        import pyarrow as pa

        pieces: list[pa.RecordBatch] = []
        rows = size = 0
        while rows < min(most, ROWS_PER_GROUP) and size < MOST_BYTES:
            piece = self._piece(min(most - rows, ROWS_PER_PIECE))
            if not piece:
                break
            pieces += piece
            rows += sum(batch.num_rows for batch in piece)
            size += sum(self._bytes_of(batch) for batch in piece)
        return pa.Table.from_batches(pieces).combine_chunks() if pieces else None

    def _piece(self, rows: int) -> list[pa.RecordBatch]:
        """Exactly so many rows, or the last ones."""
        found: list[pa.RecordBatch] = []
        while rows:
            if not self._held:
                batch = self._read()
                if batch is None:
                    break
                self._held.append(batch)
            batch = self._held.pop()
            found.append(batch.slice(0, rows))
            if batch.num_rows > rows:
                self._held.append(batch.slice(rows))
            rows -= found[-1].num_rows
        return found

    def _bytes_of(self, batch: pa.RecordBatch) -> int:
        return batch.num_rows * self._bytes_a_row + sum(_bytes_of(batch.column(place)) for place in self._varying)

    def _read(self) -> pa.RecordBatch | None:
        import numpy as np

        with engine_errors():
            batch = next((batch for batch in self._reader if batch.num_rows), None)
        if batch is None:
            return None
        # Not `to_numpy`: it imports pandas, which takes a quarter of a second.
        rows = np.from_dlpack(batch.column(ROW))
        if rows[0] <= self._last_row or (np.diff(rows) <= 0).any():
            raise RowsLost("rows came out of order; nothing is published: this is a fault of the app, report it")
        self._last_row = int(rows[-1])
        return batch


@contextmanager
def row_groups(connection: DuckDBPyConnection, query: str, *, may_join: bool = True) -> Iterator[RowGroups]:
    """The rows of the query are at hand, in `__row` order; the connection can do nothing else until the end.

    Shape:
        `query` reads a view or table in its order; where it `may_join` and a view does, it is sorted.
    Example:
        >>> import duckdb
        >>> connection = duckdb.connect()
        >>> with row_groups(connection, "SELECT i AS __row FROM range(5) r(i)") as groups:
        ...     [groups.take(3).num_rows, groups.take(3).num_rows, groups.take(3)]
        [3, 2, None]
    """
    ordered = f"{query} ORDER BY {ROW}" if may_join and _joins(connection) else query
    with engine_errors():
        reader = connection.sql(ordered).to_arrow_reader(ROWS_PER_PIECE)
    try:
        yield RowGroups(reader)
    finally:
        reader.close()


@contextmanager
def engine_errors() -> Iterator[None]:
    """Inside, what the engine says through Arrow is an error of the engine's own kinds again."""
    import duckdb

    try:
        yield
    except OSError as error:
        kind, said, _ = str(error).partition(" Error: ")
        known = {name.casefold(): found for name, found in vars(duckdb).items() if name.endswith("Exception")}
        found = known.get(f"{kind.replace(' ', '')}Exception".casefold())
        if not said or found is None:
            raise
        raise found(str(error)) from None


def _joins(connection: DuckDBPyConnection) -> bool:
    """True where a view says JOIN or IN: of a long list the engine makes a join.

    Its plan would tell exactly, but writes out the millions of bits of rows that steps have removed.
    """
    views = connection.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
    return any(_JOIN.search(sql) for (sql,) in views)


def _varies(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_nested(kind)


def _bytes_of(column: Any) -> int:
    """The size of the values alone: bitmaps depend on how rows are cut into batches."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return pc.sum(pc.binary_length(column)).as_py() or 0
    if pa.types.is_map(kind):
        entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return _bytes_of(column.cast(pa.list_(entry)))
    if pa.types.is_list(kind):
        return _bytes_of(column.flatten())
    if pa.types.is_struct(kind):
        return sum(_bytes_of(child) for child in column.flatten())
    return len(column) * _BYTES_A_VALUE
