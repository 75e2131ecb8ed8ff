"""Measuring: a table becomes a profile. Columns are looked at one by one; rows are never looped over.

1. a sample of the rows, by a hash of their place, so that it is the same in every run
2. of a column with few values in the sample: each value, counted; all else follows from these
3. of the others: counts, extremes and moments in one pass; distribution and frequent values from the sample;
   the number of distinct values from their hashes

Of a small table the statements take longer than their work: the columns share them where they can.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.profile.column import MOST_VALUES, ColumnProfile, Lengths, most_frequent, rounded
from transforms.profile.hashes import MOST_HASHES, Hashes, hashes_of
from transforms.profile.kinds import (
    LONGEST_VALUE,
    as_label,
    as_length,
    as_number,
    as_ordered,
    comparable,
    kind_of,
    shown_value,
)
from transforms.profile.points import points_of, scaled
from transforms.relation import ROW, Relation, number, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.profile.points import Numbers

SAMPLE_ROWS = 65_536
"""Ranks in a sample of this size have a standard error of 0.2 %, as much as half a slice of `points`."""

_SAMPLE = "profiled"
_COUNTABLE = frozenset({"number", "moment", "text", "truth"})
_RAREST = 1000
"""Of many values, one that makes up less than 1 in 1000 of a sample is not frequent, it was drawn."""
_functions: dict[str, str] = {}
_SPARE = 2
"""Among so many times the hashes that are kept, there are enough of them."""


@dataclass(frozen=True)
class _Table:
    """The table that is measured, and its sample."""

    connection: DuckDBPyConnection
    sql: str
    rows: int
    sample: str
    sampled: int
    function: str
    """Tells hash functions apart: they are the engine's own."""

    @property
    def is_complete(self) -> bool:
        """True where the sample has every row."""
        return self.sampled == self.rows


@dataclass(frozen=True)
class _Drawn:
    """The hashes of a column's values, and the numbers of the sample where they are numbers."""

    hashes: Hashes
    numbers: Numbers | None


def profile_of(
    connection: DuckDBPyConnection, relation: Relation, rows: int, sample_rows: int = SAMPLE_ROWS
) -> dict[str, Any]:
    """Of so many rows: for each column counts, extremes, moments, distribution, frequent values and lengths are known.

    Shape:
        Counts, extremes, moments and lengths are exact. So are `distinct`
        and `top` of columns with few values; those of others, and distributions of large tables, are estimates,
        the same in every run. Moments and distributions leave out nulls, NaN and infinity.
    Units:
        Times are UTC in ISO 8601; `std` is that of a sample.
    Source:
        See `points` and `hashes`.
    Example:
        >>> import duckdb
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i AS __row, i::DOUBLE AS km FROM range(5) r(i)")
        >>> profile = profile_of(connection, relation_of(connection, "trips"), 5)
        >>> profile["rows"], profile["columns"]["km"]["mean"], profile["columns"]["km"]["max"]
        (5, 2.0, 4.0)
    """
    with _sampled(connection, relation, rows, sample_rows) as table:
        spread = _spread(table, relation)
        columns = {
            name: _counted(table, name, sql_type)
            for name, sql_type in relation.columns.items()
            if spread[name] <= MOST_VALUES and kind_of(sql_type) in _COUNTABLE
        }
        others = {name: kind for name, kind in relation.columns.items() if name not in columns}
        facts, drawn = _facts(table, others), _drawn(table, others, spread)
        columns |= {name: _estimated(table, name, kind, facts[name], drawn[name]) for name, kind in others.items()}
    return {"rows": rows, "columns": {name: columns[name].to_json() for name in relation.columns}}


@contextmanager
def _sampled(connection: DuckDBPyConnection, relation: Relation, rows: int, sample_rows: int) -> Iterator[_Table]:
    function = _hash_function(connection)
    if rows <= sample_rows:
        yield _Table(connection, relation.sql, rows, relation.sql, rows, function)
        return
    one_in = -(-rows // sample_rows)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS SELECT * FROM {relation.sql} WHERE hash({ROW}) % {one_in} = 0"
    )
    try:
        sampled = number(connection, f"SELECT count(*) FROM {_SAMPLE}")
        yield _Table(connection, relation.sql, rows, _SAMPLE, sampled, function)
    finally:
        connection.execute(f"DROP TABLE {_SAMPLE}")


