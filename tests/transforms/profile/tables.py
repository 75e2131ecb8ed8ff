"""Small tables and their profiles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from transforms.profile.measuring import profile_of
from transforms.relation import relation_of, row_count


def profile(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The profile of a table with these columns."""
    connection = _engine(threads=2)
    connection.register("given", pa.table(dict(columns)))
    return _profile(connection, "SELECT row_number() OVER () AS __row, * FROM given")


def numbers(sql: str, rows: int, threads: int = 2) -> dict[str, Any]:
    """The profile of a column `v` with a value for each `i` of so many rows."""
    return _profile(_engine(threads), f"SELECT i AS __row, {sql} AS v FROM range({rows}) r(i)")


def _profile(connection: duckdb.DuckDBPyConnection, select: str) -> dict[str, Any]:
    connection.execute(f"CREATE OR REPLACE TABLE t AS {select}")
    relation = relation_of(connection, "t")
    return profile_of(connection, relation, row_count(connection, relation))


@cache
def _engine(threads: int) -> duckdb.DuckDBPyConnection:
    """Opening an engine takes longer than most of these tests."""
    return duckdb.connect(config={"threads": threads})
