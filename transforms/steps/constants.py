"""Values that a flow file or an earlier run gives, as a column has them."""

from __future__ import annotations

from typing import Any

from transforms.flow.declared import Declared, Scalar
from transforms.relation import text
from transforms.steps.step import Work


class Constant(Declared):
    """A given value, the same for every run."""

    value: Scalar


def written(value: Any) -> str:
    """A value of JSON as DuckDB writes it: what `json_value` reads.

    Example:
        >>> written(True), written(149), written("x")
        ('true', '149', 'x')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def fitting(work: Work, kind: str, value: Any, at: str) -> str:
    """The value as DuckDB writes it in a column of this type.

    Raises:
        StepFailed: it does not fit.
    """
    fits = work.connection.execute(f"SELECT TRY_CAST({text(written(value))} AS {kind})::VARCHAR").fetchall()
    if fits[0][0] is None:
        work.fail(f"the value {value!r} does not fit a column of type {kind}; give one that does", at)
    return str(fits[0][0])
