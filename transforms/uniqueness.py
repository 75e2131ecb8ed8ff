"""Uniqueness: the one rule that looks at many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transforms.relation import quoted, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Contract

REPEATED = "repeated"


def mark_repeated(connection: DuckDBPyConnection, tables: Sequence[str], contract: Contract, bad: str) -> None:
    """Rows that repeat a value of a unique column are bad, and listed in the table `repeated`.

    Shape:
        repeated: (upload, parsed, column, value), `parsed` from 0. Of the rows with the same value the first
        that keeps all its other rules stays. A null repeats nothing.
    """
    connection.execute(f'CREATE TABLE {REPEATED} (upload BIGINT, parsed BIGINT, "column" VARCHAR, "value" VARCHAR)')
    for name in (name for name, column in contract.columns.items() if column.unique):
        _list_repeated(connection, tables, name, bad)
    for order, table in enumerate(tables):
        connection.execute(
            f"UPDATE {quoted(table)} SET {bad} = true WHERE rowid IN (SELECT parsed FROM {REPEATED} WHERE upload = ?)",
            [order],
        )


def _list_repeated(connection: DuckDBPyConnection, tables: Sequence[str], name: str, bad: str) -> None:
    having = _tables_with(connection, tables, name)
    if not having:
        return
    rows = " UNION ALL ".join(
        f"SELECT {order}::BIGINT AS upload, rowid AS parsed, {quoted(name)} AS value, {bad} AS bad FROM {quoted(table)}"
        for order, table in having
    )
    connection.execute(f"""
        INSERT INTO {REPEATED}
        WITH rows AS (SELECT * FROM ({rows}) WHERE value IS NOT NULL),
        first AS (
            SELECT value, coalesce(min((upload, parsed)) FILTER (NOT bad), min((upload, parsed))) AS kept
            FROM rows GROUP BY value HAVING count(*) > 1
        )
        SELECT upload, parsed, {text(name)}, value::VARCHAR FROM rows JOIN first USING (value)
        WHERE (upload, parsed) <> kept""")


def _tables_with(connection: DuckDBPyConnection, tables: Sequence[str], name: str) -> list[tuple[int, str]]:
    """The tables that have the column, with their order."""
    return [
        (order, table)
        for order, table in enumerate(tables)
        if name in {row[0] for row in connection.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    ]
