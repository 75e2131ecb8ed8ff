"""`filter: expression` keeps the rows for which the expression is true."""

from __future__ import annotations

from pydantic import ConfigDict, RootModel

from transforms.relation import Relation
from transforms.steps.step import Applied, Expression, Work


class Filter(RootModel[Expression]):
    """The condition that a row must meet."""

    model_config = ConfigDict(frozen=True)

    def expressions(self) -> dict[str, str]:
        """The condition, at the step itself."""
        return {"": self.root}


def apply(work: Work, relation: Relation, step: Filter) -> Applied:
    """Keep the rows for which the condition is true; false and null both go.

    Shape:
        (n, k) -> (m, k), order unchanged. Removed: the rows where the condition is not true.
    Raises:
        StepFailed: the condition names no column, is not a boolean, or fails on a row.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"delay": [-3, None, 20]}, {"filter": "delay > 0"})
        {'delay': [20]}
    """
    condition = work.bound_on(relation, step.root, expected="BOOLEAN")
    removed = work.count(f"SELECT count(*) FROM {relation.sql} WHERE {condition} IS NOT TRUE")
    return Applied(work.view(f"SELECT * FROM {relation.sql} WHERE {condition}"), removed=removed)
