"""`limit: number` keeps the first rows."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel

from transforms.relation import ROW, Relation
from transforms.steps.step import Applied, Work


class Limit(RootModel[int]):
    """The number of rows to keep."""

    model_config = ConfigDict(frozen=True, strict=True)
    root: int = Field(ge=1)


def apply(work: Work, relation: Relation, step: Limit) -> Applied:
    """Keep the first rows, in the order that they have.

    Shape:
        (n, k) -> (at most the limit, k), order unchanged; after a `sort` these are the highest or the lowest.
        Removed: the rows behind the limit.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"id": [7, 8, 9]}, {"limit": 2})
        {'id': [7, 8]}
    """
    removed = work.count(f"SELECT count(*) FROM (SELECT {ROW} FROM {relation.sql} OFFSET {step.root})")
    return Applied(work.table(f"SELECT * FROM {relation.sql} LIMIT {step.root}"), removed=removed)
