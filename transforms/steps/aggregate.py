"""`aggregate: {by: columns, into: {column: expression}}` sums up the rows of each key."""

from __future__ import annotations

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.step import Applied, Total, Work
from transforms.steps.totals import total


class Aggregate(Declared):
    """The columns of the key, and the new columns with the expressions of their values."""

    by: Columns | None = Field(None, description="without it all rows become one")
    into: dict[ColumnName, Total] = Field(min_length=1)

    def totals(self) -> dict[str, str]:
        """Each expression, by its place in the step."""
        return {f".into.{name}": expression for name, expression in self.into.items()}


def apply(work: Work, relation: Relation, step: Aggregate) -> Applied:
    """Leave one row for each key, with its totals.

    Shape:
        (n, k) -> (number of keys, columns of the key + new ones), keys in first-seen order. A null is a key.
        Aggregates leave nulls out, `count(*)` does not. Without `by` there is always one row, also of no rows.
        Removed: all n rows; added: one for each key.
    Units:
        Floats are added in the order of the rows, so that the last digit is the same in every run. A sum of
        whole numbers is an int64; one that does not fit ends the run.
    Raises:
        StepFailed: a key is not a column, or an expression does not fit the columns, or has no aggregate.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> step = {"aggregate": {"by": "origin", "into": {"flights": "count(*)", "delay": "avg(delay)"}}}
        >>> try_step({"origin": ["LGA", "EWR", "LGA"], "delay": [10.0, None, 20.0]}, step)
        {'origin': ['LGA', 'EWR'], 'flights': [2, 1], 'delay': [15.0, None]}
    """
    keys = [work.need(relation, name, f".by[{index}]") for index, name in enumerate(step.by or [])]
    work.refuse_taken(relation.only(keys), {name: f".into.{name}" for name in step.into})
    listed = ", ".join(keys)
    made = [
        f"{total(work, relation, expression, f'.into.{name}', listed)} AS {quoted(name)}"
        for name, expression in step.into.items()
    ]
    grouped = f"GROUP BY {listed}" if keys else ""
    columns = ", ".join([*keys, *made, f"coalesce(min({ROW}), 0) AS {ROW}"])
    return Applied(
        work.sorted_table(f"SELECT {columns} FROM {relation.sql} {grouped}"),
        removed=work.count(f"SELECT count(*) FROM {relation.sql}"),
        added=work.count(f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {relation.sql})") if keys else 1,
    )
