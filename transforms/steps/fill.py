"""`fill: {columns: {column: forward}}` fills nulls from the rows around them, or with a value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.constants import Constant, fitting
from transforms.steps.step import Applied, Expression, Work


class Fill(Declared):
    """Columns with what fills their nulls, and which rows are around a row."""

    columns: dict[ColumnName, Literal["forward", "backward"] | Constant] = Field(min_length=1)
    by: Columns | None = Field(
        None, description="rows with the same values here are around each other; all if not given"
    )
    order_by: Expression | None = Field(None, description="such as `day`; the order of the rows if not given")

    def orders(self) -> dict[str, str]:
        """The order to look around in, at its place in the step."""
        return {} if self.order_by is None else {".order_by": self.order_by}


def apply(work: Work, relation: Relation, step: Fill) -> Applied:
    """Fill the nulls of each named column; the column keeps its type.

    Shape:
        (n, k) -> (n, k), rows and their order unchanged. `forward` takes the last value before the row, `backward`
        the first one after it, both among the rows of the same `by` (a null is one of its values) in the given
        order, where ties keep the order of the rows. Where there is no such value, the null stays.
    Raises:
        StepFailed: a column is not there, the order names none, or a value does not fit its column.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> rows = {"id": ["a", "b", "a", "b"], "kwh": [1.5, None, None, 0.5]}
        >>> try_step(rows, {"fill": {"columns": {"kwh": "forward"}, "by": "id"}})
        {'id': ['a', 'b', 'a', 'b'], 'kwh': [1.5, None, 1.5, 0.5]}
    """
    around = _around(work, relation, step)
    filled: dict[str, str] = {}
    for column, how in step.columns.items():
        name = work.need(relation, column, f".columns.{column}")
        if isinstance(how, Constant):
            kind = work.type_of(relation, name)
            value = text(fitting(work, kind, how.value, f".columns.{column}"))
            filled[name] = f"coalesce({name}, CAST({value} AS {kind}))"
        elif how == "forward":
            filled[name] = f"last_value({name} IGNORE NULLS) OVER ({around} ROWS UNBOUNDED PRECEDING)"
        else:
            after = "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"
            filled[name] = f"first_value({name} IGNORE NULLS) OVER ({around} {after})"
    columns = ", ".join(
        f"{filled.get(quoted(column), quoted(column))} AS {quoted(column)}" for column in relation.columns
    )
    return Applied(work.sorted_table(f"SELECT {columns}, {ROW} FROM {relation.sql}"))


def _around(work: Work, relation: Relation, step: Fill) -> str:
    keys = ", ".join(work.need(relation, name, f".by[{index}]") for index, name in enumerate(step.by or []))
    group = f"PARTITION BY {keys} " if keys else ""
    if step.order_by is None:
        return f"{group}ORDER BY {ROW}"
    return f"{group}ORDER BY {work.bound_order(relation, step.order_by, '.order_by')}\n, {ROW}"
