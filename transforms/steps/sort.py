"""`sort: expressions` brings the rows into another order."""

from __future__ import annotations

from pydantic import ConfigDict, RootModel

from transforms.relation import ROW, Relation
from transforms.steps.step import Applied, Expression, Work


class Sort(RootModel[Expression]):
    """What to order by, such as `day DESC, id`."""

    model_config = ConfigDict(frozen=True)

    def orders(self) -> dict[str, str]:
        """The order, at the step itself."""
        return {"": self.root}


def apply(work: Work, relation: Relation, step: Sort) -> Applied:
    """Bring the rows into this order.

    Shape:
        (n, k) -> (n, k). Nulls come last, also with DESC, unless NULLS FIRST is said; what ties keeps its order.
    Raises:
        StepFailed: an expression names no column, does not fit the types, or fails on a row.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"id": [1, 2, 3], "delay": [5, None, 20]}, {"sort": "delay DESC"})
        {'id': [3, 1, 2], 'delay': [20, 5, None]}
    """
    order = work.bound_order(relation, step.root, "")
    return Applied(work.numbered(f"SELECT * EXCLUDE ({ROW}) FROM {relation.sql} ORDER BY {order}\n, {ROW}"))
