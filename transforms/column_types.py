"""Contract types in SQL: how a column is read, and how what was read becomes its declared type.

Three casts of DuckDB would change data silently, and are replaced here: '2.7' as an integer is 3,
'2024-01-01 10:00+02' as a timestamp is 10:00, and '2024-01-01 10:00' as a date loses the time.
"""

from __future__ import annotations

from transforms.flow.contract import Column, ColumnType
from transforms.relation import text

SQL_TYPES: dict[ColumnType, str] = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
CONTRACT_TYPES: dict[str, ColumnType] = {sql: declared for declared, sql in SQL_TYPES.items()} | {
    "TIMESTAMP WITH TIME ZONE": "timestamp"
}

_INTEGERS = frozenset(sql for declared, sql in SQL_TYPES.items() if "int" in declared)
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "DATE"})
_WIDE_DECIMAL = "DECIMAL(38,10)"
_AFTER_THE_MINUTES = r":\d\d(\.\d+)?\s*[A-Za-z+-]"
"""What follows the time of day: an offset or the name of a zone."""


def read_as(column: Column) -> str:
    """The type that a text reader parses: exact for the declared type, or text where `typed` must look closer."""
    if column.type in ("int64", "uint64"):
        return _WIDE_DECIMAL
    if SQL_TYPES[column.type] in _INTEGERS:
        return "DOUBLE"
    return "VARCHAR" if column.type in ("date", "timestamp") else SQL_TYPES[column.type]


def typed(column: Column, value: str, value_type: str) -> str:
    """SQL for a value as its declared type; null where the value cannot be had exactly.

    Units:
        Timestamps are UTC. Without `zone`, one written without an offset is taken as UTC.
        A local time that happens twice is the second of the two; one that never happens is null.
    Source:
        ICU: a repeated wall time is the last; a skipped one would move forward.
    Example:
        >>> import duckdb
        >>> sql = typed(Column(type="int8"), "v", "VARCHAR")
        >>> duckdb.sql(f"SELECT {sql} FROM (VALUES ('7'), ('7.0'), ('2.7'), ('300')) t(v)").fetchall()
        [(7,), (7,), (None,), (None,)]
    """
    target = SQL_TYPES[column.type]
    if target in _INTEGERS:
        return _integer(value, value_type, target, read_as(column))
    if target == "DATE":
        return _date(column, value, value_type)
    if target == "TIMESTAMP":
        return _timestamp(column, value, value_type)
    return value if value_type == target else f"TRY_CAST({value} AS {target})"


def finite(column: Column, value: str) -> str:
    """SQL for a typed value with NaN and infinity made null, unless the column allows them."""
    if SQL_TYPES[column.type] not in _FLOATS or column.allow_nonfinite:
        return value
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def drops_nonfinite(column: Column) -> bool:
    """True where `finite` may make a value null."""
    return SQL_TYPES[column.type] in _FLOATS and not column.allow_nonfinite


def _integer(value: str, value_type: str, target: str, between: str) -> str:
    if value_type in _INTEGERS:
        return value if value_type == target else f"TRY_CAST({value} AS {target})"
    number = value if value_type != "VARCHAR" else f"TRY_CAST({value} AS {between})"
    return f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({number} AS {target}) END"


def _date(column: Column, value: str, value_type: str) -> str:
    if value_type == "VARCHAR" and column.format:
        moment = f"try_strptime({value}, {text(column.format)})"
    elif value_type in ("VARCHAR", *_TIMES):
        moment = f"TRY_CAST({value} AS TIMESTAMP)"
    else:
        return f"TRY_CAST({value} AS DATE)"
    return f"CASE WHEN CAST({moment} AS TIMESTAMP) = date_trunc('day', {moment}) THEN CAST({moment} AS DATE) END"


def _timestamp(column: Column, value: str, value_type: str) -> str:
    if value_type != "VARCHAR":
        if value_type == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {value})"
        return _from_zone(column, f"TRY_CAST({value} AS TIMESTAMP)")
    if column.format:
        moment = f"try_strptime({value}, {text(column.format)})"
        has_offset = "%z" in column.format or "%Z" in column.format
        return f"timezone('UTC', {moment})" if has_offset else _from_zone(column, moment)
    return (
        f"CASE WHEN regexp_matches({value}, {text(_AFTER_THE_MINUTES)}) "
        f"THEN timezone('UTC', TRY_CAST({value} AS TIMESTAMPTZ)) "
        f"ELSE {_from_zone(column, f'TRY_CAST({value} AS TIMESTAMP)')} END"
    )


def _from_zone(column: Column, local: str) -> str:
    if not column.zone:
        return local
    instant = f"timezone({text(column.zone)}, {local})"
    return f"CASE WHEN timezone({text(column.zone)}, {instant}) = {local} THEN timezone('UTC', {instant}) END"
