"""`derive: {column: expression}` adds columns, or replaces those of the same name."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.step import Applied, Expression, Work


class Derive(RootModel[dict[ColumnName, Expression]]):
    """New columns, each with the expression of its values."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, Expression] = Field(min_length=1)

    def expressions(self) -> dict[str, str]:
        """Each expression, by its place in the step."""
        return {f".{name}": expression for name, expression in self.root.items()}


def apply(work: Work, relation: Relation, step: Derive) -> Applied:
    """Compute each new column from the columns before the step.

    Shape:
        (n, k) -> (n, k + new names), rows and their order unchanged. A name that is there already is replaced
        where it stands. The expressions do not see each other's results: that takes a second `derive`.
    Units:
        As the expressions say; the flow should name them (`speed_mph`).
    Raises:
        StepFailed: an expression names no column, does not fit the types, or fails on a row.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"miles": [90, None], "hours": [1.5, 2.0]}, {"derive": {"mph": "miles / hours"}})
        {'miles': [90, None], 'hours': [1.5, 2.0], 'mph': [60.0, None]}
    """
    made = {name: work.bound_on(relation, text, f".{name}") for name, text in step.root.items()}
    there = {column.casefold(): column for column in relation.columns}
    replaced = {there[name.casefold()]: sql for name, sql in made.items() if name.casefold() in there}
    kept = [f"{replaced.get(column, quoted(column))} AS {quoted(column)}" for column in relation.columns]
    new = [f"{sql} AS {quoted(name)}" for name, sql in made.items() if name.casefold() not in there]
    return Applied(work.view(f"SELECT {', '.join([*kept, *new])}, {ROW} FROM {relation.sql}"))
