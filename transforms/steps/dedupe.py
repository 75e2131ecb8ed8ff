"""`dedupe: {keys: [columns]}` keeps one row of each key."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.relation import ROW, Relation
from transforms.steps.step import Applied, Expression, Work


class KeepBy(Declared):
    """Keep the row that comes first in this order."""

    order_by: Expression = Field(description="such as `updated_at DESC`")


class Dedupe(Declared):
    """The columns that name one thing, and which of its rows to keep."""

    keys: Columns
    keep: Literal["first"] | KeepBy = "first"

    def orders(self) -> dict[str, str]:
        """The order to keep by, at its place in the step."""
        return {} if self.keep == "first" else {".keep.order_by": self.keep.order_by}


def apply(work: Work, relation: Relation, step: Dedupe) -> Applied:
    """Keep the first row of each key, in upload order or in the order that `keep` gives.

    Shape:
        (n, k) -> (m, k), with m the number of distinct keys; a null is a key. Order unchanged. What ties
        in `keep: {order_by: …}` (where nulls come last) is decided by upload order.
        Removed: over all keys, the rows of the key but one.
    Raises:
        StepFailed: a key is not a column, or the order names none.
    Source:
        Delivery is at least once, so the same record can arrive twice.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> step = {"dedupe": {"keys": "id", "keep": {"order_by": "day DESC"}}}
        >>> try_step({"id": [7, 7, None], "day": [1, 2, 3]}, step)
        {'id': [7, None], 'day': [2, 3]}
    """
    keys = ", ".join(work.need(relation, key, f".keys[{index}]") for index, key in enumerate(step.keys))
    kept = f"SELECT min({ROW}) FROM {relation.sql} GROUP BY {keys}"
    if step.keep != "first":
        order = work.bound_order(relation, step.keep.order_by, ".keep.order_by")
        place = f"row_number() OVER (PARTITION BY {keys} ORDER BY {order}, {ROW})"
        kept = f"SELECT {ROW} FROM (SELECT {ROW}, {place} AS __place FROM {relation.sql}) WHERE __place = 1"
    removed = work.count(f"SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM {relation.sql} GROUP BY {keys})")
    return Applied(work.sorted_table(f"SELECT * FROM {relation.sql} WHERE {ROW} IN ({kept})"), removed=removed)
