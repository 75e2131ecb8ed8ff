"""`select: [columns]` keeps these columns, in this order."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation
from transforms.steps.step import Applied, Work


class Select(RootModel[tuple[ColumnName, ...]]):
    """The columns to keep, in their new order."""

    model_config = ConfigDict(frozen=True)
    root: tuple[ColumnName, ...] = Field(min_length=1)


def apply(work: Work, relation: Relation, step: Select) -> Applied:
    """Keep the named columns, in the order they are named.

    Shape:
        (n, k) -> (n, number of names), rows and their order unchanged.
    Raises:
        StepFailed: a column is not there, or is named twice.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"a": [1], "b": [2], "c": [3]}, {"select": ["c", "a"]})
        {'c': [3], 'a': [1]}
    """
    names = [work.need(relation, name, f"[{index}]") for index, name in enumerate(step.root)]
    if twice := {name for name in names if names.count(name) > 1}:
        work.fail(f"named twice: {', '.join(sorted(twice))}; name each column once")
    return Applied(work.view(f"SELECT {', '.join(names)}, {ROW} FROM {relation.sql}"))
