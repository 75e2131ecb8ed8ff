"""Contract types in SQL: how a column is read, and how what was read becomes its declared type.

Casts of DuckDB that would change data silently are replaced here: '2.7' as an integer is 3, '1.239' as a
decimal(9,2) is 1.24, '2024-01-01 10:00+02' as a timestamp is 10:00, '2024-01-01 10:00' as a date loses the time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transforms.flow.types import PLAIN_TYPES, TypeSpec, parse_type
from transforms.nested_types import nested
from transforms.relation import quoted, text

if TYPE_CHECKING:
    from transforms.flow.contract import Column

SQL_TYPES: dict[str, str] = {
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
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
    "json": "JSON",
}
"""Types without parts; `sql_type` knows all."""

_CONTRACT_TYPES = {sql: declared for declared, sql in SQL_TYPES.items()} | {"TIMESTAMP WITH TIME ZONE": "timestamp"}
_INTEGERS = frozenset(sql for declared, sql in SQL_TYPES.items() if "int" in declared)
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TIMES = frozenset({"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "DATE"})
_WIDE_DECIMAL = "DECIMAL(38,10)"
_AFTER_THE_MINUTES = r":\d\d(\.\d+)?\s*[A-Za-z+-]"
"""What follows the time of day: an offset or the name of a zone."""
_TIME_OF_DAY = r"^\s*\d{1,2}:\d\d(:\d\d(\.\d+)?)?\s*$"
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def sql_type(written: str) -> str:
    """The SQL of a contract type.

    Example:
        >>> sql_type("list<struct<id: int32>>")
        'STRUCT("id" INTEGER)[]'
    """
    return _sql(parse_type(written))


def contract_type(sql: str) -> str:
    """The contract type of a SQL type, or the SQL itself where the contract has none.

    Example:
        >>> contract_type("DECIMAL(10,2)"), contract_type("TIMESTAMP_NS[]"), contract_type("INTERVAL")
        ('decimal(10,2)', 'list<timestamp>', 'INTERVAL')
    """
    if sql.endswith("[]"):
        element = contract_type(sql.removesuffix("[]"))
        return f"list<{element}>" if _is_known(element) else sql
    if match := _DECIMAL.fullmatch(sql):
        return f"decimal({match[1]},{match[2]})"
    return "timestamp" if sql in _TIMES - {"DATE"} else _CONTRACT_TYPES.get(sql, sql)


def read_as(column: Column) -> str:
    """The type that a text reader parses: exact for the declared type, or text where `typed` must look closer."""
    if column.has_own_notation:
        return "VARCHAR"
    if column.type in ("int64", "uint64"):
        return _WIDE_DECIMAL
    if SQL_TYPES.get(column.type) in _INTEGERS:
        return "DOUBLE"
    return SQL_TYPES[column.type] if column.type in ("string", "bool", "float32", "float64") else "VARCHAR"


def typed(column: Column, value: str, value_type: str) -> str:
    """SQL for a value as its declared type; null where the value cannot be had exactly.

    Shape:
        Text is JSON for a list, a struct and json. A struct has all of its fields, null where the JSON lacks
        one; a field that is not declared, or one value inside that does not fit, makes all of it null.
    Units:
        Timestamps are UTC. Without `zone`, one written without an offset is taken as UTC.
        A local time that happens twice is the second of the two; one that never happens is null.
    Source:
        ICU: a repeated wall time is the last; a skipped one would move forward.
    Example:
        >>> import duckdb
        >>> from transforms.flow.contract import Column
        >>> sql = typed(Column(type="int8"), "v", "VARCHAR")
        >>> duckdb.sql(f"SELECT {sql} FROM (VALUES ('7'), ('7.0'), ('2.7'), ('300')) t(v)").fetchall()
        [(7,), (7,), (None,), (None,)]
    """
    if column.has_own_notation and value_type == "VARCHAR":
        value = _plain_number(value, column.decimal, column.thousands)
    return _typed(column.spec, value, value_type, column.format, column.zone)


def finite(column: Column, value: str) -> str:
    """SQL for a typed value with NaN and infinity made null, unless the column allows them."""
    return f"CASE WHEN isfinite({value}) THEN {value} END" if drops_nonfinite(column) else value


def drops_nonfinite(column: Column) -> bool:
    """True where `finite` may make a value null."""
    return SQL_TYPES.get(column.type) in _FLOATS and not column.allow_nonfinite


def _plain_number(value: str, decimal: str, thousands: str | None) -> str:
    """SQL for a text as SQL writes numbers; null where it is none, or its groups are not of three digits."""
    grouped = rf"\d{{1,3}}({re.escape(thousands)}\d{{3}})+|" if thousands else ""
    number = rf"\s*[+-]?({grouped}\d*)({re.escape(decimal)}\d*)?([eE][+-]?\d+)?\s*"
    plain = f"replace({value}, {text(thousands)}, '')" if thousands else value
    return f"CASE WHEN regexp_full_match({value}, {text(number)}) THEN replace({plain}, {text(decimal)}, '.') END"


def _is_known(written: str) -> bool:
    return written in PLAIN_TYPES or written.startswith(("list<", "decimal("))


def _sql(spec: TypeSpec) -> str:
    if spec.element is not None:
        return f"{_sql(spec.element)}[]"
    if spec.fields:
        return f"STRUCT({', '.join(f'{quoted(name)} {_sql(field)}' for name, field in spec.fields)})"
    return f"DECIMAL({spec.precision},{spec.scale})" if spec.name == "decimal" else SQL_TYPES[spec.name]


def _typed(spec: TypeSpec, value: str, value_type: str, written: str | None, zone: str | None) -> str:
    target = _sql(spec)
    if spec.name == "timestamp":
        return _timestamp(value, value_type, written, zone)
    if spec.name == "date":
        return _date(value, value_type, written)
    if _same(value_type, target):
        return value
    if target in _INTEGERS:
        return _integer(value, value_type, target)
    exact = {
        "decimal": lambda: _decimal(spec, value, value_type, target),
        "time": lambda: _time(value, value_type, written),
        "binary": lambda: _binary(value, value_type, written),
        "json": lambda: _as_json(value, value_type),
        "list": lambda: nested(spec, _as_json(value, value_type), _inside),
        "struct": lambda: nested(spec, _as_json(value, value_type), _inside),
    }
    return exact[spec.name]() if spec.name in exact else f"TRY_CAST({value} AS {target})"


def _inside(spec: TypeSpec, value: str) -> str:
    """A text inside a JSON value as its type."""
    return _typed(spec, value, "VARCHAR", None, None)


def _same(value_type: str, target: str) -> bool:
    """True for the same type; DuckDB quotes the name of a field only where it must."""
    return value_type.replace('"', "") == target.replace('"', "")


def _as_json(value: str, value_type: str) -> str:
    if value_type == "VARCHAR":
        return f"CASE WHEN json_valid({value}) THEN CAST({value} AS JSON) END"
    return value if value_type == "JSON" else f"CASE WHEN {value} IS NOT NULL THEN to_json({value}) END"


def _decimal(spec: TypeSpec, value: str, value_type: str, target: str) -> str:
    number = f"TRY_CAST({value} AS {target})"
    if value_type == "VARCHAR":
        digits = rf"^\s*[+-]?\d*(\.\d{{0,{spec.scale}}}0*)?\s*$"
        return f"CASE WHEN regexp_matches({value}, {text(digits)}) THEN {number} END"
    return f"CASE WHEN TRY_CAST({number} AS {value_type}) = {value} THEN {number} END"


def _binary(value: str, value_type: str, written: str | None) -> str:
    if value_type != "VARCHAR":
        return f"TRY_CAST({value} AS BLOB)"
    if written == "hex":
        # unhex reads half a byte as a whole one.
        return f"CASE WHEN length({value}) % 2 = 0 THEN TRY(unhex({value})) END"
    return f"TRY(from_base64({value}))"


def _integer(value: str, value_type: str, target: str) -> str:
    if value_type in _INTEGERS:
        return f"TRY_CAST({value} AS {target})"
    between = _WIDE_DECIMAL if target in ("BIGINT", "UBIGINT") else "DOUBLE"
    number = value if value_type != "VARCHAR" else f"TRY_CAST({value} AS {between})"
    return f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({number} AS {target}) END"


def _date(value: str, value_type: str, written: str | None) -> str:
    if value_type == "VARCHAR" and written:
        moment = f"try_strptime({value}, {text(written)})"
    elif value_type in ("VARCHAR", *_TIMES):
        moment = f"TRY_CAST({value} AS TIMESTAMP)"
    else:
        return f"TRY_CAST({value} AS DATE)"
    return f"CASE WHEN CAST({moment} AS TIMESTAMP) = date_trunc('day', {moment}) THEN CAST({moment} AS DATE) END"


def _time(value: str, value_type: str, written: str | None) -> str:
    if value_type != "VARCHAR":
        return f"TRY_CAST({value} AS TIME)"
    if written:
        return f"CAST(try_strptime({value}, {text(written)}) AS TIME)"
    return f"CASE WHEN regexp_matches({value}, {text(_TIME_OF_DAY)}) THEN TRY_CAST({value} AS TIME) END"


def _timestamp(value: str, value_type: str, written: str | None, zone: str | None) -> str:
    if value_type != "VARCHAR":
        if value_type == "TIMESTAMP WITH TIME ZONE":
            return f"timezone('UTC', {value})"
        return _from_zone(zone, f"TRY_CAST({value} AS TIMESTAMP)")
    if written:
        moment = f"try_strptime({value}, {text(written)})"
        has_offset = "%z" in written or "%Z" in written
        return f"timezone('UTC', {moment})" if has_offset else _from_zone(zone, moment)
    return (
        f"CASE WHEN regexp_matches({value}, {text(_AFTER_THE_MINUTES)}) "
        f"THEN timezone('UTC', TRY_CAST({value} AS TIMESTAMPTZ)) "
        f"ELSE {_from_zone(zone, f'TRY_CAST({value} AS TIMESTAMP)')} END"
    )


def _from_zone(zone: str | None, local: str) -> str:
    if zone in (None, "", "UTC"):
        return local
    instant = f"timezone({text(zone)}, {local})"
    return f"CASE WHEN timezone({text(zone)}, {instant}) = {local} THEN timezone('UTC', {instant}) END"
