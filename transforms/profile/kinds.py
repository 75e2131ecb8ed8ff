"""Kinds of columns: what a profile can say about values of a type."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from transforms.relation import quoted

Kind = Literal["number", "moment", "text", "truth", "sized", "other"]

LONGEST_VALUE = 200
"""Longer texts are cut: a profile is for people."""

_NUMBERS = frozenset(
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
     "FLOAT", "DOUBLE"]
)  # fmt: skip
_MOMENTS = ("DATE", "TIME", "TIMESTAMP")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def kind_of(sql_type: str) -> Kind:
    """What a profile can say about a DuckDB type.

    Example:
        >>> kind_of("DECIMAL(10,2)"), kind_of("TIMESTAMP WITH TIME ZONE"), kind_of("INTEGER[]")
        ('number', 'moment', 'sized')
    """
    if sql_type.endswith("]") or sql_type == "BLOB":
        return "sized"
    if sql_type in _NUMBERS or sql_type.startswith("DECIMAL"):
        return "number"
    if sql_type.startswith(_MOMENTS):
        return "moment"
    if sql_type == "BOOLEAN":
        return "truth"
    return "text" if sql_type in ("VARCHAR", "JSON", "UUID") or sql_type.startswith("ENUM") else "other"


def as_number(column: str, sql_type: str) -> str:
    """SQL for a number or moment as a double, null where it is not finite. A moment is in seconds since 1970, UTC."""
    if kind_of(sql_type) == "moment":
        return f"epoch({as_ordered(column, sql_type)})::DOUBLE"
    return f"{as_ordered(column, sql_type)}::DOUBLE"


def as_ordered(column: str, sql_type: str) -> str:
    """SQL for a value that has a least and a greatest, null where it is not finite. A moment with a zone is in UTC."""
    name = quoted(column)
    if kind_of(sql_type) == "text":
        return as_label(column)
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({name}) THEN timezone('UTC', {name}) END"
    if sql_type in ("FLOAT", "DOUBLE", "DATE") or sql_type.startswith("TIMESTAMP"):
        return f"CASE WHEN isfinite({name}) THEN {name} END"
    return name


def as_label(column: str) -> str:
    """SQL for a value as the text that a profile counts."""
    return f"left({quoted(column)}::VARCHAR, {LONGEST_VALUE})"


def as_length(column: str, sql_type: str) -> str:
    """SQL for the length of a text, binary or list."""
    name = quoted(column)
    if kind_of(sql_type) == "text":
        return f"len({name}::VARCHAR)"
    return f"octet_length({name})" if sql_type == "BLOB" else f"len({name})"


def shown_number(number: float, sql_type: str) -> float | int | str | None:
    """A number of a column as people read it: a moment in ISO 8601, a whole number without a point."""
    if kind_of(sql_type) != "moment":
        return int(number) if number.is_integer() and sql_type not in ("FLOAT", "DOUBLE") else number
    try:
        moment = _EPOCH + timedelta(seconds=number)
    except OverflowError:
        return None
    if sql_type == "DATE":
        return moment.date().isoformat()
    if sql_type.startswith("TIMESTAMP"):
        return f"{moment.replace(tzinfo=None).isoformat()}Z"
    return moment.time().isoformat()


def shown_value(value: Any) -> Any:
    """A value that JSON can hold: times in ISO 8601, and no NaN."""
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date | time) else value


def comparable(value: Any, sql_type: str) -> Any:
    """What orders values that `shown_value` wrote."""
    if sql_type.startswith("TIMESTAMP"):
        return datetime.fromisoformat(value)
    return value
