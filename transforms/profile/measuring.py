"""Measuring: a table becomes a profile. Columns are looked at one by one; rows are never looped over.

1. counts, extremes and moments of all columns, in one pass
2. a sample of the rows, by a hash of their place, so that it is the same in every run
3. of a column with few values in the sample: each value, counted
   of any other: distribution and frequent values from the sample, the number of distinct values from their hashes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.profile.column import MOST_VALUES, ColumnProfile, Lengths, most_frequent, rounded
from transforms.profile.hashes import MOST_HASHES, Hashes, hashes_of
from transforms.profile.kinds import Kind, as_label, as_number, as_ordered, kind_of, shown_value
from transforms.profile.points import Points, points_of, scaled
from transforms.relation import Relation, number, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLE_ROWS = 131_072
"""Ranks in a sample of this size have a standard error of 0.14 %."""

_SAMPLE = "profiled"
_RAREST = 1000
"""Of many values, one that makes up less than 1 in 1000 of a sample is not frequent, it was drawn."""
_SPARE = 8


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


def profile_of(connection: DuckDBPyConnection, relation: Relation) -> dict[str, Any]:
    """Rows and, for each column, counts, extremes, moments, distribution, frequent values and lengths are known.

    Shape:
        `relation` is a table, not a view. Counts, extremes, moments and lengths are exact. So are `distinct`
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
        >>> profile = profile_of(connection, relation_of(connection, "trips"))
        >>> profile["rows"], profile["columns"]["km"]["mean"], profile["columns"]["km"]["max"]
        (5, 2.0, 4.0)
    """
    rows = number(connection, f"SELECT count(*) FROM {relation.sql}")
    table = _sampled(connection, relation, rows)
    try:
        facts = _facts(table, relation)
        spread = _spread(table, relation)
        columns = {
            name: _column(table, name, sql_type, facts[name], spread[name]).to_json()
            for name, sql_type in relation.columns.items()
        }
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {_SAMPLE}")
    return {"rows": rows, "columns": columns}


def _sampled(connection: DuckDBPyConnection, relation: Relation, rows: int) -> _Table:
    # Of values of every kind that is hashed: the engine may change its functions with any version.
    [(function,)] = connection.execute("SELECT format('{:016x}', hash(hash('probe'), hash(1), hash(0.5)))").fetchall()
    if rows <= SAMPLE_ROWS:
        return _Table(connection, relation.sql, rows, relation.sql, rows, function)
    one_in = -(-rows // SAMPLE_ROWS)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS SELECT * FROM {relation.sql} WHERE hash(rowid) % {one_in} = 0"
    )
    sampled = number(connection, f"SELECT count(*) FROM {_SAMPLE}")
    return _Table(connection, relation.sql, rows, _SAMPLE, sampled, function)


def _facts(table: _Table, relation: Relation) -> dict[str, dict[str, Any]]:
    """What one pass over the table tells of each column."""
    wanted = {name: _wanted(name, sql_type) for name, sql_type in relation.columns.items()}
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
    if kind not in ("sized", "other"):
        wanted |= {"min": f"min({as_ordered(name, sql_type)})", "max": f"max({as_ordered(name, sql_type)})"}
    if kind in ("text", "sized"):
        size = "octet_length" if sql_type == "BLOB" else "len"
        value = f"{column}::VARCHAR" if kind == "text" else column
        wanted |= {f"{what}_length": f"{what}({size}({value}))" for what in ("min", "max", "avg")}
    return wanted


def _spread(table: _Table, relation: Relation) -> dict[str, int]:
    """About how many values each column has in the sample."""
    counted = ", ".join(f"approx_count_distinct({quoted(name)})" for name in relation.columns)
    found = table.connection.execute(f"SELECT {counted} FROM {table.sample}").fetchall()[0] if counted else ()
    return dict(zip(relation.columns, found, strict=True))


def _column(table: _Table, name: str, sql_type: str, facts: dict[str, Any], spread: int) -> ColumnProfile:
    kind = kind_of(sql_type)
    points, labels, knows_all = None, None, True
    if spread <= MOST_VALUES:
        hashes, points, labels, knows_all = _counted(table, name, sql_type, kind)
    else:
        hashes = _smallest_hashes(table, name, spread)
        if kind in ("number", "moment"):
            points = _distribution(table, name, sql_type, facts["numbers"])
        elif kind in ("text", "truth"):
            labels, knows_all = _frequent(table, name), False
    return ColumnProfile(
        type=sql_type,
        count=facts["count"],
        nulls=table.rows - facts["count"],
        hashes=hashes,
        min=facts.get("min"),
        max=facts.get("max"),
        mean=rounded(facts.get("mean")),
        std=rounded(facts.get("std")),
        points=points,
        labels=labels,
        knows_all_labels=knows_all,
        lengths=Lengths(facts["min_length"], facts["max_length"], rounded(facts["avg_length"]))
        if "min_length" in facts
        else None,
    )


def _counted(
    table: _Table, name: str, sql_type: str, kind: Kind
) -> tuple[Hashes, Points | None, dict[str, int] | None, bool]:
    """Every value, counted."""
    column = quoted(name)
    value = {"number": as_number(name, sql_type), "moment": as_number(name, sql_type)}.get(kind, as_label(name))
    shown = value if kind in ("number", "moment", "text", "truth") else "NULL"
    found = table.connection.execute(f"""
        SELECT hash({column}), {shown}, count(*) FROM {table.sql} WHERE {column} IS NOT NULL GROUP BY {column}
        """).fetchall()
    hashes = hashes_of(table.function, [row[0] for row in found])
    if kind in ("number", "moment"):
        finite = [(value, times) for _, value, times in found if value is not None]
        return hashes, points_of([value for value, _ in finite], [times for _, times in finite]), None, True
    if kind not in ("text", "truth"):
        return hashes, None, None, True
    labels: dict[str, int] = {}
    for _, label, times in found:
        labels[label] = labels.get(label, 0) + times
    return hashes, None, most_frequent(labels), len(labels) <= MOST_VALUES


def _smallest_hashes(table: _Table, name: str, spread: int) -> Hashes:
    """The smallest hashes: first only among small ones, which are enough unless the sample misled."""
    column = quoted(name)
    everything = 2**64 - 1
    for bound in (min(everything, everything * _SPARE * MOST_HASHES // spread), everything):
        small = f"{column} IS NOT NULL AND hash({column}) <= {bound}"
        found = table.connection.execute(
            f"SELECT DISTINCT hash({column}) AS h FROM {table.sql} WHERE {small} ORDER BY h LIMIT {MOST_HASHES}"
        ).fetchall()
        if len(found) == MOST_HASHES:
            break
    return hashes_of(table.function, [hashed for (hashed,) in found])


def _distribution(table: _Table, name: str, sql_type: str, numbers: int) -> Points:
    found = table.connection.execute(f"""
        SELECT value FROM (SELECT {as_number(name, sql_type)} AS value FROM {table.sample})
        WHERE value IS NOT NULL""").fetchnumpy()
    return scaled(points_of(found["value"]), numbers)


def _frequent(table: _Table, name: str) -> dict[str, int]:
    least = max(2, table.sampled // _RAREST)
    found = table.connection.execute(f"""
        SELECT {as_label(name)} AS label, count(*) AS times FROM {table.sample} WHERE {quoted(name)} IS NOT NULL
        GROUP BY label HAVING times >= {least} ORDER BY times DESC, label LIMIT {MOST_VALUES}""").fetchall()
    return {label: round(times * table.rows / table.sampled) for label, times in found}
