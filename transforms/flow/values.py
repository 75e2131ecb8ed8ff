"""Values that a flow or its caller writes, as the declared type has them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from transforms.flow.types import TypeSpec, parse_type

_INTEGER = re.compile(r"^(u?)int(\d+)$")
MOMENTS = frozenset({"date", "time", "timestamp"})
_NUMBERS = frozenset({"float32", "float64"})
_UNCOUNTABLE = frozenset({"string", "bool", "binary", "json", "list", "struct"})
_UNLISTED = frozenset({"binary", "json", "list", "struct"})


def typed(type_name: str, value: Any) -> Any:
    """The value as the parameter's or column's type has it; a timestamp is in UTC, as in every table.

    Raises:
        ValueError: it does not fit; the message says what would.
    Example:
        >>> typed("int8", 15), typed("date", "2013-01-01"), typed("float64", 1)
        (15, datetime.date(2013, 1, 1), 1.0)
    """
    spec = parse_type(type_name)
    if spec.name in _UNLISTED:
        raise ValueError(f"no list of allowed values for a column of type {spec.name}")
    if match := _INTEGER.match(type_name):
        return _integer(value, signed=not match[1], bits=int(match[2]))
    if type_name in _NUMBERS:
        return _number(value)
    if spec.name == "decimal":
        return _decimal(spec, value)
    if type_name == "bool":
        return _instance(value, bool, "true or false")
    text = _instance(value, str, "a text" if type_name == "string" else f"a {type_name} as text in ISO 8601")
    return _moment(type_name, text) if type_name in MOMENTS else text


def limit(type_name: str, value: Any) -> Any:
    """The value as a `min` or `max` of a column of this type.

    Raises:
        ValueError: values of this type have no such limit; the message says what would.
    """
    if type_name in MOMENTS:
        return typed(type_name, value)
    name = parse_type(type_name).name
    if name in _UNCOUNTABLE:
        raise ValueError(f"no min and max for a column of type {name}")
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


def _decimal(spec: TypeSpec, value: Any) -> Decimal:
    _number(value)
    number = Decimal(str(value))
    if number != round(number, spec.scale) or abs(number) >= 10 ** (spec.precision - spec.scale):
        whole = spec.precision - spec.scale
        raise ValueError(f"a number with at most {whole} digits before the point and {spec.scale} behind it")
    return number


def _moment(type_name: str, text: str) -> date | datetime | time:
    try:
        if type_name == "date":
            return date.fromisoformat(text)
        if type_name == "time":
            return _time(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        such = "10:30:00" if type_name == "time" else "2013-01-31"
        raise ValueError(f"a {type_name} as text in ISO 8601, such as {such}") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _time(text: str) -> time:
    moment = time.fromisoformat(text)
    if moment.tzinfo:
        raise ValueError("a time of day has no offset")
    return moment
