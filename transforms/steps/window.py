"""`window: {by: columns, order_by: expressions, into: {column: function}}` looks at the rows around each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.step import Applied, Expression, Work

Place = Literal["row_number", "rank", "dense_rank"]
_SHIFTS = frozenset({"lag", "lead"})
_ROLLING = {"sum": "sum", "mean": "avg", "min": "min", "max": "max", "count": "count", "std": "stddev_samp"}


class Around(Declared):
    """A value of a row before or after, or a total of this row and those before it."""

    lag: Expression | None = None
    lead: Expression | None = None
    sum: Expression | None = None
    mean: Expression | None = None
    min: Expression | None = None
    max: Expression | None = None
    count: Expression | None = None
    std: Expression | None = None
    rows: int | None = Field(
        None, ge=1, description="how many rows before or after (1 if not given); over how many rows (all so far if not)"
    )

    @model_validator(mode="after")
    def _one_function(self) -> Around:
        if len(self._said()) != 1:
            raise ValueError("one of lag, lead, sum, mean, min, max, count, std, with an expression")
        return self

    def _said(self) -> dict[str, str]:
        return {name: said for name in (*_SHIFTS, *_ROLLING) if (said := getattr(self, name)) is not None}

    @property
    def function(self) -> str:
        """What is asked for."""
        return next(iter(self._said()))

    @property
    def expression(self) -> str:
        """Of what it is asked."""
        return next(iter(self._said().values()))


class Window(Declared):
    """Which rows are around a row, in which order, and the new columns."""

    by: Columns | None = Field(
        None, description="rows with the same values here are around each other; all if not given"
    )
    order_by: Expression = Field(description="such as `day` or `day DESC, id`")
    into: dict[ColumnName, Place | Around] = Field(min_length=1)

    def orders(self) -> dict[str, str]:
        """The order, at its place in the step."""
        return {".order_by": self.order_by}

    def expressions(self) -> dict[str, str]:
        """Each expression, by its place in the step."""
        return {f".into.{name}.{how.function}": how.expression for name, how in self._around()}

    def _around(self) -> Iterator[tuple[str, Around]]:
        return ((name, how) for name, how in self.into.items() if isinstance(how, Around))


def apply(work: Work, relation: Relation, step: Window) -> Applied:
    """Add columns that are computed from the rows around each row.

    Shape:
        (n, k) -> (n, k + new names), rows and their order unchanged. What ties in the order keeps the order of the
        rows; `rank` and `dense_rank` give ties the same number. A null is a value of `by`; in the order nulls
        come last. `lag` and `lead` are null where there is no such row. Totals leave nulls out: null where there is
        no value (`count`: 0), and of `std` where there is one alone.
    Units:
        A sum of whole numbers is an int64; one that does not fit ends the run.
    Raises:
        StepFailed: a column is not there, an expression does not fit the types, or a new name is there already.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> into = {"before": {"lag": "kwh"}, "mean": {"mean": "kwh", "rows": 2}}
        >>> try_step({"day": [3, 1, 2], "kwh": [4.0, 1.0, 2.0]}, {"window": {"order_by": "day", "into": into}})
        {'day': [3, 1, 2], 'kwh': [4.0, 1.0, 2.0], 'before': [2.0, None, 1.0], 'mean': [3.0, 1.0, 1.5]}
    """
    work.refuse_taken(relation, {name: f".into.{name}" for name in step.into})
    keys = ", ".join(work.need(relation, name, f".by[{index}]") for index, name in enumerate(step.by or []))
    order = work.bound_order(relation, step.order_by, ".order_by")
    group = f"{f'PARTITION BY {keys} ' if keys else ''}ORDER BY {order}\n"
    made = [f"{_column(work, relation, name, how, group)} AS {quoted(name)}" for name, how in step.into.items()]
    return Applied(work.sorted_table(f"SELECT *, {', '.join(made)} FROM {relation.sql}"))


def _column(work: Work, relation: Relation, name: str, how: Place | Around, group: str) -> str:
    if not isinstance(how, Around):
        # With the row as the last tie-break, no two rows would have the same rank.
        return f"{how}() OVER ({group}{f', {ROW}' if how == 'row_number' else ''})"
    value = work.bound_on(relation, how.expression, f".into.{name}.{how.function}")
    if how.function in _SHIFTS:
        return f"{how.function}({value}, {how.rows or 1}) OVER ({group}, {ROW})"
    frame = f"ROWS BETWEEN {'UNBOUNDED' if how.rows is None else how.rows - 1} PRECEDING AND CURRENT ROW"
    total = f"{_ROLLING[how.function]}({value}) OVER ({group}, {ROW} {frame})"
    kind = next(iter(work.columns_of(f"SELECT {total} FROM {relation.sql}", relation, f".into.{name}").values()))
    return f"CAST({total} AS BIGINT)" if kind in {"HUGEINT", "UHUGEINT"} else total
