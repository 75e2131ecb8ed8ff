"""Profile: what is in the columns of the published dataset, as JSON."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from transforms.relation import Relation, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "UHUGEINT", "FLOAT", "DOUBLE")  # fmt: skip
_ORDERED = (*_NUMBERS, "DATE", "TIMESTAMP", "TIME", "VARCHAR", "BOOLEAN")
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TOP_VALUES = 10
_LONGEST_VALUE = 200


def profile_of(connection: DuckDBPyConnection, relation: Relation) -> dict[str, Any]:
    """Rows and, for each column, count, nulls, extremes, moments, quantiles and frequent values are known.

    Shape:
        One pass over the relation. `distinct`, `quantiles` and `top` are approximate; the rest is exact.
        Moments and quantiles leave out nulls, NaN and infinity.
    Units:
        Times are UTC in ISO 8601; `std` is that of a sample.
    Source:
        HyperLogLog, t-digest and Space-Saving, as DuckDB has them.
    Example:
        >>> import duckdb
        >>> from transforms.relation import relation_of
        >>> connection = duckdb.connect()
        >>> _ = connection.execute("CREATE TABLE trips AS SELECT i AS __row, i::DOUBLE AS km FROM range(5) r(i)")
        >>> profile = profile_of(connection, relation_of(connection, "trips"))
        >>> profile["rows"], profile["columns"]["km"]["mean"], profile["columns"]["km"]["max"]
        (5, 2.0, 4.0)
    """
    statistics = {name: _statistics(quoted(name), kind) for name, kind in relation.columns.items()}
    wanted = ["count(*)", *(sql for of_column in statistics.values() for sql in of_column.values())]
    found = iter(connection.execute(f"SELECT {', '.join(wanted)} FROM {relation.sql}").fetchone() or ())
    rows = next(found)
    columns = {
        name: {"type": relation.columns[name]} | {statistic: _json(next(found)) for statistic in of_column}
        for name, of_column in statistics.items()
    }
    for column in columns.values():
        if "quantiles" in column:
            quantiles = column["quantiles"] or [None] * len(_QUANTILES)
            column["quantiles"] = dict(zip(map(str, _QUANTILES), quantiles, strict=True))
    return {"rows": rows, "columns": columns}


def _statistics(column: str, kind: str) -> dict[str, str]:
    """The SQL of each statistic of a column."""
    statistics = {
        "count": f"count({column})",
        "nulls": f"count(*) FILTER ({column} IS NULL)",
        "distinct": f"approx_count_distinct({column})",
    }
    if kind in _NUMBERS or (kind.startswith("DECIMAL") and kind.endswith(")")):
        number = f"CASE WHEN isfinite({column}::DOUBLE) THEN {column}::DOUBLE END"
        statistics |= {
            "min": f"min({column})",
            "max": f"max({column})",
            "mean": f"avg({number})",
            "std": f"stddev_samp({number})",
            "quantiles": f"approx_quantile({number}, [{', '.join(map(str, _QUANTILES))}])",
        }
    elif kind == "VARCHAR":
        short = f"left({column}, {_LONGEST_VALUE})"
        statistics |= {"min": f"min({short})", "max": f"max({short})", "top": f"approx_top_k({short}, {_TOP_VALUES})"}
    elif kind == "TIMESTAMP WITH TIME ZONE":
        statistics |= {"min": f"timezone('UTC', min({column}))", "max": f"timezone('UTC', max({column}))"}
    elif kind in _ORDERED:
        statistics |= {"min": f"min({column})", "max": f"max({column})"}
    return statistics


def _json(value: Any) -> Any:
    """A value that JSON can hold: times in ISO 8601, and no NaN."""
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date | time) else value
