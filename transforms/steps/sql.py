"""`sql: SELECT …` makes the table anew with one SELECT over `input`."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.expressions import bound, bracketed
from transforms.flow.names import RESERVED
from transforms.relation import Relation, quoted
from transforms.steps.step import Applied, Work


class Sql(RootModel[str]):
    """One SELECT over `input` and the lookups by their names."""

    model_config = ConfigDict(frozen=True)
    root: str = Field(min_length=1, description="one SELECT over the table input; lookups are tables of their names")

    def selects(self) -> dict[str, str]:
        """The statement, at the step itself."""
        return {"": self.root}


def apply(work: Work, relation: Relation, step: Sql) -> Applied:
    """Replace the table by the rows that the SELECT gives.

    Shape:
        (n, k) -> (m, whatever is selected), numbered anew in the order in which the SELECT gives them. Write
        ORDER BY where the order matters: grouping, DISTINCT and joins leave it open. Removed: all n rows; added:
        all m.
    Raises:
        StepFailed: a name or a type does not fit, a column has a reserved name, or a row fails.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> statement = "SELECT origin, count(*) AS flights FROM input GROUP BY origin ORDER BY origin"
        >>> try_step({"origin": ["LGA", "EWR", "LGA"]}, {"sql": statement})
        {'origin': ['EWR', 'LGA'], 'flights': [1, 2]}
    """
    tables = ", ".join(_named(name, table) for name, table in {**work.env.lookups, "input": relation}.items())
    select = f"WITH {tables} SELECT * FROM {bracketed(bound(step.root, work.env.parameters, kind='select'))}"
    if reserved := [column for column in work.columns_of(select, relation) if column.startswith(RESERVED)]:
        work.fail(f"a column named {reserved[0]!r}; names that start with two underscores are reserved")
    made = work.numbered(select)
    return Applied(
        made,
        removed=work.count(f"SELECT count(*) FROM {relation.sql}"),
        added=work.count(f"SELECT count(*) FROM {made.sql}"),
    )


def _named(name: str, table: Relation) -> str:
    columns = ", ".join(quoted(column) for column in table.columns)
    return f"{quoted(name)} AS NOT MATERIALIZED (SELECT {columns} FROM {table.sql})"
