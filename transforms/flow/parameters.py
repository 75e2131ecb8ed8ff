"""Parameters: what a caller may pass to a flow, typed, each with a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from transforms.errors import ParametersInvalid
from transforms.flow.declared import Declared, Scalar
from transforms.flow.types import ScalarType
from transforms.flow.values import typed


class Parameter(Declared):
    """One parameter: its type, and the value it has when the caller passes none."""

    type: ScalarType
    default: Scalar

    @model_validator(mode="after")
    def _default_fits(self) -> Parameter:
        typed(self.type, self.default)
        return self


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
