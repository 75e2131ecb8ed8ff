"""Values that a flow or its caller writes, as the declared type has them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transforms.flow.contract import ColumnType

_INTEGER = re.compile(r"^(u?)int(\d+)$")
MOMENTS = frozenset({"date", "timestamp"})


def typed(type_name: ColumnType, value: Any) -> Any:
    """The value as the parameter's type has it; a timestamp is in UTC, as in every table.

    Raises:
        ValueError: it does not fit; the message says what would.
    Example:
        >>> typed("int8", 15), typed("date", "2013-01-01"), typed("float64", 1)
        (15, datetime.date(2013, 1, 1), 1.0)
    """
    if match := _INTEGER.match(type_name):
        return _integer(value, signed=not match[1], bits=int(match[2]))
    if type_name in {"float32", "float64"}:
        return _number(value)
    if type_name == "bool":
        return _instance(value, bool, "true or false")
    text = _instance(value, str, "a text" if type_name == "string" else f"a {type_name} as text in ISO 8601")
    return _moment(type_name, text) if type_name in {"date", "timestamp"} else text


def limit(type_name: ColumnType, value: Any) -> Any:
    """The value as a `min` or `max` of a column of this type.

    Raises:
        ValueError: values of this type have no such limit; the message says what would.
    """
    if type_name in MOMENTS:
        return typed(type_name, value)
    if type_name in {"string", "bool"}:
        raise ValueError(f"no min and max for a column of type {type_name}")
    return _number(value)


def _instance(value: Any, kind: type, expected: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(expected)
    return value


def _integer(value: Any, *, signed: bool, bits: int) -> int:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"a whole number from {low} to {high}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("a finite number")
    return float(value)


def _moment(type_name: ColumnType, text: str) -> date | datetime:
    try:
        if type_name == "date":
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"a {type_name} as text in ISO 8601, such as 2013-01-31") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