def _hash_function(connection: DuckDBPyConnection) -> str:
    """Of values of every kind that is hashed: the engine may change its functions with any version."""
    import duckdb

    if duckdb.__version__ not in _functions:
        [(told,)] = connection.execute("SELECT format('{:016x}', hash(hash('probe'), hash(1), hash(0.5)))").fetchall()
        _functions[duckdb.__version__] = told
    return _functions[duckdb.__version__]


def _facts(table: _Table, columns: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What one pass over the table tells of each column."""
    wanted = {name: _wanted(name, sql_type) for name, sql_type in columns.items()}
    expressions = [sql for of_column in wanted.values() for sql in of_column.values()]
    if not expressions:
        return {}
    found = iter(table.connection.execute(f"SELECT {', '.join(expressions)} FROM {table.sql}").fetchall()[0])
    return {name: {fact: shown_value(next(found)) for fact in of_column} for name, of_column in wanted.items()}


def _wanted(name: str, sql_type: str) -> dict[str, str]:
    column, kind = quoted(name), kind_of(sql_type)
    wanted = {"count": f"count({column})"}
    if kind in ("number", "moment"):
        wanted |= {"numbers": f"count({as_number(name, sql_type)})"}
    if kind == "number":
        wanted |= {"mean": f"avg({as_number(name, sql_type)})", "std": f"stddev_samp({as_number(name, sql_type)})"}
    if kind == "text":
        # Cut at the end: a text that is cut stays on the same side of every other one.
        wanted |= {what: f"left({what}({column}::VARCHAR), {LONGEST_VALUE})" for what in ("min", "max")}
    elif kind not in ("sized", "other"):
        wanted |= {what: f"{what}({as_ordered(name, sql_type)})" for what in ("min", "max")}
    if kind in ("text", "sized"):
        wanted |= {f"{what}_length": f"{what}({as_length(name, sql_type)})" for what in ("min", "max", "avg")}
    return wanted


def _spread(table: _Table, relation: Relation) -> dict[str, int]:
    """About how many values each column has in the sample."""
    counted = ", ".join(f"approx_count_distinct({quoted(name)})" for name in relation.columns)
    found = table.connection.execute(f"SELECT {counted} FROM {table.sample}").fetchall()[0] if counted else ()
    return dict(zip(relation.columns, found, strict=True))


def _drawn(table: _Table, columns: Mapping[str, str], spread: Mapping[str, int]) -> dict[str, _Drawn]:
    """What the values themselves tell of each column."""
    found = _of_sample(table, columns)
    return {
        name: _Drawn(
            hashes_of(table.function, found[f"h{place}"])
            if table.is_complete
            else _smallest_hashes(table, name, spread[name]),
            found.get(f"n{place}"),
        )
        for place, name in enumerate(columns)
    }


def _of_sample(table: _Table, columns: Mapping[str, str]) -> dict[str, Any]:
    """The hashes h0, h1, … of all values, where all are there, and the numbers n0, n1, … where these are numbers."""
    import numpy as np

    wanted = {}
    for place, (name, sql_type) in enumerate(columns.items()):
        if table.is_complete:
            wanted[f"h{place}"] = f"CASE WHEN {quoted(name)} IS NOT NULL THEN hash({quoted(name)}) END"
        if kind_of(sql_type) in ("number", "moment"):
            wanted[f"n{place}"] = as_number(name, sql_type)
    if not wanted:
        return {}
    values = ", ".join(f"{sql} AS {to}" for to, sql in wanted.items())
    found = table.connection.execute(f"SELECT {values} FROM {table.sample}").fetchnumpy()
    return {to: np.ma.compressed(known) for to, known in found.items()}


def _estimated(table: _Table, name: str, sql_type: str, facts: dict[str, Any], drawn: _Drawn) -> ColumnProfile:
    """A column of many values, or of values that are not counted."""
    kind = kind_of(sql_type)
    lengths = [facts[f"{what}_length"] for what in ("min", "max", "avg")] if kind in ("text", "sized") else []
    return ColumnProfile(
        type=sql_type,
        count=facts["count"],
        nulls=table.rows - facts["count"],
        hashes=drawn.hashes,
        min=facts.get("min"),
        max=facts.get("max"),
        mean=rounded(facts.get("mean")),
        std=rounded(facts.get("std")),
        points=None if drawn.numbers is None else scaled(points_of(drawn.numbers), facts["numbers"]),
        labels=_frequent(table, name) if kind == "text" else None,
        knows_all_labels=kind != "text",
        lengths=Lengths(lengths[0], lengths[1], rounded(lengths[2])) if lengths else None,
    )


def _counted(table: _Table, name: str, sql_type: str) -> ColumnProfile:
    """A column of few values: each of them, counted."""
    column, kind = quoted(name), kind_of(sql_type)
    is_number = kind in ("number", "moment")
    value = as_number(name, sql_type) if is_number else as_label(name)
    length = as_length(name, sql_type) if kind == "text" else "NULL"
    found = table.connection.execute(f"""
        SELECT hash({column}), count(*), {value}, {as_ordered(name, sql_type)}, {length}
        FROM {table.sql} WHERE {column} IS NOT NULL GROUP BY {column}""").fetchall()
    count = sum(times for _, times, *_ in found)
    ordered = [shown_value(value) for *_, value, _ in found if value is not None]
    numbers = [(value, times) for _, times, value, *_ in found if value is not None] if is_number else []
    labels = Counter[str]()
    for _, times, label, *_ in found if not is_number else ():
        labels[label] += times
    mean, std = _moments(numbers) if kind == "number" else (None, None)
    return ColumnProfile(
        type=sql_type,
        count=count,
        nulls=table.rows - count,
        hashes=hashes_of(table.function, [hashed for hashed, *_ in found]),
        min=min(ordered, key=lambda value: comparable(value, sql_type), default=None),
        max=max(ordered, key=lambda value: comparable(value, sql_type), default=None),
        mean=mean,
        std=std,
        points=points_of([value for value, _ in numbers], [times for _, times in numbers]) if is_number else None,
        labels=None if is_number else most_frequent(labels),
        knows_all_labels=len(labels) <= MOST_VALUES,
        lengths=_lengths([(length, times) for _, times, *_, length in found]) if kind == "text" else None,
    )


def _moments(numbers: Sequence[tuple[float, int]]) -> tuple[float | None, float | None]:
    count = sum(times for _, times in numbers)
    if not count:
        return None, None
    mean = math.fsum(value * times for value, times in numbers) / count
    squares = math.fsum((value - mean) ** 2 * times for value, times in numbers)
    return rounded(mean), rounded(math.sqrt(squares / (count - 1))) if count > 1 else None


def _lengths(lengths: Sequence[tuple[int, int]]) -> Lengths:
    if not lengths:
        return Lengths(None, None, None)
    found = [length for length, _ in lengths]
    mean = sum(length * times for length, times in lengths) / sum(times for _, times in lengths)
    return Lengths(min(found), max(found), rounded(mean))


def _smallest_hashes(table: _Table, name: str, spread: int) -> Hashes:
    """The smallest hashes: first only among small ones, which are enough unless the sample misled."""
    column = quoted(name)
    everything = 2**64 - 1
    for bound in dict.fromkeys((min(everything, everything * _SPARE * MOST_HASHES // max(spread, 1)), everything)):
        small = f"{column} IS NOT NULL AND hash({column}) <= {bound}"
        found = table.connection.execute(
            f"SELECT DISTINCT hash({column}) AS h FROM {table.sql} WHERE {small} ORDER BY h LIMIT {MOST_HASHES}"
        ).fetchall()
        if len(found) == MOST_HASHES:
            break
    return hashes_of(table.function, [hashed for (hashed,) in found])


def _frequent(table: _Table, name: str) -> dict[str, int]:
    least = max(2, table.sampled // _RAREST)
    found = table.connection.execute(f"""
        SELECT {as_label(name)} AS label, count(*) AS times FROM {table.sample} WHERE {quoted(name)} IS NOT NULL
        GROUP BY label HAVING times >= {least} ORDER BY times DESC, label LIMIT {MOST_VALUES}""").fetchall()
    return {label: round(times * table.rows / table.sampled) for label, times in found}
