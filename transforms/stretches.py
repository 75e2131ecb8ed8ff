"""Stretches: rows that follow each other become one relation, whatever columns each stretch of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.relation import ROW, Relation, quoted, relation_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


MOST_IN_A_VIEW = 128
"""The engine keeps buffers for each SELECT of a view that is read, however few its rows are."""


@dataclass(frozen=True)
class Stretch:
    """Rows with the same columns: a SELECT that gives `__row` and them; every `__row` is below `numbers`."""

    select: str
    columns: tuple[str, ...]
    numbers: int


def in_one(connection: DuckDBPyConnection, name: str, stretches: Sequence[Stretch]) -> Relation:
    """The stretches are one view of that name, or a table where they are many, one after the other.

    Shape:
        Columns in the order in which they are met first; where a stretch lacks one, it is null. Without any
        stretch there are neither columns nor rows.
    Example:
        >>> import duckdb
        >>> connection = duckdb.connect()
        >>> first = Stretch("SELECT 0 AS __row, 7 AS id", ("id",), 1)
        >>> second = Stretch("SELECT 0 AS __row, 8 AS n", ("n",), 1)
        >>> both = in_one(connection, "both", [first, second])
        >>> connection.execute(f"FROM {both.sql}").fetchall()
        [(0, 7, None), (1, None, 8)]
    """
    columns = dict.fromkeys(column for stretch in stretches for column in stretch.columns)
    selects, before = [], 0
    for stretch in stretches:
        values = [quoted(name) if name in stretch.columns else f"NULL AS {quoted(name)}" for name in columns]
        selects.append(f"SELECT {ROW} + {before}::BIGINT AS {ROW}, {', '.join(values)} FROM ({stretch.select})")
        before += stretch.numbers
    nothing = [f"SELECT 0::BIGINT AS {ROW} WHERE false"]
    everything = " UNION ALL ".join(selects or nothing)
    if len(selects) <= MOST_IN_A_VIEW:
        connection.execute(f"CREATE VIEW {quoted(name)} AS {everything}")
        return relation_of(connection, name)
    connection.execute(f"CREATE TABLE {quoted(name)} AS {everything} LIMIT 0")
    table = relation_of(connection, name)
    # Straight into the type that fits all: on the way through that of a few, 5 could become the text 5.0.
    fitting = ", ".join(f"CAST({quoted(column)} AS {kind})" for column, kind in table.columns.items())
    cast = [f"SELECT {ROW}, {fitting} FROM ({select})" for select in selects]
    for start in range(0, len(cast), MOST_IN_A_VIEW):
        connection.execute(f"INSERT INTO {table.sql} {' UNION ALL '.join(cast[start : start + MOST_IN_A_VIEW])}")
    return table
