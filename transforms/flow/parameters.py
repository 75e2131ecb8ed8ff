"""Parameters: what a caller may pass to a flow, typed, each with a default."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import model_validator

from transforms.errors import ParametersInvalid
from transforms.flow.contract import ColumnType
from transforms.flow.declared import Declared, Scalar

_INTEGER = re.compile(r"^(u?)int(\d+)$")


class Parameter(Declared):
    """One parameter: its type, and the value it has when the caller passes none."""

    type: ColumnType
    default: Scalar

    @model_validator(mode="after")
    def _default_fits(self) -> Parameter:
        typed(self.type, self.default)
        return self


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


def bind_parameters(declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every declared parameter has a value of its type: the caller's, or the default.

    Raises:
        ParametersInvalid: a name is not declared, or a value does not fit; all of them are named.
    Example:
        >>> bind_parameters({"late_after": Parameter(type="int32", default=15)}, {})
        {'late_after': 15}
    """
    known = ", ".join(sorted(declared)) or "none"
    wrong = [f"{name}: not a parameter of this flow, which declares {known}" for name in given if name not in declared]
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        try:
            values[name] = typed(parameter.type, given.get(name, parameter.default))
        except ValueError as error:
            wrong.append(f"{name}: found {given[name]!r}; expected {error}")
    if wrong:
        raise ParametersInvalid("; ".join(wrong))
    return values


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
