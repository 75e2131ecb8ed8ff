"""A relation: one DuckDB table or view on an open connection, rows in a known order.

Every relation has a hidden column `__row` (BIGINT): unique, never null, the position of the row in
(upload, record) order. What people see, and what a flow may name, are `columns`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

ROW = "__row"
"""The hidden column. Names that start with two underscores are reserved for such columns."""


def quoted(name: str) -> str:
    """An identifier, safe in SQL.

    Example:
        >>> quoted('the "old" id')
        '"the ""old"" id"'
    """
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A string literal, safe in SQL.

    Example:
        >>> text("O'Hare")
        "'O''Hare'"
    """
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True)
class Relation:
    """A table or view: its name in the connection, and its columns (name -> DuckDB type) without `__row`.

    `may_join` is false where it is known that no view it is made of joins, which would give up the order.
    """

    name: str
    columns: Mapping[str, str]
    may_join: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @property
    def sql(self) -> str:
        """The quoted name, to be used after FROM."""
        return quoted(self.name)

    def only(self, quoted_names: Iterable[str]) -> Relation:
        """The same table or view, known by these columns alone."""
        names = set(quoted_names)
        columns = {name: kind for name, kind in self.columns.items() if quoted(name) in names}
        return replace(self, columns=columns)


def relation_of(connection: DuckDBPyConnection, name: str) -> Relation:
    """The relation that a table or view of this name holds.

    Raises:
        ValueError: it has no column `__row`.
    Example:
        >>> import duckdb
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT 1::BIGINT AS __row, 7::INTEGER AS id")
        >>> dict(relation_of(connection, "trips").columns)
        {'id': 'INTEGER'}
    """
    described = connection.execute(f"DESCRIBE {quoted(name)}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in described}
    if columns.pop(ROW, None) is None:
        raise ValueError(f"{name} has no column {ROW}; found {', '.join(columns)}")
    return Relation(name, columns)


def arrow_table(connection: DuckDBPyConnection, query: str) -> pa.Table:
    """All rows of the query, in memory."""
    found: pa.Table = connection.sql(query).to_arrow_table()
    return found


def row_count(connection: DuckDBPyConnection, relation: Relation) -> int:
    """The number of rows, counted now."""
    return number(connection, f"SELECT count(*) FROM {relation.sql}")


def number(connection: DuckDBPyConnection, query: str) -> int:
    """The one whole number that the query gives, 0 for a null.

    All of the result is fetched: DuckDB keeps a connection in use while a result is not read to its end.
    """
    rows = connection.execute(query).fetchall()
    return int(rows[0][0] or 0)
