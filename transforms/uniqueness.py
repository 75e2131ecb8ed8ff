"""Uniqueness: the one kind of rule that looks at many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transforms.relation import quoted, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Contract

REPEATED = "repeated"


def mark_repeated(connection: DuckDBPyConnection, tables: Sequence[str], contract: Contract, bad: str) -> None:
    """Rows that repeat the value of a unique column, or the values of a key, are bad, and listed in `repeated`.

    Shape:
        repeated: (upload, parsed, column, value), `parsed` from 0; of a key, the columns and values in one text.
        Of the rows with the same values the first that keeps all its other rules stays. A null repeats nothing.
    """
    keys = [*((name,) for name, column in contract.columns.items() if column.unique), *contract.keys]
    if not keys:
        return
    prepare_repeated(connection)
    for key in keys:
        _list_repeated(connection, tables, key, bad)
    for order, table in enumerate(tables):
        connection.execute(
            f"UPDATE {quoted(table)} SET {bad} = true WHERE rowid IN (SELECT parsed FROM {REPEATED} WHERE upload = ?)",
            [order],
        )


def prepare_repeated(connection: DuckDBPyConnection) -> None:
    """The table `repeated` is there, and empty where no rows were looked at together."""
    columns = '(upload BIGINT, parsed BIGINT, "column" VARCHAR, "value" VARCHAR)'
    connection.execute(f"CREATE TABLE IF NOT EXISTS {REPEATED} {columns}")


def _list_repeated(connection: DuckDBPyConnection, tables: Sequence[str], key: tuple[str, ...], bad: str) -> None:
    having = _tables_with(connection, tables, key)
    if not having:
        return
    values = ", ".join(f"v{place}" for place in range(len(key)))
    renamed = ", ".join(f"{quoted(name)} AS v{place}" for place, name in enumerate(key))
    rows = " UNION ALL ".join(
        f"SELECT {order}::BIGINT AS upload, rowid AS parsed, {bad} AS bad, {renamed} FROM {quoted(table)}"
        for order, table in having
    )
    known = " AND ".join(f"v{place} IS NOT NULL" for place in range(len(key)))
    connection.execute(f"""
        INSERT INTO {REPEATED}
        WITH rows AS (SELECT * FROM ({rows}) WHERE {known}),
        first AS (
            SELECT {values}, coalesce(min((upload, parsed)) FILTER (NOT bad), min((upload, parsed))) AS kept
            FROM rows GROUP BY {values} HAVING count(*) > 1
        )
        SELECT upload, parsed, {text(", ".join(key))}, concat_ws(', ', {values})
        FROM rows JOIN first USING ({values}) WHERE (upload, parsed) <> kept""")


def _tables_with(connection: DuckDBPyConnection, tables: Sequence[str], key: tuple[str, ...]) -> list[tuple[int, str]]:
    """The tables that have all columns of the key, with their order."""
    return [
        (order, table)
        for order, table in enumerate(tables)
        if set(key) <= {row[0] for row in connection.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    ]
