"""Spans: ranges of `__row` that hold a known number of rows each, so that none before has to be read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from transforms.relation import ROW

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BIN = 1 << 16


def spans_of(connection: DuckDBPyConnection, rows: str, most: int) -> list[str]:
    """Conditions on `__row` that part the rows, in their order, into as few spans as hold at most so many each.

    Shape:
        `rows` is SQL after FROM that ends with a condition. Each span but the last holds exactly `most` rows.
    Example:
        >>> import duckdb
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i * 7 AS __row FROM range(5) r(i)")
        >>> spans_of(connection, "trips WHERE true", 2)
        ['(__row < 14)', '(__row >= 14 AND __row < 28)', '(__row >= 28)']
    """
    bins = connection.execute(
        f"SELECT {ROW} // {_BIN} AS bin, count(*) FROM {rows} GROUP BY bin ORDER BY bin"
    ).fetchall()
    starts = list(_starts(connection, rows, most, bins))
    if not starts:
        return ["true"] if bins else []
    middle = [f"({ROW} >= {low} AND {ROW} < {high})" for low, high in pairwise(starts)]
    return [f"({ROW} < {starts[0]})", *middle, f"({ROW} >= {starts[-1]})"]


def _starts(connection: DuckDBPyConnection, rows: str, most: int, bins: Sequence[tuple[int, int]]) -> Iterator[int]:
    """The first `__row` of every span but the first one, found in the bin that must hold it."""
    before, wanted = 0, most
    for place, size in bins:
        while before + size > wanted:
            [(start,)] = connection.execute(
                f"SELECT {ROW} FROM {rows} AND {ROW} >= {place * _BIN} AND {ROW} < {(place + 1) * _BIN} "
                f"ORDER BY {ROW} LIMIT 1 OFFSET {wanted - before}"
            ).fetchall()
            yield start
            wanted += most
        before += size
